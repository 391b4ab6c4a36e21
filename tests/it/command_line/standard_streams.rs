//! Standard output that is closed, standard input that is a terminal, and what is said beside the result.

use crate::support::{Ability, HELLO, Layout, Registry, Sandbox, hello, not_ignored, tree};
use rustix::process::Signal;

/// The image of each test, in a layout.
fn layout(sandbox: &Sandbox) {
    Layout::new()
        .image("1", &hello())
        .write(sandbox.path("layout"));
}

#[test]
fn a_closed_standard_output_is_a_write_error() {
    let sandbox = Sandbox::new("a_closed_standard_output");
    layout(&sandbox);
    for arguments in [
        &["digest", "oci:layout"][..],
        &["save", "-o", "-", "oci:layout"],
        &["inspect", "oci:layout"],
        &["inspect", "--raw=manifest", "oci:layout"],
        &["version"],
        &["help"],
    ] {
        for closed in [
            "exec >&-",
            "exec <&- >&-",
            "exec </dev/zero >&-",
            "exec 1</dev/null",
            "exec 1<layout/index.json",
        ] {
            let run = sandbox.roots(arguments).prelude(closed);
            let said = "roots: standard output: cannot write: bad file descriptor\n";
            assert_eq!(run.run().fails(1).stderr, said, "{arguments:?}");
        }
        // It is wanted so: as most programs open it, and as daemon(3), node and Python do.
        for null in [
            "exec >/dev/null",
            "exec 1<>/dev/null",
            "exec 1<>/dev/null 0<&1",
        ] {
            let run = sandbox.roots(arguments).prelude(null).run().succeeds();
            assert!(!run.stderr.contains("roots: "), "{arguments:?} {null}");
        }
    }
    // Nothing is to be written there.
    let save = sandbox.roots(["save", "-q", "oci:layout", "-o", "x.tar"]);
    save.prelude("exec <&-").run().succeeds();
}

#[test]
fn credentials_typed_on_a_terminal_are_asked_for_and_not_shown() {
    if Ability::Terminal.is_missing() {
        return;
    }
    let sandbox = Sandbox::new("credentials_typed");
    let registry = Registry::start();
    registry.require_basic("joe", "hunter2");
    let image = registry.push("a/b", "1", &hello());
    let pull = || {
        let pull = sandbox.roots(["pull", "--force", "--auth", "-", &image, "dest"]);
        pull.prelude("exec <&2").terminal(200).spawn()
    };
    let running = pull();
    running
        .until_says("user:password (not shown): ")
        .types("joe:hunter2\n");
    let run = running.wait().succeeds().never_says("hunter2");
    assert!(!run.stderr.contains("joe"), "{}", run.stderr);
    assert_eq!(tree::sketch(sandbox.path("dest")), HELLO);
    // Wrong ones, none, and the end of the input.
    for (typed, code) in [
        ("joe:wrong-one\n", 4),
        ("joe\n", 2),
        ("\n", 2),
        ("\u{4}", 2),
    ] {
        let running = pull();
        running.until_says("(not shown): ").types(typed);
        let run = running.wait();
        assert_eq!(run.code, Some(code), "{typed:?}: {}", run.stderr);
        assert!(!run.stderr.contains("joe"), "{}", run.stderr);
    }
}

#[test]
fn a_terminal_shows_again_what_is_typed_however_a_prompt_ends() {
    if Ability::Terminal.is_missing() {
        return;
    }
    let sandbox = Sandbox::new("a_terminal_shows_again");
    let image = "localhost:1/a";
    let signals = not_ignored(&[Signal::INT, Signal::TERM]).map(Some);
    for signal in [None].into_iter().chain(signals) {
        // The shell that stays behind tells how its terminal is.
        let running = sandbox
            .roots(["digest", "--auth", "-", image])
            .prelude(
                "exec <&2; trap : INT TERM; \"$0\" \"$@\"; stty -a | grep -o '[-]*echo '; exit 0",
            )
            .terminal(200)
            .spawn();
        let prompted = running.until_says("(not shown): ");
        match signal {
            None => prompted.types("joe:hunter2\n"),
            Some(signal) => prompted.signal_group(signal),
        };
        let run = running.wait();
        assert_eq!(run.stdout, "echo \n", "{signal:?}: {}", run.stderr);
    }
}

#[test]
fn an_exclude_that_matches_nothing_is_a_warning() {
    let sandbox = Sandbox::new("an_exclude_that_matches_nothing");
    layout(&sandbox);
    let said = |path: &str| format!("roots: warning: --exclude {path}: no such path in the image");
    for (exclude, path) in [
        ("usr/share/dok", "/usr/share/dok"),
        ("/no/such", "/no/such"),
        ("hello/x", "/hello/x"),
    ] {
        let pull = ["pull", "-f", "--exclude", exclude, "oci:layout", "dest"];
        let run = sandbox.roots(pull).run().succeeds();
        assert_eq!(
            run.stderr.matches(&format!("{}\n", said(path))).count(),
            1,
            "{}",
            run.stderr
        );
        assert_eq!(tree::sketch(sandbox.path("dest")), HELLO);
        let verify = ["verify", "--exclude", exclude, "dest", "oci:layout"];
        sandbox.roots(verify).run().succeeds().says(&said(path));
        let quiet = sandbox.roots(pull).arg("--quiet").run().succeeds();
        assert_eq!(quiet.stderr, "");
    }
    let pull = ["pull", "-f", "--exclude=*.md", "oci:layout", "dest"];
    sandbox.roots(pull).run().succeeds().says(
        "--exclude /*.md: no such path in the image: patterns are not supported, and a folder includes",
    );
    let name = sandbox.names("dest").remove(0);
    let pull = ["pull", "-f", "--exclude", &name, "oci:layout", "dest"];
    let run = sandbox.roots(pull).run().succeeds();
    assert!(!run.stderr.contains("warning"), "{}", run.stderr);
}

#[test]
fn one_blob_is_one() {
    let sandbox = Sandbox::new("one_blob_is_one");
    let hex = "0".repeat(64);
    let registry = Registry::start();
    let image = registry.push("a/b", "1", &hello());
    sandbox.roots(["pull", &image, "dest"]).run().succeeds();
    sandbox
        .roots(["purge", "--all"])
        .run()
        .succeeds()
        .says(" blobs dropped, ");
    sandbox.write(format!("cache/blobs/sha256/{hex}"), "x");
    sandbox
        .roots(["purge", "-n"])
        .run()
        .succeeds()
        .says(": 1 blob would be dropped, 1 B; 0 B left\n");
    sandbox
        .roots(["purge"])
        .run()
        .succeeds()
        .says(": 1 blob dropped, 1 B; 0 B left\n");
    sandbox
        .roots(["purge"])
        .run()
        .succeeds()
        .says(": 0 blobs dropped, 0 B; 0 B left\n");
}
