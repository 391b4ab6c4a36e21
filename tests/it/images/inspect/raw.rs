//! `--raw`: documents byte for byte, as they were served.

use super::inspect;
use crate::support::image::sha256;
use crate::support::layout::docker_archive;
use crate::support::{
    ALWAYS, Built, Fault, Image, Index, Layout, Registry, Sandbox, hello, hello_layer, marked,
};
use serde_json::Value;

/// The bytes of a JSON document, written as nobody else would.
fn oddly(bytes: &[u8]) -> Vec<u8> {
    let value: Value = serde_json::from_slice(bytes).unwrap();
    let text = serde_json::to_string_pretty(&value).unwrap();
    format!("  {}\n\n", text.replace('\n', "\r\n")).into_bytes()
}

#[test]
fn documents_are_as_they_were_served() {
    let (sandbox, registry) = (Sandbox::new("inspect_raw"), Registry::start());
    let Built {
        mut manifest,
        config,
        layers,
        platform,
    } = hello();
    manifest.bytes = oddly(&manifest.bytes);
    manifest.digest = sha256(&manifest.bytes);
    let image = Built {
        manifest,
        config,
        layers,
        platform,
    };
    let mut index = Index::new().image(&image).build();
    index.index.bytes = oddly(&index.index.bytes);
    index.index.digest = sha256(&index.index.bytes);
    let name = registry.push_index("a/b", "1", &index);
    let layout = Layout::new().index("1", &index);
    layout.write(sandbox.path("layout"));
    sandbox.write("image.tar", layout.archive());
    for name in [
        &name,
        "oci:layout:1",
        "./layout",
        "oci-archive:image.tar",
        "-",
    ] {
        for (document, blob) in [
            ("manifest", &image.manifest),
            ("config", &image.config),
            ("index", &index.index),
        ] {
            let command = sandbox.roots(["inspect", "--raw", document, name]);
            let run = command.stdin(layout.archive()).run().succeeds();
            assert_eq!(run.stderr, "", "{name}");
            assert_eq!(run.stdout.as_bytes(), blob.bytes, "{document} of {name}");
            assert_eq!(sha256(run.stdout), blob.digest);
        }
    }
    for layer in &image.layers {
        assert_eq!(registry.requests_for(&layer.digest).len(), 0);
    }
    assert_eq!(sandbox.names(""), ["image.tar", "layout"]);
}

#[test]
fn the_index_of_a_layout_may_be_its_own() {
    let sandbox = Sandbox::new("inspect_raw");
    let far = marked("far", "linux", "s390x", None);
    let layout = Layout::new().image("", &far).image("", &hello());
    layout.write(sandbox.path("layout"));
    let run = inspect(&sandbox, &["--raw=index", "./layout"]).succeeds();
    assert_eq!(run.stdout.as_bytes(), sandbox.read("layout/index.json"));
}

#[test]
fn a_single_image_has_no_index() {
    let (sandbox, registry) = (Sandbox::new("inspect_raw"), Registry::start());
    let name = registry.push("a/b", "1", &hello());
    Layout::new()
        .image("1", &hello())
        .write(sandbox.path("layout"));
    for name in [&name, "oci:layout:1"] {
        let run = inspect(&sandbox, &["--raw", "index", name]).fails(3);
        assert_eq!(
            run.stderr,
            format!("roots: {name}: a single image without an index\n")
        );
    }
}

#[test]
fn the_manifest_is_that_of_the_platform() {
    let (sandbox, registry) = (Sandbox::new("inspect_raw"), Registry::start());
    let far = marked("far", "linux", "s390x", None);
    let index = Index::new().image(&far).build();
    let name = registry.push_index("a/b", "1", &index);
    let raw = |options: &[&str]| inspect(&sandbox, &[&[&name, "--raw"], options].concat());
    let run = raw(&["manifest", "--platform=linux/s390x"]).succeeds();
    assert_eq!(run.stdout.as_bytes(), far.manifest.bytes);
    // What is for no machine here can be listed, but there is no manifest to print.
    raw(&["manifest"])
        .fails(3)
        .says("; available: linux/s390x\n");
    raw(&["config"]).fails(3);
    raw(&["index"]).succeeds();
    let single = registry.push("c", "1", &far);
    let asked = ["--raw=manifest", "--platform=linux/arm64", &single];
    inspect(&sandbox, &asked).fails(3);
    let run = inspect(&sandbox, &["--raw=manifest", &single]).succeeds();
    assert_eq!(run.stdout.as_bytes(), far.manifest.bytes);
}

#[test]
fn what_docker_saved_has_the_manifest_that_is_made_for_it() {
    let sandbox = Sandbox::new("inspect_raw");
    let layer = hello_layer();
    let image = Image::new().layer(layer.clone()).build();
    let archive = docker_archive("app:1", &image, &[&layer]);
    sandbox.write("image.tar", &archive);
    let name = "docker-archive:image.tar";
    let run = inspect(&sandbox, &["--raw=manifest", name]).succeeds();
    let digest = sandbox.roots(["digest", name]).run().succeeds();
    assert_eq!(sha256(run.stdout) + "\n", digest.stdout);
    let run = inspect(&sandbox, &["--raw=config", name]).succeeds();
    assert_eq!(run.stdout.as_bytes(), image.config.bytes);
}

#[test]
fn a_document_that_is_another_one_is_not_printed() {
    let (sandbox, registry) = (Sandbox::new("inspect_raw"), Registry::start());
    let image = hello();
    let index = Index::new().image(&image).build();
    let name = registry.push_index("a/b", "1", &index);
    for (document, blob) in [("manifest", &image.manifest), ("config", &image.config)] {
        registry.fault(&blob.digest, ALWAYS, Fault::Corrupt(5));
        inspect(&sandbox, &["--raw", document, &name]).fails(5);
        registry.recover();
    }
    let pinned = registry.image(&format!("a/b@{}", index.index.digest));
    registry.fault("/manifests/", ALWAYS, Fault::Corrupt(5));
    inspect(&sandbox, &["--raw=index", &pinned]).fails(5);
}

#[test]
fn it_is_of_an_image() {
    let (sandbox, registry) = (Sandbox::new("inspect_raw"), Registry::start());
    let name = registry.push("a/b", "1", &hello());
    sandbox.roots(["pull", &name, "dest"]).run().succeeds();
    let run = inspect(&sandbox, &["--raw=config", "./dest"]).fails(3);
    run.says("roots: ./dest: not an OCI image layout\n");
    inspect(&sandbox, &["--raw=config", "Dest"]).fails(2);
    for wrong in ["--raw=layers", "--raw="] {
        let run = inspect(&sandbox, &[wrong, &name]).fails(2);
        run.says("roots: --raw: not one of manifest, config, index, attestation, attestation=N\n");
    }
    let run = inspect(&sandbox, &["--raw=index", "--json", &name]);
    let run = run.says("\"message\":\"--raw: cannot be combined with --json\"");
    assert_eq!((run.code, &*run.stdout), (Some(2), ""));
}
