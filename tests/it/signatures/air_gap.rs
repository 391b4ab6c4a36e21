//! The air gap: an archive carries the signatures, and the machine behind it checks them without any network.

use super::{Scene, legacy_manifest, offline};
use crate::support::image::{Blob, oci, sha256};
use crate::support::sigstore::{Key, Signer, SimplePayload, Statement};
use crate::support::{HELLO, Run, tree};
use serde_json::{Value, json};
use std::collections::BTreeSet;

impl Scene {
    fn save(&self, options: &[&str]) -> Run {
        let command = self
            .sandbox
            .roots(["save", &self.name, "-o", "a.tar", "--force"]);
        offline(command.args(options)).run()
    }

    /// Pulls from the archive, on a machine that has nothing else.
    fn pull_saved(&self, image: &str, options: &[&str]) -> Run {
        let requests = self.registry.lines().len();
        let command = self
            .sandbox
            .roots(["pull", image, "far", "--force", "--cache=no"]);
        let run = offline(command.args(["--trusted-root=root.json"]).args(options)).run();
        assert_eq!(self.registry.lines().len(), requests);
        run
    }

    #[track_caller]
    fn is_pulled_far(&self, run: Run) {
        run.succeeds();
        assert_eq!(tree::sketch(self.sandbox.path("far")), HELLO);
    }

    /// A file of the archive.
    fn saved(&self, path: &str) -> Value {
        let _ = std::fs::remove_dir_all(self.sandbox.path("unpacked"));
        let folder = self.sandbox.mkdir("unpacked");
        let mut tar = std::process::Command::new("tar");
        let tar = tar
            .arg("-C")
            .arg(folder)
            .arg("-xf")
            .arg(self.sandbox.path("a.tar"));
        assert!(tar.status().unwrap().success());
        serde_json::from_slice(&self.sandbox.read(format!("unpacked/{path}"))).unwrap()
    }
}

const BUILT: [&str; 2] = ["--built-by", "o/r"];
const TRUSTED: &str = "--trusted-root=root.json";

#[test]
fn a_signature_that_was_demanded_is_saved_and_checked_again() {
    let scene = Scene::new();
    scene.attach(&scene.bundle());
    scene.save(&[TRUSTED, "--built-by", "o/r"]).succeeds();
    scene.is_pulled_far(scene.pull_saved("./a.tar", &BUILT));
    let run = scene.pull_saved("./a.tar", &["--built-by", "o/x"]);
    run.fails(5).says("signed by https://github.com/o/r/");
    // From a pipe as well: the signatures come before the layers.
    let archive = scene.sandbox.read("a.tar");
    let command = scene
        .sandbox
        .roots(["pull", "-", "far", "--force", TRUSTED]);
    scene.is_pulled_far(offline(command.args(BUILT)).stdin(archive).run());
    // The referrer is one by its subject.
    let index = scene.saved("index.json");
    let entry = &index["manifests"][1];
    assert_eq!(entry["artifactType"], super::BUNDLE);
    let path = entry["digest"].as_str().unwrap().replacen(':', "/", 1);
    let manifest = scene.saved(&format!("blobs/{path}"));
    assert_eq!(
        manifest["subject"]["digest"],
        scene.index.index.digest.as_str()
    );
}

