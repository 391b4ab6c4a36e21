//! Images in an OCI layout on disk: found by path and name, read without a registry or a cache, and never written to.

use crate::support::image::Built;
use crate::support::{
    Blob, HELLO, Image, Index, Layer, Layout, Sandbox, hello, hello_layer, marked, tree,
};

mod kept;
mod links;

pub(crate) fn blob_path(blob: &Blob) -> String {
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
        "roots: layout: no image `2`; available: 1, edge\n\
         hint: choose one of them: oci:layout:1\n"
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
        run.says("no image for linux/s390x; available: linux/amd64, linux/arm64\n");
    }
    sandbox
        .roots(["digest", "--index", "./index"])
        .run()
        .succeeds()
        .prints(&format!("{}\n", index.index.digest));
    assert!(!sandbox.has("dest"));
}

/// Some tools tag the image for each platform, and make no index of its own.
#[test]
fn of_entries_with_one_tag_the_one_for_the_platform_is_taken() {
    let images = ["arm64", "amd64", "riscv64"].map(|name| marked(name, "linux", name, None));
    let layout = images
        .iter()
        .fold(Layout::new(), |layout, image| layout.image("t", image));
    let sandbox = Sandbox::new("of_entries_with_one_tag");
    layout.write(sandbox.path("layout"));
    sandbox.write("image.tar", layout.archive());
    for image in ["oci:layout:t", "oci:layout", "oci-archive:image.tar:t"] {
        for name in ["arm64", "amd64", "riscv64"] {
            let platform = format!("--platform=linux/{name}");
            let pull = ["pull", "--force", &platform, image, "dest"];
            let run = sandbox.roots(pull).run().succeeds();
            assert_eq!(run.stderr.matches("and this machine is").count(), 0);
            assert_eq!(sandbox.names("dest"), [name], "{image}");
        }
        let pull = ["pull", "--platform=linux/s390x", image, "other"];
        let run = sandbox.roots(pull).run().fails(3);
        run.says("available: linux/arm64, linux/amd64, linux/riscv64\n");
        let save = ["save", "--all-platforms", image, "-o", "saved.tar"];
        sandbox.roots(save).run().succeeds();
        let pull = [
            "pull",
            "--force",
            "--platform=linux/amd64",
            "./saved.tar",
            "dest",
        ];
        sandbox.roots(pull).run().succeeds();
        assert_eq!(sandbox.names("dest"), ["amd64"]);
    }
}
