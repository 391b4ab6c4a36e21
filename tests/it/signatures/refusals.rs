//! Each refusal has its own words, leaves everything as it was, and asks for no layer.

use super::{Scene, attach};
use crate::support::image::{Blob, oci};
use crate::support::sigstore::{Key, Promise, Signer, SimplePayload, Statement};
use crate::support::{ALWAYS, Fault, Index};
use roots::oci::Digest;
use serde_json::json;

#[test]
fn no_signature_at_all_is_called_so() {
    let scene = Scene::new();
    for options in [
        &["--built-by", "o/r", "--bundle", "none.jsonl"][..],
        &["--signer", "a", "--issuer", "b"],
    ] {
        let sbom = Statement::new(
            "https://spdx.dev/Document",
            &scene.index_digest(),
            json!({}),
        );
        let key = Key::p256();
        scene
            .sandbox
            .write("none.jsonl", scene.sigstore.sign(sbom, &key).json());
        let run = scene.pull(options);
        assert_eq!(run.code, Some(5), "{}", run.stderr);
        assert!(!scene.sandbox.has("dest"));
    }
    let run = scene.pull(&["--signer", "a", "--issuer", "b"]);
    scene.is_refused(run, &format!("roots: {}: no signature\n", scene.name));
}

#[test]
fn nothing_is_written_and_the_old_tree_stays() {
    let scene = Scene::new();
    scene.attach(&scene.bundle());
    scene.is_pulled(scene.pull_built());
    let before = (scene.sandbox.names("cache"), scene.sandbox.names(""));
    scene.registry.forget_requests();
    // Somebody pushes another image under the tag, without a signature.
    let evil = Index::new().image(&hello_evil()).build();
    scene.registry.push_index("o/n", "1", &evil);
    for option in ["--force", "--update"] {
        let run = scene.pull(&["--signer", "a", "--issuer", "b", option]);
        run.fails(5).says("no signature");
        assert_eq!(
            (scene.sandbox.names("cache"), scene.sandbox.names("")),
            before
        );
        assert_eq!(scene.sandbox.read("dest/hello"), b"hello\n");
    }
    assert!(scene.registry.requests_for("/blobs/").is_empty());
    let blobs = scene.sandbox.names("cache/blobs/sha256");
    assert!(
        !blobs
            .iter()
            .any(|blob| evil.blobs.iter().any(|evil| evil.hex() == blob))
    );
}

fn hello_evil() -> crate::support::Built {
    let layer = crate::support::Layer::new().file("hello", 0o755, "evil");
    crate::support::Image::new().layer(layer).build()
}

#[test]
fn a_signature_of_another_digest_says_so() {
    let scene = Scene::new();
    let other = Digest::sha256(b"another image");
    let bundle = scene
        .sigstore
        .sign(Statement::provenance(&other), &Signer::workflow("o/r"));
    scene.attach(&bundle.json());
    let text = format!("signature not accepted: signs another digest, {other}");
    scene.is_refused(scene.pull_built(), &text);
    let key = Key::p256();
    scene.sandbox.write("key.pub", key.pem());
    let legacy = scene
        .sigstore
        .sign(SimplePayload::new(&other), &key)
        .legacy();
    scene.tag(&scene.index_digest(), &[legacy]);
    scene.is_refused(
        scene.pull(&["--signed-by", "key.pub"]),
        "signs another digest",
    );
}

/// Of an index, an image for another platform was signed: that says nothing of this one.
#[test]
fn the_signature_of_another_platform_does_not_count() {
    let scene = Scene::new();
    let other = &scene.index.manifests[0];
    assert_ne!(other.digest, scene.image.manifest.digest);
    let digest = Digest::parse(&other.digest).unwrap();
    let bundle = scene
        .sigstore
        .sign(Statement::provenance(&digest), &Signer::workflow("o/r"));
    scene.attach(&bundle.json());
    scene.is_refused(scene.pull_built(), "signs another digest");
}

#[test]
fn an_sbom_is_no_statement_of_who_made_the_image() {
    for predicate in [
        "https://spdx.dev/Document",
        "https://cyclonedx.org/bom",
        "https://cosign.sigstore.dev/attestation/v1",
        "https://slsa.dev/verification_summary/v1",
        "https://slsa.dev/provenance/v1/",
    ] {
        let scene = Scene::new();
        let statement = Statement::new(predicate, &scene.index_digest(), json!({}));
        scene.attach(
            &scene
                .sigstore
                .sign(statement, &Signer::workflow("o/r"))
                .json(),
        );
        let text = format!("signs {predicate}, which does not say who made the image");
        scene.is_refused(scene.pull_built(), &text);
    }
}

#[test]
fn a_key_is_no_certificate_and_the_reverse() {
    let scene = Scene::new();
    let key = Key::p256();
    scene.sandbox.write("key.pub", key.pem());
    let statement = Statement::signature(&scene.index_digest());
    scene.attach(&scene.sigstore.sign(statement, &key).json());
    let run = scene.pull(&["--signer", "a", "--issuer", "b"]);
    scene.is_refused(run, "signed with a key, not with a certificate");
    let scene = Scene::new();
    scene.sandbox.write("key.pub", key.pem());
    scene.attach(&scene.bundle());
    let run = scene.pull(&["--signed-by", "key.pub"]);
    let run = scene.is_refused(
        run,
        "signed by https://github.com/o/r/.github/workflows/build.yml",
    );
    run.says("hint: to accept that signer: --built-by o/r");
}

