//! The next layer is asked for while one is extracted (and small ones further on, see `several`). Whatever becomes of
//! that, it is asked for again when it is wanted, and nobody notices.

use super::{Wire, each};
use crate::support::{ALWAYS, Compression, Fault, Image, Layer, TokenRules, tree};

const ASKED: [&str; 4] = ["manifest", "config", "layer 1", "layer 2"];

#[test]
fn a_connection_that_ended_while_it_waited_is_gone_on_after() {
    let cases = [
        (Fault::CutBody(0), "layer 2"),
        (Fault::ResetBody(0), "layer 2"),
        (Fault::CutBody(10), "layer 2 bytes=10-"),
        (Fault::ResetBody(4000), "layer 2 bytes=4000-"),
        (
            Fault::All(vec![Fault::NoContentLength, Fault::CutBody(10)]),
            "layer 2 bytes=10-",
        ),
    ];
    each(cases, |(fault, again)| {
        // It used to cost a retry, which without the announcement would not have been needed.
        let wire = Wire::new(&format!("{fault:?}"), 2);
        let wire = wire.fault("layer 2", 1, fault);
        wire.pulls(&[&ASKED[..], &[again]].concat())
            .never_says("trying again");
    });
}

#[test]
fn only_its_first_end_is_put_down_to_the_waiting() {
    let wire = Wire::new("twice", 2).fault("layer 2", 2, Fault::CutBody(1000));
    let asked = [&ASKED[..], &["layer 2 bytes=1000-"]].concat();
    wire.fails(75, "connection closed before the end", &asked);
    let wire = Wire::new("ever", 2).retries(1);
    let wire = wire.fault("layer 2", ALWAYS, Fault::CutAt(1000));
    let asked = [&ASKED[..], &["layer 2 bytes=1000-"; 2]].concat();
    wire.fails(75, "connection closed before the end", &asked);
}

/// What a registry may say to a request that nobody needs an answer to yet.
pub(super) fn refusals() -> Vec<Fault> {
    vec![
        Fault::status(500),
        Fault::status(403),
        Fault::status(404),
        Fault::status_with(429, &[("Retry-After", "3600")], ""),
        Fault::Reset,
        Fault::Raw(Vec::new()),
        Fault::Raw(b"garbage".to_vec()),
        Fault::Hang,
        Fault::Redirect("file:///etc/passwd".to_owned()),
    ]
}

#[test]
fn what_fails_ahead_of_time_is_asked_for_again_in_time() {
    each(refusals(), |fault| {
        // Not even a retry is spent on it.
        let wire = Wire::new(&format!("{fault:?}"), 2).arg("--timeout=1");
        wire.fault("layer 2", 1, fault)
            .pulls(&[&ASKED[..], &["layer 2"]].concat());
    });
}

#[test]
fn what_fails_in_time_as_well_fails_the_pull() {
    let cases = [
        (Fault::status(500), 75, "status 500"),
        (Fault::status(404), 3, "status 404"),
        (Fault::Reset, 75, "connection reset by peer"),
    ];
    each(cases, |(fault, code, why)| {
        let wire = Wire::new(why, 2).fault("layer 2", ALWAYS, fault);
        wire.fails(code, why, &[&ASKED[..], &["layer 2"]].concat());
    });
}

#[test]
fn a_layer_that_fails_leaves_nothing_of_the_next() {
    let wire = Wire::new("first fails", 2).fault("layer 1", ALWAYS, Fault::Corrupt(4000));
    wire.fails(5, "digest mismatch", &ASKED);
    assert_eq!(wire.asked()[4..], ["manifest", "layer 1", "layer 2"]);
}

#[test]
fn a_token_that_expires_is_replaced_ahead_of_time() {
    let rules = TokenRules::new().expires_after_uses(3);
    let wire = Wire::new("token", 3).tokens(rules);
    wire.pull().run().succeeds();
    wire.assert_pulled();
    // Both that were on their way are asked for again, with one new token.
    let mut asked = wire.asked();
    asked.sort();
    let layers = ["layer 1", "layer 2", "layer 2", "layer 3", "layer 3"];
    let others = ["manifest", "manifest", "token", "token"];
    assert_eq!(asked, [&["config"][..], &layers, &others].concat());
}

#[test]
fn what_is_cached_is_not_asked_for() {
    let wire = Wire::new("cached", 3);
    wire.pull().run().succeeds();
    let layer = wire.partial(2).replace("/.", "/");
    std::fs::remove_file(wire.sandbox.path(layer)).unwrap();
    wire.registry.forget_requests();
    wire.pull().arg("--force").run().succeeds();
    assert_eq!(wire.asked(), ["manifest", "layer 2"]);
    wire.assert_pulled();
}

#[test]
fn without_a_cache_it_is_asked_for_once_all_the_same() {
    let wire = Wire::new("no cache", 2).arg("--cache=no").retries(1);
    let wire = wire.fault("layer 2", 1, Fault::CutBody(10));
    wire.pulls(&[&ASKED[..], &["layer 2 bytes=10-"]].concat());
    assert_eq!(wire.sandbox.names(""), ["dest"]);
}

#[test]
fn a_layer_that_comes_twice_is_fetched_once() {
    let wire = Wire::new("twice", 1);
    let (a, b) = (
        Layer::new().file("a", 0o644, "a"),
        Layer::new().file("b", 0o644, "b"),
    );
    let image = [&a, &a, &b, &a]
        .into_iter()
        .fold(Image::new(), |image, layer| {
            image.layer(layer.clone()).compressed(Compression::None)
        });
    let name = wire.registry.push("twice", "1", &image.build());
    let pull = wire.sandbox.roots(["pull", &name, "dest"]);
    pull.run().succeeds();
    assert_eq!(wire.registry.requests_for("/blobs/").len(), 3);
    let sketch = tree::sketch(wire.sandbox.path("dest"));
    assert_eq!(sketch, "f 0644 1 a\nf 0644 1 b\n");
}
