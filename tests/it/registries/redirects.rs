//! Redirects: followed for blobs and manifests, and what is meant for one host stays with it.

use crate::support::{ALWAYS, Fault, HELLO, Registry, Sandbox, TokenRules, hello, tree};

#[test]
fn blobs_come_from_elsewhere_and_credentials_stay() {
    for status in [301, 302, 303, 307, 308] {
        let sandbox = Sandbox::new("blobs_come_from_elsewhere");
        let (registry, cdn) = (Registry::start(), Registry::start());
        registry.require_token(TokenRules::new().user("joe", "hunter2"));
        registry.redirect_blobs_to(&cdn);
        registry.redirect_status(status);
        let name = registry.push("a/b", "1", &hello());
        // The cdn answers 400 to any Authorization, but that is not all: it must not see one.
        let run = sandbox
            .roots(["pull", "--auth", "joe:hunter2", &name, "dest"])
            .run();
        run.succeeds();
        assert_eq!(tree::sketch(sandbox.path("dest")), HELLO);
        let seen = cdn.requests();
        assert_eq!(seen.len(), 2);
        assert!(
            seen.iter()
                .all(|request| request.header("authorization").is_none())
        );
        assert!(seen.iter().all(|request| request.method == "GET"));
        assert_eq!(registry.requests_for("/token").len(), 1);
    }
}

#[test]
fn a_location_without_a_host_means_the_same_host() {
    let sandbox = Sandbox::new("a_location_without_a_host");
    let registry = Registry::start();
    registry.redirect_blobs_relatively();
    registry.redirects_expire();
    let name = registry.push("a/b", "1", &hello());
    sandbox.roots(["pull", &name, "dest"]).run().succeeds();
    assert_eq!(tree::sketch(sandbox.path("dest")), HELLO);
    assert_eq!(registry.requests_for("/cdn/").len(), 2);
}

#[test]
fn a_manifest_may_be_elsewhere_too() {
    let sandbox = Sandbox::new("a_manifest_may_be_elsewhere");
    let (registry, other) = (Registry::start(), Registry::start());
    let name = registry.push("a/b", "1", &hello());
    other.push("c", "1", &hello());
    registry.fault(
        "/manifests/",
        ALWAYS,
        Fault::Redirect(other.url("/v2/c/manifests/1")),
    );
    sandbox.roots(["pull", &name, "dest"]).run().succeeds();
    let accept = other.requests()[0].header("accept");
    assert!(
        accept
            .unwrap()
            .contains("application/vnd.oci.image.index.v1+json")
    );
}

#[test]
fn the_host_redirected_to_cannot_ask_for_credentials() {
    for challenge in [
        "Basic realm=\"x\"",
        "Bearer realm=\"{evil}/token\"",
        "Bearer realm=\"{own}/token\"",
    ] {
        let sandbox = Sandbox::new("the_host_redirected_to");
        let (registry, evil) = (Registry::start(), Registry::start());
        registry.require_token(TokenRules::new().user("joe", "hunter2"));
        registry.redirect_blobs_to(&evil);
        let challenge = challenge
            .replace("{evil}", &evil.url(""))
            .replace("{own}", &registry.url(""));
        evil.fault(
            "/cdn/",
            ALWAYS,
            Fault::status_with(401, &[("WWW-Authenticate", &challenge)], ""),
        );
        let name = registry.push("a/b", "1", &hello());
        let run = sandbox
            .roots(["pull", "--auth", "joe:hunter2", &name, "dest"])
            .run()
            .fails(4);
        // The storage server has not seen the credentials, so they are not what it refuses.
        run.never_says("hunter2")
            .never_says("credentials")
            .says(&evil.url("/cdn/"));
        assert_eq!(evil.requests().len(), 1);
        assert_eq!(evil.requests()[0].header("authorization"), None);
        assert_eq!(
            registry.requests_for("/token").len(),
            1,
            "the one for the registry itself"
        );
        sandbox.assert_nothing_left();
    }
}

#[test]
fn a_token_does_not_come_back_from_a_round_trip() {
    let sandbox = Sandbox::new("a_token_does_not_come_back");
    let (registry, other) = (Registry::ghcr(), Registry::start());
    let image = hello();
    let name = registry.push("a/b", "1", &image);
    let blob = format!("/v2/a/b/blobs/{}", image.config.digest);
    registry.fault(
        &format!("{blob}?"),
        ALWAYS,
        Fault::status_with(200, &[], &image.config.bytes),
    );
    registry.fault("/blobs/", 1, Fault::Redirect(other.url("/there")));
    other.fault(
        "/there",
        1,
        Fault::Redirect(registry.url(&format!("{blob}?back"))),
    );
    sandbox.roots(["pull", &name, "dest"]).run().succeeds();
    let back = registry.requests_for("?back");
    assert_eq!(back.len(), 1);
    assert_eq!(back[0].header("authorization"), None);
}

