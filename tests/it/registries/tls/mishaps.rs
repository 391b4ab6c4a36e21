//! Servers that do not speak TLS, fall silent in it, or break it off.

use super::Scene;
use crate::support::{ALWAYS, Fault, Registry, Sandbox, hello};
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::time::{Duration, Instant};

/// A server that answers whatever it is sent with these bytes, or, with none, not at all.
fn saying(bytes: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let mut kept = Vec::new();
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(bytes);
            if bytes.is_empty() {
                kept.push(stream);
            }
        }
    });
    format!("0.0.0.0:{port}")
}

#[test]
fn a_server_that_speaks_plain_http_is_told_from_others() {
    let sandbox = Sandbox::new("tls_mishaps");
    let host = saying(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
    let run = sandbox.roots(["pull", &format!("{host}/a:1"), "dest"]);
    let said = format!(
        "roots: {host}: it does not speak TLS\n\
         hint: for a registry over plain http, pass --plain-http\n"
    );
    assert_eq!(run.run().fails(1).stderr, said);
    sandbox.assert_nothing_left();
}

/// The hint was `--plain-http`, which would have sent what is for the registry in plain text, past the proxy.
#[test]
fn a_proxy_in_plain_http_is_no_reason_for_plain_http() {
    let sandbox = Sandbox::new("tls_mishaps");
    let host = saying(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
    let run = sandbox.roots(["pull", "registry.test/a:1", "dest"]);
    let run = run.env("HTTPS_PROXY", format!("https://{host}"));
    let said = format!(
        "roots: {host}: the proxy does not speak TLS\n\
         hint: write http:// before it in the variable that names the proxy\n"
    );
    assert_eq!(run.run().fails(1).stderr, said);
    sandbox.assert_nothing_left();
}

#[test]
fn a_server_that_speaks_tls_is_not_one_of_plain_http() {
    let scene = Scene::new();
    let run = scene.pull(&["--plain-http"]).fails(1);
    let url = format!("http://{}/v2/a/b/manifests/1", scene.front.host());
    let said = format!(
        "roots: {url}: not an HTTP response; the server may expect https\n\
         hint: leave out --plain-http; localhost is always reached over plain http, so use another name for it\n"
    );
    assert_eq!(run.stderr, said);
    assert_eq!(scene.registry.lines(), [""; 0]);
    scene.sandbox.assert_nothing_left();
}

#[test]
fn silence_ends_the_handshake_and_the_body() {
    let sandbox = Sandbox::new("tls_mishaps");
    let host = saying(b"");
    let start = Instant::now();
    let run = sandbox.roots(["digest", "--timeout=1", &format!("{host}/a:1")]);
    let run = run.run().fails(75);
    let said = format!(
        "roots: https://{host}/v2/a/manifests/1: timed out waiting for a response\nhint: allow it more time with --timeout, or more attempts with --retries\n"
    );
    assert_eq!(run.stderr, said);
    assert!(start.elapsed() < Duration::from_secs(5));

    for (part, fault) in [
        ("/manifests/", Fault::Hang),
        ("/manifests/", Fault::Stall(5)),
        ("/blobs/", Fault::Stall(5)),
    ] {
        let scene = Scene::new();
        scene.registry.fault(part, ALWAYS, fault);
        let start = Instant::now();
        let run = scene.pull(&["--ca-file=ca.pem", "--timeout=1"]).fails(75);
        run.says("timed out waiting for a response\n");
        assert!(start.elapsed() < Duration::from_secs(5));
        scene.sandbox.assert_nothing_left();
    }
}

#[test]
fn a_blob_goes_on_where_it_was_cut() {
    let scene = Scene::new();
    let layer = &hello().layers[0].digest;
    scene.registry.fault(layer, 1, Fault::CutBody(20));
    let run = scene.pull(&["--ca-file=ca.pem", "--retries=2"]);
    scene.is_pulled(run);
    let asked = scene.registry.requests_for(layer);
    assert_eq!(asked.len(), 2);
    assert_eq!(asked[1].header("range").as_deref(), Some("bytes=20-"));
}

#[test]
fn a_connection_that_ends_in_the_handshake_may_come_back() {
    let sandbox = Sandbox::new("tls_mishaps");
    let registry = Registry::start();
    let port = registry.host().split_once(':').unwrap().1.to_owned();
    drop(registry);
    let run = sandbox
        .roots(["digest", &format!("0.0.0.0:{port}/a:1")])
        .run();
    run.fails(75).says("connection refused\n");
}
