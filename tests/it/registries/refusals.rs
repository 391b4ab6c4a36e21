//! Credentials and tokens that are refused: what is tried next, and that it ends.

use crate::support::{ALWAYS, Fault, HELLO, Registry, Request, Sandbox, TokenRules, hello, tree};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

fn basic(user: &str, password: &str) -> Option<String> {
    Some(format!(
        "Basic {}",
        STANDARD.encode(format!("{user}:{password}"))
    ))
}

/// Stores an entry for a registry, as `docker login` does.
fn store(sandbox: &Sandbox, registry: &Registry, entry: &Value) {
    let config = json!({"auths": {registry.host(): entry}});
    sandbox.write("home/.docker/config.json", config.to_string());
}

fn joe() -> Value {
    json!({"username": "joe", "password": "hunter2"})
}

fn authorizations(requests: Vec<Request>) -> Vec<Option<String>> {
    let headers = requests
        .into_iter()
        .map(|request| request.header("authorization"));
    headers.collect()
}

fn challenge(registry: &Registry, more: &str) -> Fault {
    let realm = registry.url("/token");
    let challenge = format!("Bearer realm=\"{realm}\"{more}");
    let body = "{\"errors\":[{\"code\":\"UNAUTHORIZED\",\"message\":\"no\"}]}";
    Fault::status_with(401, &[("WWW-Authenticate", &challenge)], body)
}

fn token(text: &str) -> Fault {
    Fault::status_with(200, &[], json!({"token": text}).to_string())
}

#[test]
fn a_public_image_comes_without_stored_credentials_that_are_refused() {
    for status in [401, 403] {
        let sandbox = Sandbox::new("a_public_image");
        let registry = Registry::start();
        let rules = TokenRules::new().user("joe", "right").also_anonymous();
        registry.require_token(rules.denied(status).expires_after_uses(2));
        store(&sandbox, &registry, &joe());
        let name = registry.push("a/b", "1", &hello());
        let run = sandbox.roots(["pull", &name, "dest"]).run().succeeds();
        let config = sandbox.path("home/.docker/config.json");
        let warning = format!(
            "roots: warning: {}: credentials from {} are refused; asking without them\n",
            registry.host(),
            config.display()
        );
        assert_eq!(run.stderr.matches(&warning).count(), 1, "{}", run.stderr);
        run.never_says("hunter2");
        assert_eq!(tree::sketch(sandbox.path("dest")), HELLO);
        // The second token, for the layer, is asked for without them at once.
        let asked = authorizations(registry.requests_for("/token"));
        assert_eq!(asked, [basic("joe", "hunter2"), None, None]);
    }
}

#[test]
fn a_private_image_does_not_and_who_was_refused_is_said() {
    let sandbox = Sandbox::new("a_private_image");
    let registry = Registry::start();
    registry.require_token(TokenRules::new().user("joe", "right"));
    store(&sandbox, &registry, &joe());
    let name = registry.push("a/b", "1", &hello());
    let run = sandbox.roots(["pull", &name, "dest"]).run().fails(4);
    let config = sandbox.path("home/.docker/config.json");
    run.says(&format!(
        "roots: {name}: {} refuses these credentials: ",
        registry.host()
    ))
    .says(&format!(
        "hint: check the credentials in {}, or pass others with --auth\n",
        config.display()
    ))
    .never_says("hunter2");
    let manifest = "GET /v2/a/b/manifests/1".to_owned();
    let token = "GET /token?service=registry.test&scope=repository:a/b:pull".to_owned();
    assert_eq!(registry.lines(), [manifest, token.clone(), token]);
    sandbox.assert_nothing_left();
}

#[test]
fn basic_has_no_anonymous_way() {
    let sandbox = Sandbox::new("basic_has_no");
    let registry = Registry::start();
    registry.require_basic("joe", "right");
    store(&sandbox, &registry, &joe());
    let name = registry.push("a/b", "1", &hello());
    let run = sandbox.roots(["pull", &name, "dest"]).run().fails(4);
    assert!(!run.stderr.contains("warning"), "{}", run.stderr);
    assert_eq!(
        authorizations(registry.requests()),
        [None, basic("joe", "hunter2")]
    );
}

