//! How an answer is wrapped: odd but right is read, wrong is refused, and without end is left.

use super::{SIZE, Wire, each};
use crate::support::registry::raw_response;
use crate::support::{ALWAYS, Fault};

const ASKED: [&str; 3] = ["manifest", "config", "layer 1"];

/// Every part of an image, its media type and its bytes.
fn parts(wire: &Wire) -> [(&'static str, String, Vec<u8>); 3] {
    let image = &wire.image;
    let blobs = [&image.manifest, &image.config, &image.layers[0]];
    let parts = ASKED.iter().zip(blobs);
    let parts: Vec<_> = parts
        .map(|(part, blob)| (*part, blob.media_type.clone(), blob.bytes.clone()))
        .collect();
    parts.try_into().unwrap()
}

#[test]
fn odd_heads_are_read() {
    let many = "X-Filler: x\r\n".repeat(90);
    let heads = [
        "HTTP/1.0 200 OK\r\nContent-Type: {type}",
        "HTTP/1.0 200 OK\r\nContent-Type: {type}\r\nContent-Length: {size}",
        "HTTP/1.1 200\r\nContent-Type: {type}\r\nContent-Length: {size}",
        "HTTP/1.1 200 \r\nContent-Type: {type}\r\nContent-Length: {size}",
        "HTTP/1.1 200 Alles in Ordnung\r\ncontent-type:{type}\r\ncontent-length:{size}",
        "HTTP/1.1 200 OK\r\nCONTENT-TYPE:  {type} \r\nCONTENT-LENGTH:  {size} ",
        "HTTP/1.1 200 OK\r\nContent-Type: {type}\r\nContent-Length: {size}\r\n{many}X-End: x",
        "HTTP/1.1 200 OK\r\nX-Name: J\u{fc}rgen\r\nContent-Type: {type}\r\nContent-Length: {size}",
        "HTTP/1.1 200 OK\r\nContent-Type: {type}\r\nContent-Length: {size}\r\nContent-Encoding: gzip",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Type: {type}\r\nContent-Length: {size}",
        "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Type: {type}\r\nContent-Length: {size}",
        "HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Type: {type}\r\n\
         Content-Length: {size}",
    ];
    each(heads, |head| {
        // The connection is closed behind each of them, and does not always say so in time.
        let mut wire = Wire::new(head, 1).retries(1);
        for (part, media_type, bytes) in parts(&wire) {
            let head = head
                .replace("{type}", &media_type)
                .replace("{size}", &bytes.len().to_string())
                .replace("{many}", &many);
            wire = wire.fault(part, 1, Fault::Raw(raw_response(&[&head], &bytes)));
        }
        wire.pulls(&ASKED);
    });
}

#[test]
fn odd_bodies_are_read() {
    let both = Fault::All(vec![Fault::Chunked, Fault::header("Content-Length", "7")]);
    let cases = [
        Fault::Chunked,
        Fault::NoContentLength,
        Fault::ContentEncodingGzip,
        // RFC 9112, section 6.3: chunks beat a length.
        both,
        Fault::All(vec![
            Fault::Chunked,
            Fault::Trickle(700, std::time::Duration::ZERO),
        ]),
    ];
    each(cases, |fault| {
        let wire = Wire::new(&format!("{fault:?}"), 1);
        wire.registry.fault("/v2/", ALWAYS, fault);
        wire.pulls(&ASKED);
    });
}

#[test]
fn what_is_no_answer_is_refused() {
    let cases = [
        "HTTP/1.1 garbage",
        "HTTP/3 200 OK\r\nContent-Length: {size}",
        "HTTP/1.1 200 OK\r\nContent-Length: 1x",
        "HTTP/1.1 200 OK\r\nContent-Length: -1",
        "HTTP/1.1 200 OK\r\nContent-Length: {size}\r\nContent-Length: 5",
        "HTTP/1.1 200 OK\r\nno colon here\r\nContent-Length: {size}",
        "HTTP/1.1 200 OK\r\nContent-Length: {size}\r\nA\0B: c",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5",
    ];
    let size = SIZE.to_string();
    each(cases, |head| {
        let wire = Wire::new(head, 1);
        let head = head.replace("{size}", &size);
        let answer = Fault::Raw(raw_response(&[&head], &wire.image.layers[0].bytes));
        let wire = wire.fault("layer 1", ALWAYS, answer);
        wire.fails(1, " not an HTTP response", &ASKED);
    });
}

#[test]
fn a_head_that_is_too_much_is_refused() {
    let huge = format!("HTTP/1.1 200 OK\r\nX-Filler: {}", "x".repeat(1 << 20));
    let cases = [
        Fault::EndlessHead,
        Fault::Raw(raw_response(&[&huge], "")),
        Fault::Raw(b"HTTP/1.1 103 Early Hints\r\n\r\n".repeat(10_000)),
        Fault::Raw(vec![b'x'; 1 << 20]),
    ];
    let cases = cases
        .iter()
        .flat_map(|fault| [(ASKED[0], 1), (ASKED[2], 3)].map(|part| (fault, part)));
    each(cases, |(fault, (part, requests))| {
        let wire = Wire::new("a head", 1).fault(part, ALWAYS, fault.clone());
        wire.fails(1, "roots: http://127.0.0.1:", &ASKED[..requests]);
    });
}

#[test]
fn a_body_without_end_is_left() {
    let cases = [
        ("manifest", 1, "malformed: longer than 8388608 bytes"),
        ("config", 2, "wrong size: longer than the "),
        ("layer 1", 3, "wrong size: longer than the 4608 bytes"),
    ];
    each(cases, |(part, requests, why)| {
        let wire = Wire::new(part, 1).retries(1);
        wire.fault(part, ALWAYS, Fault::EndlessBody)
            .fails(5, why, &ASKED[..requests]);
    });
}

/// What comes behind an answer is no answer to the next request, whatever it looks like.
#[test]
fn what_follows_an_answer_is_not_the_next_answer() {
    let evil = raw_response(&["HTTP/1.1 404 Not Found", "Content-Length: 4"], "evil");
    let cases = ["manifest", "config", "layer 1"];
    each(cases, |part| {
        let wire = Wire::new(part, 2);
        let less = i64::try_from(evil.len()).unwrap();
        let split = Fault::All(vec![
            Fault::Append(evil.clone()),
            Fault::WrongContentLength(-less),
        ]);
        wire.fault(part, 1, split)
            .pulls(&["manifest", "config", "layer 1", "layer 2"]);
    });
}

#[test]
fn a_manifest_that_is_shorter_than_it_is_is_malformed() {
    let wire = Wire::new("short", 1).retries(1);
    let wire = wire.fault("manifest", ALWAYS, Fault::WrongContentLength(-4));
    wire.fails(5, "malformed: ", &["manifest"]);
}
