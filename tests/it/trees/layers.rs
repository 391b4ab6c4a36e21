//! Layers on their way: every compression that images have, and layers that come from anywhere but the registry.

use crate::support::image::{docker, oci};
use crate::support::{Compression, HELLO, Image, Layer, Registry, Sandbox, hello_layer, tree};
use serde_json::json;

/// Some layer that is long enough to be cut anywhere.
fn long_layer() -> Layer {
    let text: String = (0..20_000).map(|number| format!("{number}\n")).collect();
    hello_layer().file("numbers", 0o600, text).dir("d", 0o750)
}

const LONG: &str = "d 0750 d/\nf 0644 6 hello\nf 0600 108890 numbers\n";

const COMPRESSIONS: [Compression; 8] = [
    Compression::None,
    Compression::Gzip,
    Compression::GzipMembers(1),
    Compression::GzipMembers(300),
    Compression::Zstd,
    Compression::ZstdFrames(300),
    Compression::ZstdSkippableFirst,
    Compression::ZstdSkippableWithin,
];

#[test]
fn every_compression_is_read_to_its_end() {
    for compression in COMPRESSIONS {
        for docker in [false, true] {
            let sandbox = Sandbox::new("every_compression");
            let registry = Registry::start();
            let image = Image::new().layer(long_layer()).compressed(compression);
            let image = if docker { image.docker() } else { image }.build();
            let name = registry.push("a/b", "1", &image);
            sandbox.roots(["pull", &name, "dest"]).run().succeeds();
            assert_eq!(tree::sketch(sandbox.path("dest")), LONG, "{compression:?}");
            assert_eq!(sandbox.cached().len(), 2);
        }
    }
}

#[test]
fn what_a_layer_is_labelled_does_not_matter() {
    for label in [
        oci::LAYER,
        "application/vnd.oci.image.layer.v1.tar+gzip",
        "application/vnd.oci.image.layer.v1.tar+zstd",
    ] {
        for compression in [Compression::None, Compression::Gzip, Compression::Zstd] {
            let sandbox = Sandbox::new("what_a_layer_is_labelled");
            let registry = Registry::start();
            let image = Image::new()
                .layer(long_layer())
                .compressed(compression)
                .labelled(label)
                .build();
            let name = registry.push("a/b", "1", &image);
            sandbox.roots(["pull", &name, "dest"]).run().succeeds();
            assert_eq!(
                tree::sketch(sandbox.path("dest")),
                LONG,
                "{compression:?} as {label}"
            );
        }
    }
}

#[test]
fn layers_of_nothing_change_nothing() {
    let sandbox = Sandbox::new("layers_of_nothing");
    let registry = Registry::start();
    let nothing: &[u8] = b"";
    let image = Image::new()
        .layer(hello_layer())
        .layer_tar([0; 1024])
        .layer_tar([0; 1024])
        .compressed(Compression::None)
        .layer_tar([0; 10_240])
        .compressed(Compression::Zstd)
        .layer_tar(nothing)
        .layer_tar(nothing)
        .compressed(Compression::Zstd)
        .layer_tar(nothing)
        .compressed(Compression::None)
        .build();
    let name = registry.push("a/b", "1", &image);
    sandbox.roots(["pull", &name, "dest"]).run().succeeds();
    assert_eq!(tree::sketch(sandbox.path("dest")), HELLO);
}

#[test]
fn one_blob_may_be_two_layers() {
    let upper = Layer::new().whiteout("hello");
    let image = Image::new()
        .layer(hello_layer())
        .layer(upper)
        .layer(hello_layer())
        .build();
    for (cache, fetched) in [(true, 1), (false, 2)] {
        let sandbox = Sandbox::new("one_blob_may_be_two");
        let registry = Registry::start();
        let name = registry.push("a/b", "1", &image);
        let command = sandbox.roots(["pull", &name, "dest"]);
        let command = if cache {
            command
        } else {
            command.arg("--cache=no")
        };
        let run = command.run().succeeds();
        assert_eq!(tree::sketch(sandbox.path("dest")), HELLO);
        assert_eq!(
            registry.requests_for(&image.layers[0].digest).len(),
            fetched
        );
        run.says("layer 3/3 ")
            .says(if cache { "(cached)" } else { "(registry)" });
    }
}

#[test]
fn layers_are_applied_in_the_order_of_the_manifest() {
    let sandbox = Sandbox::new("layers_are_applied_in_order");
    let registry = Registry::start();
    let layers = (0..127_usize).map(|number| Layer::new().file("last", 0o644, "x".repeat(number)));
    let image = layers.fold(Image::new(), Image::layer).build();
    let name = registry.push("a/b", "1", &image);
    sandbox.roots(["pull", &name, "dest"]).run().succeeds();
    assert_eq!(tree::sketch(sandbox.path("dest")), "f 0644 126 last\n");
}

#[test]
fn foreign_layers_come_from_the_registry() {
    for media_type in [
        "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
        "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
        &format!("{}.gzip", docker::LAYER),
    ] {
        let sandbox = Sandbox::new("foreign_layers");
        let (registry, elsewhere) = (Registry::ghcr(), Registry::start());
        let urls = [elsewhere.url("/layer"), "file:///etc/passwd".into()];
        let image = Image::new().layer(hello_layer()).labelled(media_type);
        let image = image
            .manifest(move |manifest| manifest["layers"][0]["urls"] = json!(urls))
            .build();
        let name = registry.push("a/b", "1", &image);
        sandbox
            .roots(["pull", "--auth=joe:hunter2", &name, "dest"])
            .run()
            .fails(4);
        sandbox.roots(["pull", &name, "dest"]).run().succeeds();
        assert_eq!(tree::sketch(sandbox.path("dest")), HELLO);

        registry.drop_blob("a/b", &image.layers[0].digest);
        let run = sandbox
            .roots(["pull", "--cache=no", &name, "other"])
            .run()
            .fails(3);
        run.says("BLOB_UNKNOWN");
        assert!(!sandbox.has("other"));
        assert_eq!(elsewhere.lines(), [""; 0]);
    }
}

#[test]
fn bytes_behind_the_end_of_the_archive_are_not_part_of_it() {
    let sandbox = Sandbox::new("bytes_behind_the_end");
    let registry = Registry::start();
    let ended = |rest: &[u8]| [&hello_layer().tar()[..], rest].concat();
    for tar in [
        ended(&[0; 10_240]),
        ended(b"junk"),
        ended(&Layer::new().file("after", 0o644, "").tar()),
    ] {
        for compression in [
            Compression::None,
            Compression::Gzip,
            Compression::ZstdFrames(9),
        ] {
            let image = Image::new()
                .layer_tar(tar.clone())
                .compressed(compression)
                .build();
            let name = registry.push("a/b", "1", &image);
            sandbox
                .roots(["pull", "--force", &name, "in/dest"])
                .run()
                .succeeds();
            assert_eq!(
                tree::sketch(sandbox.path("in/dest")),
                HELLO,
                "{compression:?}"
            );
        }
    }
}
