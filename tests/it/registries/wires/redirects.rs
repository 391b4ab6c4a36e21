//! Redirects and broken wires together: where the way leads, what goes along, and where it is begun again.

use super::{Wire, each};
use crate::support::{ALWAYS, Fault, Registry, TokenRules};

const ASKED: [&str; 3] = ["manifest", "config", "layer 1"];
const AGAIN: [&str; 4] = ["manifest", "config", "layer 1", "layer 1"];

#[test]
fn a_chain_is_followed_whatever_its_status() {
    for status in [301, 302, 303, 307, 308] {
        let wire = Wire::new(&format!("chain of {status}"), 1);
        let path = format!("/v2/a/b/blobs/{}", wire.image.layers[0].digest);
        let hop = |location: &str| Fault::status_with(status, &[("Location", location)], "moved");
        let hops = [
            ("?3", hop("?4")),
            ("?2", hop(&wire.registry.url(&format!("{path}?3")))),
            ("?1", hop(&format!("{path}?2"))),
        ];
        for (part, fault) in hops {
            wire.registry.fault(part, ALWAYS, fault);
        }
        let wire = wire.fault("layer 1", 1, hop(&format!("{path}?1")));
        let asked = [&ASKED[..], &["layer 1"; 4]].concat();
        wire.pulls(&asked);
        let lines = wire.registry.lines();
        assert!(lines[6].ends_with(&format!("{path}?4")), "{lines:?}");
    }
}

#[test]
fn storage_that_fails_is_asked_by_way_of_the_registry() {
    let faults = [
        Fault::status(500),
        Fault::status(503),
        Fault::Reset,
        Fault::Raw(Vec::new()),
        Fault::CutBody(0),
    ];
    each(faults, |fault| {
        let wire = Wire::new(&format!("{fault:?}"), 1).retries(1).storage();
        let wire = wire.tokens(TokenRules::new());
        let wire = wire.fault("storage layer 1", 1, fault);
        wire.pulls(&[&["manifest", "token"][..], &AGAIN].concat());
        assert_eq!(wire.stored(), ["config", "layer 1", "layer 1"]);
        let signed = wire.storage.as_ref().unwrap().lines();
        assert_ne!(signed[1], signed[2], "a fresh address each time");
        wire.assert_no_secret();
    });
}

#[test]
fn storage_that_refuses_is_not_asked_again() {
    let challenge = ("WWW-Authenticate", "Bearer realm=\"{own}/token\"");
    for (status, code) in [(400, 1), (401, 4), (403, 4), (404, 3)] {
        let wire = Wire::new(&format!("{status}"), 1).retries(1).storage();
        let own = challenge.1.replace("{own}", &wire.registry.url(""));
        let fault = Fault::status_with(status, &[(challenge.0, &own)], "no");
        let wire = wire.tokens(TokenRules::new());
        let wire = wire.fault("storage layer 1", ALWAYS, fault);
        let asked = ["manifest", "token", "manifest", "config", "layer 1"];
        wire.fails(code, "roots: ", &asked);
        assert_eq!(wire.stored()[..2], ["config", "layer 1"]);
        wire.assert_no_secret();
    }
}

#[test]
fn storage_that_cuts_is_gone_on_with() {
    let wire = Wire::new("cuts", 2).retries(2).storage();
    let wire = wire
        .tokens(TokenRules::new())
        .fault("storage layer 1", 2, Fault::ResetBody(1000))
        .fault("storage layer 2", 1, Fault::CutBody(10));
    wire.pulls(&[
        "manifest",
        "token",
        "manifest",
        "config",
        "layer 1",
        "layer 2",
        "layer 1 bytes=1000-",
        "layer 1 bytes=2000-",
        "layer 2 bytes=10-",
    ]);
    wire.assert_no_secret();
}

#[test]
fn a_redirect_that_breaks_is_begun_again() {
    let nobody = Registry::start().url("/there");
    let faults = [
        (Fault::Redirect(nobody), "connection refused; trying again"),
        (
            Fault::status_with(307, &[("Location", "/v2/")], vec![b'x'; 1 << 20]),
            "",
        ),
    ];
    for (fault, said) in faults {
        let wire = Wire::new(said, 1).retries(1);
        let wire = wire.fault("layer 1", 1, fault);
        if said.is_empty() {
            // A long body of a redirect is not read to its end, and what it leads to is no layer.
            wire.fails(5, "wrong size: ", &["manifest", "config", "layer 1", "v2/"]);
        } else {
            wire.pulls(&AGAIN).says(said);
        }
    }
}

#[test]
fn a_circle_is_left() {
    let wire = Wire::new("circle", 1).retries(1);
    let path = format!("/v2/a/b/blobs/{}", wire.image.layers[0].digest);
    let wire = wire.fault("layer 1", ALWAYS, Fault::Redirect(path));
    let asked = [&ASKED[..], &["layer 1"; 10]].concat();
    wire.fails(1, "redirect refused: too many redirects", &asked);
}

#[test]
fn the_rest_is_not_looked_for_just_anywhere() {
    let cases = [
        "file:///etc/passwd",
        "ftp://127.0.0.1/x",
        "gopher://127.0.0.1/x",
        "http://",
        "//",
    ];
    each(cases, |location| {
        let wire = Wire::new(location, 1).retries(1);
        let fault = Fault::of_range(Fault::Redirect(location.to_owned()));
        let wire = wire
            .fault("layer 1", 1, Fault::CutBody(1000))
            .fault("layer 1", ALWAYS, fault);
        let asked = [&ASKED[..], &["layer 1 bytes=1000-"]].concat();
        wire.fails(1, "redirect refused: it does not lead to an", &asked);
    });
}

impl Wire {
    /// Asserts that the storage server has seen no credentials.
    #[track_caller]
    pub(crate) fn assert_no_secret(&self) {
        let seen = self.storage.as_ref().unwrap().requests();
        let secret = |request: &&crate::support::Request| request.header("authorization").is_some();
        assert_eq!(seen.iter().find(secret).map(|request| request.line()), None);
    }
}
