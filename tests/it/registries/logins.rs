//! Files of `docker login` and `podman login`: where they are, what their entries look like, and which one is meant.

use crate::destinations::disk::mounting;
use crate::support::{Registry, Run, Sandbox, TokenRules, hello};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

fn encoded(user: &str, password: &str) -> String {
    STANDARD.encode(format!("{user}:{password}"))
}

/// A file with one login.
fn login(key: &str, user: &str, password: &str) -> String {
    json!({"auths": {key: {"auth": encoded(user, password)}}}).to_string()
}

/// A registry that lets joe in, and an image in it.
fn private() -> (Registry, String) {
    let registry = Registry::start();
    registry.require_basic("joe", "hunter2");
    let name = registry.push("ns/sub/app", "1", &hello());
    (registry, name)
}

/// Who the registry was shown, in the second request.
fn shown(registry: &Registry) -> Option<String> {
    let header = registry.requests().get(1)?.header("authorization")?;
    let text = STANDARD.decode(header.strip_prefix("Basic ")?).unwrap();
    Some(String::from_utf8(text).unwrap())
}

/// What comes of one file as docker's, with messages.
fn digest(sandbox: &Sandbox, config: &str, name: &str) -> Run {
    sandbox.write("home/.docker/config.json", config);
    let run = sandbox.roots(["digest", "-v", name]).run();
    run.never_says("hunter2")
        .never_says(&encoded("joe", "hunter2"))
}

#[test]
fn the_first_place_that_has_credentials_decides() {
    let sandbox = Sandbox::new("the_first_place");
    let (registry, name) = private();
    let host = registry.host();
    let file = |path: &str, user: &str| {
        let path = sandbox.write(path, login(&host, user, "x"));
        path.display().to_string()
    };
    let inline = login(&host, "inline", "x");
    let places = [
        ("ROOTS_AUTH".to_owned(), "passed"),
        ("DOCKER_AUTH_CONFIG".to_owned(), "inline"),
        (file("named.json", "named"), "named"),
        (file("run/containers/auth.json", "run"), "run"),
        (file("config/containers/auth.json", "podman"), "podman"),
        (file("docker/config.json", "docker"), "docker"),
        (
            sandbox
                .write(
                    "home/.dockercfg",
                    json!({&host: {"auth": encoded("old", "x")}}).to_string(),
                )
                .display()
                .to_string(),
            "old",
        ),
    ];
    for (number, (origin, user)) in places.iter().enumerate() {
        registry.forget_requests();
        let command = sandbox.roots(["digest", "-v", &name]);
        let variables = [
            ("ROOTS_AUTH", "passed:x".to_owned()),
            ("DOCKER_AUTH_CONFIG", inline.clone()),
            ("REGISTRY_AUTH_FILE", places[2].0.clone()),
            ("XDG_RUNTIME_DIR", sandbox.path("run").display().to_string()),
            (
                "XDG_CONFIG_HOME",
                sandbox.path("config").display().to_string(),
            ),
            (
                "DOCKER_CONFIG",
                sandbox.path("docker").display().to_string(),
            ),
        ];
        let command = variables
            .iter()
            .skip(number)
            .fold(command, |command, (key, value)| command.env(key, value));
        let run = command.run().fails(4);
        run.says(&format!("{host}: credentials from {origin}\n"));
        assert_eq!(shown(&registry), Some(format!("{user}:x")));
        assert_eq!(registry.requests().len(), 2, "refused, and that is that");
    }
}

#[test]
fn without_variables_files_are_below_home() {
    let sandbox = Sandbox::new("without_variables");
    let (registry, name) = private();
    let host = registry.host();
    for (path, user) in [
        (".dockercfg", "old"),
        (".docker/config.json", "docker"),
        (".config/containers/auth.json", "podman"),
    ] {
        let text = match user {
            "old" => json!({&host: {"username": "old", "password": "x"}}).to_string(),
            _ => login(&host, user, "x"),
        };
        sandbox.write(format!("home/{path}"), text);
        registry.forget_requests();
        let run = sandbox.roots(["digest", &name]).run().fails(4);
        let path = sandbox.path(format!("home/{path}"));
        run.says(&format!(
            "hint: check the credentials in {}, or pass others with --auth\n",
            path.display()
        ));
        assert_eq!(shown(&registry), Some(format!("{user}:x")));
    }
    // Relative paths are not what XDG means, and empty variables are none.
    registry.forget_requests();
    sandbox.write("here/containers/auth.json", login(&host, "relative", "x"));
    let command = sandbox.roots(["digest", &name]).env("DOCKER_CONFIG", "");
    let command = command
        .env("XDG_RUNTIME_DIR", "here")
        .env("XDG_CONFIG_HOME", "here");
    command.run().fails(4);
    assert_eq!(shown(&registry), Some("podman:x".to_owned()));
}

