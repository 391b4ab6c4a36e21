//! Answers that go on and on, and have no end: nobody waits for one. Those that drip are in the tests of the wire itself,
//! because they have a minute.

use super::{Wire, each};
use crate::support::{ALWAYS, Fault, TokenRules};

const ENDLESS: &str = "the response did not end in time\n\
     hint: allow it more time with --timeout, if the server is only slow\n";

/// They were read for as long as they came.
#[test]
fn framing_without_end_is_given_up() {
    let before = |part: &str| {
        let all = ["manifest", "token", "manifest", "config", "layer 1"];
        let count = match part {
            "manifest" => 3,
            part => 1 + all.iter().position(|asked| *asked == part).unwrap(),
        };
        all[..count].to_vec()
    };
    let mut cases = Vec::new();
    for part in ["manifest", "token"] {
        for fault in [Fault::EndlessTrailers, Fault::EndlessExtension] {
            cases.push((part, fault));
        }
    }
    cases.push(("config", Fault::EndlessExtension));
    cases.push(("layer 1", Fault::EndlessExtension));
    each(cases, |(part, fault)| {
        let wire = Wire::new(&format!("{part} {fault:?}"), 1).tokens(TokenRules::new());
        let wire = wire.arg("--timeout=1").fault(part, ALWAYS, fault);
        wire.fails(75, ENDLESS, &before(part));
    });
}

#[test]
fn interim_answers_without_end_are_given_up() {
    let wire = Wire::new("interim", 1).fault("manifest", ALWAYS, Fault::EndlessInterim);
    wire.fails(1, "response headers are too long\n", &["manifest"]);
}

/// It is known how long it is.
#[test]
fn a_blob_that_is_there_has_an_end() {
    let wire = Wire::new("trailers", 1).fault("layer 1", ALWAYS, Fault::EndlessTrailers);
    wire.pulls(&["manifest", "config", "layer 1"]);
}

/// Not asked again: each time would take as long.
#[test]
fn what_does_not_end_is_not_asked_again() {
    let wire = Wire::new("retries", 1).retries(3);
    let wire = wire.fault("manifest", ALWAYS, Fault::EndlessTrailers);
    wire.fails(75, ENDLESS, &["manifest"]);
}

/// What a server says of a refusal is not waited for without end.
#[test]
fn a_refusal_without_end_is_a_refusal() {
    let fault = Fault::All(vec![Fault::status(500), Fault::EndlessTrailers]);
    let wire = Wire::new("refusal", 1).fault("manifest", ALWAYS, fault);
    wire.fails(75, "status 500", &["manifest"]);
}
