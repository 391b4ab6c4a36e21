//! Who must not see credentials, and does not: realms, redirects and hosts that the user did not name.

use crate::destinations::disk::mounting;
use crate::support::{ALWAYS, Fault, Registry, Request, Sandbox, TokenRules, hello};
use serde_json::{Value, json};

/// Stores an entry for each host.
fn store(sandbox: &Sandbox, hosts: &[&Registry], entry: &Value) {
    let auths = hosts
        .iter()
        .map(|registry| (registry.host(), entry.clone()));
    let auths: serde_json::Map<String, Value> = auths.collect();
    let config = json!({"auths": auths});
    sandbox.write("home/.docker/config.json", config.to_string());
}

fn joe() -> Value {
    json!({"username": "joe", "password": "hunter2"})
}

/// Whether a request has neither a credential nor a trace of one.
fn is_bare(request: &Request) -> bool {
    let body = String::from_utf8_lossy(&request.body);
    request.header("authorization").is_none()
        && request.header("cookie").is_none()
        && !body.contains("hunter2")
        && !request.target.contains("hunter2")
}

#[test]
fn credentials_belong_to_the_registry_that_was_named() {
    // The realm has an account of its own in the file, which is not for whoever points to it.
    let sandbox = Sandbox::new("credentials_belong");
    let (registry, tokens) = (Registry::start(), Registry::start());
    registry.require_token_from(&tokens, TokenRules::new());
    let name = registry.push("a/b", "1", &hello());
    store(&sandbox, &[&tokens], &joe());
    sandbox.roots(["pull", &name, "dest"]).run().succeeds();
    assert!(tokens.requests().iter().all(is_bare));
    assert_eq!(tokens.requests().len(), 1);

    // Nor is that of the host that blobs are on.
    let sandbox = Sandbox::new("credentials_belong");
    let (registry, cdn) = (Registry::start(), Registry::start());
    registry.redirect_blobs_to(&cdn);
    let name = registry.push("a/b", "1", &hello());
    let basic = [("WWW-Authenticate", "Basic realm=\"x\"")];
    cdn.fault("/cdn/", ALWAYS, Fault::status_with(401, &basic, ""));
    store(&sandbox, &[&cdn, &registry], &joe());
    sandbox.roots(["pull", &name, "dest"]).run().fails(4);
    assert_eq!(cdn.requests().len(), 1);
    assert!(cdn.requests().iter().all(is_bare));
    assert!(registry.requests().iter().all(is_bare));
}

#[test]
fn a_realm_that_leads_on_takes_nothing_along() {
    for status in [301, 302, 303, 307, 308] {
        let sandbox = Sandbox::new("a_realm_that_leads_on");
        let (registry, thief) = (Registry::start(), Registry::start());
        registry.require_token(TokenRules::new().user("joe", "hunter2"));
        let location = thief.url("/token");
        let there = Fault::status_with(status, &[("Location", &location)], "");
        registry.fault("/token", ALWAYS, there);
        let name = registry.push("a/b", "1", &hello());
        let command = sandbox.roots(["pull", "--auth", "joe:hunter2", &name, "dest"]);
        command.run().fails(1).never_says("hunter2");
        assert_eq!(thief.requests().len(), 1);
        assert!(thief.requests().iter().all(is_bare));

        // What is posted does not move at all.
        thief.forget_requests();
        let command = sandbox.roots(["pull", "--auth", "<token>:hunter2", &name, "dest"]);
        let run = command.run().fails(1).never_says("hunter2");
        run.says("redirect refused: it would send credentials to another server");
        assert_eq!(thief.requests().len(), 0);
        sandbox.assert_nothing_left();
    }
}

