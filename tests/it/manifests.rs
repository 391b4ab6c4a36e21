//! Manifests: which documents are images, and which are refused, by name and before any layer is fetched.

use crate::support::image::oci;
use crate::support::{Built, HELLO, Image, Registry, Sandbox, hello, hello_layer, sha256, tree};
use serde_json::{Value, json};

/// Pulls a document served as `media_type`, whose pull must fail without a request for a layer; gives what was said.
#[track_caller]
pub(crate) fn refused(media_type: &str, bytes: &[u8], image: &Built) -> String {
    let sandbox = Sandbox::new("refused");
    let registry = Registry::start();
    registry.push("a/b", "other", image);
    registry.put_manifest("a/b", "1", media_type, bytes);
    let run = sandbox
        .roots(["pull", &registry.image("a/b:1"), "dest"])
        .run()
        .fails(5);
    for layer in &image.layers {
        assert_eq!(
            registry.requests_for(&layer.digest).len(),
            0,
            "a layer was fetched"
        );
    }
    assert!(registry.requests().len() <= 2, "{:?}", registry.lines());
    sandbox.assert_nothing_left();
    run.stderr
}

/// The manifest of an image, changed.
pub(crate) fn changed(image: &Built, change: impl FnOnce(&mut Value)) -> Vec<u8> {
    let mut manifest = image.manifest.value();
    change(&mut manifest);
    manifest.to_string().into_bytes()
}

/// Takes away a document's own word on what it is.
pub(crate) fn untyped(document: &mut Value) {
    document.as_object_mut().unwrap().remove("mediaType");
}

#[test]
fn both_kinds_of_manifest_are_images() {
    for docker in [false, true] {
        let sandbox = Sandbox::new("both_kinds");
        let registry = Registry::start();
        let image = Image::new().layer(hello_layer());
        let image = if docker { image.docker() } else { image }.build();
        let name = registry.push("a/b", "1", &image);
        let run = sandbox.roots(["pull", &name, "dest"]).run().succeeds();
        run.prints(&format!("{}\n", image.manifest.digest));
        assert_eq!(tree::sketch(sandbox.path("dest")), HELLO);
    }
}

#[test]
fn a_document_is_what_its_bytes_say_where_the_header_says_less() {
    let image = hello();
    let pretty = serde_json::to_vec_pretty(&image.manifest.value()).unwrap();
    for (media_type, bytes) in [
        (
            format!("{}; charset=utf-8", oci::MANIFEST),
            image.manifest.bytes.clone(),
        ),
        (
            "Application/VND.oci.image.manifest.v1+JSON".into(),
            image.manifest.bytes.clone(),
        ),
        ("application/json".into(), image.manifest.bytes.clone()),
        ("text/plain; charset=utf-8".into(), changed(&image, untyped)),
        (String::new(), changed(&image, untyped)),
        (oci::MANIFEST.into(), changed(&image, untyped)),
        (oci::MANIFEST.into(), pretty),
        (
            oci::MANIFEST.into(),
            changed(&image, |document| document["future"] = json!({"a": [1]})),
        ),
        (
            oci::MANIFEST.into(),
            changed(&image, |document| {
                document["annotations"] = json!({"a": "x".repeat(4 << 20)})
            }),
        ),
    ] {
        let sandbox = Sandbox::new("a_document_is");
        let registry = Registry::start();
        registry.push("a/b", "other", &image);
        registry.put_manifest("a/b", "1", &media_type, &bytes);
        let run = sandbox
            .roots(["pull", &registry.image("a/b:1"), "dest"])
            .run()
            .succeeds();
        // Over the bytes as they came, never over JSON written anew.
        run.prints(&format!("{}\n", sha256(&bytes)));
        assert_eq!(tree::sketch(sandbox.path("dest")), HELLO);
    }
}

#[test]
fn a_header_with_a_digest_is_not_believed() {
    for header in [
        "sha256:0",
        &sha256("another"),
        &format!("sha512:{}", "0".repeat(128)),
        "",
    ] {
        let sandbox = Sandbox::new("a_header_with_a_digest");
        let registry = Registry::start();
        let name = registry.push("a/b", "1", &hello());
        registry.fault(
            "/manifests/",
            1,
            crate::support::Fault::header("Docker-Content-Digest", header),
        );
        let run = sandbox.roots(["pull", &name, "dest"]).run().succeeds();
        run.prints(&format!("{}\n", hello().manifest.digest));
    }
}
