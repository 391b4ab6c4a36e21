//! Programs called `docker-credential-NAME`: run when they are needed, and believed as far as they make sense.

use crate::support::{Registry, Run, Sandbox, TokenRules, hello};
use serde_json::{Value, json};
use std::fs::{Permissions, set_permissions};
use std::os::unix::fs::PermissionsExt as _;

/// Puts a helper on the PATH that writes down what it is asked and then does as `script` says.
fn helper(sandbox: &Sandbox, name: &str, script: &str) {
    let asked = sandbox.path("asked");
    let script = format!(
        "#!/bin/sh\necho {name} \"$*\" $(cat) $(umask) >>'{}'\n{script}\n",
        asked.display()
    );
    let path = sandbox.write(format!("bin/docker-credential-{name}"), script);
    set_permissions(path, Permissions::from_mode(0o755)).unwrap();
}

/// A script that has an answer.
fn answers(user: &str, secret: &str) -> String {
    let answer = json!({"ServerURL": "x", "Username": user, "Secret": secret});
    format!("echo '{answer}'")
}

/// A script that has none.
const NONE: &str = "echo credentials not found in native keychain; exit 1";

fn private() -> (Registry, String) {
    let registry = Registry::start();
    registry.require_basic("joe", "hunter2");
    let name = registry.push("a/b", "1", &hello());
    (registry, name)
}

fn digest(sandbox: &Sandbox, config: &Value, name: &str) -> Run {
    sandbox.write("home/.docker/config.json", config.to_string());
    let path = format!("{}:/usr/bin:/bin", sandbox.path("bin").display());
    let command = sandbox.roots(["digest", "-v", name]).env("PATH", path);
    command.run().never_says("hunter2")
}

#[track_caller]
fn was_asked(sandbox: &Sandbox, lines: &[String]) {
    let asked = String::from_utf8(sandbox.read("asked")).unwrap();
    assert_eq!(asked.lines().collect::<Vec<_>>(), lines);
}

#[test]
fn a_helper_is_asked_for_the_host() {
    for field in ["credHelpers", "credsStore"] {
        let sandbox = Sandbox::new("a_helper_is_asked");
        let (registry, name) = private();
        helper(&sandbox, "x", &answers("joe", "hunter2"));
        let host = registry.host();
        let config = match field {
            "credHelpers" => json!({field: {&host: "x", "ghcr.io": "y"}}),
            _ => json!({field: "x", "auths": {&host: {}}}),
        };
        let run = digest(&sandbox, &config, &name).succeeds();
        run.says("credentials from docker-credential-x (");
        // Its files are its own: nobody else may read them, whatever the umask of a pull.
        was_asked(&sandbox, &[format!("x get {host} 0077")]);
        assert_eq!(registry.requests().len(), 3, "manifest twice, and config");
    }
}

#[test]
fn a_helper_is_not_asked_in_vain() {
    let sandbox = Sandbox::new("a_helper_is_not_asked");
    let registry = Registry::start();
    let name = registry.push("a/b", "1", &hello());
    helper(&sandbox, "x", &answers("joe", "hunter2"));
    let config = json!({"credsStore": "x", "credHelpers": {registry.host(): "x"}});
    digest(&sandbox, &config, &name).succeeds();
    registry.require_basic("passed", "pw");
    let path = sandbox.path("bin");
    let command = sandbox.roots(["digest", "--auth", "passed:pw", &name]);
    command.env("PATH", path).run().succeeds();
    assert!(!sandbox.has("asked"));
}

#[test]
fn the_helper_of_a_host_comes_first_and_the_file_last() {
    let right = answers("joe", "hunter2");
    let wrong = answers("wrong", "x");
    for (own, store, first) in [
        (&*right, &*wrong, vec!["own"]),
        (NONE, &*right, vec!["own", "store"]),
        (NONE, NONE, vec!["own", "store"]),
        ("exit 3", "exit 4", vec!["own", "store"]),
        ("echo '{}'", NONE, vec!["own", "store"]),
    ] {
        let sandbox = Sandbox::new("the_helper_of_a_host");
        let (registry, name) = private();
        helper(&sandbox, "own", own);
        helper(&sandbox, "store", store);
        let host = registry.host();
        let config = json!({
            "credHelpers": {&host: "own"},
            "credsStore": "store",
            "auths": {&host: {"username": "joe", "password": "hunter2"}},
        });
        digest(&sandbox, &config, &name).succeeds();
        let lines: Vec<_> = first
            .iter()
            .map(|x| format!("{x} get {host} 0077"))
            .collect();
        was_asked(&sandbox, &lines);
    }
}

