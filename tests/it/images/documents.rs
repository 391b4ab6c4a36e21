//! Documents that are no images are refused by name, before any layer is fetched.

use crate::images::manifests::{changed, refused, untyped};
use crate::support::image::{docker, oci};
use crate::support::{hello, sha256};
use serde_json::{Value, json};

#[test]
fn what_is_no_manifest_is_refused_by_name() {
    let image = hello();
    let schema1 = br#"{"schemaVersion":1,"name":"a","fsLayers":[{"blobSum":"sha256:x"}]}"#;
    let schema_1 = "a manifest of schema 1, which is not supported\nhint: pull it with an old docker and push it again";
    let in_toto = |document: &mut Value| {
        document["layers"][0]["mediaType"] = "application/vnd.in-toto+json".into()
    };
    for (media_type, bytes, why) in [
        (
            "application/vnd.docker.distribution.manifest.v1+prettyjws",
            schema1.to_vec(),
            schema_1,
        ),
        (
            "application/vnd.docker.distribution.manifest.v1+json",
            b"{}".to_vec(),
            schema_1,
        ),
        ("text/plain", schema1.to_vec(), schema_1),
        ("application/json", b"{\"fsLayers\":[]}".to_vec(), schema_1),
        (
            oci::MANIFEST,
            changed(&image, |d| d["schemaVersion"] = 3.into()),
            "a manifest of unknown schema 3",
        ),
        (
            oci::MANIFEST,
            changed(&image, |d| d["config"]["mediaType"] = oci::EMPTY.into()),
            "not an image but an artifact of type `application/vnd.oci.empty.v1+json`",
        ),
        (
            oci::MANIFEST,
            changed(&image, |d| {
                d["config"]["mediaType"] = oci::EMPTY.into();
                d["artifactType"] = "application/vnd.x.sbom".into();
            }),
            "not an image but an artifact of type `application/vnd.x.sbom`",
        ),
        (
            oci::MANIFEST,
            changed(&image, |d| {
                d["config"]["mediaType"] = "application/vnd.cncf.helm.config.v1+json".into()
            }),
            "not an image but an artifact of type `application/vnd.cncf.helm.config.v1+json`",
        ),
        (
            oci::MANIFEST,
            changed(&image, |d| {
                d["layers"][0]["mediaType"] = format!("{}+gzip+encrypted", oci::LAYER).into()
            }),
            "encrypted layer: `application/vnd.oci.image.layer.v1.tar+gzip+encrypted`",
        ),
        (
            oci::MANIFEST,
            changed(&image, in_toto),
            "unknown type of layer: `application/vnd.in-toto+json`",
        ),
        (
            oci::MANIFEST,
            changed(&image, |d| {
                d["layers"][0]["mediaType"] = format!("{}+bzip2", oci::LAYER).into()
            }),
            "unknown type of layer: `application/vnd.oci.image.layer.v1.tar+bzip2`",
        ),
        (
            "text/html",
            b"<html></html>".to_vec(),
            "not an image but `text/html`\nhint: a web page was served: check the host, and whether",
        ),
        (
            "text/html",
            changed(&image, untyped),
            "not an image but `text/html`",
        ),
        (
            oci::MANIFEST,
            changed(&image, |d| d["mediaType"] = "application/vnd.x+json".into()),
            "not an image but `application/vnd.x+json`",
        ),
    ] {
        let said = refused(media_type, &bytes, &image);
        assert!(
            said.contains(&format!(": {}: {why}", sha256(&bytes))),
            "{said}"
        );
    }
}

#[test]
fn a_document_of_two_minds_is_refused() {
    let image = hello();
    let both = changed(&image, |document| {
        document["manifests"] = json!([image.descriptor()])
    });
    let text = String::from_utf8(image.manifest.bytes.clone()).unwrap();
    for (media_type, bytes, why) in [
        (
            oci::MANIFEST,
            both.clone(),
            "malformed: both an index and a manifest",
        ),
        (oci::INDEX, both, "malformed: both an index and a manifest"),
        (
            docker::MANIFEST,
            image.manifest.bytes.clone(),
            "announced as `application/vnd.docker.distribution.manifest.v2+json` but it is `application/vnd.oci.image.manifest.v1+json`",
        ),
        (
            oci::INDEX,
            image.manifest.bytes.clone(),
            "announced as `application/vnd.oci.image.index.v1+json` but it is `application/vnd.oci.image.manifest.v1+json`",
        ),
        (
            oci::INDEX,
            changed(&image, untyped),
            "announced as `application/vnd.oci.image.index.v1+json` but it is `an image manifest`",
        ),
        (
            oci::MANIFEST,
            text.replacen('{', "{\"layers\":[],", 1).into_bytes(),
            "malformed: duplicate field `layers`",
        ),
    ] {
        let said = refused(media_type, &bytes, &image);
        assert!(
            said.contains(&format!(": {}: {why}", sha256(&bytes))),
            "{said}"
        );
    }
}

#[test]
fn rubbish_is_refused_without_a_crash() {
    let image = hello();
    let manifest = image.manifest.bytes.clone();
    for bytes in [
        Vec::new(),
        b"null".to_vec(),
        b"[]".to_vec(),
        b"{}".to_vec(),
        b"{\"schemaVersion\":2}".to_vec(),
        b"{\"schemaVersion\":\"2\"}".to_vec(),
        vec![0xff; 100],
        manifest[..manifest.len() - 1].to_vec(),
        [&manifest[..], b"x"].concat(),
        [b"\xef\xbb\xbf", &manifest[..]].concat(),
        [&b"{\"config\":".repeat(50_000)[..], b"1"].concat(),
        [&b"{\"layers\":"[..], &b"[".repeat(100_000)[..]].concat(),
        [&b"{\"future\":"[..], &b"[".repeat(100_000)[..]].concat(),
        changed(&image, |document| document["layers"] = Value::Null),
        changed(&image, |document| document["config"] = Value::Null),
        changed(&image, |document| {
            document["config"]["digest"] = "sha256:../../../etc/passwd".into()
        }),
        changed(&image, |document| {
            document["layers"][0]["digest"] = "md5:00".into()
        }),
    ] {
        let said = refused(oci::MANIFEST, &bytes, &image);
        assert!(said.contains(&format!(": {}: ", sha256(&bytes))), "{said}");
        assert!(said.len() < 500, "{said}");
    }
}

#[test]
fn a_manifest_without_end_is_not_read_to_its_end() {
    let said = refused(oci::MANIFEST, &vec![b' '; (8 << 20) + 1], &hello());
    assert!(
        said.contains("malformed: longer than 8388608 bytes"),
        "{said}"
    );
}
