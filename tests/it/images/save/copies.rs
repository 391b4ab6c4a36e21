//! What a copy holds: every document and blob that there is, whatever it is called and whatever it is.

use super::{json_of, members, path, second};
use crate::support::image::oci;
use crate::support::{
    Blob, HELLO, Image, Index, Layout, Registry, Sandbox, hello, hello_layer, marked, tree,
};
use roots::oci::{Algorithm, Digest};
use serde_json::json;

/// The name of a sha512 blob has no room in a header of ustar.
#[test]
fn long_digests_are_saved_too() {
    let (sandbox, registry) = (Sandbox::new("long_digests"), Registry::start());
    let layer = hello().layers.remove(0);
    let sha512 = |bytes: &[u8]| Digest::of(Algorithm::Sha512, bytes).to_string();
    let long = sha512(&layer.bytes);
    let digest = long.clone();
    let image = Image::new().layer(hello_layer());
    let image = image.manifest(move |manifest| manifest["layers"][0]["digest"] = json!(digest));
    let image = image.build();
    registry.push("a/b", "1", &image);
    registry.put_blob("a/b", &long, &layer.bytes);
    let manifest = sha512(&image.manifest.bytes);
    let (kind, bytes) = (&image.manifest.media_type, &image.manifest.bytes);
    registry.put_manifest("a/b", &manifest, kind, bytes);
    let name = registry.image(&format!("a/b:1@{manifest}"));
    let save = ["save", "--cache=no", &name, "-o", "x.tar"];
    sandbox.roots(save).run().succeeds();
    let members = members(&sandbox.read("x.tar"));
    let names: Vec<_> = members.iter().map(|(name, _)| name.clone()).collect();
    assert_eq!(
        names[3..],
        [
            "blobs/".to_owned(),
            "blobs/sha256/".to_owned(),
            "blobs/sha512/".to_owned(),
            path(&manifest),
            path(&image.config.digest),
            path(&long),
        ]
    );
    let mut pull = sandbox.roots(["pull", "--cache=no", "./x.tar", "dest"]);
    for dest in ["dest", "piped"] {
        pull.run().succeeds().prints(&format!("{manifest}\n"));
        assert_eq!(tree::sketch(sandbox.path(dest)), HELLO);
        pull = sandbox.roots(["pull", "--cache=no", "-", "piped"]);
        pull = pull.stdin(sandbox.read("x.tar"));
    }
    // GNU tar reads it, too.
    sandbox.mkdir("untarred");
    let mut tar = std::process::Command::new("tar");
    let tar = tar.args(["-xf", "x.tar", "-C", "untarred"]);
    assert!(
        tar.current_dir(sandbox.path(""))
            .status()
            .unwrap()
            .success()
    );
    assert_eq!(
        sandbox.read(format!("untarred/{}", path(&long))),
        layer.bytes
    );
}

#[test]
fn an_entry_says_what_it_is_for_and_what_it_is_called() {
    let (sandbox, registry) = (Sandbox::new("an_entry_says"), Registry::start());
    let arm = marked("arm", "linux", "arm", Some("v6"));
    let name = registry.push("a/b", "1", &arm);
    let entry = |image: &str| {
        let save = ["save", "--cache=no", image, "-o", "x.tar"];
        let save = sandbox.roots(save).arg("--platform=linux/arm/v6");
        save.run().succeeds();
        let members = members(&sandbox.read("x.tar"));
        let tags = json_of(&members, "manifest.json")[0]["RepoTags"].clone();
        (
            json_of(&members, "index.json")["manifests"][0].clone(),
            tags,
        )
    };
    // Only the config says it.
    assert_eq!(
        entry(&name).0["platform"],
        json!({"os": "linux", "architecture": "arm", "variant": "v6"})
    );
    // What a layout says of an image stays, be the image in an index or not.
    let annotations = json!({
        "org.opencontainers.image.ref.name": "bookworm",
        "io.containerd.image.name": "docker.io/library/debian:bookworm",
        "org.example.kept": "yes",
    });
    let mut single = arm.descriptor();
    single["annotations"] = annotations.clone();
    let layout = Layout::new().image("", &arm).files();
    for (path, bytes) in layout {
        sandbox.write(format!("single/{path}"), bytes);
    }
    let index = |entry| json!({"schemaVersion": 2, "manifests": [entry]}).to_string();
    sandbox.write("single/index.json", index(single.clone()));
    let several = Index::new().image(&arm).image(&hello()).build();
    Layout::new()
        .index("", &several)
        .write(sandbox.path("several"));
    let mut root = several.index.descriptor();
    root["annotations"] = annotations.clone();
    sandbox.write("several/index.json", index(root));
    for layout in ["oci:single", "oci:several"] {
        let (entry, tags) = entry(layout);
        assert_eq!(entry, single, "{layout}");
        assert_eq!(tags, json!(["debian:bookworm"]), "{layout}");
    }
    // Without a name, there is none.
    Layout::new()
        .index("", &several)
        .write(sandbox.path("several"));
    let (entry, tags) = entry("oci:several");
    assert_eq!(
        (&entry["annotations"], tags),
        (&json!(null), json!([null])[0].clone())
    );
}

