//! Challenges in all their spellings, and the ends of those who cannot answer.

use crate::support::{Fault, Registry, Sandbox, TokenRules, hello};

#[test]
fn a_challenge_may_be_spelt_in_any_way() {
    let whole = "Bearer realm=\"{realm}\",service=\"{service}\",scope=\"{scope}\"";
    for challenge in [
        vec!["bEaReR  SCOPE = \"{scope}\" ,\tREALM\t=\t\"{realm}\" , Service = \"{service}\""],
        vec!["Bearer realm={realm},service={service},scope={scope}"],
        vec![
            ",, Bearer realm=\"{realm}\",,service=\"{service}\",unknown=\"a,b=\\\"c\\\"\", error=\"x\",,",
        ],
        vec!["Bearer realm=\"{realm}\",service=\"\\{service}\",scope=\"\""],
        vec!["Bearer realm=\"/token\",service=\"{service}\""],
        vec!["Negotiate", "Basic realm=\"x, y\"", whole],
        vec![
            "Digest qop=\"auth,int\", nonce=ab, Negotiate YII+/b==, Bearer realm=\"{realm}\", service=\"{service}\"",
        ],
        vec!["Basic realm=x, Bearer realm=\"{realm}\",service=\"{service}\",scope=\"{scope}\""],
    ] {
        let sandbox = Sandbox::new("a_challenge_may_be_spelt");
        let registry = Registry::start();
        registry.require_token(TokenRules::new());
        registry.challenge(challenge.clone());
        let name = registry.push("a/b", "1", &hello());
        let run = sandbox.roots(["digest", &name]).run().succeeds();
        run.prints(&format!("{}\n", hello().manifest.digest));
        let asked = registry.requests_for("/token");
        assert_eq!(asked.len(), 1, "{challenge:?}");
        assert_eq!(asked[0].query("scope"), ["repository:a/b:pull"]);
    }
}

#[test]
fn what_the_challenge_says_goes_to_the_realm_as_it_was_said() {
    for (rules, challenge, line) in [
        (
            TokenRules::new().service("a&b=c d+e"),
            "Bearer realm=\"{realm}\",service=\"{service}\",scope=\"{scope}\"",
            "GET /token?service=a%26b%3Dc%20d%2Be&scope=repository:a/b:pull",
        ),
        (
            TokenRules::new().no_service(),
            "Bearer realm=\"{realm}?x=%2F&y\",scope=\"{scope}\"",
            "GET /token?x=%2F&y&scope=repository:a/b:pull",
        ),
        (
            TokenRules::new().any_actions(),
            "Bearer realm=\"{realm}\",service=\"{service}\",scope=\"repository:a/b:pull,push\"",
            "GET /token?service=registry.test&scope=repository:a/b:pull,push",
        ),
        (
            TokenRules::new().any_actions(),
            "Bearer realm=\"{realm}\",service=\"{service}\",scope=\"repository:x:pull repository:a/b:pull\"",
            "GET /token?service=registry.test&scope=repository:x:pull&scope=repository:a/b:pull",
        ),
    ] {
        let sandbox = Sandbox::new("what_the_challenge_says");
        let registry = Registry::start();
        registry.require_token(rules);
        registry.challenge([challenge]);
        let name = registry.push("a/b", "1", &hello());
        sandbox.roots(["digest", &name]).run().succeeds();
        assert_eq!(registry.lines()[1], line);
    }
}

#[test]
fn a_challenge_that_cannot_be_answered_ends_the_pull() {
    let silent = "status 401 without a WWW-Authenticate challenge";
    for (challenge, why) in [
        (vec![], silent),
        (vec!["Negotiate", "Digest nonce=\"x\""], silent),
        (vec!["\""], silent),
        (vec!["Bearer service=\"x\""], "challenge without a realm"),
        (vec!["Bearer realm=\"\""], "challenge without a realm"),
        (vec!["Bearer realm=\"{realm}"], "challenge without a realm"),
        (
            vec!["Bearer realm=\"file:///etc/passwd\""],
            "the realm is not an http URL",
        ),
        (
            vec!["Bearer realm=\"data:,x\""],
            "the realm is not an http URL",
        ),
        (
            vec!["Bearer realm=\"http://u:p@127.0.0.1/\""],
            "the realm is not an http URL",
        ),
    ] {
        let sandbox = Sandbox::new("a_challenge_that_cannot");
        let registry = Registry::ghcr();
        registry.challenge(challenge.clone());
        let name = registry.push("a/b", "1", &hello());
        let run = sandbox.roots(["pull", &name, "dest"]).run().fails(4);
        let url = registry.url("/v2/a/b/manifests/1");
        assert_eq!(
            run.stderr,
            format!("roots: {url}: {why}\n"),
            "{challenge:?}"
        );
        assert_eq!(registry.requests().len(), 1);
        sandbox.assert_nothing_left();
    }
}

#[test]
fn who_is_denied_learns_by_whom_and_why() {
    for status in [401, 403] {
        let sandbox = Sandbox::new("who_is_denied");
        let registry = Registry::start();
        registry.require_token(TokenRules::new().user("joe", "secret").denied(status));
        let name = registry.push("a/b", "1", &hello());
        let run = sandbox.roots(["pull", &name, "dest"]).run().fails(4);
        let code = if status == 401 {
            "UNAUTHORIZED"
        } else {
            "DENIED"
        };
        let host = registry.host();
        let refusal = format!(
            "roots: {name}: {host} denies access: {code} requested access to the resource is denied\n\
             hint: it does not exist or is private: check the name, or pass --auth user:password or a key file\n"
        );
        assert_eq!(run.stderr, refusal);
        assert_eq!(registry.requests().len(), 2);
        sandbox.assert_nothing_left();
    }
    let sandbox = Sandbox::new("who_is_denied");
    let registry = Registry::start();
    let name = registry.push("a/b", "1", &hello());
    for (status, code) in [(403, "DENIED"), (404, "DENIED"), (404, "UNAUTHORIZED")] {
        let body = format!("{{\"errors\":[{{\"code\":\"{code}\",\"message\":\"go away\"}}]}}");
        registry.fault("/manifests/", 1, Fault::status_with(status, &[], body));
        let run = sandbox.roots(["pull", &name, "dest"]).run().fails(4);
        let host = registry.host();
        run.says(&format!(
            "roots: {name}: {host} denies access: {code} go away\n"
        ));
    }
}

/// It is not the image that is missing there.
#[test]
fn a_realm_where_no_token_server_is_says_so() {
    for (body, said) in [("", ""), ("<h1>gone</h1>\n", ""), ("gone\n", " gone")] {
        let sandbox = Sandbox::new("no_token_server");
        let registry = Registry::start();
        registry.require_token(TokenRules::new());
        let name = registry.push("a/b", "1", &hello());
        registry.fault("/token", 1, Fault::status_with(404, &[], body));
        let run = sandbox.roots(["pull", &name, "dest"]).run().fails(1);
        let url = registry.url("/token");
        assert_eq!(
            run.stderr,
            format!("roots: {url}: no token server: status 404{said}\n")
        );
        sandbox.assert_nothing_left();
    }
}