/// A service of systemd without `User=`, cron and init scripts have no HOME, and so no credentials, no `certs.d` and
/// no registries.conf, which docker and podman find all the same.
#[test]
fn without_home_files_are_in_the_home_folder_of_passwd() {
    let sandbox = Sandbox::new("without_home");
    let (registry, name) = private();
    let host = registry.host();
    let Some(prelude) = mounting("mount --bind passwd /etc/passwd", "true") else {
        return;
    };
    let home = sandbox.path("of-passwd");
    let other = "x:x:4242:4242::/elsewhere:/bin/sh\n";
    let own = format!("me:x:0:0:me:{}:/bin/sh\n", home.display());
    sandbox.write("passwd", format!("{other}{own}"));
    sandbox.write(
        "of-passwd/.docker/config.json",
        login(&host, "joe", "hunter2"),
    );
    let digest = || {
        let digest = sandbox.roots(["digest", "-v", &name]).no_env("HOME");
        digest.prelude(&prelude)
    };
    let path = home.join(".docker/config.json");
    let found = format!("{host}: credentials from {}\n", path.display());
    digest().run().succeeds().says(&found);
    assert_eq!(shown(&registry), Some("joe:hunter2".to_owned()));
    // HOME is the last word if there is one.
    let run = digest().env("HOME", sandbox.path("none")).run();
    run.fails(4).says("no credentials, asking anonymously\n");
    digest().env("HOME", "").run().succeeds().says(&found);
    let conf = format!("[[registry]]\nlocation = '{host}'\nblocked = true\n");
    sandbox.write("of-passwd/.config/containers/registries.conf", conf);
    digest().run().fails(4).says("blocked by registries.conf");
    std::fs::remove_dir_all(home.join(".config")).unwrap();
    // Linux takes this for loopback, `roots` does not: it speaks TLS there.
    let elsewhere = name.replace("127.0.0.1", "0.0.0.0");
    let host = host.replace("127.0.0.1", "0.0.0.0");
    let certs_d = home.join(".config/containers/certs.d");
    sandbox.write(certs_d.join(host).join("ca.crt"), "");
    let digest = sandbox.roots(["digest", &elsewhere]).no_env("HOME");
    let run = digest.prelude(&prelude).run();
    run.fails(2).says("ca.crt: no certificate in it\n");
}

#[test]
fn every_form_of_an_entry_is_read() {
    for entry in [
        json!({"auth": encoded("joe", "hunter2")}),
        json!({"auth": STANDARD.encode("joe:hunter2\0\0")}),
        json!({"auth": encoded("joe", "hunter2").trim_end_matches('=')}),
        json!({"username": "joe", "password": "hunter2"}),
        json!({"auth": "", "username": "joe", "password": "hunter2", "email": null}),
    ] {
        let sandbox = Sandbox::new("every_form");
        let (registry, name) = private();
        let config = json!({"auths": {registry.host(): entry}, "HttpHeaders": {"X-Meta": "y"}});
        digest(&sandbox, &config.to_string(), &name).succeeds();
        let headers: Vec<_> = registry
            .requests()
            .into_iter()
            .flat_map(|r| r.headers)
            .collect();
        assert!(
            !headers
                .iter()
                .any(|(name, _)| name.eq_ignore_ascii_case("x-meta"))
        );
    }
    let sandbox = Sandbox::new("every_form");
    let registry = Registry::start();
    registry.require_basic("jöe", "p:ä:w");
    let name = registry.push("a", "1", &hello());
    digest(&sandbox, &login(&registry.host(), "jöe", "p:ä:w"), &name).succeeds();
}