#[test]
fn a_helper_with_two_jobs_is_asked_once() {
    let sandbox = Sandbox::new("a_helper_with_two_jobs");
    let (registry, name) = private();
    helper(&sandbox, "x", NONE);
    let host = registry.host();
    let config = json!({"credHelpers": {&host: "x"}, "credsStore": "x"});
    let run = digest(&sandbox, &config, &name).fails(4);
    run.says("docker-credential-x: none for ")
        .says("denies access");
    assert!(!digest(&sandbox, &config, &name).stderr.contains("warning"));
    was_asked(
        &sandbox,
        &[format!("x get {host} 0077"), format!("x get {host} 0077")],
    );
}

#[test]
fn a_helper_that_is_of_no_use_is_named_and_passed_over() {
    for (script, why) in [
        (Some("echo hunter2; exit 1"), "it failed: exit status: 1"),
        (
            Some("echo hunter2 >&2; exit 1"),
            "it failed: exit status: 1",
        ),
        (Some("kill -9 $$"), "it failed: signal: 9 (SIGKILL)"),
        (Some("echo hunter2"), "its answer is not that of a helper"),
        (Some("true"), "its answer is not that of a helper"),
        (
            Some("echo '{\"Secret\":[\"hunter2\"]}'"),
            "its answer is not that of a helper",
        ),
        (Some("exec yes hunter2"), "its answer cannot be read"),
        (
            Some("yes hunter2 | head -c 100000; sleep 600"),
            "its answer cannot be read",
        ),
        (None, "no such program"),
    ] {
        let sandbox = Sandbox::new("a_helper_of_no_use");
        let (registry, name) = private();
        if let Some(script) = script {
            helper(&sandbox, "x", script);
        }
        let run = digest(&sandbox, &json!({"credsStore": "x"}), &name).fails(4);
        let path = sandbox.path("home/.docker/config.json");
        run.says(&format!(
            "roots: warning: docker-credential-x ({}): {why}; passed over\n",
            path.display()
        ))
        .says("denies access");
        assert_eq!(registry.requests().len(), 1, "{script:?}");
    }
}

/// It was waited for until a signal came, and not said whom for.
#[test]
fn a_helper_that_never_answers_has_the_time_of_a_server() {
    for script in [
        "exec sleep 600",
        "echo '{'; exec sleep 600",
        "exec >&-; exec sleep 600",
        "trap '' TERM; sleep 600",
        "while :; do echo; sleep 0.1; done",
    ] {
        let sandbox = Sandbox::new("a_helper_that_never");
        let (registry, name) = private();
        helper(&sandbox, "x", script);
        let config = json!({"credsStore": "x"}).to_string();
        sandbox.write("home/.docker/config.json", config);
        let path = format!("{}:/usr/bin:/bin", sandbox.path("bin").display());
        let command = sandbox.roots(["digest", "-v", "--timeout=1", &name]);
        let run = command.env("PATH", path).run().fails(4);
        run.says("docker-credential-x: asking, for 1 s at most\n")
            .says("): no answer within 1 s (--timeout); passed over\n")
            .says("denies access");
        assert_eq!(registry.requests().len(), 1, "{script}");
    }
}