#[test]
fn what_is_asked_for_twice_is_there_once() {
    let (sandbox, registry) = (Sandbox::new("asked_for_twice"), Registry::start());
    let name = registry.push("a/b", "1", &hello());
    let save = ["save", "--cache=no", &name, &name, "-o", "x.tar"];
    let run = sandbox.roots(save).run().succeeds();
    run.prints(&format!("{name}@{}\n", hello().manifest.digest));
    sandbox.roots(["pull", "./x.tar", "dest"]).run().succeeds();
}

/// A machine may save what it cannot run, and an index may name what is no image.
#[test]
fn all_platforms_are_all_whatever_they_are() {
    let (sandbox, registry) = (Sandbox::new("all_platforms_are_all"), Registry::start());
    let other = marked("z", "linux", "s390x", None);
    let chart = Blob::json(
        "application/vnd.cncf.helm.config.v1+json",
        &json!({"name": "chart"}),
    );
    let contents = Blob::new(
        "application/vnd.cncf.helm.chart.content.v1.tar+gzip",
        "chart",
    );
    let artifact = Blob::json(
        oci::MANIFEST,
        &json!({
            "schemaVersion": 2,
            "mediaType": oci::MANIFEST,
            "config": chart.descriptor(),
            "layers": [contents.descriptor()],
        }),
    );
    let unknown = Blob::json("application/vnd.example+json", &json!({"x": 1}));
    let stray = Blob::new("text/plain", "a blob, which a registry has no manifest for");
    let with_image = Index::new()
        .entry(artifact.descriptor())
        .entry(unknown.descriptor())
        .entry(stray.descriptor())
        .image(&other)
        .attestation(&other)
        .build();
    let without = Index::new().entry(artifact.descriptor()).build();
    for (repository, index) in [("with", &with_image), ("without", &without)] {
        let name = registry.push_index(repository, "1", index);
        for blob in [&chart, &contents, &stray] {
            registry.put(repository, blob);
        }
        for document in [&artifact, &unknown] {
            let (digest, kind) = (&document.digest, &document.media_type);
            registry.put_manifest(repository, digest, kind, &document.bytes);
        }
        let save = [
            "save",
            "--all-platforms",
            "--cache=no",
            &name,
            "-o",
            "x.tar",
        ];
        let run = sandbox.roots(save).run().succeeds();
        run.prints(&format!("{name}@{}\n", index.index.digest));
        let members = members(&sandbox.read("x.tar"));
        let has = |blob: &Blob| members.contains(&(path(&blob.digest), blob.bytes.clone()));
        for blob in index.blobs.iter().chain(&index.manifests) {
            assert!(has(blob), "{}", blob.media_type);
        }
        assert!(has(&index.index) && has(&artifact) && has(&chart) && has(&contents));
        assert_eq!([has(&unknown), has(&stray)], [repository == "with"; 2]);
        let list = json_of(&members, "manifest.json");
        match repository {
            "with" => assert_eq!(list[0]["Config"], path(&other.config.digest)),
            _ => assert_eq!(list, json!([])),
        }
        // No layer comes before a document.
        let is_layer = |name: &String| *name == path(&contents.digest);
        let first = members.iter().position(|(name, _)| is_layer(name)).unwrap();
        for manifest in &index.manifests {
            let wanted = path(&manifest.digest);
            assert!(members[..first].iter().any(|(name, _)| *name == wanted));
        }
    }
}

