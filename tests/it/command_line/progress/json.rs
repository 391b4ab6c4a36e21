//! For programs: an object on each line of standard error, and one on standard output.

use super::Slow;
use crate::support::{Registry, Run, Sandbox, TokenRules, hello, host_platform};
use serde_json::{Map, Value, json};

type Object = Map<String, Value>;

fn object(line: &str) -> Object {
    let read = serde_json::from_str::<Value>(line);
    let object = read.ok().and_then(|read| read.as_object().cloned());
    object.unwrap_or_else(|| panic!("not an object: {line}"))
}

/// What was said of one kind.
fn events(run: &Run, kind: &str) -> Vec<Object> {
    let objects = run.stderr.lines().map(object);
    objects.filter(|event| event["event"] == kind).collect()
}

fn keys(object: &Object) -> Vec<&str> {
    let mut keys: Vec<_> = object.keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

/// What was printed: one object on one line.
#[track_caller]
fn result(run: &Run) -> Object {
    assert!(run.stdout.ends_with('\n'));
    assert_eq!(run.stdout.lines().count(), 1, "{}", run.stdout);
    let result = object(&run.stdout);
    let page = documented();
    let page = page
        .lines()
        .filter_map(|line| line.strip_prefix("      \""));
    let mut page: Vec<_> = page.filter_map(|line| line.split('"').next()).collect();
    page.sort_unstable();
    assert_eq!(keys(&result), page);
    assert!(result["seconds"].as_f64().unwrap() >= 0.0);
    result
}

/// The chapter of roots-json(7) on this.
fn documented() -> String {
    let page = crate::project::readme::read("src/help/guide/roots-json.txt");
    let chapter = page.split("\n## JSON\n").nth(1).unwrap();
    chapter.split("\n## ").next().unwrap().to_owned()
}

#[test]
fn each_line_is_an_event_and_the_result_is_one_object() {
    let slow = Slow::new();
    let running = slow.pull().args(["--json", "-v"]).spawn();
    running.until_says("\"state\":\"waiting\"");
    slow.registry.release();
    let run = running.wait().succeeds();
    let documented = documented();
    let documented = documented.split("| event | has |").nth(1).unwrap();
    for line in run.stderr.lines().map(object) {
        let event = line["event"].as_str().unwrap();
        let named = match event {
            "detail" | "step" | "warning" => vec!["event", "message"],
            "connection" => vec!["connections", "event", "rate"],
            "layer" => vec!["digest", "event", "layer", "layers", "origin", "size"],
            "progress" => vec![
                "bytes",
                "event",
                "layer",
                "layers",
                "left",
                "rate",
                "state",
                "total",
                "waiting_for",
            ],
            other => panic!("{other}"),
        };
        assert_eq!(keys(&line), named);
        let row = format!("`{event}`");
        let row = documented.lines().find(|line| line.contains(&row)).unwrap();
        for key in named.iter().filter(|key| **key != "event") {
            assert!(
                row.contains(&format!("`{key}`")) || event == "detail",
                "{key}: {row}"
            );
        }
    }
    let layers = events(&run, "layer");
    assert_eq!(layers.len(), 2);
    for (layer, n) in layers.iter().zip(1..) {
        assert_eq!(layer["layer"], json!(n));
        assert_eq!(layer["layers"], json!(2));
        assert_eq!(layer["size"], json!(slow.size / 2));
        assert_eq!(layer["origin"], "registry");
    }
    let progress = events(&run, "progress");
    let waiting = progress.iter().find(|event| event["state"] == "waiting");
    let waiting = waiting.unwrap();
    assert_eq!(waiting["waiting_for"], "127.0.0.1");
    assert_eq!(waiting["total"], json!(slow.size));
    assert_eq!(waiting["left"], Value::Null);
    assert_eq!(waiting["layer"], json!(2));
    let bytes = waiting["bytes"].as_u64().unwrap();
    assert!((slow.size as u64 / 2..slow.size as u64).contains(&bytes));
    let asked = events(&run, "detail");
    let asked = asked.iter().map(|event| event["message"].as_str().unwrap());
    assert_eq!(asked.filter(|said| said.starts_with("GET ")).count(), 4);

    let result = result(&run);
    assert_eq!(result["reference"], json!(slow.name));
    assert_eq!(result["manifest"], result["digest"]);
    let (os, architecture, _) = host_platform();
    let platform = result["platform"].as_str().unwrap();
    assert!(platform.starts_with(&format!("{os}/{architecture}")));
    assert_eq!(result["layers"], json!(2));
    assert_eq!(result["bytes"], json!(slow.size));
    assert_eq!(result["destination"], "dest");
    assert_eq!(result["changed"], json!(true));
}

#[test]
fn what_was_there_already_has_not_changed() {
    let (sandbox, registry) = (Sandbox::new("progress"), Registry::start());
    let name = registry.push("a/b", "1", &hello());
    let update = || sandbox.roots(["pull", "--json", "--update", &name, "dest"]);
    let first = update().run().succeeds();
    let first = result(&first);
    assert_eq!(
        (&first["changed"], &first["layers"]),
        (&json!(true), &json!(1))
    );
    let again = update().arg("--exit-code").run();
    assert_eq!(again.code, Some(10), "{}", again.stderr);
    let result = result(&again);
    assert_eq!(result["changed"], json!(false));
    assert_eq!(
        (&result["layers"], &result["bytes"]),
        (&Value::Null, &Value::Null)
    );
    for same in ["reference", "digest", "manifest", "platform", "destination"] {
        assert_eq!(result[same], first[same]);
    }
    let steps = events(&again, "step");
    assert_eq!(steps.last().unwrap()["message"], "dest: unchanged");
}

#[test]
fn a_failure_is_one_object_and_prints_nothing() {
    let (sandbox, registry) = (Sandbox::new("progress"), Registry::start());
    let name = registry.image("a/b:1");
    let pull = || sandbox.roots(["pull", "--json", &name, "dest"]);
    for command in [pull(), pull().arg("-q"), pull().arg("-v")] {
        let run = command.run();
        assert_eq!((run.code, run.stdout.as_str()), (Some(3), ""));
        let errors = events(&run, "error");
        assert_eq!(errors.len(), 1, "{}", run.stderr);
        assert_eq!(keys(&errors[0]), ["event", "exit_code", "hint", "message"]);
        assert_eq!(errors[0]["exit_code"], json!(3));
        let message = errors[0]["message"].as_str().unwrap();
        assert!(message.starts_with(&name), "{message}");
        assert_eq!(object(run.stderr.lines().last().unwrap()), errors[0]);
    }
    // What cannot be understood is said in the same way.
    for typed in ["--no-such-option", "--platform=x"] {
        let run = pull().arg(typed).run();
        assert_eq!((run.code, run.stdout.as_str()), (Some(2), ""));
        let error = object(&run.stderr);
        assert_eq!(
            (&error["event"], &error["exit_code"]),
            (&json!("error"), &json!(2))
        );
    }
    sandbox.write("full/file", "");
    let run = sandbox.roots(["pull", "--json", &name, "full"]).run();
    let errors = events(&run, "error");
    assert_eq!(errors[0]["exit_code"], json!(6), "{}", run.stderr);
    assert!(errors[0]["hint"].as_str().unwrap().contains("--force"));
}

#[test]
fn quiet_leaves_the_result_and_what_goes_wrong() {
    let (sandbox, registry) = (Sandbox::new("progress"), Registry::start());
    let name = registry.push("a/b", "1", &hello());
    let pull = |dest: &str| sandbox.roots(["pull", "--json", "-q", &name, dest]).run();
    let run = pull("dest").succeeds();
    assert_eq!(run.stderr, "");
    result(&run);
    let run = pull("dest");
    assert_eq!((run.code, run.stdout.as_str()), (Some(6), ""));
    assert_eq!(run.stderr.lines().count(), 1, "{}", run.stderr);
    assert_eq!(events(&run, "error").len(), 1);
}

#[test]
fn no_secret_is_among_it() {
    let (sandbox, registry) = (Sandbox::new("progress"), Registry::start());
    let rules = TokenRules::new().user("joe", "hunter2").text("the-token");
    registry.require_token(rules);
    let name = registry.push("a/b", "1", &hello());
    let pull = |auth: &str| {
        let pull = sandbox.roots(["pull", "--json", "-v", "--force", &name, "dest"]);
        pull.env("ROOTS_AUTH", auth).run()
    };
    let let_in = pull("joe:hunter2").succeeds();
    let origin = events(&let_in, "detail");
    let said = |event: &Object| event["message"].as_str().unwrap().contains("ROOTS_AUTH");
    assert!(origin.iter().any(said), "{}", let_in.stderr);
    let refused = pull("joe:hunter3");
    assert_eq!(refused.code, Some(4), "{}", refused.stderr);
    for run in [let_in, refused] {
        let run = run.never_says("hunter2").never_says("hunter3");
        // Both passwords with their user begin so.
        run.never_says("am9lOmh1bnRlcj").never_says("the-token");
    }
}