#[test]
fn every_spelling_of_a_host_is_a_key() {
    for key in [
        "{}",
        "{}/",
        "http://{}",
        "https://{}/v1/",
        "https://{}/v2/",
        "{}/v1/",
    ] {
        let sandbox = Sandbox::new("every_spelling");
        let (registry, name) = private();
        let key = key.replace("{}", &registry.host());
        digest(&sandbox, &login(&key, "joe", "hunter2"), &name).succeeds();
    }
}

#[test]
fn a_key_for_somebody_else_is_nobodys_business() {
    let (registry, name) = private();
    let port = registry.host().split(':').nth(1).unwrap().to_owned();
    for key in [
        "".to_owned(),
        "127.0.0.1".to_owned(),
        format!("localhost:{port}"),
        format!("127.0.0.1:{port}0"),
        format!("127.0.0.1:{port}.evil.net"),
        format!("evil.net/127.0.0.1:{port}"),
        format!("{}/ns/su", registry.host()),
        format!("{}/ns/sub/app/more", registry.host()),
        "https://index.docker.io/v1/".to_owned(),
    ] {
        let sandbox = Sandbox::new("a_key_for_somebody_else");
        registry.forget_requests();
        let run = digest(&sandbox, &login(&key, "joe", "hunter2"), &name).fails(4);
        run.says("no credentials, asking anonymously")
            .says("denies access");
        assert_eq!(registry.requests().len(), 1, "{key}");
    }
}

#[test]
fn the_longest_key_wins() {
    let (registry, name) = private();
    let host = registry.host();
    let mut keys = vec![
        format!("{host}/ns/sub/app"),
        format!("{host}/ns/sub"),
        format!("{host}/ns"),
        host.clone(),
        format!("https://{host}/v1/"),
    ];
    while !keys.is_empty() {
        let sandbox = Sandbox::new("the_longest_key");
        registry.forget_requests();
        let entry = |(at, key): (usize, &String)| {
            let (user, password) = if at == 0 {
                ("joe", "hunter2")
            } else {
                ("other", "x")
            };
            (key.clone(), json!({"auth": encoded(user, password)}))
        };
        let auths: serde_json::Map<String, Value> = keys.iter().enumerate().map(entry).collect();
        digest(&sandbox, &json!({"auths": auths}).to_string(), &name).succeeds();
        assert_eq!(registry.requests().len(), 3, "manifest twice, and config");
        keys.remove(0);
    }
}

#[test]
fn what_is_broken_is_said_and_passed_over() {
    let no_file = "not a file of credentials";
    let no_text = "cannot be read as text";
    for (contents, why) in [
        (Some(&b"}{"[..]), no_file),
        (Some(b""), no_file),
        (Some(b"[]"), no_file),
        (Some(b"{\"auths\":[\"hunter2\"]}"), no_file),
        (Some(b"hunter2\xff"), no_text),
        (None, no_text),
    ] {
        for named in [false, true] {
            let sandbox = Sandbox::new("what_is_broken");
            let (registry, name) = private();
            let path = "home/.docker/config.json";
            match contents {
                Some(contents) => drop(sandbox.write(path, contents)),
                None => drop(sandbox.mkdir(path)),
            }
            let next = match named {
                true => "home/.config/containers/auth.json",
                false => "home/.dockercfg",
            };
            let login = match named {
                true => login(&registry.host(), "joe", "hunter2"),
                false => json!({registry.host(): {"auth": encoded("joe", "hunter2")}}).to_string(),
            };
            sandbox.write(next, login);
            let mut command = sandbox.roots(["pull", &name, "dest"]);
            if named {
                command = command.env("REGISTRY_AUTH_FILE", sandbox.path(path));
            }
            let run = command.run().succeeds().never_says("hunter2");
            let path = sandbox.path(path);
            run.says(&format!(
                "roots: warning: {}: {why}; passed over\n",
                path.display()
            ));
            assert_eq!(registry.requests().len(), 4);
        }
    }
}

#[test]
fn a_file_that_is_named_and_missing_is_said() {
    let sandbox = Sandbox::new("a_file_that_is_named");
    let (registry, name) = private();
    let command = sandbox
        .roots(["digest", &name])
        .env("REGISTRY_AUTH_FILE", "nowhere");
    let command = command.env("DOCKER_AUTH_CONFIG", "}{");
    let run = command.run().fails(4);
    run.says("roots: warning: DOCKER_AUTH_CONFIG: not a file of credentials; passed over\n")
        .says("roots: warning: nowhere: no such file; passed over\n")
        .says("hint: it does not exist or is private: check the name, or pass --auth user:password or a key file\n");
    assert_eq!(registry.requests().len(), 1);
}

