//! Servers that go silent: nobody waits for ever, and a slow one is not a silent one.

use super::{SIZE, Wire, each};
use crate::support::{ALWAYS, Fault, TokenRules};
use std::time::Duration;

const SILENT: &str = "timed out waiting for a response\nhint: allow it more time with --timeout, or more attempts with --retries\n";

fn wire(what: &str) -> Wire {
    Wire::new(what, 1).retries(1).arg("--timeout=1")
}

#[test]
fn a_stall_is_a_break() {
    let cases = [
        ("manifest", Fault::Hang, "manifest"),
        ("manifest", Fault::Stall(0), "manifest"),
        ("manifest", Fault::Stall(5), "manifest"),
        ("token", Fault::Hang, "token"),
        ("token", Fault::Stall(5), "token"),
        ("config", Fault::Hang, "config"),
        ("config", Fault::Stall(5), "config bytes=5-"),
        ("layer 1", Fault::Hang, "layer 1"),
        ("layer 1", Fault::Stall(0), "layer 1"),
        ("layer 1", Fault::Stall(1), "layer 1 bytes=1-"),
        ("layer 1", Fault::Stall(2000), "layer 1 bytes=2000-"),
        ("layer 1", Fault::Stall(SIZE - 1), "layer 1 bytes=4607-"),
        (
            "layer 1",
            Fault::All(vec![Fault::Chunked, Fault::Stall(2000)]),
            "layer 1 bytes=2000-",
        ),
    ];
    each(cases, |(part, fault, again)| {
        let what = format!("{part} {fault:?}");
        let spoils = !matches!(fault, Fault::Hang);
        let wire = wire(&what).tokens(TokenRules::new()).fault(part, 1, fault);
        let mut asked = vec!["manifest", "token", "manifest", "config", "layer 1"];
        // What spoils answers leaves the 401 alone.
        let at = match part {
            "manifest" if spoils => 2,
            part => asked.iter().position(|asked| *asked == part).unwrap(),
        };
        asked.insert(at + 1, again);
        wire.pulls(&asked);
    });
}

#[test]
fn a_server_that_stays_silent_is_given_up() {
    let asked = ["manifest", "config", "layer 1"];
    let cases = [
        ("manifest", Fault::Hang, vec!["manifest"; 2]),
        ("manifest", Fault::Stall(5), vec!["manifest"; 2]),
        ("config", Fault::Hang, vec!["manifest", "config", "config"]),
        ("layer 1", Fault::Hang, [&asked[..], &["layer 1"]].concat()),
        (
            "layer 1",
            Fault::Stall(2000),
            [&asked[..], &["layer 1 bytes=2000-"]].concat(),
        ),
    ];
    each(cases, |(part, fault, asked)| {
        let wire = wire(&format!("{part} {fault:?}"));
        wire.fault(part, ALWAYS, fault).fails(75, SILENT, &asked);
    });
}

#[test]
fn an_end_that_does_not_come_is_not_missed() {
    let fault = Fault::All(vec![Fault::WrongContentLength(4), Fault::Stall(SIZE)]);
    let wire = wire("all but the end").fault("layer 1", ALWAYS, fault);
    wire.pulls(&["manifest", "config", "layer 1"]);
}

#[test]
fn a_slow_server_is_not_a_silent_one() {
    // Longer than the time-out in all, but never between two reads.
    let slow = Fault::Trickle(1000, Duration::from_millis(300));
    let wire = wire("slow").fault("layer 1", ALWAYS, slow);
    wire.pulls(&["manifest", "config", "layer 1"]);
}

#[test]
fn a_storage_server_that_goes_silent_is_left() {
    let wire = wire("storage").storage();
    let wire = wire.fault("storage layer 1", 1, Fault::Stall(1000));
    wire.pulls(&["manifest", "config", "layer 1", "layer 1 bytes=1000-"]);
    assert_eq!(wire.stored(), ["config", "layer 1", "layer 1 bytes=1000-"]);
}