#[test]
fn nothing_goes_to_the_metadata_server_of_a_cloud() {
    for place in [
        "http://169.254.169.254/latest",
        "http://[fe80::1]/",
        "https://169.254.1.1/",
        "http://[fd00:ec2::254]/latest",
        "http://100.100.100.200/",
        "http://168.63.129.16/machine",
        "http://192.0.0.192/",
        "http://metadata.google.internal/computeMetadata/v1/",
        "http://METADATA.:80/",
        "http://[::ffff:169.254.169.254]/",
        "http://[64:ff9b::a9fe:a9fe]/",
        "http://[2002:a9fe:a9fe::1]/",
    ] {
        // By a realm, with credentials and without.
        for auth in [None, Some("passed"), Some("stored")] {
            let sandbox = Sandbox::new("nothing_goes_to");
            let registry = Registry::ghcr();
            registry.challenge([format!("Bearer realm=\"{place}\"")]);
            let name = registry.push("a/b", "1", &hello());
            let mut command = sandbox.roots(["pull", &name, "dest"]);
            match auth {
                Some("passed") => command = command.args(["--auth", "joe:hunter2"]),
                Some(_) => store(&sandbox, &[&registry], &joe()),
                None => {}
            }
            let run = command.run().fails(4).never_says("hunter2");
            let run = match auth {
                Some("passed") => run.says("wants credentials sent to it, which is not safe"),
                _ => run.says("token server at a private address"),
            };
            if auth == Some("stored") {
                run.says("would go where it is not safe; asking without them\n");
            }
            assert_eq!(registry.requests().len(), 1);
        }
        // And by a redirect, of the registry and of the realm.
        for part in ["/manifests/", "/blobs/", "/token"] {
            let sandbox = Sandbox::new("nothing_goes_to");
            let registry = Registry::ghcr();
            let name = registry.push("a/b", "1", &hello());
            registry.fault(part, ALWAYS, Fault::Redirect(place.to_owned()));
            let run = sandbox.roots(["pull", &name, "dest"]).run().fails(1);
            run.says("redirect refused: it leads to a private address\n");
            sandbox.assert_nothing_left();
        }
    }
}

#[test]
fn an_address_in_disguise_is_none() {
    for place in [
        "127.1",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "127.0.0.1.",
        "[::1",
    ] {
        let sandbox = Sandbox::new("an_address_in_disguise");
        let registry = Registry::start();
        let name = registry.push("a/b", "1", &hello());
        let port = registry.host().split(':').nth(1).unwrap().to_owned();
        let location = format!("http://{place}:{port}/v2/a/b/manifests/1?there");
        registry.fault("/manifests/", 1, Fault::Redirect(location));
        let run = sandbox.roots(["pull", &name, "dest"]).run();
        assert_eq!(registry.requests_for("?there").len(), 0, "{place}");
        assert_ne!(run.code, Some(0), "{place}");
    }
}

/// A host is what the user called it, and its port: not whatever has the same address.
#[test]
fn the_same_machine_by_another_name_is_another_host() {
    for there in ["localhost", "0.0.0.0", "[::ffff:127.0.0.1]"] {
        let sandbox = Sandbox::new("the_same_machine");
        let registry = Registry::ghcr();
        let image = hello();
        let name = registry.push("a/b", "1", &image);
        let location = registry.url("/there").replace("127.0.0.1", there);
        let layer = &image.layers[0];
        registry.fault(&layer.digest, ALWAYS, Fault::Redirect(location));
        let bytes = Fault::status_with(200, &[], &layer.bytes);
        registry.fault("/there", ALWAYS, bytes);
        sandbox.roots(["pull", &name, "dest"]).run().succeeds();
        let seen = registry.requests_for("/there");
        assert_eq!(seen.len(), 1, "{there}");
        assert!(seen.iter().all(is_bare), "{there}");
    }
}

#[test]
fn one_machine_may_have_several_servers() {
    let sandbox = Sandbox::new("one_machine");
    let (registry, tokens, cdn) = (Registry::start(), Registry::start(), Registry::start());
    registry.require_token_from(&tokens, TokenRules::new().user("joe", "hunter2"));
    registry.redirect_blobs_to(&cdn);
    let name = registry.push("a/b", "1", &hello());
    store(&sandbox, &[&registry], &joe());
    sandbox.roots(["pull", &name, "dest"]).run().succeeds();
    assert_eq!(tokens.requests().len(), 1);
    assert_eq!(cdn.requests().len(), 2);
    assert!(cdn.requests().iter().all(is_bare));
    let own = registry.requests();
    let basic = own
        .iter()
        .filter_map(|request| request.header("authorization"));
    assert!(
        basic
            .into_iter()
            .all(|header| header.starts_with("Bearer "))
    );
}

