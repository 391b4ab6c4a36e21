//! Where signatures are looked for, and with which requests.

use super::{Scene, attach, bundle_manifest};
use crate::support::image::{Blob, oci};
use crate::support::sigstore::{Key, Statement};
use crate::support::{ALWAYS, Fault, ReferrersApi, TokenRules};
use serde_json::json;

/// The requests, with the digests that matter by name.
fn lines(scene: &Scene) -> Vec<String> {
    let lines = scene.registry.lines().into_iter().map(|line| {
        let named = line
            .replace(&scene.index.index.digest, "INDEX")
            .replace(&scene.image.manifest.digest, "MANIFEST")
            .replace(&scene.image.config.digest, "CONFIG")
            .replace(&scene.image.layers[0].digest, "LAYER")
            .replace(scene.index.index.hex(), "INDEX")
            .replace(scene.image.manifest.hex(), "MANIFEST");
        named.replace("/v2/o/n/", "")
    });
    lines.collect()
}

#[test]
fn one_list_one_manifest_and_one_bundle_come_before_the_config() {
    let scene = Scene::new();
    let bundle = scene.bundle();
    scene.attach(&bundle);
    scene
        .is_pulled(scene.pull_built())
        .says("signed by https://github.com/o/r/");
    let (manifest, _) = bundle_manifest(&scene.registry, &scene.index.index.digest, &bundle);
    let bundle = Blob::new("", bundle);
    assert_eq!(
        lines(&scene),
        [
            "GET manifests/1".to_owned(),
            "GET manifests/MANIFEST".to_owned(),
            "GET referrers/INDEX".to_owned(),
            format!("GET manifests/{}", manifest.digest),
            format!("GET blobs/{}", bundle.digest),
            "GET blobs/CONFIG".to_owned(),
            "GET blobs/LAYER".to_owned(),
        ]
    );
}

#[test]
fn without_these_options_nobody_is_asked_for_signatures() {
    let scene = Scene::new();
    scene.attach(&scene.bundle());
    let run = scene.sandbox.roots(["pull", &scene.name, "dest"]).run();
    scene.is_pulled(run).never_says("signed");
    assert_eq!(
        lines(&scene),
        [
            "GET manifests/1",
            "GET manifests/MANIFEST",
            "GET blobs/CONFIG",
            "GET blobs/LAYER"
        ]
    );
}

/// All places, in order: the index comes first.
#[test]
fn an_image_without_signatures_is_looked_up_everywhere() {
    let scene = Scene::new();
    scene.is_refused(
        scene.pull(&["--signer", "a", "--issuer", "b"]),
        "no signature",
    );
    assert_eq!(
        lines(&scene),
        [
            "GET manifests/1",
            "GET manifests/MANIFEST",
            "GET referrers/INDEX",
            "GET manifests/sha256-INDEX",
            "GET manifests/sha256-INDEX.sig",
            "GET referrers/MANIFEST",
            "GET manifests/sha256-MANIFEST",
            "GET manifests/sha256-MANIFEST.sig",
        ]
    );
}

/// A registry of before OCI 1.1, GHCR, and others.
#[test]
fn the_referrers_tag_counts_where_the_api_has_nothing() {
    for api in [ReferrersApi::Missing, ReferrersApi::Empty] {
        let scene = Scene::new();
        scene.registry.referrers_api(api);
        scene.attach(&scene.bundle());
        scene.is_pulled(scene.pull_built());
        let lines = lines(&scene);
        assert_eq!(
            lines[2..4],
            ["GET referrers/INDEX", "GET manifests/sha256-INDEX"]
        );
    }
    for status in [400, 405, 406, 501] {
        let scene = Scene::new();
        scene.registry.referrers_api(ReferrersApi::Missing);
        scene.attach(&scene.bundle());
        scene
            .registry
            .fault("/referrers/", ALWAYS, Fault::status(status));
        scene.is_pulled(scene.pull_built());
    }
    // A gateway that has a page for every path.
    let scene = Scene::new();
    scene.registry.referrers_api(ReferrersApi::Missing);
    scene.attach(&scene.bundle());
    let page = Fault::status_with(200, &[("Content-Type", "text/html")], "<html>");
    scene.registry.fault("/referrers/", ALWAYS, page);
    scene.is_pulled(scene.pull_built());
}

#[test]
fn all_pages_of_a_list_are_read() {
    let scene = Scene::new();
    scene.registry.referrers_api(ReferrersApi::Paged(2));
    for n in 0..5 {
        let sbom = Blob::json(oci::MANIFEST, &json!({"n": n}));
        let entry = sbom.descriptor();
        scene
            .registry
            .attach("o/n", &scene.index.index.digest, &sbom, entry);
    }
    scene.attach(&scene.bundle());
    scene.is_pulled(scene.pull_built());
    let pages = scene.registry.requests_for("/referrers/");
    assert_eq!(pages.len(), 3);
}

#[test]
fn a_list_that_leads_to_itself_ends() {
    let scene = Scene::new();
    let link = format!(
        "</v2/o/n/referrers/{}>; rel=\"next\"",
        scene.index.index.digest
    );
    let fault = Fault::Header("Link".to_owned(), link);
    scene.registry.fault("/referrers/", ALWAYS, fault);
    scene.is_refused(
        scene.pull(&["--signer", "a", "--issuer", "b"]),
        "no signature",
    );
    assert!(scene.registry.requests_for("/referrers/").len() <= 4);
}

