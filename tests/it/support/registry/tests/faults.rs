//! Faults, and the connections they happen to.

use super::*;

#[test]
fn faults_come_as_ordered() {
    let cases = [
        (
            Fault::status_with(503, &[("Retry-After", "1")], "busy"),
            "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 4\r\n\r\nbusy",
        ),
        (Fault::CutBody(3), "Length: 10\r\n\r\n012"),
        (Fault::Corrupt(1), "Length: 10\r\n\r\n0\u{fffd}23456789"),
        (
            Fault::Append(b"more".to_vec()),
            "Length: 14\r\n\r\n0123456789more",
        ),
        (Fault::WrongContentLength(-4), "Length: 6\r\n\r\n0123456789"),
        (Fault::WrongContentLength(4), "Length: 14\r\n\r\n0123456789"),
        (
            Fault::NoContentLength,
            "Connection: close\r\n\r\n0123456789",
        ),
        (
            Fault::Chunked,
            "a;extension=\"1\"\r\n0123456789\r\n0;last\r\nX-Trailer: yes\r\n\r\n",
        ),
        (
            Fault::All(vec![Fault::Chunked, Fault::CutBody(3)]),
            "3;extension=\"1\"\r\n012\r\n",
        ),
        (Fault::Reset, "<RESET>"),
        (Fault::ResetBody(2), "\r\n\r\n01<RESET>"),
        (
            Fault::Raw(raw_response(&["HTTP/1.0 200"], "old")),
            "HTTP/1.0 200\r\n\r\nold",
        ),
        (
            Fault::header("Content-Type", "x/y"),
            "Content-Length: 10\r\n\r\n0123456789",
        ),
        (
            Fault::ContentEncodingGzip,
            "\r\nContent-Encoding: gzip\r\nContent-Length: 10\r\n\r\n0123456789",
        ),
        (
            Fault::Redirect("file:///etc/passwd".into()),
            "\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n",
        ),
        (
            Fault::Trickle(4, Duration::from_millis(1)),
            "\r\n\r\n0123456789",
        ),
        (Fault::Stall(4), "\r\n\r\n0123"),
        (Fault::Hang, ""),
    ];
    let registry = Registry::start();
    registry.put_blob("a", "sha256:x", "0123456789");
    for (fault, end) in cases {
        let name = format!("{fault:?}");
        registry.fault("/blobs/", 1, fault);
        let answer = ask(&registry, "GET /v2/a/blobs/sha256:x", &[]);
        assert!(answer.ends_with(end), "{name}: {answer:?}");
        let answer = ask(&registry, "GET /v2/a/blobs/sha256:x", &[]);
        assert_eq!(body(&answer), "0123456789", "after {name}");
    }
}

#[test]
fn a_fault_waits_for_the_answer_it_is_for() {
    let registry = Registry::start();
    registry.put_blob("a", "sha256:x", "0123456789");
    registry.fault("/blobs/", 1, Fault::IgnoreRange);
    registry.fault("GET /v2/a/blobs/sha256:y", ALWAYS, Fault::status(500));
    let blob = "GET /v2/a/blobs/sha256:x";
    assert_eq!(status(&ask(&registry, blob, &[])), 200);
    assert_eq!(status(&ask(&registry, blob, &[("Range", "bytes=5-")])), 200);
    assert_eq!(status(&ask(&registry, blob, &[("Range", "bytes=5-")])), 206);
    assert_eq!(
        status(&ask(&registry, "GET /v2/a/blobs/sha256:y", &[])),
        500
    );
    registry.recover();
    assert_eq!(
        status(&ask(&registry, "GET /v2/a/blobs/sha256:y", &[])),
        400
    );

    registry.require_token(TokenRules::new());
    registry.fault("/blobs/", 1, Fault::CutBody(1));
    assert_eq!(status(&ask(&registry, blob, &[])), 401);
    ask(
        &registry,
        "GET /token?service=registry.test&scope=repository:a:pull",
        &[],
    );
    assert_eq!(
        body(&ask(
            &registry,
            blob,
            &[("Authorization", "Bearer secret-token-1")]
        )),
        "0"
    );
}

#[test]
fn connections_are_kept_and_held() {
    let registry = Registry::start();
    registry.put_blob("a", "sha256:x", "0123456789");
    registry.fault("second", 1, Fault::Hold(5));
    let mut stream = connect(&registry);
    let mut answer = [0; 8192];
    write_request(&mut stream, "GET /v2/a/blobs/sha256:x", &[], "");
    let count = stream.read(&mut answer).unwrap();
    assert!(answer[..count].starts_with(b"HTTP/1.1 200 OK"));
    while !answer.windows(4).any(|bytes| bytes == b"6789") {
        assert_ne!(stream.read(&mut answer).unwrap(), 0);
    }
    write_request(&mut stream, "GET /v2/a/blobs/sha256:x?second", &[], "");
    registry.wait_for("second", 1);
    registry.release();
    let mut rest = String::new();
    while !rest.ends_with("56789") {
        let count = stream.read(&mut answer).unwrap();
        assert_ne!(count, 0);
        rest += &String::from_utf8_lossy(&answer[..count]);
    }
    write_request(&mut stream, "POST /v2/", &[("Content-Length", "4")], "");
    stream.write_all(b"body").unwrap();
    assert!(stream.read(&mut answer).unwrap() > 0);
    assert_eq!(registry.requests()[2].body, b"body");
    drop(registry);
    while stream.read(&mut answer).unwrap_or(0) > 0 {}
}
