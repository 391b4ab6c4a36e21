//! On a terminal: one line that is drawn over, and gone in the end.

use super::Slow;
use crate::registries::wires::Wire;
use crate::support::terminal::{drawn, shown};
use crate::support::{ALWAYS, Ability, Fault, Layout, Registry, Sandbox, TokenRules, hello};

/// What is drawn first where there is a registry.
const WAITING: &str = "waiting for 127.0.0.1";

/// What is said in the end of a tree without an init, and by an ordinary user.
const STAYS: [&str; 2] = ["nothing in it boots; ", "not as in the image: "];

#[test]
fn one_line_says_what_is_slow_and_goes() {
    if Ability::Terminal.is_missing() {
        return;
    }
    let slow = Slow::new();
    let running = slow.pull().terminal(80).spawn();
    running.until_says("waiting for 127.0.0.1, 1 s");
    slow.registry.release();
    let run = running.wait().succeeds();
    assert_eq!(run.stdout.lines().count(), 1, "{}", run.stdout);
    let left = shown(&run.stderr, 80);
    let stays = |line: &String| STAYS.iter().any(|start| line.starts_with(start));
    assert!(left.iter().all(stays), "{left:#?}");
    let lines = drawn(&run.stderr);
    assert_eq!(lines[0], WAITING);
    assert_eq!(
        lines.last().unwrap(),
        "layer 2/2  603.1 kB of 603.1 kB  flushing"
    );
    let silent = |line: &&String| line.ends_with("waiting for 127.0.0.1, 1 s");
    let silent = lines.iter().find(silent).unwrap();
    assert!(silent.starts_with("layer 2/2  "), "{silent}");
    assert!(silent.contains(" kB of 603.1 kB  waiting"), "{silent}");
}

#[test]
fn no_line_is_wider_than_the_terminal_is_by_now() {
    if Ability::Terminal.is_missing() {
        return;
    }
    let slow = Slow::new();
    let running = slow.pull().terminal(80).spawn();
    running.until_says("waiting for 127.0.0.1, 1 s");
    running.resize(20);
    // One may have been on its way.
    let before = running.drawn() + 1;
    running.until_drawn(before + 2).resize(8);
    let later = running.drawn() + 1;
    running.until_drawn(later + 2);
    slow.registry.release();
    let run = running.wait().succeeds();
    let lines = drawn(&run.stderr);
    assert!(lines[..before - 1].iter().any(|line| line.len() > 20));
    assert_eq!(lines[before], "layer 2/2");
    assert_eq!(lines[later], "layer 2");
    assert!(
        lines[later..].iter().all(|line| line.len() < 8),
        "{lines:?}"
    );
}

#[test]
fn what_stays_stands_on_lines_of_its_own() {
    if Ability::Terminal.is_missing() {
        return;
    }
    let slow = Slow::new();
    let warning = Fault::header("Warning", "299 - \"Goes away\"");
    slow.registry.fault("/manifests/", 1, warning);
    let running = slow.pull().arg("-v").terminal(200).spawn();
    running.until_says("waiting for 127.0.0.1, 1 s");
    slow.registry.release();
    let run = running.wait().succeeds();
    let host = slow.registry.host();
    let lines = shown(&run.stderr, 200);
    let asked = format!("GET http://{host}/v2/a/b/manifests/1: 200");
    assert!(lines.contains(&asked), "{lines:#?}");
    let warning = format!("roots: warning: {host}: Goes away");
    assert!(lines.contains(&warning), "{lines:#?}");
    assert!(
        lines
            .iter()
            .any(|line| line.starts_with("layer 2/2 sha256:"))
    );
    let starts = ["GET ", "roots: warning: ", "layer ", STAYS[0], STAYS[1]];
    for line in &lines {
        let known = starts.iter().any(|start| line.starts_with(start));
        assert!(known && !line.contains("waiting"), "{lines:#?}");
    }
    // And it comes back.
    let last = drawn(&run.stderr).pop().unwrap();
    assert!(last.ends_with("flushing"), "{last}");
}

#[test]
fn an_error_is_all_that_is_left() {
    if Ability::Terminal.is_missing() {
        return;
    }
    let (sandbox, registry) = (Sandbox::new("progress"), Registry::start());
    let name = registry.push("a/b", "1", &hello());
    let layer = &hello().layers[0].digest;
    registry.fault(layer, ALWAYS, Fault::Corrupt(10));
    let run = sandbox.roots(["pull", &name, "dest"]).terminal(300).run();
    assert_eq!(run.code, Some(5), "{}", run.stderr);
    assert_eq!(run.stdout, "");
    let lines = shown(&run.stderr, 300);
    assert_eq!(lines.len(), 2, "{lines:#?}");
    assert!(lines[0].starts_with("roots: sha256:"), "{lines:#?}");
    assert!(lines[1].starts_with("hint: "), "{lines:#?}");
    assert!(!drawn(&run.stderr).is_empty());
}

#[test]
fn who_does_not_answer_is_named_before_it_is_waited_for() {
    if Ability::Terminal.is_missing() {
        return;
    }
    for part in ["/manifests/", "/token"] {
        let (sandbox, registry) = (Sandbox::new("progress"), Registry::start());
        registry.require_token(TokenRules::new());
        let name = registry.push("a/b", "1", &hello());
        registry.fault(part, ALWAYS, Fault::Hang);
        let pull = sandbox.roots(["pull", &name, "dest", "--timeout=2"]);
        let run = pull.terminal(80).run();
        assert_eq!(run.code, Some(75), "{}", run.stderr);
        let lines = drawn(&run.stderr);
        assert_eq!(lines[0], WAITING);
        assert_eq!(lines.last().unwrap(), "waiting for 127.0.0.1, 1 s");
        let left = shown(&run.stderr, 200);
        assert_eq!(left.len(), 2, "{left:#?}");
        assert!(
            left[0].ends_with(": timed out waiting for a response"),
            "{left:#?}"
        );
    }
}