#[test]
fn secrets_of_files_do_not_show_however_much_is_said() {
    for entry in [
        joe(),
        json!({"identitytoken": "hunter2"}),
        json!({"registrytoken": "hunter2"}),
    ] {
        for fault in [
            None,
            Some(Fault::status(500)),
            Some(Fault::status(401)),
            Some(Fault::Reset),
        ] {
            let sandbox = Sandbox::new("secrets_of_files");
            let registry = Registry::start();
            registry.require_token(TokenRules::new().user("joe", "right"));
            if let Some(fault) = fault {
                registry.fault("/token", ALWAYS, fault);
            }
            let name = registry.push("a/b", "1", &hello());
            store(&sandbox, &[&registry], &entry);
            let run = sandbox.roots(["pull", "-v", &name, "dest"]).run();
            assert_ne!(run.code, Some(0));
            run.says("credentials from ")
                .never_says("hunter2")
                .never_says("am9lOmh1bnRlcjI")
                .never_says("refresh_token");
            sandbox.assert_nothing_left();
        }
    }
}

#[test]
fn googles_credentials_are_for_google() {
    let sandbox = Sandbox::new("googles_credentials");
    let (registry, metadata) = (Registry::start(), Registry::start());
    registry.require_basic("joe", "x");
    let key = "{\"type\":\"service_account\",\"private_key\":\"hunter2\"}";
    let name = registry.push("gcr.io/a", "1", &hello());
    let command = sandbox.roots(["digest", &name]);
    let command = command.env("GOOGLE_APPLICATION_CREDENTIALS", sandbox.write("key", key));
    command
        .env("GCE_METADATA_HOST", metadata.host())
        .run()
        .fails(4);
    assert_eq!(registry.requests().len(), 1);
    assert!(registry.requests().iter().all(is_bare));
    assert_eq!(metadata.requests().len(), 0);
}

/// A name is looked up by whoever is led to it, and stands for whatever the name server says.
#[test]
fn no_name_leads_to_the_metadata_server_of_a_cloud() {
    let Some(hosts) = mounting("mount --bind hosts /etc/hosts", "true") else {
        return;
    };
    for address in [
        "169.254.169.254",
        "fd00:ec2::254",
        "100.100.100.200",
        "::ffff:169.254.169.254",
    ] {
        for part in ["realm", "/manifests/", "/blobs/"] {
            let sandbox = Sandbox::new("no_name_leads_to");
            let registry = match part {
                "realm" => Registry::ghcr(),
                _ => Registry::start(),
            };
            let name = registry.push("a/b", "1", &hello());
            sandbox.write(
                "hosts",
                format!("127.0.0.1 localhost\n{address} cloud.test\n"),
            );
            let there = "http://cloud.test/latest";
            match part {
                "realm" => registry.challenge([format!("Bearer realm=\"{there}\"")]),
                part => registry.fault(part, ALWAYS, Fault::Redirect(there.to_owned())),
            }
            let command = sandbox.roots(["pull", "--retries=0", "--timeout=1", &name, "dest"]);
            let run = command.prelude(&hosts).run().fails(1);
            run.says("redirect refused: it leads to a private address\n");
            sandbox.assert_nothing_left();
        }
    }
}