/// It used to end the pull with `invalid uri character`, to be tried again.
#[test]
fn an_address_may_hold_what_no_address_may() {
    let sandbox = Sandbox::new("an_address_may_hold");
    let registry = Registry::start();
    let image = hello();
    let name = registry.push("a/b", "1", &image);
    let layer = &image.layers[0];
    let location = "/there?file=\"<a>\"&sig=^`|{}%22";
    registry.fault(&layer.digest, ALWAYS, Fault::Redirect(location.to_owned()));
    let bytes = Fault::status_with(200, &[], &layer.bytes);
    registry.fault("/there", ALWAYS, bytes);
    sandbox.roots(["pull", &name, "dest"]).run().succeeds();
    assert_eq!(tree::sketch(sandbox.path("dest")), HELLO);
    let there = "GET /there?file=%22%3Ca%3E%22&sig=%5E%60|{}%22";
    assert_eq!(registry.lines()[3], there);
}

/// It was refused as no http address. The requests are those of curl.
#[test]
fn an_address_may_hold_blanks_and_letters_that_are_not_ascii() {
    for (location, asked) in [
        ("/there/a b.tar", "/there/a%20b.tar"),
        ("/there?file=a b&c= ", "/there?file=a+b&c="),
        (
            "/there/\u{fc}\u{20ac}?\u{fc}=1",
            "/there/%C3%BC%E2%82%AC?%C3%BC=1",
        ),
        ("there \u{e9}#a b", "/v2/a/b/blobs/there%20%C3%A9"),
    ] {
        let sandbox = Sandbox::new("an_address_may_hold_blanks");
        let registry = Registry::start();
        let image = hello();
        let name = registry.push("a/b", "1", &image);
        let layer = &image.layers[0];
        registry.fault(&layer.digest, ALWAYS, Fault::Redirect(location.to_owned()));
        registry.fault("there", ALWAYS, Fault::status_with(200, &[], &layer.bytes));
        sandbox.roots(["pull", &name, "dest"]).run().succeeds();
        assert_eq!(tree::sketch(sandbox.path("dest")), HELLO);
        assert_eq!(registry.lines()[3], format!("GET {asked}"));
    }
}

#[test]
fn a_redirect_to_nowhere_is_refused() {
    let no_http = "it does not lead to an http address";
    let found = |headers: &[(&str, &str)]| Fault::status_with(302, headers, "");
    for (fault, why, requests) in [
        (found(&[]), no_http, 1),
        (found(&[("Location", "file:///etc/passwd")]), no_http, 1),
        (found(&[("Location", "ftp://127.0.0.1/x")]), no_http, 1),
        (found(&[("Location", "")]), no_http, 1),
        (found(&[("Location", "http://127.0.0.1 /x")]), no_http, 1),
        (
            found(&[("Location", "http://m\u{fc}nchen.test/x")]),
            no_http,
            1,
        ),
        (
            found(&[("Location", "//127.0.0.1\u{3002}evil/")]),
            no_http,
            1,
        ),
        (
            found(&[("Location", "http://127.0.0.1:99999/")]),
            no_http,
            1,
        ),
        (found(&[("Location", "http://127.0.0.1:1:2/")]), no_http, 1),
        (
            found(&[("Location", "http://user:pw@127.0.0.1/x")]),
            no_http,
            1,
        ),
        (
            found(&[("Location", "/v2/a/b/manifests/1")]),
            "too many redirects",
            11,
        ),
    ] {
        let sandbox = Sandbox::new("a_redirect_to_nowhere");
        let registry = Registry::start();
        registry.fault("/manifests/", ALWAYS, fault);
        let name = registry.push("a/b", "1", &hello());
        let run = sandbox.roots(["pull", &name, "dest"]).run().fails(1);
        let url = registry.url("/v2/a/b/manifests/1");
        assert_eq!(
            run.stderr,
            format!("roots: {url}: redirect refused: {why}\n")
        );
        assert_eq!(registry.requests().len(), requests);
        sandbox.assert_nothing_left();
    }
}

#[test]
fn a_signed_address_is_not_shown() {
    let sandbox = Sandbox::new("a_signed_address");
    let (registry, cdn) = (Registry::start(), Registry::start());
    registry.redirect_blobs_to(&cdn);
    let name = registry.push("a/b", "1", &hello());
    cdn.fault("/cdn/", ALWAYS, Fault::status(500));
    let run = sandbox.roots(["pull", &name, "dest"]).run().fails(75);
    run.says(&cdn.url("/cdn/a/b/")).never_says("signature");
    sandbox.assert_nothing_left();
}
