//! Interim responses (1xx): a server may send any number of them before each response, and they mean nothing here.

use super::{SIZE, Wire, each};
use crate::support::registry::raw_response;
use crate::support::{ALWAYS, Fault, Image, Layer, Random, Registry, Sandbox, TokenRules, tree};

const ASKED: [&str; 3] = ["manifest", "config", "layer 1"];

fn continues() -> Vec<u8> {
    b"HTTP/1.1 100 Continue\r\n\r\n".to_vec()
}

fn hints() -> Vec<u8> {
    b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\nX: 1\r\n\r\n".to_vec()
}

/// It was a head that is too long, if the body had come by the time that the head was read.
#[test]
fn an_interim_response_may_come_together_with_a_long_body() {
    let sandbox = Sandbox::new("interim");
    let registry = Registry::start();
    let layer = Layer::new().file("big", 0o644, Random::new(1).bytes(3_000_000));
    let image = Image::new().layer(layer).build();
    let name = registry.push("a/b", "1", &image);
    let bytes = &image.layers[0].bytes;
    let length = format!("Content-Length: {}", bytes.len());
    let whole = raw_response(&["HTTP/1.1 200 OK", &length], bytes);
    let raw = Fault::Raw([hints(), continues(), whole].concat());
    registry.fault(&image.layers[0].digest, ALWAYS, raw);
    for _ in 0..10 {
        let pull = sandbox.roots(["pull", "--force", "--cache=no", &name, "dest"]);
        pull.run().succeeds();
        assert_eq!(tree::sketch(sandbox.path("dest")), "f 0644 3000000 big\n");
    }
}

/// A 100 with headers was not http.
#[test]
fn interim_responses_are_passed_over() {
    let processing = b"HTTP/1.1 102 Processing\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\n\r\n";
    let cases = [
        continues(),
        hints(),
        processing.to_vec(),
        b"HTTP/1.1 100 Continue\r\nServer: x\r\nContent-Length: 7\r\n\r\n".to_vec(),
        b"HTTP/1.1 103\r\n\r\n".to_vec(),
        b"HTTP/1.1 199 x\nA: b\n\n".to_vec(),
        [continues(), hints(), processing.to_vec(), hints()].concat(),
        hints().repeat(1000),
        // A head of its own that is nearly as long as one may be.
        [&b"HTTP/1.1 103 x\r\nA: "[..], &[b'b'; 60_000], b"\r\n\r\n"].concat(),
    ];
    each(cases, |bytes| {
        let head = String::from_utf8_lossy(&bytes[..12]).into_owned();
        for part in ASKED {
            let wire = Wire::new(&head, 1).fault(part, ALWAYS, Fault::Interim(bytes.clone()));
            wire.pulls(&ASKED);
        }
    });
}

#[test]
fn interim_responses_come_before_every_kind_of_response() {
    let before = |fault| Fault::All(vec![fault, Fault::Interim([hints(), continues()].concat())]);
    // Before a redirect, an error that is tried again, and a range.
    let wire = Wire::new("redirect", 1);
    let path = format!("/v2/a/b/blobs/{}?there", wire.image.layers[0].digest);
    let wire = wire.fault("layer 1", 1, before(Fault::Redirect(path)));
    wire.pulls(&["manifest", "config", "layer 1", "layer 1"]);
    let wire = Wire::new("500", 1).retries(1);
    let wire = wire.fault("manifest", 1, before(Fault::status(503)));
    wire.pulls(&["manifest", "manifest", "config", "layer 1"]);
    let wire = Wire::new("range", 1).retries(1);
    let wire = wire
        .fault("layer 1", 1, before(Fault::CutBody(1000)))
        .fault("layer 1", 1, Fault::of_range(Fault::Interim(hints())));
    wire.pulls(&["manifest", "config", "layer 1", "layer 1 bytes=1000-"]);
    let wire = Wire::new("chunked", 1).fault("layer 1", 1, before(Fault::Chunked));
    wire.pulls(&ASKED);
    // Before a denial, and the answer of a token server.
    let denied = Fault::status_with(401, &[], "");
    let wire = Wire::new("401", 1).fault("manifest", ALWAYS, before(denied));
    wire.fails(4, "", &["manifest"]);
    let wire = Wire::new("token", 1).tokens(TokenRules::new());
    let wire = wire.fault("token", 1, Fault::Interim(hints()));
    wire.pulls(&["manifest", "token", "manifest", "config", "layer 1"]);
    // One that is cut, and nothing behind it.
    for bytes in [hints(), hints()[..30].to_vec(), b"HTTP/1.1 1".to_vec()] {
        let wire = Wire::new("cut", 1).retries(1);
        let wire = wire.fault("layer 1", 1, Fault::Raw(bytes));
        wire.pulls(&["manifest", "config", "layer 1", "layer 1"]);
    }
    // Bytes of a body that look like one are a body.
    let sandbox = Sandbox::new("interim");
    let registry = Registry::start();
    let contents = hints().repeat(SIZE);
    let layer = Layer::new().file("hints", 0o644, &contents[..]);
    let name = registry.push("a/b", "1", &Image::new().layer(layer).build());
    sandbox.roots(["pull", &name, "dest"]).run().succeeds();
    assert!(sandbox.read("dest/hints") == contents);
}
