//! `--auth` and `ROOTS_AUTH`: what they take, whom it is sent to, and that it never shows.

use crate::support::{ALWAYS, Fault, HELLO, Registry, Sandbox, TokenRules, hello, tree};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

const KEY: &str = "{\n \"type\": \"service_account\",\n \"private_key\": \"hunter2\"\n}\n";

fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
}

#[test]
fn credentials_are_typed_or_in_a_file_or_a_google_key() {
    let sandbox = Sandbox::new("credentials_are_typed");
    sandbox.write("file", "joe:hun:ter2\r\n");
    sandbox.write("key.json", KEY);
    for (auth, user, password) in [
        ("joe:hun:ter2", "joe", "hun:ter2"),
        ("joe:", "joe", ""),
        ("joe:pässwörd", "joe", "pässwörd"),
        ("file", "joe", "hun:ter2"),
        ("key.json", "_json_key", KEY),
    ] {
        for by_variable in [false, true] {
            let registry = Registry::start();
            registry.require_token(TokenRules::new().user(user, password));
            let name = registry.push("a/b", "1", &hello());
            let command = match by_variable {
                true => sandbox
                    .roots(["pull", "--force", &name, "in/dest"])
                    .env("ROOTS_AUTH", auth),
                false => sandbox.roots(["pull", "--force", &name, "in/dest", "--auth", auth]),
            };
            command.run().succeeds().never_says("ter2");
            assert_eq!(tree::sketch(sandbox.path("in/dest")), HELLO);
            let realm = registry.requests_for("/token");
            assert_eq!(
                realm[0].header("authorization"),
                Some(basic(user, password))
            );
            // To the registry itself goes the token only; and nothing before it was asked for.
            let headers = registry
                .requests_for("/v2/")
                .into_iter()
                .map(|request| request.header("authorization"));
            let token = Some("Bearer secret-token-1".to_owned());
            assert!(
                headers.enumerate().all(
                    |(number, header)| header == if number == 0 { None } else { token.clone() }
                )
            );
        }
    }
}

#[test]
fn an_option_beats_the_variable() {
    let sandbox = Sandbox::new("an_option_beats");
    let registry = Registry::start();
    registry.require_basic("joe", "right");
    let name = registry.push("a/b", "1", &hello());
    let digest = |auth: &str, variable: &str| {
        sandbox
            .roots(["digest", "--auth", auth, &name])
            .env("ROOTS_AUTH", variable)
            .run()
    };
    digest("joe:right", "joe:wrong").succeeds();
    digest("joe:wrong", "joe:right").fails(4);
    digest("", "joe:right").succeeds();
}

#[test]
fn basic_is_answered_when_it_is_asked_for() {
    let sandbox = Sandbox::new("basic_is_answered");
    let registry = Registry::start();
    registry.require_basic("joe", "hunter2");
    let name = registry.push("a/b", "1", &hello());

    let run = sandbox.roots(["pull", &name, "dest"]).run().fails(4);
    run.says("hint: it does not exist or is private: check the name, or pass --auth user:password or a key file\n");
    assert_eq!(registry.requests().len(), 1, "nothing to answer with");

    registry.forget_requests();
    let run = sandbox
        .roots(["pull", "--auth", "joe:wrong-one", &name, "dest"])
        .run()
        .fails(4);
    let host = registry.host();
    let refusal = format!(
        "roots: {name}: {host} refuses these credentials: UNAUTHORIZED authentication required\n\
         hint: check what was passed with --auth\n"
    );
    assert_eq!(run.stderr, refusal);
    run.never_says("wrong-one");
    assert_eq!(registry.requests().len(), 2);
    sandbox.assert_nothing_left();

    registry.forget_requests();
    sandbox
        .roots(["pull", "--auth", "joe:hunter2", &name, "dest"])
        .run()
        .succeeds();
    assert_eq!(tree::sketch(sandbox.path("dest")), HELLO);
    assert_eq!(
        registry.requests().len(),
        4,
        "the challenge is answered once"
    );
}