#[test]
fn a_broken_entry_gives_way_to_the_next() {
    for (entry, why) in [
        (
            json!({"auth": "hunter2!"}),
            "its auth is not base64 of a text",
        ),
        (
            json!({"auth": STANDARD.encode("hunter2")}),
            "its auth has no colon",
        ),
        (
            json!({"auth": STANDARD.encode(":hunter2")}),
            "its auth has no user name",
        ),
        (
            json!({"auth": STANDARD.encode(b"joe:hunter2\xff")}),
            "its auth is not base64 of a text",
        ),
        (json!({"auth": ["hunter2"]}), "not an entry"),
        (json!("hunter2"), "not an entry"),
        (
            json!({"registrytoken": "hunter2\r\nX-Evil: y"}),
            "a token with blanks or control characters",
        ),
    ] {
        let sandbox = Sandbox::new("a_broken_entry");
        let (registry, name) = private();
        let host = registry.host();
        let config = json!({"auths": {
            format!("{host}/ns"): entry,
            &host: {"auth": encoded("joe", "hunter2")},
            "ghcr.io": 7,
        }});
        let run = digest(&sandbox, &config.to_string(), &name).succeeds();
        run.says(&format!("config.json: {host}/ns: {why}; passed over\n"));
        assert_eq!(registry.requests().len(), 3, "manifest twice, and config");
    }
}

#[test]
fn an_open_registry_has_nothing_looked_up() {
    let sandbox = Sandbox::new("an_open_registry");
    let registry = Registry::start();
    let name = registry.push("a", "1", &hello());
    let run = digest(&sandbox, "}{", &name).succeeds();
    assert!(!run.stderr.contains("credentials"), "{}", run.stderr);
    assert!(
        registry
            .requests()
            .iter()
            .all(|r| r.header("authorization").is_none())
    );
}

#[test]
fn credentials_are_looked_up_once_for_a_pull() {
    let sandbox = Sandbox::new("credentials_are_looked_up_once");
    let registry = Registry::start();
    registry.require_token(
        TokenRules::new()
            .user("joe", "hunter2")
            .expires_after_uses(1),
    );
    let name = registry.push("a", "1", &hello());
    sandbox.write(
        "home/.docker/config.json",
        login(&registry.host(), "joe", "hunter2"),
    );
    let run = sandbox
        .roots(["pull", "-v", &name, "dest"])
        .run()
        .succeeds();
    assert_eq!(run.stderr.matches("credentials from").count(), 1);
    assert_eq!(
        registry.requests_for("/token").len(),
        3,
        "manifest, config, layer"
    );
}

#[test]
fn standard_input_has_credentials() {
    let sandbox = Sandbox::new("standard_input");
    let (registry, name) = private();
    let pull = |input: &str| {
        let command = sandbox.roots(["pull", "--force", "--auth", "-", &name, "in/dest"]);
        command.stdin(input).run().never_says("hunter2")
    };
    pull("joe:hunter2\n").succeeds();
    pull("joe:hunter2").succeeds();
    assert_eq!(
        registry.requests().len(),
        8 - 2,
        "the second time, blobs are cached"
    );
    registry.forget_requests();
    for (input, why) in [
        ("", "neither user:password nor a Google key"),
        ("hunter2", "neither user:password nor a Google key"),
        (":hunter2", "there is no user name before the colon"),
        (
            "{\"hunter2\":1}",
            "JSON, but not a Google service-account key",
        ),
    ] {
        pull(input)
            .fails(2)
            .says(&format!("roots: standard input: {why}\n"));
    }
    assert_eq!(registry.requests().len(), 0);

    let key = "{\"type\":\"service_account\",\"private_key\":\"hunter2\"}";
    registry.require_basic("_json_key", key);
    pull(key).succeeds();
    let by_variable = sandbox.roots(["digest", &name]).env("ROOTS_AUTH", "-");
    by_variable.stdin(key).run().succeeds();
}