#[test]
fn a_registry_that_forbids_what_its_realm_allows_is_asked_without() {
    let sandbox = Sandbox::new("a_registry_that_forbids");
    let registry = Registry::start();
    let name = registry.push("a/b", "1", &hello());
    store(&sandbox, &registry, &joe());
    registry.fault("/token", 1, token("mine"));
    registry.fault("/token", 1, token("anybodys"));
    for fault in [
        challenge(&registry, ""),
        Fault::status(403),
        challenge(&registry, ""),
    ] {
        registry.fault("/manifests/", 1, fault);
    }
    let run = sandbox.roots(["pull", &name, "dest"]).run().succeeds();
    run.says("are refused; asking without them\n");
    let bearer = |text: &str| Some(format!("Bearer {text}"));
    assert_eq!(
        authorizations(registry.requests()),
        [
            None,
            basic("joe", "hunter2"),
            bearer("mine"),
            None,
            None,
            bearer("anybodys"),
            bearer("anybodys"),
            bearer("anybodys"),
        ]
    );
}

#[test]
fn a_registry_that_refuses_everything_is_soon_left_alone() {
    for status in [400, 401, 403] {
        for (stored, passed) in [(false, false), (true, false), (false, true)] {
            for more in [
                "",
                ",error=\"insufficient_scope\"",
                ",error=\"insufficient_scope\",scope=\"repository:x:pull\"",
            ] {
                let sandbox = Sandbox::new("a_registry_that_refuses_everything");
                let registry = Registry::start();
                let name = registry.push("a/b", "1", &hello());
                (1..9).for_each(|n| registry.fault("/token", 1, token(&n.to_string())));
                registry.fault("/manifests/", 1, challenge(&registry, more));
                match status {
                    401 => registry.fault("/manifests/", ALWAYS, challenge(&registry, more)),
                    _ => registry.fault("/manifests/", ALWAYS, Fault::status(status)),
                }
                if stored {
                    store(&sandbox, &registry, &joe());
                }
                let mut command = sandbox.roots(["pull", &name, "dest"]);
                if passed {
                    command = command.args(["--auth", "joe:hunter2"]);
                }
                let code = if status == 400 { 1 } else { 4 };
                command.run().fails(code).never_says("hunter2");
                let count = registry.requests().len();
                assert!(count <= 7, "{count}: {:#?}", registry.lines());
                sandbox.assert_nothing_left();
            }
        }
    }
}

#[test]
fn a_scope_that_was_too_small_is_widened_once() {
    let sandbox = Sandbox::new("a_scope_that_was_too_small");
    let registry = Registry::start();
    let name = registry.push("a/b", "1", &hello());
    (1..9).for_each(|n| registry.fault("/token", 1, token(&n.to_string())));
    registry.fault("/manifests/", 1, challenge(&registry, ""));
    let wanted = ",error=\"insufficient_scope\",scope=\"repository:a/b:pull,metadata_read\"";
    registry.fault("/manifests/", 1, challenge(&registry, wanted));
    sandbox.roots(["digest", &name]).run().succeeds();
    let lines = registry.lines();
    assert_eq!(lines[1], "GET /token?scope=repository:a/b:pull");
    assert_eq!(
        lines[3],
        "GET /token?scope=repository:a/b:pull,metadata_read&scope=repository:a/b:pull"
    );
    assert_eq!(lines.len(), 6, "{lines:#?}");

    // The same scope again is no way out.
    registry.recover();
    registry.forget_requests();
    let denial = challenge(
        &registry,
        ",error=\"insufficient_scope\",scope=\"repository:a/b:pull\"",
    );
    registry.fault("/manifests/", ALWAYS, denial);
    (1..9).for_each(|n| registry.fault("/token", 1, token(&n.to_string())));
    sandbox.roots(["digest", &name]).run().fails(4);
    assert_eq!(registry.requests().len(), 3);
}

#[test]
fn a_400_for_an_expired_token_is_an_expired_token() {
    let sandbox = Sandbox::new("a_400_for_an_expired");
    let registry = Registry::ghcr();
    let image = hello();
    let name = registry.push("a/b", "1", &image);
    let blob = &image.layers[0].digest;
    registry.fault(blob, 1, Fault::status(400));
    sandbox.roots(["pull", &name, "dest"]).run().succeeds();
    assert_eq!(tree::sketch(sandbox.path("dest")), HELLO);
    let asked = authorizations(registry.requests_for(blob));
    let bearer = |n| Some(format!("Bearer secret-token-{n}"));
    assert_eq!(asked, [bearer(1), None, bearer(2)]);
    assert_eq!(registry.requests_for("/token").len(), 2);

    // One that means what it says is asked for once more, and no more.
    sandbox.write("again", "");
    registry.forget_requests();
    registry.fault(blob, ALWAYS, Fault::status(400));
    let command = sandbox.roots(["pull", "--cache=no", &name, "other"]);
    command.run().fails(1).says("status 400");
    assert_eq!(registry.requests_for(blob).len(), 2);
}

