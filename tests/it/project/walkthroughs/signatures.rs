//! The walks of roots-signatures(7), with a key and what `cosign sign --key` made before version 3.

use super::{commands, for_both, run, try_run};
use crate::project::readme::{read, table};
use crate::support::image::oci;
use crate::support::sigstore::{Key, Sigstore, SimplePayload};
use crate::support::{Blob, Registry, Sandbox};
use roots::oci::Digest;
use roots::sigstore::TrustedRoot;
use serde_json::json;

const SIGNATURES: &str = "src/help/guide/roots-signatures.txt";

/// Signs a digest, and pushes the signature to where cosign puts it.
fn sign(mirror: &Registry, repository: &str, digest: &str, key: &Key) {
    let payload = SimplePayload::new(&Digest::parse(digest).unwrap());
    let signature = Sigstore::new().sign(payload, key).legacy();
    let payload_type = "application/vnd.dev.cosign.simplesigning.v1+json";
    let payload = Blob::new(payload_type, signature.payload);
    let mut layer = payload.descriptor();
    layer["annotations"] = json!(signature.annotations);
    let config = Blob::json("application/vnd.oci.image.config.v1+json", &json!({}));
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": oci::MANIFEST,
        "config": config.descriptor(),
        "layers": [layer],
    });
    mirror.put(repository, &payload);
    mirror.put(repository, &config);
    let tag = format!("{}.sig", digest.replace(':', "-"));
    let manifest = Blob::json(oci::MANIFEST, &manifest);
    mirror.put_manifest(repository, &tag, oci::MANIFEST, &manifest.bytes);
}

/// The commands of a section, in a folder that stands for the root.
fn script(heading: &str) -> String {
    let script = commands(SIGNATURES, heading).replace(" /srv", " srv");
    format!("export ROOTS_PLATFORM=linux/amd64\n{script}")
}

/// An image for two platforms whose index is signed, and a machine that has the key.
fn signed_image(name: &str) -> (Sandbox, Registry) {
    let (sandbox, mirror) = (Sandbox::new(name), Registry::start());
    let key = Key::p256();
    sandbox.write("work/cosign.pub", key.pem());
    let digest = for_both(&mirror, "app", "1");
    sign(&mirror, "app", &digest, &key);
    (sandbox, mirror)
}

#[test]
fn with_a_key() {
    for heading in ["Images that are signed with a key", "What is not proven"] {
        let (sandbox, mirror) = signed_image("with_a_key");
        run(&sandbox, &mirror, &script(heading));
        assert_eq!(sandbox.names("work/srv/app"), ["for-amd64"]);
    }
}

#[test]
fn with_a_key_across_an_air_gap() {
    let (sandbox, mirror) = signed_image("key_across_a_gap");
    let script = script("Across an air gap");
    let (save, pull) = script.split_once("roots pull").unwrap();
    let pull = format!("roots pull{pull}");
    run(&sandbox, &mirror, save);
    mirror.forget_requests();
    run(&sandbox, &mirror, &pull);
    assert_eq!(sandbox.names("work/srv/app"), ["for-amd64"]);
    sandbox.write("work/cosign.pub", Key::p256().pem());
    let output = try_run(&sandbox, &mirror, &pull.replace("srv/app", "srv/other"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(5), "{said}");
    assert!(said.contains("signed with another key"), "{said}");
    assert_eq!(mirror.lines(), [""; 0]);
}

#[test]
fn messages_are_those_of_the_code() {
    let (page, code) = (read(SIGNATURES), read("src/error/signature.rs"));
    let mut seen = 0;
    for row in table(&page, "Messages") {
        for message in row[0].split('`').skip(1).step_by(2) {
            let message = message.replace("NAME", "URL").replace("TYPE", "URL");
            let parts = message.split("URL").map(str::trim);
            for part in parts.filter(|part| !part.is_empty()) {
                assert!(code.contains(part), "{part}");
            }
            seen += 1;
        }
    }
    assert!(seen > 10, "{seen}");
}

#[test]
fn the_date_of_the_embedded_roots_is_right() {
    let date = TrustedRoot::embedded_date().unwrap();
    let text = format!("The newest entry in the lists of this version is of {date}.");
    assert!(read(SIGNATURES).contains(&text), "{text}");
}