#[test]
fn a_broken_signature_is_called_invalid() {
    let scene = Scene::new();
    let statement = Statement::provenance(&scene.index_digest());
    let signing = scene.sigstore.sign(statement, &Signer::workflow("o/r"));
    scene.attach(&signing.forged().json());
    scene.is_refused(scene.pull_built(), "signature not accepted: invalid: ");
}

#[test]
fn a_signature_without_a_proven_time_is_refused() {
    let scene = Scene::new();
    let statement = Statement::provenance(&scene.index_digest());
    let signing = scene.sigstore.sign(statement, &Signer::workflow("o/r"));
    let bundle = signing.promise(Promise::Missing).json();
    scene.attach(&bundle);
    scene.is_refused(scene.pull_built(), "no proof of the signing time");
}

#[test]
fn what_cannot_be_read_is_called_malformed() {
    for bundle in ["{}", "<html>", "", "[]", "{\"mediaType\": 1}"] {
        let scene = Scene::new();
        scene.attach(bundle);
        let run = scene.pull(&["--signer", "a", "--issuer", "b"]);
        scene.is_refused(run, "signature not accepted: malformed: ");
    }
}

/// The manifest of the signature is what its digest says, and so is the bundle.
#[test]
fn a_registry_that_alters_signatures_is_caught() {
    let scene = Scene::new();
    let bundle = scene.bundle();
    scene.attach(&bundle);
    let digest = Blob::new("", bundle).digest;
    scene.registry.fault(&digest, ALWAYS, Fault::Corrupt(10));
    scene.is_refused(scene.pull_built(), "digest mismatch");
}

/// The tag of the signatures, too, is whatever the registry says: what it leads to is verified, and its name is not believed.
#[test]
fn a_tag_with_signatures_of_another_image_does_not_count() {
    let scene = Scene::new();
    let key = Key::p256();
    scene.sandbox.write("key.pub", key.pem());
    let manifest = scene.manifest_digest();
    let legacy = scene
        .sigstore
        .sign(SimplePayload::new(&manifest), &key)
        .legacy();
    // Of the manifest that is pulled, but under the tag of the index: that is as good.
    scene.tag(&scene.index_digest(), &[legacy]);
    scene.is_pulled(scene.pull(&["--signed-by", "key.pub"]));
}

#[test]
fn a_network_that_fails_is_not_a_missing_signature() {
    for (fault, code) in [
        (Fault::status(500), 75),
        (Fault::status(503), 75),
        (Fault::Reset, 75),
        (Fault::status(401), 4),
        (Fault::status(403), 4),
    ] {
        let scene = Scene::new();
        scene.attach(&scene.bundle());
        scene.registry.fault("/referrers/", ALWAYS, fault);
        let run = scene.pull(&["--built-by", "o/r", "--retries", "0"]);
        run.fails(code).never_says("no signature");
        assert!(!scene.sandbox.has("dest"));
    }
}

#[test]
fn a_signature_whose_blob_is_lost_does_not_hide_the_next() {
    let scene = Scene::new();
    let key = Key::p256();
    let statement = Statement::signature(&scene.index_digest());
    let lost = scene.sigstore.sign(statement, &key).json();
    scene.attach(&lost);
    scene.registry.drop_blob("o/n", &Blob::new("", lost).digest);
    scene.attach(&scene.bundle());
    scene.is_pulled(scene.pull_built());
}

/// Named by the digest of a manifest whose index alone is signed.
#[test]
fn the_hint_names_the_index_where_it_may_be_signed() {
    let scene = Scene::new();
    scene.attach(&scene.bundle());
    let by_digest = |digest: &str| {
        let name = scene.registry.image(&format!("o/n@{digest}"));
        let command = scene
            .sandbox
            .roots(["pull", &name, "dest", "--trusted-root=root.json"]);
        command.args(["--signer", "a", "--issuer", "b"]).run()
    };
    let run = by_digest(&scene.image.manifest.digest);
    scene
        .is_refused(run, "no signature")
        .says("hint: the signature may be of the index");
    let run = by_digest(&scene.index.index.digest);
    scene.is_refused(run, "signed by https://github.com/o/r/");
}

/// An escape sequence in a certificate would reach the terminal.
#[test]
fn names_in_certificates_are_escaped() {
    let scene = Scene::new();
    let statement = Statement::signature(&scene.index_digest());
    let signer = Signer::email("joe\u{202e}@example.com", "https://login.example.com");
    scene.attach(&scene.sigstore.sign(statement, &signer).json());
    let run = scene.pull(&["--signer", "a", "--issuer", "b"]);
    let run = scene.is_refused(run, "signed by joe\\u{202e}@example.com");
    run.never_says("\u{202e}")
        .never_says("to accept that signer");
}

/// Another signature, whose artifact is huge, is not read.
#[test]
fn a_bundle_that_is_too_large_is_not_fetched() {
    let scene = Scene::new();
    let padding = " ".repeat(2 << 20);
    let large = Blob::new(super::BUNDLE, padding);
    attach(
        &scene.registry,
        &scene.index.index.digest,
        &String::from_utf8(large.bytes).unwrap(),
    );
    let run = scene.pull(&["--signer", "a", "--issuer", "b"]);
    run.fails(5).says("too large to check, 2097152 bytes");
    assert!(scene.registry.requests_for(&large.digest).is_empty());
    let manifest = Blob::new(oci::MANIFEST, " ".repeat(5 << 20));
    let mut entry = manifest.descriptor();
    entry["artifactType"] = super::BUNDLE.into();
    scene
        .registry
        .attach("o/n", &scene.index.index.digest, &manifest, entry);
    scene.pull(&["--signer", "a", "--issuer", "b"]).fails(5);
    assert!(scene.registry.requests_for(&manifest.digest).is_empty());
}