/// Each of these put the password into stderr, and so into logs.
#[test]
fn a_server_does_not_say_a_password_back() {
    const SAID: [&str; 5] = [
        "hunter2",
        "HUNTER2",
        "h%75nter2",
        "h%2575nt%65r2",
        "am9lOmh1bnRlcjI=",
    ];
    type Spoil = fn(&Registry, &str);
    const WAYS: [Spoil; 6] = [
        |registry, said| {
            let warning = format!("299 - \"{}you are {said}\"", "x".repeat(285));
            registry.fault("/v2/", ALWAYS, Fault::header("Warning", &warning));
        },
        |registry, said| {
            let there = Fault::Redirect(format!("/{said}/there?{said}"));
            registry.fault("/manifests/", ALWAYS, there);
        },
        |registry, said| {
            let there =
                Fault::Redirect(format!("http://{said}.localhost:1/x").replace(['%', '='], "-"));
            registry.fault("/manifests/", ALWAYS, there);
        },
        |registry, said| {
            let fault = Fault::header("Content-Type", &format!("application/x-{said}"));
            registry.fault("/manifests/", ALWAYS, fault);
        },
        |registry, said| {
            let body = format!("{{\"mediaType\":\"a/{said}\",\"schemaVersion\":2}}");
            let fault = Fault::status_with(200, &[("Content-Type", "application/json")], body);
            registry.fault("/manifests/", ALWAYS, fault);
        },
        |registry, said| {
            let body = format!("{{\"code\":\"DENIED\",\"message\":\"{said}{said}\"}}");
            registry.fault("/manifests/", ALWAYS, Fault::status_with(418, &[], body));
        },
    ];
    for (number, spoil) in WAYS.iter().enumerate() {
        for said in SAID {
            for option in ["--verbose", "--json", "--retries=0"] {
                let sandbox = Sandbox::new("a_server_does_not_say");
                let registry = Registry::start();
                registry.require_basic("joe", "hunter2");
                let name = registry.push("a/b", "1", &hello());
                // It knows the password from the first request on.
                let first = ["digest", "--auth=joe:hunter2", &name];
                sandbox.roots(first).run().succeeds();
                spoil(&registry, said);
                let pull = [
                    "pull",
                    option,
                    "--retries=0",
                    "--auth=joe:hunter2",
                    &name,
                    "dest",
                ];
                let run = sandbox.roots(pull).run();
                let heard = run.stderr.to_lowercase();
                // A host cannot be percent-encoded.
                let is_other = number == 2 && said.contains(['%', '=']);
                // Nor is a Content-Type shown that does not matter.
                let is_other = is_other || number == 3;
                let is_shown = option != "--verbose" || is_other || heard.contains("***");
                assert!(is_shown, "{number} {said}: {}", run.stderr);
                for secret in SAID {
                    let secret = secret.trim_end_matches('=').to_lowercase();
                    assert!(!heard.contains(&secret), "{number} {said}: {}", run.stderr);
                }
            }
        }
    }
}

/// A realm names another host, or a path, and is shown where it is refused.
#[test]
fn a_realm_does_not_say_a_password_back() {
    for realm in [
        "http://169.254.1.1/hunter2",
        "http://169.254.1.1/h%75nter2?hunter2",
        "http://hunter2.test/token",
        "https://hunter2.invalid/token",
        "https://0.0.0.0:1/hunter2",
    ] {
        for option in ["--verbose", "--json", "--retries=0"] {
            let sandbox = Sandbox::new("a_realm_does_not");
            let registry = Registry::ghcr();
            registry.challenge([format!("Bearer realm=\"{realm}\"")]);
            let name = registry.push("a/b", "1", &hello());
            let pull = ["pull", option, "--retries=0", "--timeout=1", &name, "dest"];
            let passed = sandbox.roots(pull).arg("--auth=joe:hunter2").run();
            store(&sandbox, &[&registry], &joe());
            let stored = sandbox.roots(pull).run();
            for run in [passed, stored] {
                assert_ne!(run.code, Some(0));
                run.says("***")
                    .never_says("hunter2")
                    .never_says("h%75nter2");
            }
        }
    }
}

/// Nor the token that it was given, whoever made that.
#[test]
fn a_server_does_not_say_a_token_back() {
    for (entry, said) in [
        (json!({"registrytoken": "hunter2"}), "hunter2"),
        (json!({"auth": "am9lOmh1bnRlcjI="}), "minted-for-you"),
        (json!({"identitytoken": "hunter2"}), "hunter2"),
    ] {
        let sandbox = Sandbox::new("a_server_does_not_say");
        let registry = Registry::start();
        let realm = format!("Bearer realm=\"{}\"", registry.url("/mint"));
        registry.challenge([realm]);
        let grant = "{\"token\":\"minted-for-you\"}";
        registry.fault("/mint", ALWAYS, Fault::status_with(200, &[], grant));
        let name = registry.push("a/b", "1", &hello());
        registry.fault(
            "/manifests/",
            1,
            Fault::status_with(
                401,
                &[(
                    "WWW-Authenticate",
                    &format!("Bearer realm=\"{}\"", registry.url("/mint")),
                )],
                "",
            ),
        );
        let body = format!("{{\"code\":\"DENIED\",\"message\":\"{said}\"}}");
        registry.fault("/manifests/", ALWAYS, Fault::status_with(418, &[], body));
        store(&sandbox, &[&registry], &entry);
        let run = sandbox.roots(["pull", "-v", &name, "dest"]).run().fails(1);
        run.says("DENIED ***\n").never_says(said);
    }
}
