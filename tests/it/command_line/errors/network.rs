//! Nobody answers, or not as was hoped.

use super::Scene;
use crate::support::{ALWAYS, Authority, Fault, Identity, Proxy, Registry, TlsFront};
use std::io::{Read as _, Write as _};
use std::net::TcpListener;

pub(super) fn chapter(scene: &mut Scene) {
    scene.typed(
        "a host that there is not",
        "pull registry.invalid/name ./tree",
    );
    let nobody = Registry::start().host();
    scene.stands_for(nobody, "NOBODY");
    scene.typed("nobody listens", "pull NOBODY/name:1 ./tree");
    scene.registry.fault("/manifests/", 1, Fault::Hang);
    scene.typed("silence", "pull --timeout 1 HOST/acme/tool:1 ./tree");
    scene.registry.fault("/manifests/", 1, Fault::Reset);
    scene.typed("a reset", "pull HOST/acme/tool:1 ./tree");
    scene.registry.fault("/blobs/", ALWAYS, Fault::CutBody(20));
    scene.typed("an end before the end", "pull HOST/acme/tool:1 ./tree");
    scene.registry.recover();
    tls(scene);
    proxies(scene);
}

fn tls(scene: &mut Scene) {
    scene.stands_for(plain_server(), "PLAIN");
    scene.typed(
        "plain http, asked in https",
        "pull PLAIN/acme/tool:1 ./tree",
    );
    let authority = Authority::new("an authority");
    scene.sandbox.write("ca.pem", authority.pem());
    let host = scene.registry.host();
    let front = |identity: Identity| TlsFront::start(&host, &identity);
    let good = front(authority.server(&["0.0.0.0"]));
    let other = front(authority.server(&["registry.example.com"]));
    let (old, young) = ((2001, 2002), (3000, 4000));
    let old = front(authority.server_in(&["0.0.0.0"], old));
    let young = front(authority.server_in(&["0.0.0.0"], young));
    for (front, stand_in) in [
        (&good, "SECURE"),
        (&other, "OTHER"),
        (&old, "OLD"),
        (&young, "YOUNG"),
    ] {
        scene.stands_for(front.host(), stand_in);
    }
    scene.typed(
        "https, asked in plain http",
        "pull --plain-http SECURE/acme/tool:1 ./tree",
    );
    scene.typed(
        "an authority that nobody knows",
        "pull SECURE/acme/tool:1 ./tree",
    );
    scene.typed(
        "a certificate for another",
        "pull --ca-file ca.pem OTHER/acme/tool:1 ./tree",
    );
    scene.typed(
        "a certificate of the past",
        "pull --ca-file ca.pem OLD/acme/tool:1 ./tree",
    );
    scene.typed(
        "a certificate of the future",
        "pull --ca-file ca.pem YOUNG/acme/tool:1 ./tree",
    );
    scene.typed(
        "no such file",
        "pull --ca-file none.pem SECURE/acme/tool:1 ./tree",
    );
    scene.sandbox.write("text.pem", "text\n");
    scene.typed(
        "no certificate",
        "pull --ca-file text.pem SECURE/acme/tool:1 ./tree",
    );
}

/// What a server of plain http says to whoever speaks TLS.
fn plain_server() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let mut stream = listener.accept().unwrap().0;
        let _ = stream.read(&mut [0; 4096]);
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
    });
    // Linux takes it for loopback, and `roots` does not.
    format!("0.0.0.0:{port}")
}

fn proxies(scene: &mut Scene) {
    let variable = |scene: &mut Scene, title, value: &str| {
        let line = format!("HTTPS_PROXY={value} pull registry.example.com/name ./tree");
        scene.typed(title, &line);
    };
    variable(scene, "a proxy of another kind", "socks5://proxy:1080");
    let proxy = Proxy::start();
    scene.stands_for(proxy.host(), "PROXY");
    proxy.refuse(407);
    variable(scene, "a proxy that wants a password", "http://PROXY");
    proxy.refuse(403);
    variable(scene, "a proxy that refuses", "http://PROXY");
    drop(proxy);
    variable(scene, "a proxy that is not there", "http://PROXY");
}