#[test]
fn wrong_credentials_are_not_tried_again() {
    for status in [401, 403] {
        let sandbox = Sandbox::new("wrong_credentials");
        let registry = Registry::start();
        registry.require_token(
            TokenRules::new()
                .user("joe", "right")
                .also_anonymous()
                .denied(status),
        );
        let name = registry.push("a/b", "1", &hello());
        let run = sandbox
            .roots(["pull", "--auth", "joe:hunter2", &name, "dest"])
            .run()
            .fails(4);
        let host = registry.host();
        run.says(&format!(
            "roots: {name}: {host} refuses these credentials: "
        ))
        .says("hint: check what was passed with --auth\n")
        .never_says("hunter2")
        .never_says(&basic("joe", "hunter2")[6..]);
        assert_eq!(registry.requests().len(), 2);
        sandbox.assert_nothing_left();
    }
}

#[test]
fn what_is_no_credentials_is_refused_before_any_request() {
    let sandbox = Sandbox::new("what_is_no_credentials");
    let registry = Registry::start();
    let name = registry.push("a/b", "1", &hello());
    sandbox.write("secret-file", "hunter2");
    sandbox.write("json", "{\"hunter2\":1}");
    sandbox.write("binary", b"joe:hunter2\xff");
    sandbox.mkdir("folder");
    let hint = "hint: --auth takes user:password, a Google key file, a file that holds either, or - for stdin\n";
    for (auth, why) in [
        (
            "hunter2",
            "--auth: neither user:password nor an existing file",
        ),
        (
            "folder",
            "--auth: neither user:password nor an existing file",
        ),
        (":hunter2", "--auth: there is no user name before the colon"),
        ("joe:hunter2\r\nX-Evil: y", "--auth: has control characters"),
        (
            "secret-file",
            "secret-file: neither user:password nor a Google key",
        ),
        ("json", "json: JSON, but not a Google service-account key"),
        ("binary", "binary: cannot be read as text"),
    ] {
        for command in [
            vec!["pull", "--auth", auth, &name, "dest"],
            vec!["digest", "--auth", auth, &name],
        ] {
            let run = sandbox.roots(command).run().fails(2).never_says("hunter2");
            assert_eq!(run.stderr, format!("roots: {why}\n{hint}"));
        }
    }
    assert_eq!(registry.lines(), [""; 0]);
    sandbox.assert_nothing_left();
}

#[test]
fn a_registry_cannot_have_credentials_sent_into_the_users_network() {
    for realm in [
        "http://10.0.0.1/token",
        "http://192.168.1.1/",
        "http://169.254.169.254/latest",
        "https://10.0.0.1/x",
        "http://example.com/token",
        "https://[fd00::1]/",
    ] {
        let sandbox = Sandbox::new("a_registry_cannot_have");
        let registry = Registry::ghcr();
        registry.challenge([format!("Bearer realm=\"{realm}\"")]);
        let name = registry.push("a/b", "1", &hello());
        let run = sandbox
            .roots(["pull", "--auth", "joe:hunter2", &name, "dest"])
            .run()
            .fails(4);
        run.says("the registry wants credentials sent to it, which is not safe")
            .never_says("hunter2");
        assert_eq!(registry.requests().len(), 1);
        sandbox.assert_nothing_left();
    }
}

#[test]
fn secrets_do_not_show_whatever_goes_wrong() {
    for (part, fault) in [
        ("/token", Fault::status(500)),
        // A token server that shows what it was asked with.
        (
            "/token",
            Fault::status_with(
                500,
                &[],
                format!("{} is joe:hunter2", basic("joe", "hunter2")),
            ),
        ),
        (
            "/token",
            Fault::status_with(401, &[], "{\"details\":\"joe may not enter with hunter2\"}"),
        ),
        ("/token", Fault::Reset),
        (
            "/token",
            Fault::status_with(200, &[], "{\"token\":\"secret-token\u{1}\"}"),
        ),
        ("/blobs/", Fault::status(500)),
        ("/blobs/", Fault::Corrupt(3)),
        ("/manifests/", Fault::Append(b"x".to_vec())),
    ] {
        let sandbox = Sandbox::new("secrets_do_not_show");
        let registry = Registry::start();
        registry.require_token(TokenRules::new().user("joe", "hunter2"));
        registry.fault(part, ALWAYS, fault);
        let name = registry.push("a/b", "1", &hello());
        let run = sandbox
            .roots(["pull", "--auth", "joe:hunter2", &name, "dest"])
            .run();
        run.never_says("hunter2")
            .never_says(&basic("joe", "hunter2")[6..])
            .never_says("secret-token")
            .says("roots: ");
        sandbox.assert_nothing_left();
    }
}
