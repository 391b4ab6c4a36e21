//! What may pass is asked for again, so often and no more; what will stay is not.

use super::{Wire, each};
use crate::support::{ALWAYS, Fault, TokenRules};

/// All requests of a pull with a token, and where the parts of it are in them.
const ASKED: [&str; 5] = ["manifest", "token", "manifest", "config", "layer 1"];
const PARTS: [(&str, usize); 4] = [("manifest", 0), ("token", 1), ("config", 3), ("layer 1", 4)];

fn wire(what: &Fault, retries: u32) -> Wire {
    let wire = Wire::new(&format!("{what:?}"), 1).retries(retries);
    wire.tokens(TokenRules::new())
}

/// The requests up to the one at `at`, and that one so often.
fn asked_until(at: usize, times: usize) -> Vec<&'static str> {
    [&ASKED[..at], &[ASKED[at]].repeat(times)].concat()
}

#[test]
fn what_may_pass_is_asked_for_again() {
    let mut faults = vec![Fault::Reset, Fault::Raw(Vec::new())];
    faults.extend([408, 429, 500, 502, 503, 504, 524].map(Fault::status));
    let cases = faults
        .iter()
        .flat_map(|fault| PARTS.map(|part| (fault, part)));
    each(cases, |(fault, (part, at))| {
        let asked = [&asked_until(at, 2)[..], &ASKED[at + 1..]].concat();
        wire(fault, 1).fault(part, 1, fault.clone()).pulls(&asked);
    });
}

/// The body of a manifest that broke off used to be the end of the pull.
#[test]
fn a_document_that_breaks_off_is_asked_for_again() {
    let faults = [
        Fault::CutBody(5),
        Fault::ResetBody(0),
        Fault::All(vec![Fault::Chunked, Fault::CutBody(5)]),
        Fault::WrongContentLength(4),
    ];
    let cases = faults
        .iter()
        .flat_map(|fault| [("manifest", 2), ("token", 1)].map(|part| (fault, part)));
    each(cases, |(fault, (part, at))| {
        let asked = [&asked_until(at, 2)[..], &ASKED[at + 1..]].concat();
        wire(fault, 1).fault(part, 1, fault.clone()).pulls(&asked);
    });
}

#[test]
fn patience_has_an_end() {
    let faults = [
        (Fault::status(503), "status 503: UNKNOWN a fault\n"),
        (
            Fault::Reset,
            "connection reset by peer\nhint: allow it more attempts with --retries\n",
        ),
    ];
    let cases = faults
        .iter()
        .flat_map(|fault| PARTS.map(|part| (fault, part)));
    each(cases, |((fault, why), (part, at))| {
        let asked = asked_until(at, 3);
        let wire = wire(fault, 2).fault(part, ALWAYS, fault.clone());
        let run = wire.fails(75, why, &asked);
        assert_eq!(
            run.stderr.matches("; trying again in 0.").count(),
            2,
            "{}",
            run.stderr
        );
    });
}

#[test]
fn a_document_that_always_breaks_off_is_given_up() {
    each([("manifest", 2), ("token", 1)], |(part, at)| {
        let fault = Fault::CutBody(5);
        let wire = wire(&fault, 2).fault(part, ALWAYS, fault);
        wire.fails(75, "connection closed before the end", &asked_until(at, 3));
    });
}

#[test]
fn what_will_stay_is_not_asked_for_again() {
    let cases = [(403, 4), (404, 3), (410, 1), (501, 75), (505, 75)];
    let cases = cases.iter().flat_map(|case| PARTS.map(|part| (case, part)));
    each(cases, |(&(status, code), (part, at))| {
        let fault = Fault::status(status);
        let wire = wire(&fault, 2).fault(part, ALWAYS, fault);
        // A token server that is not there is no image that is not there.
        let code = if (status, part) == (404, "token") {
            1
        } else {
            code
        };
        wire.fails(code, "a fault", &asked_until(at, 1));
    });
}

#[test]
fn a_request_that_is_called_bad_is_not_made_again() {
    let asked = ["manifest", "config", "layer 1"];
    for requests in 1..=3 {
        let wire = Wire::new("400", 1).retries(2);
        let wire = wire.fault(asked[requests - 1], ALWAYS, Fault::status(400));
        wire.fails(1, "status 400: UNKNOWN a fault\n", &asked[..requests]);
    }
}

#[test]
fn what_is_no_http_is_not_asked_for_again() {
    for (part, at) in PARTS {
        let fault = Fault::Raw(b"SSH-2.0-OpenSSH_9.2\r\n\r\n".to_vec());
        let wire = wire(&fault, 2).fault(part, ALWAYS, fault);
        wire.fails(
            1,
            "not an HTTP response; the server may expect https",
            &asked_until(at, 1),
        );
    }
}

#[test]
fn how_often_is_said_by_an_option() {
    for (option, times) in [("--retries=0", 1), ("--retries=1", 2)] {
        let wire = Wire::new(option, 1).retries(7).arg(option);
        let wire = wire.fault("manifest", ALWAYS, Fault::status(500));
        wire.fails(75, "status 500", &["manifest"].repeat(times));
    }
}

#[test]
fn by_default_two_failures_are_no_end() {
    let wire = Wire::new("default", 1).fault("manifest", 2, Fault::status(500));
    wire.pull().no_env("ROOTS_RETRIES").run().succeeds();
    wire.assert_pulled();
    assert_eq!(wire.asked()[..3], ["manifest"; 3]);
}

#[test]
fn a_head_is_asked_for_again() {
    let wire = Wire::new("head", 1).retries(1);
    let name = wire.registry.image("a/b:1");
    for fault in [Fault::status(503), Fault::Reset] {
        wire.registry.forget_requests();
        wire.registry.fault("HEAD ", 1, fault);
        let digest = wire.sandbox.roots(["digest", "--index", &name]);
        let run = digest.env("ROOTS_RETRIES", "1").run().succeeds();
        run.prints(&format!("{}\n", wire.image.manifest.digest));
        assert_eq!(wire.asked(), ["HEAD manifest"; 2]);
    }
}

#[test]
fn a_connection_that_was_closed_meanwhile_is_replaced() {
    let wire = Wire::new("keep-alive", 3).retries(1);
    wire.registry.fault("/v2/", ALWAYS, Fault::CloseAfter);
    wire.pull().run().succeeds();
    wire.assert_pulled();
    // The second and the third layer are asked for at once, over connections of their own: either may arrive first.
    let mut asked = wire.asked();
    asked.sort();
    assert_eq!(
        asked,
        ["config", "layer 1", "layer 2", "layer 3", "manifest"]
    );
}

#[test]
fn a_registry_that_is_not_there_is_tried_again() {
    let wire = Wire::new("refused", 1);
    let nobody = crate::support::Registry::start().host();
    let pull = wire
        .sandbox
        .roots(["pull", &format!("{nobody}/a:1"), "dest"])
        .env("ROOTS_RETRIES", "2");
    let run = pull.run().fails(75).says("connection refused\nhint: ");
    assert_eq!(run.stderr.matches("trying again in 0.").count(), 2);
    wire.sandbox.assert_nothing_left();
}
