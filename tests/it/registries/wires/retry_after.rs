//! `Retry-After`: a server that asks to be left alone for a while is, unless it is a long while.

use super::{Wire, each};
use crate::support::{ALWAYS, Fault, TokenRules};

const DATE: &str = "Sun, 06 Nov 1994 08:49:37 GMT";

fn busy(status: u16, after: &str) -> Fault {
    let headers = [("Retry-After", after), ("Date", DATE)];
    Fault::status_with(status, &headers, "")
}

#[test]
fn a_short_while_is_waited_for() {
    let cases = [
        ("1", "1.0"),
        (" 1 ", "1.0"),
        ("0", "0."),
        // The server's clock is behind by decades: what counts is how far its two dates are apart.
        ("Sun, 06 Nov 1994 08:49:38 GMT", "1.0"),
        ("Sunday, 06-Nov-94 08:49:38 GMT", "1.0"),
        ("Sun Nov  6 08:49:38 1994", "1.0"),
        ("Sun, 06 Nov 1994 08:00:00 GMT", "0."),
        // What is neither seconds nor a date: GHCR has sent the first one.
        ("880µs", "0."),
        ("-1", "0."),
        ("1.5", "0."),
        ("soon", "0."),
        ("", "0."),
    ];
    let cases = cases
        .iter()
        .flat_map(|case| [408, 429, 503].map(|status| (status, case)));
    each(cases, |(status, (after, pause))| {
        let wire = Wire::new(after, 1).retries(1);
        let wire = wire.fault("manifest", 1, busy(status, after));
        let run = wire.pulls(&["manifest", "manifest", "config", "layer 1"]);
        run.says(&format!("status {status}; trying again in {pause}"));
    });
}

#[test]
fn a_long_while_is_left_to_the_user() {
    let cases = [
        ("61", "61"),
        ("3600", "3600"),
        ("Sun, 06 Nov 1994 09:49:37 GMT", "3600"),
    ];
    let parts = [("manifest", 2), ("token", 1), ("config", 3), ("layer 1", 4)];
    for (after, seconds) in cases {
        each(parts, |(part, at)| {
            let wire = Wire::new(after, 1).retries(5).tokens(TokenRules::new());
            let wire = wire.fault(part, ALWAYS, busy(429, after));
            let asked = ["manifest", "token", "manifest", "config", "layer 1"];
            // The first request for the manifest meets the fault, too.
            let asked = if part == "manifest" {
                &asked[..1]
            } else {
                &asked[..=at]
            };
            let why = format!(
                "status 429\nhint: try again in {seconds} s; most limits are higher with --auth\n"
            );
            wire.fails(75, &why, asked);
        });
    }
}

#[test]
fn a_while_that_nobody_means_is_not_told() {
    let wire = Wire::new("for ever", 1);
    let wire = wire.fault("config", ALWAYS, busy(429, "99999999999999999999999"));
    let said = "status 429\nhint: try again later; most limits are higher with --auth\n";
    wire.fails(75, said, &["manifest", "config"]);
}

/// The layer was asked for again at once.
#[test]
fn a_while_that_is_asked_for_ahead_of_time_is_waited_for_in_time() {
    let wire = Wire::new("ahead", 2).retries(1);
    let wire = wire.fault("layer 2", 1, busy(429, "2"));
    let asked = ["manifest", "config", "layer 1", "layer 2", "layer 2"];
    wire.pulls(&asked).says(": busy; asking in ");
}

#[test]
fn a_while_that_patience_does_not_reach_is_passed_on() {
    let wire = Wire::new("at last", 1).retries(1);
    let wire = wire.fault("layer 1", ALWAYS, busy(503, "1"));
    let why = "status 503\nhint: try again in 1 s\n";
    wire.fails(75, why, &["manifest", "config", "layer 1", "layer 1"]);
}