#[test]
fn without_being_asked_save_takes_no_signatures_along() {
    let scene = Scene::new();
    scene.attach(&scene.bundle());
    scene.save(&[]).succeeds();
    assert!(scene.registry.requests_for("/referrers/").is_empty());
    assert_eq!(
        scene.saved("index.json")["manifests"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    let run = scene.pull_saved("./a.tar", &BUILT);
    run.fails(5).says("no signature");
}

#[test]
fn all_signatures_are_saved_if_wanted() {
    let scene = Scene::new();
    let (key, index, manifest) = (Key::p256(), scene.index_digest(), scene.manifest_digest());
    scene.sandbox.write("key.pub", key.pem());
    scene.attach(&scene.bundle());
    let joe = Signer::email("joe@example.com", "https://login.example.com");
    let statement = Statement::signature(&manifest);
    scene.attach_to(&manifest, &scene.sigstore.sign(statement, &joe).json());
    let legacy = scene
        .sigstore
        .sign(SimplePayload::new(&index), &key)
        .legacy();
    scene.tag(&index, &[legacy]);
    scene.save(&["--signatures"]).succeeds();
    let names = scene.saved("index.json");
    let names = names["manifests"].as_array().unwrap().iter();
    let names: BTreeSet<_> = names
        .filter_map(|entry| entry["annotations"]["org.opencontainers.image.ref.name"].as_str())
        .map(str::to_owned)
        .collect();
    let tag = format!("sha256-{}.sig", index.hex());
    assert_eq!(names, BTreeSet::from([tag, scene.name.clone()]));
    for options in [
        &BUILT[..],
        &["--signed-by", "key.pub"],
        &[
            "--signer",
            "joe@example.com",
            "--issuer",
            "https://login.example.com",
        ],
    ] {
        scene.is_pulled_far(scene.pull_saved("./a.tar", options));
    }
    // It can be saved once more out of the archive.
    let command = scene
        .sandbox
        .roots(["save", "./a.tar", "-o", "b.tar", "--signatures"]);
    command.run().succeeds();
    scene.is_pulled_far(scene.pull_saved("./b.tar", &["--signed-by", "key.pub"]));
}

#[test]
fn an_archive_is_the_same_each_time() {
    let scene = Scene::new();
    let statement = || Statement::signature(&scene.index_digest());
    for name in ["a@example.com", "b@example.com", "c@example.com"] {
        let signer = Signer::email(name, "https://login.example.com");
        scene.attach(&scene.sigstore.sign(statement(), &signer).json());
    }
    scene.attach(&scene.bundle());
    let save = || {
        scene.save(&["--signatures"]).succeeds();
        scene.sandbox.read("a.tar")
    };
    assert!(save() == save());
}

/// Of one platform alone, too: the signature of the index needs the index.
#[test]
fn the_index_stays_where_its_signature_does() {
    let scene = Scene::new();
    scene.attach(&scene.bundle());
    scene.save(&[TRUSTED, "--built-by", "o/r"]).succeeds();
    let root = |scene: &Scene| scene.saved("index.json")["manifests"][0]["digest"].clone();
    assert_eq!(root(&scene), scene.index.index.digest.as_str());
    scene.save(&[]).succeeds();
    assert_eq!(root(&scene), scene.image.manifest.digest.as_str());
    // A signature of the manifest does not.
    let scene = Scene::new();
    let digest = scene.manifest_digest();
    let statement = Statement::provenance(&digest);
    scene.attach_to(
        &digest,
        &scene
            .sigstore
            .sign(statement, &Signer::workflow("o/r"))
            .json(),
    );
    scene.save(&[TRUSTED, "--built-by", "o/r"]).succeeds();
    assert_eq!(root(&scene), scene.image.manifest.digest.as_str());
    scene.is_pulled_far(scene.pull_saved("./a.tar", &BUILT));
}

/// From `--bundle`, and from GitHub likewise: it becomes a referrer.
#[test]
fn a_bundle_of_a_file_is_saved() {
    let scene = Scene::new();
    scene.sandbox.write("bundle.json", scene.bundle());
    scene
        .save(&[TRUSTED, "--built-by=o/r", "--bundle=bundle.json"])
        .succeeds();
    scene.is_pulled_far(scene.pull_saved("./a.tar", &BUILT));
}

#[test]
fn a_save_without_the_demanded_signature_writes_nothing() {
    let scene = Scene::new();
    let run = scene.save(&["--signer", "a", "--issuer", "b"]);
    run.fails(5).says("no signature");
    assert!(!scene.sandbox.has("a.tar"));
    assert!(scene.registry.requests_for("/blobs/").is_empty());
}

/// A layout as others write it: `oras backup` lists all manifests, without a type; cosign's `save` marks them.
#[test]
fn layouts_of_others_are_understood() {
    for style in ["oras", "cosign"] {
        let scene = Scene::new();
        let (key, digest) = (Key::p256(), scene.index_digest());
        scene.sandbox.write("key.pub", key.pem());
        let blobs = scene.sandbox.mkdir("layout/blobs/sha256");
        let put = |blob: &Blob| std::fs::write(blobs.join(blob.hex()), &blob.bytes).unwrap();
        let index = &scene.index;
        index
            .blobs
            .iter()
            .chain(&index.manifests)
            .chain([&index.index])
            .for_each(put);
        let bundle = scene.bundle();
        let (referrer, _) = super::bundle_manifest(&scene.registry, &index.index.digest, &bundle);
        let empty = Blob::new("", "{}");
        [&referrer, &Blob::new("", bundle), &empty]
            .into_iter()
            .for_each(put);
        let legacy = scene.legacy(&digest, &key);
        put(&Blob::new("", legacy.payload.clone()));
        let legacy = legacy_manifest(&scene.registry, &[legacy]);
        put(&legacy);
        let named = |mut entry: Value, key: &str, value: &str| {
            entry["annotations"] = json!({key: value});
            entry
        };
        let name = "org.opencontainers.image.ref.name";
        let mut entries = if style == "oras" {
            vec![
                named(index.index.descriptor(), name, "1"),
                named(
                    legacy.descriptor(),
                    name,
                    &format!("sha256-{}.sig", digest.hex()),
                ),
                referrer.descriptor(),
            ]
        } else {
            let kind = |kind: &str| format!("dev.cosignproject.cosign/{kind}");
            vec![
                named(index.index.descriptor(), "kind", &kind("imageIndex")),
                named(legacy.descriptor(), "kind", &kind("sigs")),
                named(referrer.descriptor(), "kind", &kind("bundles")),
            ]
        };
        if style == "oras" {
            entries.extend(index.manifests.iter().map(Blob::descriptor));
        }
        let list = json!({"schemaVersion": 2, "mediaType": oci::INDEX, "manifests": entries});
        scene.sandbox.write("layout/index.json", list.to_string());
        scene
            .sandbox
            .write("layout/oci-layout", "{\"imageLayoutVersion\":\"1.0.0\"}");
        for options in [&BUILT[..], &["--signed-by", "key.pub"]] {
            let run = scene.pull_saved("./layout", options);
            scene.is_pulled_far(run);
        }
    }
}

/// Whoever carries the archive can put anything into it.
#[test]
fn an_archive_that_was_altered_is_refused() {
    let scene = Scene::new();
    scene.attach(&scene.bundle());
    scene.save(&[TRUSTED, "--built-by", "o/r"]).succeeds();
    scene.saved("index.json");
    let list = scene.sandbox.read("unpacked/index.json");
    let mut list: Value = serde_json::from_slice(&list).unwrap();
    let layer = crate::support::Layer::new().file("hello", 0o755, "evil");
    let image = crate::support::Image::new().layer(layer).build();
    for blob in image.blobs().chain([&image.manifest]) {
        scene
            .sandbox
            .write(format!("unpacked/blobs/sha256/{}", blob.hex()), &blob.bytes);
    }
    let name = list["manifests"][0]["annotations"].clone();
    list["manifests"][0] = image.manifest.descriptor();
    list["manifests"][0]["annotations"] = name;
    scene.sandbox.write("unpacked/index.json", list.to_string());
    // The referrer now is of an image that the layout does not have.
    let run = scene.pull_saved("./unpacked", &BUILT);
    run.fails(5).says("no signature");
    // Its subject is altered as well.
    let referrer = list["manifests"][1]["digest"].as_str().unwrap().to_owned();
    let path = format!("unpacked/blobs/{}", referrer.replacen(':', "/", 1));
    let mut manifest: Value = serde_json::from_slice(&scene.sandbox.read(path)).unwrap();
    manifest["subject"] = image.manifest.descriptor();
    let bytes = manifest.to_string();
    let digest = sha256(&bytes);
    let path = format!("unpacked/blobs/{}", digest.replacen(':', "/", 1));
    scene.sandbox.write(path, &bytes);
    list["manifests"][1]["digest"] = digest.into();
    list["manifests"][1]["size"] = bytes.len().into();
    scene.sandbox.write("unpacked/index.json", list.to_string());
    let run = scene.pull_saved("./unpacked", &BUILT);
    run.fails(5).says("signs another digest");
}
