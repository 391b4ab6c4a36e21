//! What registries warn of is passed on, once, and nothing else comes of it.

use crate::support::{ALWAYS, Fault, HELLO, Registry, Run, Sandbox, hello, tree};

/// A pull from a registry that sends this header with each answer.
fn warned(header: &str, arguments: &[&str]) -> (Run, String) {
    let (sandbox, registry) = (Sandbox::new("warnings"), Registry::start());
    let name = registry.push("a/b", "1", &hello());
    registry.fault("/v2/", ALWAYS, Fault::header("Warning", header));
    let run = sandbox.roots(["pull", &name, "dest"]).args(arguments).run();
    let run = run.succeeds();
    assert_eq!(tree::sketch(sandbox.path("dest")), HELLO);
    assert_eq!(registry.requests().len(), 3);
    (run, registry.host())
}

#[test]
fn a_warning_is_passed_on_once() {
    let (run, host) = warned("299 - \"This image goes away in \\\"May\\\".\"", &[]);
    let line = format!("roots: warning: {host}: This image goes away in \"May\".\n");
    assert_eq!(run.stderr.matches(&line).count(), 1, "{}", run.stderr);
    assert_eq!(run.stderr.matches("goes away").count(), 1);
    let (run, _) = warned("299 - \"This image goes away.\"", &["--quiet"]);
    assert_eq!(run.stderr, "");
}

#[test]
fn what_caches_and_terminals_are_told_is_not_for_people() {
    for header in ["110 - \"Response is Stale\"", "299 - gone", "garbage"] {
        warned(header, &[]).0.never_says("warning");
    }
    let (run, _) = warned("299 - \"a\tb\"", &[]);
    run.says(": a\\tb\n");
}

#[test]
fn a_storage_server_has_nothing_to_say() {
    let (sandbox, registry, storage) = (
        Sandbox::new("warnings"),
        Registry::start(),
        Registry::start(),
    );
    registry.redirect_blobs_to(&storage);
    let name = registry.push("a/b", "1", &hello());
    let warning = Fault::header("Warning", "299 - \"Pay here\"");
    storage.fault("/cdn/", ALWAYS, warning);
    let run = sandbox.roots(["pull", &name, "dest"]).run().succeeds();
    run.never_says("Pay");
    assert_eq!(storage.requests().len(), 2);
}
