//! Layouts that are broken, or none at all.

use crate::images::layout::blob_path;
use crate::support::{Layout, Sandbox, hello};
use std::fs;
use std::path::Path;

#[test]
fn a_blob_that_is_not_there_is_named() {
    let image = hello();
    for blob in [&image.manifest, &image.config, &image.layers[0]] {
        let sandbox = Sandbox::new("a_blob_that_is_not_there");
        Layout::new()
            .image("", &image)
            .write(sandbox.path("layout"));
        fs::remove_file(sandbox.path(blob_path(blob))).unwrap();
        let run = sandbox.roots(["pull", "./layout", "dest"]).run().fails(5);
        let refusal = format!(
            "roots: ./layout: blob {} is missing\nhint: copy it again: part of it is missing\n",
            blob.digest
        );
        assert!(run.stderr.ends_with(&refusal), "{}", run.stderr);
        sandbox.assert_nothing_left();
    }
}

#[test]
fn a_blob_that_is_another_is_refused() {
    type Spoil = fn(&mut Vec<u8>);
    let spoils: [(Spoil, &str); 4] = [
        (|bytes| bytes[30] ^= 1, "digest mismatch: "),
        (|bytes| bytes.truncate(bytes.len() - 1), "wrong size: "),
        (|bytes| bytes.push(b' '), "wrong size: longer than "),
        (Vec::clear, "wrong size: 0 bytes instead of "),
    ];
    let image = hello();
    for blob in [&image.manifest, &image.config, &image.layers[0]] {
        for (spoil, why) in spoils {
            let sandbox = Sandbox::new("a_blob_that_is_another");
            Layout::new()
                .image("", &image)
                .write(sandbox.path("layout"));
            let mut bytes = blob.bytes.clone();
            spoil(&mut bytes);
            sandbox.write(blob_path(blob), &bytes);
            let run = sandbox.roots(["pull", "./layout", "dest"]).run().fails(5);
            run.says(&format!("roots: {}: {why}", blob.digest));
            sandbox.assert_nothing_left();
            assert_eq!(
                sandbox.read(blob_path(blob)),
                bytes,
                "a layout is not ours to mend"
            );
        }
    }
}

#[test]
fn what_is_no_layout_is_not_found() {
    type Spoil = fn(&Path);
    let spoils: [Spoil; 6] = [
        |layout| fs::remove_file(layout.join("oci-layout")).unwrap(),
        |layout| fs::remove_file(layout.join("index.json")).unwrap(),
        |layout| {
            fs::write(
                layout.join("oci-layout"),
                "{\"imageLayoutVersion\":\"2.0.0\"}",
            )
            .unwrap()
        },
        |layout| fs::write(layout.join("oci-layout"), "").unwrap(),
        |layout| {
            fs::remove_file(layout.join("oci-layout")).unwrap();
            fs::create_dir(layout.join("oci-layout")).unwrap();
        },
        |layout| fs::write(layout.join("index.json"), &hello().manifest.bytes).unwrap(),
    ];
    for spoil in spoils {
        let sandbox = Sandbox::new("what_is_no_layout");
        Layout::new()
            .image("", &hello())
            .write(sandbox.path("layout"));
        spoil(&sandbox.path("layout"));
        let run = sandbox.roots(["pull", "./layout", "dest"]).run().fails(3);
        assert_eq!(
            run.stderr,
            "roots: ./layout: not an OCI image layout\n\
             hint: a layout is what `skopeo copy docker://IMAGE oci:PATH` writes\n"
        );
        sandbox.assert_nothing_left();
    }
    let sandbox = Sandbox::new("what_is_no_layout");
    for (image, path, what) in [
        ("./none", "./none", "file or folder"),
        ("oci:none", "none", "folder"),
        ("oci:none:1", "none:1", "folder"),
        ("/none/of/it", "/none/of/it", "file or folder"),
        ("oci-archive:none", "none", "file"),
        ("docker-archive:none:1", "none:1", "file"),
    ] {
        let run = sandbox.roots(["pull", image, "dest"]).run().fails(3);
        run.says(&format!("roots: {path}: no such {what}\n"));
    }
    sandbox.write("file", "");
    let run = sandbox.roots(["pull", "./file", "dest"]).run().fails(3);
    run.says("roots: ./file: not an image archive\n");
    let run = sandbox.roots(["pull", "oci:file", "dest"]).run().fails(3);
    let hint = "hint: for an archive, write oci-archive:file\n";
    assert_eq!(run.stderr, format!("roots: file: not a folder\n{hint}"));
    sandbox.mkdir("folder");
    let run = sandbox.roots(["pull", "oci-archive:folder", "dest"]).run();
    run.fails(3)
        .says("folder: it is a folder, not a file\nhint: for a folder, write oci:folder\n");
}

#[test]
fn an_index_json_that_is_bad_is_malformed() {
    for json in [
        "",
        "{",
        "[]",
        "{\"schemaVersion\":2}",
        "{\"schemaVersion\":2,\"manifests\":[{}]}",
    ] {
        let sandbox = Sandbox::new("an_index_json");
        Layout::new()
            .image("", &hello())
            .write(sandbox.path("layout"));
        sandbox.write("layout/index.json", json);
        let run = sandbox.roots(["pull", "./layout", "dest"]).run().fails(5);
        run.says(": malformed: ");
        sandbox.assert_nothing_left();
    }
    // The name of a type in the source was said to be expected.
    let sandbox = Sandbox::new("an_index_json");
    let entry =
        "{\"mediaType\":\"a\",\"digest\":\"sha256:{zeros}\",\"size\":1,\"platform\":\"linux/amd64\"}".replace("{zeros}", &"0".repeat(64));
    let with = |entry: &str| format!("{{\"schemaVersion\":2,\"manifests\":[{entry}]}}");
    for json in ["7".to_owned(), with("null"), with(&entry)] {
        Layout::new().write(sandbox.path("layout"));
        sandbox.write("layout/index.json", json);
        let run = sandbox.roots(["pull", "./layout", "dest"]).run().fails(5);
        run.says(", expected an object").never_says("struct");
    }
    let sandbox = Sandbox::new("an_index_json");
    Layout::new().write(sandbox.path("layout"));
    let run = sandbox.roots(["pull", "./layout", "dest"]).run().fails(3);
    run.says("roots: oci:./layout: no image for linux/")
        .says("; available: none\n");
}
