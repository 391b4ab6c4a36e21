//! Whatever images and registries are called and say: no terminal obeys it.

use crate::support::terminal::shown;
use crate::support::{ALWAYS, Ability, Fault, Image, Layer, Layout, Registry, Run, Sandbox};
use serde_json::{Value, json};

/// Clears a screen, ends a line, turns the writing around; C1, which is a command in one character; the end of a line in
/// Unicode.
const HOSTILE: &str = "x\x1b[2J\u{7}\r\nroots: done\u{202e}\u{9b}2J\u{7f}\u{2028}\u{2066}y";

/// Whether a terminal would do something at it.
fn is_obeyed(c: char) -> bool {
    c.is_control() || "\u{202e}\u{2028}\u{2066}".contains(c)
}

/// Says the same in each format, and returns what each said.
fn all_formats(pull: impl Fn() -> crate::support::sandbox::Command) -> Vec<Run> {
    let mut runs = vec![pull().run(), pull().arg("-v").run(), pull().arg("-q").run()];
    for run in &runs {
        let is_plain = |c: char| c == '\n' || !is_obeyed(c);
        assert!(run.stderr.chars().all(is_plain), "{:?}", run.stderr);
    }
    let json = pull().args(["--json", "-v"]).run();
    for line in json.stderr.lines() {
        assert!(!line.chars().any(is_obeyed), "{line:?}");
        assert!(serde_json::from_str::<Value>(line).unwrap().is_object());
    }
    runs.push(json);
    if !Ability::Terminal.is_missing() {
        let run = pull().arg("-v").terminal(500).run();
        let lines = shown(&run.stderr, 500);
        assert!(!lines.concat().chars().any(is_obeyed), "{lines:#?}");
        runs.push(run);
    }
    runs
}

#[test]
fn what_a_registry_says_is_text() {
    let (sandbox, registry) = (Sandbox::new("progress"), Registry::start());
    let name = registry.image("a/b:1");
    let error = json!({"errors": [{"code": "DENIED", "message": HOSTILE}]});
    let denied = Fault::status_with(403, &[], error.to_string());
    registry.fault("/manifests/", ALWAYS, denied);
    for run in all_formats(|| sandbox.roots(["pull", &name, "dest"])) {
        assert_eq!(run.code, Some(4), "{}", run.stderr);
        assert!(run.stderr.contains("roots: done"), "{}", run.stderr);
        assert!(!run.stderr.contains("\nroots: done"), "{}", run.stderr);
    }
}

#[test]
fn what_a_registry_warns_of_is_text() {
    let (sandbox, registry) = (Sandbox::new("progress"), Registry::start());
    let name = registry.push("a/b", "1", &crate::support::hello());
    // HTTP itself lets no other control characters through.
    let warning = "299 - \"x\t\u{9b}2J\u{202e}\u{2028}y\"";
    registry.fault("/v2/", ALWAYS, Fault::header("Warning", warning));
    for run in all_formats(|| sandbox.roots(["pull", "--force", &name, "dest"])) {
        assert_eq!(run.code, Some(0), "{}", run.stderr);
    }
}

#[test]
fn names_are_text() {
    let sandbox = Sandbox::new("progress");
    let layer = Layer::new().file(format!("a/{HOSTILE}/../../b"), 0o644, "");
    let image = Image::new().layer(layer).build();
    Layout::new()
        .image("", &image)
        .write(sandbox.path("layout"));
    for run in all_formats(|| sandbox.roots(["pull", "oci:layout", "dest"])) {
        assert_eq!(run.code, Some(5), "{}", run.stderr);
        assert!(run.stderr.contains("roots: done"), "{}", run.stderr);
    }
    let typed = format!("127.0.0.1:1/a/b:{HOSTILE}");
    for run in all_formats(|| sandbox.roots(["pull", "--offline", &typed, "dest"])) {
        assert_eq!(run.code, Some(2), "{}", run.stderr);
    }
}

/// A program gets the path as it is, and a terminal sees it as text.
#[test]
fn a_destination_is_escaped_and_not_changed() {
    let sandbox = Sandbox::new("progress");
    let image = crate::support::hello();
    Layout::new()
        .image("", &image)
        .write(sandbox.path("layout"));
    let run = sandbox
        .roots(["pull", "--json", "oci:layout", HOSTILE])
        .run();
    let run = run.succeeds();
    let out = run.stdout.trim_end();
    assert!(!out.chars().any(is_obeyed), "{out:?}");
    let result = serde_json::from_str::<Value>(out).unwrap();
    assert_eq!(result["destination"], HOSTILE);
    assert!(sandbox.has(format!("{HOSTILE}/hello")));
}