#[test]
fn a_400_without_a_token_is_a_400() {
    let sandbox = Sandbox::new("a_400_without");
    let registry = Registry::start();
    let name = registry.push("a/b", "1", &hello());
    registry.fault("/blobs/", ALWAYS, Fault::status(400));
    let run = sandbox.roots(["pull", &name, "dest"]).run().fails(1);
    run.says("status 400");
    assert_eq!(registry.requests_for("/blobs/").len(), 1);
}

#[test]
fn a_token_that_expires_in_the_middle_of_a_blob_costs_no_byte() {
    let sandbox = Sandbox::new("a_token_that_expires_in_the_middle");
    let registry = Registry::start();
    // Manifest, config and the first part of the layer.
    registry.require_token(
        TokenRules::new()
            .user("joe", "hunter2")
            .expires_after_uses(3),
    );
    let image = hello();
    let name = registry.push("a/b", "1", &image);
    let blob = &image.layers[0].digest;
    registry.fault(blob, 1, Fault::CutBody(50));
    let command = sandbox.roots(["pull", "--auth", "joe:hunter2", &name, "dest"]);
    command.env("ROOTS_RETRIES", "1").run().succeeds();
    assert_eq!(tree::sketch(sandbox.path("dest")), HELLO);
    let asked = registry.requests_for(blob);
    let ranges: Vec<_> = asked
        .iter()
        .map(|request| request.header("range"))
        .collect();
    let rest = Some("bytes=50-".to_owned());
    assert_eq!(ranges, [None, rest.clone(), rest]);
    let bearer = |n| Some(format!("Bearer secret-token-{n}"));
    assert_eq!(authorizations(asked), [bearer(1), bearer(1), bearer(2)]);
}

#[test]
fn an_identity_token_is_posted() {
    for entry in [
        json!({"identitytoken": "hun/ter+2="}),
        json!({"auth": STANDARD.encode("00000000-0000-0000-0000-000000000000:"), "identitytoken": "hun/ter+2="}),
        json!({"username": "<token>", "password": "hun/ter+2="}),
        json!({"auth": STANDARD.encode("<token>:hun/ter+2=")}),
    ] {
        let sandbox = Sandbox::new("an_identity_token");
        let registry = Registry::start();
        let rules = TokenRules::new().identity("hun/ter+2=").service("a b&c");
        registry.require_token(rules.access_token().expires_after_uses(1));
        store(&sandbox, &registry, &entry);
        let name = registry.push("a/b", "1", &hello());
        let run = sandbox.roots(["pull", &name, "dest"]).run().succeeds();
        run.never_says("hun/ter");
        let asked = registry.requests_for("/token");
        assert_eq!(asked.len(), 3, "renewed for each of three documents");
        for request in asked {
            assert_eq!(request.line(), "POST /token");
            assert_eq!(request.header("authorization"), None);
            assert_eq!(
                request.header("content-type").as_deref(),
                Some("application/x-www-form-urlencoded")
            );
            for (field, value) in [
                ("grant_type", "refresh_token"),
                ("refresh_token", "hun/ter+2="),
                ("service", "a b&c"),
                ("scope", "repository:a/b:pull"),
                ("client_id", "roots"),
            ] {
                assert_eq!(request.form(field), [value]);
            }
        }
    }
    let sandbox = Sandbox::new("an_identity_token");
    let registry = Registry::start();
    registry.require_token(TokenRules::new().identity("hunter2").no_service());
    let name = registry.push("a/b", "1", &hello());
    let command = sandbox.roots(["digest", "--auth", "<token>:hunter2", &name]);
    command.run().succeeds();
    assert_eq!(registry.requests()[1].form("service"), [""; 0]);
}

