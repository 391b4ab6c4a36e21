//! The registry keeps its own rules. The client here is a bare socket: it shows what is really on the wire.

use super::*;
use crate::support::image::{Compression, Image, Index, docker, oci};
use crate::support::tar::Layer;
use std::io::{Read as _, Write as _};

mod access;
mod faults;

const ALL: &str = "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, \
    application/vnd.docker.distribution.manifest.list.v2+json;q=0.9,\
    application/vnd.docker.distribution.manifest.v2+json";

/// One request on a connection of its own, everything that came back as text.
fn ask(registry: &Registry, request: &str, headers: &[(&str, &str)]) -> String {
    let mut stream = connect(registry);
    write_request(&mut stream, request, headers, "Connection: close\r\n");
    // Wakes a server that went silent; one that has reset the connection is past that.
    let _ = stream.shutdown(std::net::Shutdown::Write);
    let mut answer = Vec::new();
    let end = stream.read_to_end(&mut answer);
    let reset = if end.is_err() { "<RESET>" } else { "" };
    String::from_utf8_lossy(&answer).into_owned() + reset
}

fn connect(registry: &Registry) -> TcpStream {
    let stream = TcpStream::connect(registry.host()).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(10)))
        .unwrap();
    stream
}

fn write_request(stream: &mut TcpStream, request: &str, headers: &[(&str, &str)], more: &str) {
    let mut head = format!("{request} HTTP/1.1\r\nHost: test\r\n{more}");
    headers
        .iter()
        .for_each(|(name, value)| head += &format!("{name}: {value}\r\n"));
    stream.write_all((head + "\r\n").as_bytes()).unwrap();
}

fn status(answer: &str) -> u16 {
    answer
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok())
        .unwrap_or(0)
}

fn body(answer: &str) -> &str {
    answer.split_once("\r\n\r\n").map_or("", |(_, body)| body)
}

fn header<'a>(answer: &'a str, name: &str) -> Option<&'a str> {
    let head = answer.split("\r\n\r\n").next()?;
    head.lines()
        .filter_map(|line| line.split_once(": "))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value)
}

fn image() -> Built {
    Image::new()
        .layer(Layer::new().file("a", 0o644, "0123456789"))
        .compressed(Compression::None)
        .build()
}

#[test]
fn manifests_need_an_accept_header_that_names_their_type() {
    let registry = Registry::start();
    let image = image();
    let index = Index::new().image(&image).attestation(&image).build();
    registry.push_index("a/b", "1", &index);
    for (accept, said) in [
        (
            "*/*",
            "OCI index found, but Accept header does not support OCI indexes",
        ),
        (docker::LIST, "OCI index found"),
        ("", "OCI index found"),
    ] {
        let answer = ask(&registry, "GET /v2/a/b/manifests/1", &[("Accept", accept)]);
        assert_eq!(status(&answer), 404);
        assert!(
            answer.contains(said) && answer.contains("MANIFEST_UNKNOWN"),
            "{answer}"
        );
    }
    for method in ["GET", "HEAD"] {
        let answer = ask(
            &registry,
            &format!("{method} /v2/a/b/manifests/1"),
            &[("Accept", ALL)],
        );
        assert_eq!(status(&answer), 200);
        assert_eq!(header(&answer, "Content-Type"), Some(oci::INDEX));
        assert_eq!(
            header(&answer, "Docker-Content-Digest"),
            Some(&*index.index.digest)
        );
        assert_eq!(
            header(&answer, "Content-Length"),
            Some(&*index.index.bytes.len().to_string())
        );
        assert_eq!(body(&answer).is_empty(), method == "HEAD");
    }
    let by_digest = format!(
        "GET /v2/a/b/manifests/{}",
        image.manifest.digest.replace(':', "%3A")
    );
    assert_eq!(
        body(&ask(&registry, &by_digest, &[("Accept", ALL)])).as_bytes(),
        image.manifest.bytes
    );
    assert!(
        ask(&registry, "GET /v2/a/b/manifests/2", &[("Accept", ALL)]).contains("MANIFEST_UNKNOWN")
    );
    assert!(ask(&registry, "GET /v2/a/manifests/1", &[("Accept", ALL)]).contains("NAME_UNKNOWN"));
    assert!(
        ask(&registry, "GET /v2/a/../b/manifests/1", &[("Accept", ALL)]).contains("NAME_INVALID")
    );
    assert_eq!(registry.requests_for("HEAD ").len(), 1);
    assert_eq!(
        registry.requests()[0].header("accept").as_deref(),
        Some("*/*")
    );
}

#[test]
fn blobs_come_in_ranges() {
    let registry = Registry::start();
    registry.put_blob("a", "sha256:x", "0123456789");
    for (range, expected, content_range) in [
        ("bytes=4-", (206, "456789"), Some("bytes 4-9/10")),
        ("bytes=4-5", (206, "45"), Some("bytes 4-5/10")),
        ("bytes=-3", (206, "789"), Some("bytes 7-9/10")),
        ("bytes=0-99", (206, "0123456789"), Some("bytes 0-9/10")),
        ("bytes=5-4", (200, "0123456789"), None),
        ("lines=1-2", (200, "0123456789"), None),
    ] {
        let answer = ask(&registry, "GET /v2/a/blobs/sha256:x", &[("Range", range)]);
        assert_eq!((status(&answer), body(&answer)), expected, "{range}");
        assert_eq!(header(&answer, "Content-Range"), content_range);
    }
    let answer = ask(
        &registry,
        "GET /v2/a/blobs/sha256:x",
        &[("Range", "bytes=10-")],
    );
    assert_eq!(
        (status(&answer), header(&answer, "Content-Range")),
        (416, Some("bytes */10"))
    );
    registry.drop_blob("a", "sha256:x");
    assert!(ask(&registry, "GET /v2/a/blobs/sha256:x", &[]).contains("DIGEST_INVALID"));
}
