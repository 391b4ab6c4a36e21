//! Images in an OCI layout on disk: found by path and name, read without a registry or a cache, and never written to.

use crate::support::image::Built;
use crate::support::{
    Blob, HELLO, Image, Index, Layer, Layout, Sandbox, hello, hello_layer, marked, tree,
};
use std::fs;
use std::path::Path;

fn blob_path(blob: &Blob) -> String {
    format!("layout/blobs/sha256/{}", blob.hex())
}

/// Another image than `hello`.
fn other() -> Built {
    Image::new()
        .layer(hello_layer())
        .layer(Layer::new().dir("d", 0o755))
        .build()
}

#[test]
fn a_layout_is_named_by_its_path() {
    let sandbox = Sandbox::new("a_layout_is_named");
    Layout::new()
        .image("", &hello())
        .write(sandbox.path("layout"));
    Layout::new().image("", &hello()).write(sandbox.path("a:b"));
    let before = tree::list(sandbox.path("layout"));
    let inside = sandbox.mkdir("layout/blobs");
    let absolute = sandbox.path("layout").display().to_string();
    for (image, from) in [
        ("./layout", ""),
        ("./layout/", ""),
        ("oci:layout", ""),
        ("oci:./layout", ""),
        ("./a:b", ""),
        ("oci:a:b", ""),
        (&absolute, ""),
        (&format!("oci:{absolute}"), ""),
        ("../layout", "a:b"),
        ("..", "layout/blobs"),
        (".", "layout"),
    ] {
        let command = sandbox
            .roots(["pull", "--force", image])
            .arg(sandbox.path("in/dest"))
            .cwd(sandbox.path(from));
        let run = command.run().succeeds();
        run.says("(layout)")
            .prints(&format!("{}\n", hello().manifest.digest));
        assert_eq!(tree::sketch(sandbox.path("in/dest")), HELLO, "{image}");
    }
    assert!(inside.exists());
    assert_eq!(
        tree::diff(&before, &tree::list(sandbox.path("layout"))),
        [""; 0]
    );
    assert_eq!(
        sandbox.cached(),
        [""; 0],
        "what is on this disk already is not copied"
    );
}

#[test]
fn one_of_several_images_is_named_behind_a_colon() {
    let sandbox = Sandbox::new("one_of_several");
    let layout = Layout::new().image("1", &hello()).image("edge", &other());
    layout.write(sandbox.path("layout"));
    for (image, built) in [
        ("oci:layout:1", hello()),
        ("./layout:edge", other()),
        ("oci:./layout:edge", other()),
    ] {
        let run = sandbox
            .roots(["pull", "--force", image, "in/dest"])
            .run()
            .succeeds();
        run.prints(&format!("{}\n", built.manifest.digest));
        let run = sandbox.roots(["digest", image]).run().succeeds();
        run.prints(&format!("{}\n", built.manifest.digest));
    }
    for command in [&["pull", "./layout", "dest"][..], &["digest", "oci:layout"]] {
        let run = sandbox.roots(command).run().fails(3);
        let path = if command[1].starts_with("oci:") {
            "layout"
        } else {
            "./layout"
        };
        assert_eq!(
            run.stderr,
            format!("roots: {path}: several images: 1, edge\nhint: name one: oci:{path}:1\n")
        );
    }
    let run = sandbox
        .roots(["pull", "oci:layout:2", "dest"])
        .run()
        .fails(3);
    assert_eq!(
        run.stderr,
        "roots: layout: no image `2`; there is 1, edge\n"
    );
    assert!(!sandbox.has("dest"));
}

#[test]
fn the_platform_is_chosen_as_in_a_registry() {
    let sandbox = Sandbox::new("the_platform_is_chosen");
    let (amd, arm) = (
        marked("amd", "linux", "amd64", None),
        marked("arm", "linux", "arm64", Some("v8")),
    );
    let index = Index::new()
        .attestation(&amd)
        .image(&amd)
        .image(&arm)
        .attestation(&arm)
        .build();
    Layout::new().index("", &index).write(sandbox.path("index"));
    // As umoci and others write it: the images stand in index.json itself.
    Layout::new()
        .image("", &amd)
        .image("", &arm)
        .write(sandbox.path("flat"));
    for layout in ["./index", "./flat"] {
        for (platform, name) in [("linux/x86_64", "amd"), ("linux/aarch64", "arm")] {
            sandbox
                .roots(["pull", "--force", "--platform", platform, layout, "in/dest"])
                .run()
                .succeeds();
            assert_eq!(sandbox.names("in/dest"), [name]);
        }
        let run = sandbox
            .roots(["pull", "--arch=s390x", layout, "dest"])
            .run()
            .fails(3);
        run.says("no image for linux/s390x; there is linux/amd64, linux/arm64\n");
    }
    sandbox
        .roots(["digest", "--index", "./index"])
        .run()
        .succeeds()
        .prints(&format!("{}\n", index.index.digest));
    assert!(!sandbox.has("dest"));
}

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
        let refusal = format!("roots: ./layout: blob {} is missing\n", blob.digest);
        assert!(run.stderr.ends_with(&refusal), "{}", run.stderr);
        sandbox.assert_nothing_left();
    }
}

#[test]
fn a_blob_that_is_another_is_refused() {
    type Spoil = fn(&mut Vec<u8>);
    let spoils: [(Spoil, &str); 4] = [
        (|bytes| bytes[30] ^= 1, "wrong digest: "),
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
        assert_eq!(run.stderr, "roots: ./layout: not an OCI image layout\n");
        sandbox.assert_nothing_left();
    }
    let sandbox = Sandbox::new("what_is_no_layout");
    for (image, path) in [
        ("./none", "./none"),
        ("oci:none", "none"),
        ("oci:none:1", "none:1"),
        ("/none/of/it", "/none/of/it"),
    ] {
        let run = sandbox.roots(["pull", image, "dest"]).run().fails(3);
        assert_eq!(run.stderr, format!("roots: {path}: no such folder\n"));
    }
    sandbox.write("file", "");
    let run = sandbox.roots(["pull", "./file", "dest"]).run().fails(3);
    assert_eq!(run.stderr, "roots: ./file: not an OCI image layout\n");
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
    let sandbox = Sandbox::new("an_index_json");
    Layout::new().write(sandbox.path("layout"));
    let run = sandbox.roots(["pull", "./layout", "dest"]).run().fails(3);
    run.says("roots: oci:./layout: no image for linux/")
        .says("; there is none for any platform\n");
}
