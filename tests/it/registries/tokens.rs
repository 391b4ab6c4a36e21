//! Tokens: asked for once, renewed once, and what of a token server's answers will do.

use crate::support::{
    ALWAYS, Fault, HELLO, Image, Registry, Request, Sandbox, TokenRules, hello, hello_layer, tree,
};

fn without_credentials(request: &Request) -> bool {
    request.header("authorization").is_none()
}

#[test]
fn a_token_is_asked_for_once_without_credentials() {
    let sandbox = Sandbox::new("a_token_is_asked_for_once");
    let registry = Registry::ghcr();
    let image = Image::new()
        .layer(hello_layer())
        .layer(hello_layer().dir("d", 0o755))
        .build();
    let name = registry.push("a/b", "1", &image);
    sandbox.roots(["pull", &name, "dest"]).run().succeeds();
    let asked = registry.requests_for("/token");
    assert_eq!(asked.len(), 1);
    assert!(asked.iter().all(without_credentials));
    let bare = registry
        .requests_for("/v2/")
        .into_iter()
        .filter(without_credentials)
        .count();
    assert_eq!(bare, 1, "the first request only");
    assert_eq!(registry.requests().len(), 1 + 1 + 1 + 3);
}

#[test]
fn every_answer_of_a_token_server_that_has_a_token_will_do() {
    for rules in [
        TokenRules::new().access_token(),
        TokenRules::new().both_fields(),
        TokenRules::new().expires_in(-5),
        TokenRules::new().text(&"t".repeat(16 << 10)),
    ] {
        let sandbox = Sandbox::new("every_answer");
        let (registry, tokens) = (Registry::start(), Registry::start());
        registry.require_token_from(&tokens, rules.clone());
        let name = registry.push("a/b", "1", &hello());
        sandbox.roots(["pull", &name, "dest"]).run().succeeds();
        assert_eq!(tree::sketch(sandbox.path("dest")), HELLO, "{rules:?}");
        assert_eq!(tokens.requests().len(), 1);
    }
}

#[test]
fn an_answer_without_a_usable_token_ends_the_pull() {
    let token = |text: &str| format!("{{\"token\":{}}}", serde_json::to_string(text).unwrap());
    for (answer, why) in [
        ("<html>".to_owned(), "not a token response"),
        ("{\"token\":7}".into(), "not a token response"),
        ("{}".into(), "no token in the response"),
        (token(""), "no token in the response"),
        (
            token("a\r\nX-Evil: b"),
            "a token with blanks or control characters",
        ),
        (token("a b"), "a token with blanks or control characters"),
        (token(&"t".repeat(2 << 20)), "longer than 1048576 bytes"),
    ] {
        let sandbox = Sandbox::new("an_answer_without");
        let registry = Registry::ghcr();
        registry.fault("/token", ALWAYS, Fault::status_with(200, &[], answer));
        let name = registry.push("a/b", "1", &hello());
        let run = sandbox.roots(["pull", &name, "dest"]).run().fails(1);
        assert_eq!(
            run.stderr,
            format!("roots: {}: {why}\n", registry.url("/token"))
        );
        assert_eq!(registry.requests().len(), 2);
        sandbox.assert_nothing_left();
    }
}

#[test]
fn a_token_that_expires_in_mid_pull_is_renewed() {
    let sandbox = Sandbox::new("a_token_that_expires");
    let registry = Registry::start();
    registry.require_token(TokenRules::new().expires_after_uses(2));
    let image = Image::new()
        .layer(hello_layer())
        .layer(hello_layer().dir("d", 0o755))
        .build();
    let name = registry.push("a/b", "1", &image);
    sandbox.roots(["pull", &name, "dest"]).run().succeeds();
    assert_eq!(
        registry.requests_for("/token").len(),
        2,
        "for 4 documents at 2 uses each"
    );
    let digest = &image.layers[0].digest;
    assert_eq!(registry.requests_for(digest).len(), 2, "refused once");
    assert_eq!(
        tree::sketch(sandbox.path("dest")),
        format!("d 0755 d/\n{HELLO}")
    );
}

#[test]
fn a_registry_that_refuses_each_token_is_asked_twice() {
    let sandbox = Sandbox::new("a_registry_that_refuses");
    let registry = Registry::start();
    registry.require_token(TokenRules::new().expires_after_uses(0));
    let name = registry.push("a/b", "1", &hello());
    let run = sandbox.roots(["pull", &name, "dest"]).run().fails(4);
    run.says("denies access: UNAUTHORIZED authentication required");
    let tag = "GET /v2/a/b/manifests/1".to_owned();
    let token = "GET /token?service=registry.test&scope=repository:a/b:pull".to_owned();
    assert_eq!(registry.lines(), [tag.clone(), token, tag]);
    sandbox.assert_nothing_left();
}

#[test]
fn a_token_server_that_is_out_of_order_is_for_later() {
    for (fault, code) in [
        (Fault::status(503), 75),
        (Fault::status(429), 75),
        (Fault::Reset, 75),
        (Fault::status(400), 1),
    ] {
        let sandbox = Sandbox::new("a_token_server");
        let registry = Registry::ghcr();
        registry.fault("/token", ALWAYS, fault);
        let name = registry.push("a/b", "1", &hello());
        let run = sandbox.roots(["pull", &name, "dest"]).run().fails(code);
        run.says(&format!("roots: {}: ", registry.url("/token")));
        sandbox.assert_nothing_left();
    }
}

/// Some let everybody see what there is, and want to know who takes it.
#[test]
fn a_blob_may_want_a_token_that_the_manifest_did_not() {
    let sandbox = Sandbox::new("a_blob_may_want");
    let registry = Registry::ghcr();
    let image = hello();
    let name = registry.push("a/b", "1", &image);
    let media_type = [("Content-Type", &image.manifest.media_type[..])];
    let open = Fault::status_with(200, &media_type, &image.manifest.bytes);
    registry.fault("/manifests/", ALWAYS, open);
    sandbox.roots(["pull", &name, "dest"]).run().succeeds();
    assert_eq!(tree::sketch(sandbox.path("dest")), HELLO);
    let lines = registry.lines();
    let parts = ["/manifests/1", "/blobs/", "/token?", "/blobs/", "/blobs/"];
    assert_eq!(lines.len(), parts.len(), "{lines:#?}");
    for (line, part) in lines.iter().zip(parts) {
        assert!(line.contains(part), "{lines:#?}");
    }
}
