//! What `docker save` has written, and those who write the same.

use crate::support::image::Built;
use crate::support::{Compression, HELLO, Image, Layer, Sandbox, hello, hello_layer, tree};
use serde_json::{Value, json};

fn list(config: &str, names: &Value, layers: &[&str]) -> String {
    json!([{"Config": config, "RepoTags": names, "Layers": layers}]).to_string()
}

/// Hello, and a layer of nothing new on it twice.
fn doubled() -> Built {
    let image = Image::new().layer(hello_layer());
    image.layer(hello_layer()).build()
}

fn config(image: &Built) -> String {
    format!("{}.json", image.config.hex())
}

#[test]
fn a_list_without_an_image_is_said_to_be_empty() {
    let sandbox = Sandbox::new("a_list_without_an_image");
    let list = Layer::new().file("manifest.json", 0o644, "[]").tar();
    sandbox.write("image.tar", list);
    for image in ["./image.tar", "docker-archive:image.tar", "./image.tar:a:1"] {
        let run = sandbox.roots(["pull", image, "dest"]).run().fails(3);
        run.says("image.tar: its manifest.json lists no image\n");
    }
}

#[test]
fn a_list_that_is_a_link_to_nothing_is_named() {
    for list in ["manifest.json", "index.json"] {
        let sandbox = Sandbox::new("a_list_that_is_a_link");
        let tar = Layer::new().symlink(list, "gone").tar();
        sandbox.write("image.tar", &tar);
        sandbox.write("image.tar.gz", Compression::Gzip.compress(&tar, true));
        for image in ["./image.tar", "./image.tar.gz"] {
            let run = sandbox.roots(["pull", image, "dest"]).run().fails(5);
            run.says(&format!(
                "roots: {image}: {list} is a link to gone, which is missing\n"
            ));
        }
    }
}

#[test]
fn a_layer_that_comes_twice_is_a_link() {
    let image = doubled();
    let list = list(
        &config(&image),
        &json!(["a:1"]),
        &["1/layer.tar", "2/layer.tar"],
    );
    let layer = hello_layer().tar();
    let link = |tar: Layer| tar.symlink("2/layer.tar", "../1/layer.tar");
    let real = |tar: Layer| tar.file("1/layer.tar", 0o644, &layer);
    let rest = |tar: Layer| {
        let tar = tar.file(config(&image), 0o644, &image.config.bytes);
        tar.file("manifest.json", 0o644, &list).tar()
    };
    let first = rest(link(real(Layer::new().dir("1", 0o755))));
    let last = rest(real(link(Layer::new())));
    for bytes in [first, last] {
        for compression in [Compression::None, Compression::Gzip] {
            let bytes = compression.compress(&bytes, true);
            let sandbox = Sandbox::new("a_layer_that_comes_twice");
            sandbox.write("image.tar", &bytes);
            for name in ["./image.tar", "-"] {
                let pull = sandbox.roots(["pull", "--force", name, "dest"]);
                pull.stdin(bytes.clone()).run().succeeds();
                assert_eq!(tree::sketch(sandbox.path("dest")), HELLO);
            }
        }
    }
}

#[test]
fn an_image_is_found_by_any_spelling_of_its_name() {
    let image = hello();
    let names = json!(["hello:1", "ghcr.io/a/b:2"]);
    let list = list(&config(&image), &names, &["layer.tar"]);
    let tar = Layer::new().file("manifest.json", 0o644, list);
    let tar = tar.file(config(&image), 0o644, &image.config.bytes);
    let sandbox = Sandbox::new("an_image_is_found");
    sandbox.write(
        "image.tar",
        tar.file("layer.tar", 0o644, hello_layer().tar()).tar(),
    );
    let mut digests = Vec::new();
    for name in ["hello:1", "docker.io/library/hello:1", "ghcr.io/a/b:2"] {
        let run = sandbox.roots(["digest", &format!("docker-archive:image.tar:{name}")]);
        digests.push(run.run().succeeds().stdout);
    }
    digests.dedup();
    assert_eq!(digests.len(), 1);
    let run = sandbox.roots(["digest", "docker-archive:image.tar:hello"]);
    run.run()
        .fails(3)
        .says("no image `hello`; available: hello:1, ghcr.io/a/b:2\n")
        .says("hint: choose one of them: docker-archive:image.tar:hello:1\n");
    let run = sandbox.roots(["digest", "oci-archive:image.tar"]).run();
    run.fails(3).says("image.tar: not an image archive\n");
    let run = sandbox.roots(["digest", "--lock", "./image.tar"]).run();
    let lock = run.succeeds().stdout;
    assert!(lock.starts_with("docker.io/library/hello:1@sha256:"));
}

#[test]
fn a_list_that_does_not_fit_is_refused() {
    let image = hello();
    let layer = hello_layer().tar();
    let other = Layer::new().file("other", 0o644, "other").tar();
    for (layers, contents, why) in [
        (
            &["layer.tar"; 2][..],
            &layer,
            "its config does not fit its layers",
        ),
        (&[], &layer, "its config does not fit its layers"),
        (&["none.tar"], &layer, "none.tar is missing"),
        (&["layer.tar"], &other, "digest mismatch"),
    ] {
        let sandbox = Sandbox::new("a_list_that_does_not_fit");
        let list = list(&config(&image), &json!(null), layers);
        let tar = Layer::new().file("layer.tar", 0o644, contents);
        let tar = tar.file(config(&image), 0o644, &image.config.bytes);
        sandbox.write("image.tar", tar.file("manifest.json", 0o644, list).tar());
        let run = sandbox.roots(["pull", "./image.tar", "dest"]).run();
        run.fails(5).says(why);
        sandbox.assert_nothing_left();
    }
}