/// A process that it left behind kept the pipe open, and its answer was thrown away.
#[test]
fn a_helper_that_has_ended_has_answered() {
    let sandbox = Sandbox::new("a_helper_that_has_ended");
    let (_registry, name) = private();
    let script = format!("{}\n(exec sleep 600) &", answers("joe", "hunter2"));
    helper(
        &sandbox,
        "x",
        &format!("{script}\necho $! >'{}'", sandbox.path("left").display()),
    );
    let config = json!({"credsStore": "x"}).to_string();
    sandbox.write("home/.docker/config.json", config);
    let path = format!("{}:/usr/bin:/bin", sandbox.path("bin").display());
    let command = sandbox.roots(["digest", "-v", "--timeout=1", &name]);
    let run = command.env("PATH", path).run();
    let left = String::from_utf8(sandbox.read("left")).unwrap();
    let kill = std::process::Command::new("kill").arg(left.trim()).status();
    assert!(kill.unwrap().success());
    run.succeeds()
        .says("credentials from docker-credential-x (");
}

#[test]
fn a_helper_is_a_name_and_no_path() {
    for name in ["/bin/sh", "../x", "x/../../evil", "x\0y"] {
        let sandbox = Sandbox::new("a_helper_is_a_name");
        let (registry, image) = private();
        helper(&sandbox, "x", &answers("joe", "hunter2"));
        let config = json!({"credHelpers": {registry.host(): name}});
        let run = digest(&sandbox, &config, &image).fails(4);
        run.says("not a name of a helper; passed over\n");
        assert!(!sandbox.has("asked"));
    }
    // An empty name is how docker says that there is none.
    let sandbox = Sandbox::new("a_helper_is_a_name");
    let (_registry, image) = private();
    let run = digest(&sandbox, &json!({"credsStore": ""}), &image).fails(4);
    assert!(!run.stderr.contains("warning"), "{}", run.stderr);
}

#[test]
fn a_helper_that_may_not_be_run_is_said() {
    let sandbox = Sandbox::new("a_helper_that_may_not");
    let (_registry, name) = private();
    sandbox.write("bin/docker-credential-x", "");
    let run = digest(&sandbox, &json!({"credsStore": "x"}), &name).fails(4);
    run.says("cannot be started: permission denied; passed over\n");
}

#[test]
fn a_variable_starts_no_programs() {
    let sandbox = Sandbox::new("a_variable_starts");
    let (registry, name) = private();
    helper(&sandbox, "x", &answers("joe", "hunter2"));
    let config = json!({"credsStore": "x", "credHelpers": {registry.host(): "x"}});
    let command = sandbox
        .roots(["digest", &name])
        .env("PATH", sandbox.path("bin"));
    command
        .env("DOCKER_AUTH_CONFIG", config.to_string())
        .run()
        .fails(4);
    assert!(!sandbox.has("asked"));
}

#[test]
fn a_helper_may_have_an_identity_token() {
    let sandbox = Sandbox::new("a_helper_may_have");
    let registry = Registry::start();
    registry.require_token(TokenRules::new().identity("hunter2"));
    let name = registry.push("a/b", "1", &hello());
    helper(&sandbox, "x", &answers("<token>", "hunter2"));
    digest(&sandbox, &json!({"credsStore": "x"}), &name).succeeds();
    assert_eq!(registry.lines()[1], "POST /token");
    assert_eq!(registry.requests()[1].form("refresh_token"), ["hunter2"]);
}

/// Whoever can write to the working directory was asked for secrets, and given them.
#[test]
fn the_working_directory_is_no_place_for_helpers() {
    for path in [
        ":/usr/bin:/bin",
        "/usr/bin::/bin",
        "/bin:",
        ".:/bin",
        "bin:/bin",
        "./bin:/bin",
        "",
    ] {
        let sandbox = Sandbox::new("the_working_directory");
        let (_registry, name) = private();
        helper(&sandbox, "evil", &answers("joe", "hunter2"));
        std::fs::copy(
            sandbox.path("bin/docker-credential-evil"),
            sandbox.path("docker-credential-evil"),
        )
        .unwrap();
        let config = json!({"credsStore": "evil"});
        sandbox.write("home/.docker/config.json", config.to_string());
        let command = sandbox.roots(["digest", &name]).env("PATH", path);
        command.run().fails(4).says("no such program");
        assert!(!sandbox.has("asked"), "{path}");
    }
}
