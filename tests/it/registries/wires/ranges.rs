//! What servers make of a request for the rest of a blob. Only the rest is taken for the rest.

use super::{Wire, each};
use crate::support::registry::raw_response;
use crate::support::{ALWAYS, Fault};

const REST: &str = "layer 1 bytes=1000-";
const START: [&str; 3] = ["manifest", "config", "layer 1"];

/// A layer that is cut at byte 1000, and an answer to the request for the rest.
fn cut(fault: Fault) -> Wire {
    let wire = Wire::new(&format!("{fault:?}"), 1).retries(1);
    wire.fault("layer 1", 1, Fault::CutBody(1000))
        .fault("layer 1", ALWAYS, Fault::of_range(fault))
}

fn content_range(value: &str) -> Fault {
    Fault::header("Content-Range", value)
}

#[test]
fn the_rest_is_taken_for_the_rest() {
    let cases = [
        content_range("bytes 1000-4607/*"),
        content_range("bytes  1000-4607/4608 "),
        Fault::header("Accept-Ranges", "none"),
        // All of it once more; what was had is passed over.
        Fault::IgnoreRange,
    ];
    each(cases, |fault| {
        cut(fault).pulls(&[&START[..], &[REST]].concat());
    });
}

#[test]
fn anything_else_is_asked_for_once_more_without_a_range() {
    let multipart = Fault::All(vec![
        Fault::header("Content-Type", "multipart/byteranges; boundary=x"),
        Fault::WithoutHeader("Content-Range".to_owned()),
    ]);
    let cases = [
        Fault::WithoutHeader("Content-Range".to_owned()),
        multipart,
        Fault::RangeFrom(0),
        Fault::RangeFrom(999),
        Fault::RangeFrom(1001),
        content_range("bytes 1000-4607/4609"),
        content_range("bytes 1000-4607"),
        content_range("bytes 1000-3999/4608"),
        content_range("bytes 1000-9999999999999999999999/4608"),
        content_range("items 1000-4607/4608"),
        content_range(""),
        Fault::status(416),
        Fault::status_with(416, &[("Content-Range", "bytes */4608")], ""),
    ];
    each(cases, |fault| {
        cut(fault).pulls(&[&START[..], &[REST, "layer 1"]].concat());
    });
}

/// go-containerregistry's own server answers 416 to every range without an end.
#[test]
fn a_server_without_ranges_and_with_cuts_is_given_up() {
    let wire = Wire::new("416", 1).retries(2);
    let wire = wire
        .fault("layer 1", ALWAYS, Fault::of_range(Fault::status(416)))
        .fault("layer 1", ALWAYS, Fault::CutBody(1000));
    let asked = [&START[..], &[REST, "layer 1", REST, "layer 1"]].concat();
    wire.fails(75, "connection closed before the end", &asked);
}

#[test]
fn a_server_that_ignores_ranges_is_gone_on_with() {
    let wire = Wire::new("200", 1).retries(3);
    let wire = wire
        .fault("layer 1", 1, Fault::CutBody(1000))
        .fault("layer 1", 1, cut_all(500))
        .fault("layer 1", 1, cut_all(3000))
        .fault("layer 1", ALWAYS, Fault::IgnoreRange);
    let asked = [&START[..], &[REST, REST, "layer 1 bytes=3000-"]].concat();
    wire.pulls(&asked);
}

fn cut_all(at: usize) -> Fault {
    Fault::All(vec![Fault::IgnoreRange, Fault::CutBody(at)])
}

#[test]
fn a_range_that_is_not_the_one_it_says_is_found_out() {
    let lie = Fault::All(vec![
        Fault::RangeFrom(0),
        content_range("bytes 1000-4607/4608"),
    ]);
    let asked = [&START[..], &[REST]].concat();
    cut(lie).fails(5, "wrong size: longer than the 4608 bytes", &asked);
    let corrupt = Fault::Corrupt(3000);
    cut(corrupt).fails(5, "digest mismatch", &asked);
}

#[test]
fn a_range_is_asked_for_again_like_anything_else() {
    let cases = [Fault::status(503), Fault::Reset, Fault::Raw(Vec::new())];
    each(cases, |fault| {
        let wire = Wire::new(&format!("{fault:?}"), 1).retries(1);
        let wire = wire.fault("layer 1", 1, Fault::CutBody(1000)).fault(
            "layer 1",
            1,
            Fault::of_range(fault),
        );
        wire.pulls(&[&START[..], &[REST, REST]].concat());
    });
}

#[test]
fn a_range_that_is_refused_is_refused() {
    for (status, code) in [(400, 1), (403, 4), (404, 3), (501, 75)] {
        let asked = [&START[..], &[REST]].concat();
        cut(Fault::status(status)).fails(code, "a fault", &asked);
    }
}

#[test]
fn a_part_that_nobody_asked_for_is_refused() {
    let wire = Wire::new("206", 1).retries(1);
    let body = &wire.image.layers[0].bytes;
    let head = [
        "HTTP/1.1 206 Partial Content",
        "Content-Range: bytes 0-4607/4608",
        "Content-Length: 4608",
    ];
    let fault = Fault::Raw(raw_response(&head, body));
    wire.fault("layer 1", ALWAYS, fault)
        .fails(1, ": status 206\n", &START);
}