#[test]
fn a_server_that_takes_no_posts_is_asked_the_other_way() {
    for status in [400, 401, 404, 405] {
        let sandbox = Sandbox::new("a_server_that_takes_no_posts");
        let registry = Registry::start();
        registry.require_token(TokenRules::new().user("joe", "hunter2"));
        registry.fault("POST /token", ALWAYS, Fault::status(status));
        let entry = json!({"auth": STANDARD.encode("joe:"), "identitytoken": "hunter2"});
        store(&sandbox, &registry, &entry);
        let name = registry.push("a/b", "1", &hello());
        sandbox.roots(["digest", &name]).run().succeeds();
        let lines = registry.lines();
        assert_eq!(lines[1], "POST /token");
        assert_eq!(
            lines[2],
            "GET /token?service=registry.test&scope=repository:a/b:pull"
        );
        assert_eq!(
            registry.requests()[2].header("authorization"),
            basic("joe", "hunter2")
        );
        assert_eq!(lines.len(), 5);
    }
    // And if that is no way either, there is the anonymous one, and an end.
    let sandbox = Sandbox::new("a_server_that_takes_no_posts");
    let registry = Registry::start();
    registry.require_token(TokenRules::new().user("joe", "right"));
    store(&sandbox, &registry, &json!({"identitytoken": "hunter2"}));
    let name = registry.push("a/b", "1", &hello());
    let run = sandbox.roots(["digest", &name]).run().fails(4);
    run.never_says("hunter2");
    assert_eq!(registry.requests().len(), 4);
    // A server in trouble is not asked the other way.
    registry.forget_requests();
    registry.fault("/token", ALWAYS, Fault::status(503));
    sandbox.roots(["digest", &name]).run().fails(75);
    assert_eq!(registry.requests().len(), 2);
}

#[test]
fn a_ready_token_goes_to_the_registry_only() {
    for challenged in [
        "",
        ",service=\"x\"",
        ",error=\"insufficient_scope\",scope=\"x\"",
    ] {
        let sandbox = Sandbox::new("a_ready_token");
        let registry = Registry::start();
        let name = registry.push("a/b", "1", &hello());
        store(
            &sandbox,
            &registry,
            &json!({"registrytoken": "hunter2", "auth": "am9lOng="}),
        );
        registry.fault("/manifests/", 1, challenge(&registry, challenged));
        sandbox
            .roots(["digest", &name])
            .run()
            .succeeds()
            .never_says("hunter2");
        let bearer = Some("Bearer hunter2".to_owned());
        assert_eq!(
            authorizations(registry.requests()),
            [None, bearer.clone(), bearer]
        );
        assert_eq!(registry.requests_for("/token").len(), 0);
    }
    // Refused, the image may be public.
    let sandbox = Sandbox::new("a_ready_token");
    let registry = Registry::ghcr();
    let name = registry.push("a/b", "1", &hello());
    store(&sandbox, &registry, &json!({"registrytoken": "hunter2"}));
    let run = sandbox.roots(["digest", &name]).run().succeeds();
    run.says("are refused; asking without them\n");
    assert_eq!(authorizations(registry.requests_for("/token")), [None]);
    assert_eq!(registry.requests().len(), 5);
}

#[test]
fn a_password_answers_where_there_is_no_way_to_a_token() {
    for challenge in [
        vec!["Bearer service=\"x\"", "Basic realm=\"x\""],
        vec!["Basic realm=\"x\", Bearer realm=\"file:///etc/passwd\""],
        vec!["Bearer realm=\"http://10.0.0.1/\"", "Basic realm=\"x\""],
        vec!["Negotiate", "Basic realm=\"x\"", "Digest nonce=\"x\""],
        vec!["bAsIc"],
    ] {
        let sandbox = Sandbox::new("a_password_answers");
        let registry = Registry::start();
        registry.require_basic("joe", "hunter2");
        registry.challenge(challenge.clone());
        store(&sandbox, &registry, &joe());
        let name = registry.push("a/b", "1", &hello());
        let run = sandbox.roots(["digest", &name]).run().succeeds();
        assert_eq!(run.stderr, "", "{challenge:?}");
        assert_eq!(registry.requests().len(), 3);
    }
    // Where there is one, that is taken.
    let sandbox = Sandbox::new("a_password_answers");
    let registry = Registry::start();
    registry.require_token(TokenRules::new().user("joe", "hunter2"));
    registry.challenge([
        "Basic realm=\"x\"",
        "Bearer realm=\"{realm}\",service=\"{service}\"",
    ]);
    let name = registry.push("a/b", "1", &hello());
    let command = sandbox.roots(["digest", "--auth", "joe:hunter2", &name]);
    command.run().succeeds();
    let shown = authorizations(registry.requests_for("/v2/"));
    assert!(!shown.contains(&basic("joe", "hunter2")));
}
