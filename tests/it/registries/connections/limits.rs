//! How many connections there are.

use super::{Large, RANGE, RANGES};
use crate::support::{ALWAYS, Authority, Fault, TlsFront};
use std::time::Duration;

#[test]
fn one_is_one() {
    let (large, authority) = (Large::new(), Authority::new("an authority"));
    let front = TlsFront::start(&large.registry.host(), &authority.server(&["0.0.0.0"]));
    large.sandbox.write("ca.pem", authority.pem());
    let name = format!("{}/a/b:1", front.host());
    let pull = ["pull", "--connections=1", "--ca-file=ca.pem", &name, "dest"];
    large.sandbox.roots(pull).run().succeeds();
    large.assert_tree();
    assert_eq!(large.asked_of(&large.registry), [""]);
    assert_eq!(front.connections(), 1);
}

#[test]
fn the_variable_does_the_same() {
    let large = Large::new();
    let pull = || {
        large
            .sandbox
            .roots(["pull", &large.registry.image("a/b:1"), "dest"])
    };
    let run = pull().env("ROOTS_CONNECTIONS", "6").run().succeeds();
    large.assert_pulled(&run, &[]);
    for wrong in ["0", "17", "six", "-1", "1.5"] {
        let says = "not a number from 1 to 16";
        let run = pull().env("ROOTS_CONNECTIONS", wrong).run().fails(2);
        run.says("ROOTS_CONNECTIONS").says(says);
        let option = format!("--connections={wrong}");
        pull()
            .arg(&option)
            .run()
            .fails(2)
            .says("--connections")
            .says(says);
    }
}

/// What makes a registry slower than the disk.
fn trickle() -> Fault {
    Fault::Trickle(64 << 10, Duration::from_millis(8))
}

#[test]
fn they_are_added_while_the_network_is_the_slower_side() {
    let large = Large::new().fault(ALWAYS, trickle());
    let pull = || {
        large.sandbox.roots([
            "pull",
            "--cache=no",
            "--force",
            &large.registry.image("a/b:1"),
            "dest",
        ])
    };
    let run = pull().arg("-v").run().succeeds();
    run.says("2 connections now: waiting for the network at ");
    large.assert_tree();
    let asked = large.asked_of(&large.registry);
    assert!(asked.len() > 1, "{asked:?}");
    let run = pull().arg("--json").run().succeeds();
    let run = run.says("{\"event\":\"connection\",\"connections\":2,\"rate\":");
    run.never_says("detail");
}

/// A registry that refuses one request of several at once gets one at a time from then on.
#[test]
fn a_server_that_is_busy_gets_one_request_at_a_time() {
    for status in [429, 503] {
        let large = Large::new().fault(1, Fault::of_range_at(RANGE, Fault::status(status)));
        let pull = large
            .pull()
            .arg("--connections=2")
            .env("ROOTS_RETRIES", "1");
        pull.run().succeeds();
        large.assert_tree();
        let rest = "bytes=8388608-";
        assert_eq!(
            large.asked_of(&large.registry),
            [RANGES[0], RANGES[1], RANGES[1], rest]
        );
    }
}

/// All of the layer was asked for before others were: it is read on.
#[test]
fn a_server_that_gives_no_range_goes_on_with_the_whole() {
    let refusals = [
        Fault::All(vec![Fault::IgnoreRange, trickle()]),
        Fault::of_range(Fault::status(429)),
        Fault::of_range(Fault::status(403)),
        Fault::of_range(Fault::Reset),
    ];
    for refusal in refusals {
        let large = Large::new().fault(ALWAYS, refusal).fault(ALWAYS, trickle());
        let name = large.registry.image("a/b:1");
        let pull = large.sandbox.roots(["pull", "-v", &name, "dest"]);
        let run = pull.run().succeeds().says("2 connections now");
        large.assert_tree();
        let asked = large.asked_of(&large.registry);
        let whole = asked.iter().filter(|range| range.is_empty());
        assert_eq!(whole.count(), 1, "{asked:?}");
        assert!(asked.len() <= 2, "{asked:?} {}", run.stderr);
    }
}
