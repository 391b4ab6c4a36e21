//! `certs.d`: authorities for one server, and client certificates.

use super::{Scene, UNKNOWN};
use crate::support::{Authority, Registry, TlsFront};

const CERTS_D: &str = "home/.config/containers/certs.d";

#[test]
fn certs_d_has_authorities_for_one_server() {
    let scene = Scene::new();
    let write = |host: &str, file: &str, contents: &str| {
        scene
            .sandbox
            .write(format!("{CERTS_D}/{host}/{file}"), contents);
    };
    let pem = scene.authority.pem();
    let port = scene.front.host().split_once(':').unwrap().1.to_owned();
    write("0.0.0.0", "ca.crt", &pem);
    write(&format!("127.0.0.1:{port}"), "ca.crt", &pem);
    write(&scene.front.host(), "ca.pem", &pem);
    scene.is_refused(scene.pull(&[]), 1, UNKNOWN);
    write(&scene.front.host(), "mine.crt", &pem);
    scene.is_pulled(scene.pull(&[]));
    // In addition to those that are trusted anyway.
    write(
        &scene.front.host(),
        "mine.crt",
        &Authority::new("another").pem(),
    );
    scene.is_pulled(scene.pull(&["--force", "--ca-file=ca.pem"]));
    write(&scene.front.host(), "mine.crt", "");
    let run = scene.pull(&["--force"]).fails(2);
    run.says("mine.crt: no certificate in it\n");
}

/// A registry for clients with a certificate.
fn for_clients(old: bool) -> (Scene, Authority) {
    let (authority, clients) = (Authority::new("an authority"), Authority::new("of clients"));
    let (registry, identity) = (Registry::start(), authority.server(&["0.0.0.0"]));
    let front = TlsFront::for_clients_of(&registry.host(), &identity, &clients, old);
    let scene = Scene::behind(registry, authority, front);
    (scene, clients)
}

#[test]
fn a_client_certificate_is_shown_where_it_is_wanted() {
    for old in [true, false] {
        let (scene, clients) = for_clients(old);
        let host = scene.front.host();
        let wanted = "roots: {host}: client certificate required\n\
             hint: put client.cert and client.key into ~/.config/containers/certs.d/{host}\n";
        let pull = || scene.pull(&["--force", "--ca-file=ca.pem"]);
        scene.is_refused(pull(), 1, wanted);
        let write = |file: &str, contents: &str| {
            let path = format!("{CERTS_D}/{host}/{file}");
            scene.sandbox.write(path, contents)
        };
        let client = clients.client("joe");
        let certificate = write("client.cert", &client.certificate);
        let said =
            |path: &std::path::Path, why: &str| format!("roots: {}: {why}\n", path.display());
        let alone = said(&certificate, "client.key, which belongs to it, is missing");
        scene.is_refused(pull(), 2, &alone);

        let key = write("client.key", "");
        let none = "no private key in it\nhint: a key is PEM and not encrypted";
        scene.is_refused(pull(), 2, &said(&key, none));
        write("client.key", &clients.client("other").key);
        scene.is_refused(
            pull(),
            2,
            &said(&key, "not the key of the certificate beside it"),
        );
        write("client.key", &client.key);
        std::fs::remove_file(&certificate).unwrap();
        scene.is_refused(
            pull(),
            2,
            &said(&key, "client.cert, which belongs to it, is missing"),
        );
        write("client.cert", &client.certificate);
        scene.is_pulled(pull());
        assert_eq!(scene.registry.lines().len(), 3);

        // One that somebody else has signed.
        let stranger = Authority::new("of strangers").client("joe");
        write("client.cert", &stranger.certificate);
        write("client.key", &stranger.key);
        let run = pull().fails(1);
        run.says(&format!(
            "roots: {host}: it refuses the client certificate\n"
        ));
    }
}