#[test]
fn what_comes_twice_counts_once() {
    if Ability::Terminal.is_missing() {
        return;
    }
    for again in [Fault::CloseAfter, Fault::IgnoreRange] {
        let wire = Wire::new("twice", 1).retries(1);
        let wire = wire.fault("layer 1", 1, Fault::CutBody(2000));
        let wire = wire.fault("layer 1", 1, again);
        let run = wire.pull().terminal(200).run().succeeds();
        assert_eq!(wire.asked()[3..], ["layer 1 bytes=2000-"]);
        let last = drawn(&run.stderr).pop().unwrap();
        assert_eq!(last, "layer 1/1  4.6 kB of 4.6 kB  flushing");
    }
}

#[test]
fn a_pause_is_seen() {
    if Ability::Terminal.is_missing() {
        return;
    }
    let (sandbox, registry) = (Sandbox::new("progress"), Registry::start());
    let name = registry.push("a/b", "1", &hello());
    let busy = Fault::status_with(503, &[("Retry-After", "2")], "");
    registry.fault("/manifests/", 1, busy);
    let pull = sandbox.roots(["pull", &name, "dest"]);
    let run = pull.env("ROOTS_RETRIES", "1").terminal(200).run();
    let lines = drawn(&run.clone().succeeds().stderr);
    let at = |line: &str| lines.iter().position(|drawn| drawn == line).unwrap();
    let begins = at("waiting for the next try");
    assert!(begins < at("waiting for the next try, 1 s"), "{lines:#?}");
    let left = shown(&run.stderr, 200);
    assert!(
        left[0].ends_with("status 503; trying again in 2.0 s"),
        "{left:#?}"
    );
}

#[test]
fn a_terminal_that_cannot_clear_a_line_gets_plain_ones() {
    if Ability::Terminal.is_missing() {
        return;
    }
    let (sandbox, registry) = (Sandbox::new("progress"), Registry::start());
    let name = registry.push("a/b", "1", &hello());
    let pull = |dest: &str| {
        sandbox
            .roots(["pull", "--cache=no", &name, dest])
            .terminal(80)
    };
    for command in [
        pull("dumb").env("TERM", "dumb"),
        pull("none").no_env("TERM"),
    ] {
        let run = command.run().succeeds();
        assert!(
            run.stderr.starts_with("layer 1/1 sha256:"),
            "{}",
            run.stderr
        );
        assert!(!run.stderr.contains('\x1b'), "{}", run.stderr);
    }
    let run = pull("quiet").arg("-q").run().succeeds();
    assert_eq!(run.stderr, "");
}

#[test]
fn other_commands_leave_nothing_either() {
    if Ability::Terminal.is_missing() {
        return;
    }
    let (sandbox, registry) = (Sandbox::new("progress"), Registry::start());
    let name = registry.push("a/b", "1", &hello());
    let digest = hello().manifest.digest;
    let terminal = |arguments: &[&str]| {
        let run = sandbox.roots(arguments).terminal(200).run().succeeds();
        let shown = shown(&run.stderr, 200);
        (run.stdout, shown, drawn(&run.stderr))
    };
    let (out, left, lines) = terminal(&["digest", &name]);
    assert_eq!((out, left), (format!("{digest}\n"), vec![]));
    assert!(lines.iter().all(|line| line == WAITING), "{lines:#?}");
    assert!(!lines.is_empty());

    let (_, left, lines) = terminal(&["save", &name, "-o", "saved.tar"]);
    assert_eq!(left, [""; 0]);
    assert!(lines.last().unwrap().ends_with("flushing"), "{lines:#?}");
    let (out, left, lines) = terminal(&["save", &name, "-o", "-"]);
    assert_eq!(left, [""; 0]);
    let saved = sandbox.read("saved.tar");
    assert!(out == String::from_utf8_lossy(&saved), "another archive");
    assert!(!lines.is_empty());

    terminal(&["pull", &name, "dest"]);
    let (out, left, lines) = terminal(&["verify", "dest"]);
    assert_eq!(
        (out.as_str(), left),
        ("", vec![format!("dest: as in {name}@{digest}")])
    );
    assert!(lines.last().unwrap().ends_with("comparing"), "{lines:#?}");
    let (_, left, lines) = terminal(&["pull", "--update", &name, "dest"]);
    assert_eq!(left, ["dest: unchanged"]);
    assert!(lines.iter().all(|line| line == WAITING), "{lines:#?}");
    assert!(!lines.is_empty());
}

#[test]
fn what_is_read_from_a_layout_is_not_called_downloading() {
    if Ability::Terminal.is_missing() {
        return;
    }
    let sandbox = Sandbox::new("progress");
    Layout::new()
        .image("", &hello())
        .write(sandbox.path("layout"));
    let pull = sandbox.roots(["pull", "oci:layout", "dest"]);
    let run = pull.terminal(80).run().succeeds();
    let lines = drawn(&run.stderr);
    assert!(lines[0].starts_with("layer 1/1  "), "{lines:#?}");
    let word = lines[0].rsplit("  ").next().unwrap();
    assert!(["reading", "unpacking"].contains(&word), "{lines:#?}");
    assert!(lines.last().unwrap().ends_with("flushing"), "{lines:#?}");
}