/// What was saved is in the cache, documents and all, as if it had been pulled.
#[test]
fn what_was_saved_can_be_had_offline() {
    let (sandbox, registry) = (Sandbox::new("saved_offline"), Registry::start());
    let arm = marked("arm", "linux", "arm64", None);
    let index = Index::new().image(&hello()).image(&arm);
    let index = index.attestation(&hello()).build();
    let name = registry.push_index("a/b", "1", &index);
    let save = |arguments: &[&str], to: &str| {
        let save = sandbox.roots(["save", &name, "-o", to]).args(arguments);
        save.run()
    };
    save(&[], "one.tar").succeeds();
    registry.forget_requests();
    save(&["--offline"], "again.tar").succeeds();
    assert_eq!(sandbox.read("one.tar"), sandbox.read("again.tar"));
    let pull = ["pull", "--offline", &name, "dest"];
    sandbox.roots(pull).run().succeeds();
    assert_eq!(tree::sketch(sandbox.path("dest")), HELLO);
    // The other platform is not here, and that is known before anything is written.
    let all = ["--all-platforms", "--offline"];
    save(&all, "all.tar").fails(3).says("not in the cache");
    assert_eq!(registry.lines(), [""; 0]);
    save(&all[..1], "all.tar").succeeds();
    registry.forget_requests();
    save(&all, "again.tar").succeeds();
    assert_eq!(sandbox.read("all.tar"), sandbox.read("again.tar"));
    assert_eq!(registry.lines(), [""; 0]);
}

/// Before the first byte of a layer is asked for.
#[test]
fn what_does_not_fit_is_not_begun() {
    let (sandbox, registry) = (Sandbox::new("does_not_fit"), Registry::start());
    let image = Image::new().layer(hello_layer());
    let image = image.manifest(|manifest| manifest["layers"][0]["size"] = json!(1u64 << 60));
    let image = image.build();
    let name = registry.push("a/b", "1", &image);
    let save = sandbox.roots(["save", &name, "-o", "x.tar"]).run();
    save.fails(6)
        .says("x.tar: no space left on device: at least ");
    assert!(registry.requests_for(&image.layers[0].digest).is_empty());
    // Nor is a signal what tells of a limit.
    let name = registry.push("a/b", "2", &second());
    for limit in [1, 3] {
        let save = sandbox.roots(["save", "--cache=no", &name, "-o", "x.tar"]);
        let save = save.prelude(&format!("ulimit -f {limit}"));
        save.run()
            .fails(6)
            .says("x.tar: cannot write: file too large");
    }
    assert_eq!(sandbox.names(""), ["cache"]);
}

/// An index may name thousands, and all would be kept in memory.
#[test]
fn more_documents_than_any_image_has_are_refused() {
    let (sandbox, registry) = (Sandbox::new("more_documents"), Registry::start());
    let manifests: Vec<_> = (0..1100)
        .map(|number| {
            Blob::json(
                oci::MANIFEST,
                &json!({"schemaVersion": 2, "mediaType": oci::MANIFEST, "layers": [], "x": number}),
            )
        })
        .collect();
    let index = manifests.iter().fold(Index::new(), |index, manifest| {
        let kind = &manifest.media_type;
        registry.put_manifest("a/b", &manifest.digest, kind, &manifest.bytes);
        index.entry(manifest.descriptor())
    });
    let index = index.build();
    let name = registry.push_index("a/b", "1", &index);
    let save = [
        "save",
        "--all-platforms",
        "--cache=no",
        &name,
        "-o",
        "x.tar",
    ];
    let run = sandbox.roots(save).run().fails(5);
    let why = "it refers to too many documents";
    run.says(&format!("roots: {}: {why}\n", index.index.digest));
    assert_eq!(sandbox.names(""), [""; 0]);
    // With the index, one was more than there may be: from there on, nothing was asked for.
    assert_eq!(registry.requests_for("/manifests/").len(), 1 + 1024);
}