/// GHCR and old clients write another type there: NVIDIA/aicr#1957, docker/buildx#4010.
#[test]
fn the_type_in_the_list_is_not_believed() {
    for kind in [Some("application/vnd.oci.empty.v1+json"), Some("x/y"), None] {
        let scene = Scene::new();
        let subject = &scene.index.index.digest;
        let (manifest, mut entry) = bundle_manifest(&scene.registry, subject, &scene.bundle());
        match kind {
            Some(kind) => entry["artifactType"] = kind.into(),
            None => drop(entry.as_object_mut().unwrap().remove("artifactType")),
        }
        scene.registry.attach("o/n", subject, &manifest, entry);
        scene.is_pulled(scene.pull_built());
    }
}

#[test]
fn the_signature_may_be_of_the_manifest() {
    let scene = Scene::new();
    let digest = scene.manifest_digest();
    let signer = crate::support::sigstore::Signer::workflow("o/r");
    let bundle = scene
        .sigstore
        .sign(Statement::signature(&digest), &signer)
        .json();
    scene.attach_to(&digest, &bundle);
    scene.is_pulled(scene.pull_built());
}

#[test]
fn legacy_signatures_are_found_under_their_tag() {
    let scene = Scene::new();
    let key = Key::p256();
    scene.sandbox.write("key.pub", key.pem());
    for digest in [scene.index_digest(), scene.manifest_digest()] {
        let signature = scene.legacy(&digest, &key);
        scene.tag(&digest, &[signature]);
        scene.is_pulled(scene.pull(&["--signed-by", "key.pub", "--force"]));
    }
}

/// `cosign sign --registry-referrers-mode=oci-1-1` of version 2.
#[test]
fn legacy_signatures_may_be_referrers() {
    let scene = Scene::new();
    let (key, digest) = (Key::p256(), scene.index_digest());
    scene.sandbox.write("key.pub", key.pem());
    let signature = scene.legacy(&digest, &key);
    let mut manifest = super::legacy_manifest(&scene.registry, &[signature]).value();
    manifest["artifactType"] = "application/vnd.dev.cosign.artifact.sig.v1+json".into();
    manifest["subject"] = scene.index.index.descriptor();
    let manifest = Blob::json(oci::MANIFEST, &manifest);
    let entry = manifest.descriptor();
    scene
        .registry
        .attach("o/n", &scene.index.index.digest, &manifest, entry);
    scene.is_pulled(scene.pull(&["--signed-by", "key.pub"]));
}

/// Dozens of SBOMs and scans: none of them is a reason to fail, and each takes one request at most.
#[test]
fn other_artifacts_are_skipped() {
    let scene = Scene::new();
    let subject = &scene.index.index.digest;
    for n in 0..20 {
        let layer = Blob::new("application/spdx+json", format!("{{\"n\":{n}}}"));
        let sbom = Blob::json(
            oci::MANIFEST,
            &json!({
                "schemaVersion": 2, "mediaType": oci::MANIFEST,
                "artifactType": "application/spdx+json",
                "config": layer.descriptor(), "layers": [layer.descriptor()],
                "subject": scene.index.index.descriptor(),
            }),
        );
        scene
            .registry
            .attach("o/n", subject, &sbom, sbom.descriptor());
    }
    let broken = Blob::new(oci::MANIFEST, "{}");
    scene
        .registry
        .attach("o/n", subject, &broken, broken.descriptor());
    scene.is_refused(
        scene.pull(&["--signer", "a", "--issuer", "b"]),
        "no signature",
    );
    assert_eq!(scene.registry.requests_for("/blobs/").len(), 0);
    attach(&scene.registry, subject, &scene.bundle());
    scene.registry.forget_requests();
    scene.is_pulled(scene.pull_built());
    // The one that says that it is a bundle is read first.
    assert_eq!(scene.registry.requests_for("/manifests/").len(), 3);
}

/// What the list says of a predicate spares a request, and cannot make anything valid.
#[test]
fn a_bundle_that_is_announced_as_an_sbom_is_not_fetched() {
    let scene = Scene::new();
    let subject = &scene.index.index.digest;
    let (manifest, mut entry) = bundle_manifest(&scene.registry, subject, &scene.bundle());
    entry["annotations"] =
        json!({"dev.sigstore.bundle.predicateType": "https://spdx.dev/Document"});
    scene.registry.attach("o/n", subject, &manifest, entry);
    scene.is_refused(
        scene.pull(&["--signer", "a", "--issuer", "b"]),
        "no signature",
    );
    assert!(scene.registry.requests_for(&manifest.digest).is_empty());
}

#[test]
fn an_artifact_of_another_image_does_not_count() {
    let scene = Scene::new();
    // The bundle is right, but its manifest says that it belongs to something else.
    let (manifest, entry) = bundle_manifest(
        &scene.registry,
        &scene.image.manifest.digest,
        &scene.bundle(),
    );
    scene
        .registry
        .attach("o/n", &scene.index.index.digest, &manifest, entry);
    scene.is_refused(
        scene.pull(&["--signer", "a", "--issuer", "b"]),
        "no signature",
    );
}

#[test]
fn the_token_of_the_pull_serves_for_signatures() {
    let scene = Scene::new();
    scene.attach(&scene.bundle());
    scene
        .registry
        .require_token(TokenRules::new().service("registry"));
    scene.is_pulled(scene.pull_built());
    assert_eq!(scene.registry.requests_for("/token").len(), 1);
}

#[test]
fn a_flood_of_referrers_costs_a_bounded_number_of_requests() {
    let scene = Scene::new();
    for n in 0..200 {
        let bundle = format!("{{\"mediaType\":\"{n}\"}}");
        scene.attach(&bundle);
    }
    let run = scene.pull(&["--signer", "a", "--issuer", "b"]);
    scene.is_refused(run, "none of its 64 signatures is accepted: ");
    assert!(scene.registry.requests().len() < 150);
}
