//! Tokens, credentials and redirects.

use super::*;
use base64::Engine as _;

#[test]
fn ghcr_wants_a_token_for_the_one_scope() {
    let registry = Registry::ghcr();
    let reference = registry.push("acme/tool", "1", &image());
    assert_eq!(reference, format!("{}/acme/tool:1", registry.host()));
    let answer = ask(
        &registry,
        "GET /v2/acme/tool/manifests/1",
        &[("Accept", ALL)],
    );
    assert_eq!(status(&answer), 401);
    let realm = registry.url("/token");
    let challenge =
        format!("Bearer realm=\"{realm}\",service=\"ghcr.io\",scope=\"repository:acme/tool:pull\"");
    assert_eq!(header(&answer, "WWW-Authenticate"), Some(&*challenge));
    for wrong in [
        "",
        "?service=ghcr.io",
        "?service=x&scope=repository:acme/tool:pull",
        "?service=ghcr.io&scope=acme",
    ] {
        assert_eq!(
            status(&ask(&registry, &format!("GET /token{wrong}"), &[])),
            400,
            "{wrong}"
        );
    }
    let answer = ask(
        &registry,
        "GET /token?service=ghcr.io&scope=repository%3Aacme%2Ftool:pull",
        &[],
    );
    assert_eq!(body(&answer), "{\"token\":\"secret-token-1\"}");
    let token = [("Accept", ALL), ("Authorization", "Bearer secret-token-1")];
    assert_eq!(
        status(&ask(&registry, "GET /v2/acme/tool/manifests/1", &token)),
        200
    );
    let answer = ask(&registry, "GET /v2/acme/other/manifests/1", &token);
    assert!(
        header(&answer, "WWW-Authenticate")
            .unwrap()
            .ends_with("error=\"insufficient_scope\"")
    );
    assert_eq!(status(&ask(&registry, "GET /v2/", &token)), 200);
}

#[test]
fn tokens_wear_out_and_are_not_for_everybody() {
    let (registry, tokens) = (Registry::start(), Registry::start());
    registry.put_blob("a", "sha256:x", "x");
    let rules = TokenRules::new()
        .user("joe", "s:t")
        .denied(403)
        .access_token()
        .expires_after_uses(1)
        .no_service();
    registry.require_token_from(&tokens, rules);
    registry.challenge(["Negotiate", "Bearer scope=\"{scope}\", realm=\"{realm}\""]);
    let blob = "GET /v2/a/blobs/sha256:x";
    let answer = ask(&registry, blob, &[]);
    assert!(answer.contains(
        "WWW-Authenticate: Negotiate\r\nWWW-Authenticate: Bearer scope=\"repository:a:pull\", realm"
    ));
    assert!(answer.contains(&tokens.url("/token")));
    let ask_token = "GET /token?scope=repository:a:pull";
    assert!(ask(&tokens, ask_token, &[]).contains("DENIED"));
    let basic = format!(
        "Basic {}",
        base64::engine::general_purpose::STANDARD.encode("joe:s:t")
    );
    assert!(ask(&tokens, ask_token, &[("Authorization", &basic)]).contains("access_token"));
    let token = [("Authorization", "Bearer secret-token-1")];
    assert_eq!(
        [ask(&registry, blob, &token), ask(&registry, blob, &token)].map(|answer| status(&answer)),
        [200, 401]
    );
    registry.require_basic("joe", "s:t");
    assert_eq!(
        status(&ask(&registry, blob, &[("Authorization", &basic)])),
        200
    );
    assert_eq!(status(&ask(&registry, blob, &token)), 401);
}

#[test]
fn redirects_lead_to_a_server_that_hates_credentials() {
    let (registry, cdn) = (Registry::start(), Registry::start());
    registry.put_blob("a/b", "sha256:x", "0123456789");
    registry.redirect_blobs_to(&cdn);
    registry.redirects_expire();
    let answer = ask(&registry, "GET /v2/a/b/blobs/sha256:x", &[]);
    let location = header(&answer, "Location").unwrap();
    let path = location.strip_prefix(&cdn.url("")).unwrap();
    assert_eq!(status(&answer), 307);
    assert_eq!(
        status(&ask(
            &cdn,
            &format!("GET {path}"),
            &[("Authorization", "Bearer t")]
        )),
        400
    );
    assert_eq!(
        body(&ask(&cdn, &format!("GET {path}"), &[("Range", "bytes=8-")])),
        "89"
    );
    assert_eq!(status(&ask(&cdn, &format!("GET {path}"), &[])), 403);
    registry.redirect_blobs_relatively();
    let answer = ask(&registry, "GET /v2/a/b/blobs/sha256:x", &[]);
    let path = header(&answer, "Location").unwrap();
    assert_eq!(
        body(&ask(&registry, &format!("GET {path}"), &[])),
        "0123456789"
    );
    assert_eq!(
        status(&ask(&registry, "GET /v2/a/b/blobs/sha256:y", &[])),
        400
    );
}
