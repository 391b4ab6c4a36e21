//! How the layers of a docker-archive may be compressed and called, and what is said of those that are not there.

use crate::support::image::{Built, raw_gzip as gzip};
use crate::support::{
    Compression, HELLO, Image, Layer, Random, Sandbox, hello, hello_layer, sha256, tree,
};
use serde_json::json;

/// An archive of an image, with its layers in files of these names, which hold these bytes.
fn archive(image: &Built, layers: &[(&str, &[u8])]) -> Layer {
    let names: Vec<_> = layers.iter().map(|(name, _)| name).collect();
    let list = json!([{"Config": "config.json", "RepoTags": null, "Layers": names}]);
    let tar = Layer::new().file("config.json", 0o644, &image.config.bytes);
    let tar = layers.iter().fold(tar, |tar, (name, bytes)| {
        tar.file(name.trim_start_matches('/'), 0o644, bytes)
    });
    tar.file("manifest.json", 0o644, list.to_string())
}

/// The same with hello in a file.
fn of_hello(name: &str, bytes: &[u8]) -> Vec<u8> {
    archive(&hello(), &[(name, bytes)]).tar()
}

#[test]
fn layers_may_be_compressed_whatever_they_are_called() {
    let tar = hello_layer().tar();
    let packed = gzip(&tar);
    let (hex, packed_hex) = (
        &sha256(&tar)[7..].to_owned(),
        &sha256(&packed)[7..].to_owned(),
    );
    let digest = {
        let sandbox = Sandbox::new("layers_may_be_compressed");
        sandbox.write("image.tar", of_hello("layer.tar", &tar));
        let run = sandbox.roots(["digest", "./image.tar"]).run();
        run.succeeds().stdout
    };
    let zstd = |tar: &[u8]| Compression::ZstdSkippableFirst.compress(tar, false);
    let members = |tar: &[u8]| Compression::GzipMembers(3).compress(tar, false);
    for (name, bytes) in [
        (format!("blobs/sha256/{packed_hex}.tar.gz"), &packed), // Bazel
        (format!("{packed_hex}.tar.gz"), &packed),              // crane
        (format!("sha256:{packed_hex}.tar.gz"), &packed),
        (format!("blobs/sha256/{packed_hex}"), &packed), // containerd's store
        ("1/layer.tar".to_owned(), &packed),
        ("0.tar.gz".to_owned(), &packed),
        ("layer".to_owned(), &zstd(&tar)),
        ("layer.tar.gz".to_owned(), &members(&tar)),
        ("layer.tar.gz".to_owned(), &tar),
        (format!("/{hex}.tar"), &tar),                   // buildpacks
        (format!("blobs/sha256/{hex}"), &packed),        // the name of what is in it
        (format!("{}.tar.gz", "0".repeat(64)), &packed), // the name of nothing
    ] {
        let bytes = of_hello(&name, bytes);
        for compression in [Compression::None, Compression::Gzip] {
            let bytes = compression.compress(&bytes, true);
            let sandbox = Sandbox::new("layers_may_be_compressed");
            sandbox.write("image.tar", &bytes);
            for (image, cache) in [("./image.tar", "no"), ("./image.tar", "c"), ("-", "no")] {
                let pull = ["pull", "--force", "--cache", cache, image, "dest"];
                let run = sandbox.roots(pull).stdin(bytes.clone()).run().succeeds();
                assert_eq!(tree::sketch(sandbox.path("dest")), HELLO, "{name}");
                // The layer is named by its DiffID, as skopeo does: so it is the same image.
                assert_eq!(run.stdout, digest, "{name}");
            }
        }
    }
}

/// Large ones that stand in the wrong order, and one that comes twice under two names.
#[test]
fn compressed_layers_are_found_in_any_order() {
    let big = Layer::new().file("big", 0o644, Random::new(3).bytes(2 << 20));
    let (big, small) = (big.tar(), hello_layer().tar());
    let image = Image::new().layer_tar(big.clone()).layer_tar(small.clone());
    let image = image.layer_tar(big.clone()).build();
    let (packed, small) = (gzip(&big), gzip(&small));
    let list = json!([{"Config": "/c", "RepoTags": null, "Layers": ["/1", "2/layer.tar", "3"]}]);
    let tar = Layer::new()
        .symlink("3", "1")
        .file("2/layer.tar", 0o644, &small)
        .file("1", 0o644, &packed)
        .file("manifest.json", 0o644, list.to_string());
    let bytes = tar.file("c", 0o644, &image.config.bytes).tar();
    for compression in [Compression::None, Compression::Zstd] {
        let bytes = compression.compress(&bytes, false);
        let sandbox = Sandbox::new("compressed_layers_are_found");
        sandbox.write("image.tar", &bytes);
        for image in ["./image.tar", "-"] {
            let pull = sandbox.roots(["pull", "--force", image, "dest"]);
            pull.stdin(bytes.clone()).run().succeeds();
            assert_eq!(tree::sketch(sandbox.path("dest")), super::LARGE);
        }
        // What is saved has the digests that its manifest says, and is the same image.
        let save = ["save", "./image.tar", "-o", "saved.tar"];
        sandbox.roots(save).run().succeeds();
        let digests = ["./image.tar", "oci-archive:saved.tar"].map(|image| {
            let run = sandbox.roots(["digest", image]).run();
            run.succeeds().stdout
        });
        assert_eq!(digests[0], digests[1]);
        let pull = sandbox.roots(["pull", "--force", "oci-archive:saved.tar", "dest"]);
        pull.run().succeeds();
        assert_eq!(tree::sketch(sandbox.path("dest")), super::LARGE);
    }
}

#[test]
fn a_file_that_is_not_there_is_said_to_be_so() {
    let fifo = |tar: Layer| tar.fifo("layer.tar", 0o644);
    let dangling = |tar: Layer| tar.symlink("layer.tar", "../1/layer.tar");
    let near = |tar: Layer| tar.symlink("a/layer.tar", "../1/layer.tar");
    let hard = |tar: Layer| tar.hardlink("layer.tar", "gone.tar");
    let outside = |tar: Layer| tar.symlink("layer.tar", "/etc/passwd");
    let around = |tar: Layer| tar.symlink("layer.tar", "x").symlink("x", "layer.tar");
    let folder = |tar: Layer| tar.symlink("layer.tar", "1").dir("1", 0o755);
    let nothing = |tar: Layer| tar;
    type Case<'c> = (&'c str, &'c dyn Fn(Layer) -> Layer, &'c str);
    let cases: [Case<'_>; 11] = [
        (
            "",
            &nothing,
            "malformed archive: its manifest.json has an empty file name",
        ),
        (
            "/",
            &nothing,
            "malformed archive: its manifest.json has an empty file name",
        ),
        ("layer.tar", &nothing, "layer.tar is missing"),
        ("/layer.tar", &nothing, "layer.tar is missing"),
        (
            "a/layer.tar",
            &near,
            "a/layer.tar is a link to 1/layer.tar, which is missing",
        ),
        (
            "layer.tar",
            &hard,
            "layer.tar is a link to gone.tar, which is missing",
        ),
        (
            "layer.tar",
            &dangling,
            "layer.tar is a link to ../1/layer.tar, which is outside the archive",
        ),
        (
            "layer.tar",
            &outside,
            "layer.tar is a link to /etc/passwd, which is outside the archive",
        ),
        (
            "layer.tar",
            &around,
            "layer.tar is a link to x, and there are too many links",
        ),
        (
            "layer.tar",
            &folder,
            "layer.tar is a link to 1, which is not a regular file",
        ),
        ("layer.tar", &fifo, "layer.tar is not a regular file"),
    ];
    for (name, add, why) in cases {
        for of_config in [false, true] {
            let names = if of_config {
                (name, vec!["l"])
            } else {
                ("c", vec![name])
            };
            let list = json!([{"Config": names.0, "RepoTags": null, "Layers": names.1}]);
            let tar = Layer::new().file("c", 0o644, &hello().config.bytes);
            let tar = add(tar.file("l", 0o644, hello_layer().tar()));
            let bytes = tar.file("manifest.json", 0o644, list.to_string()).tar();
            let sandbox = Sandbox::new("a_file_that_is_not_there");
            sandbox.write("image.tar", &bytes);
            for (image, shown) in [("./image.tar", "./image.tar"), ("-", "standard input")] {
                let pull = sandbox.roots(["pull", image, "dest"]).stdin(bytes.clone());
                let run = pull.run().fails(5);
                let said = format!("roots: {shown}: {why}\nhint: ");
                assert!(run.stderr.starts_with(&said), "{}", run.stderr);
                sandbox.assert_nothing_left();
            }
        }
    }
}

/// A layout's blob, too, may be a link that leads nowhere.
#[test]
fn a_blob_of_an_archive_that_is_a_dangling_link_is_said_to_be_so() {
    let image = hello();
    let layer = format!("blobs/sha256/{}", image.layers[0].hex());
    let mut files = crate::support::Layout::new().image("1", &image).files();
    files.remove(&layer);
    let link = Layer::new().symlink(&layer, "../gone");
    let add = |tar: Layer, (path, bytes): (&String, &Vec<u8>)| tar.file(path, 0o644, bytes);
    let bytes = files.iter().fold(link, add).tar();
    let sandbox = Sandbox::new("a_blob_of_an_archive");
    sandbox.write("image.tar", &bytes);
    for name in ["./image.tar", "-"] {
        let pull = sandbox.roots(["pull", name, "dest"]).stdin(bytes.clone());
        let said = format!("{layer} is a link to blobs/gone, which is missing\n");
        pull.run().fails(5).says(&said);
        sandbox.assert_nothing_left();
    }
}

#[test]
fn compressed_layers_that_are_not_what_they_should_be_are_refused() {
    let tar = hello_layer().tar();
    let packed = gzip(&tar);
    let other = gzip(&Layer::new().file("other", 0o644, "other").tar());
    let cut = &packed[..packed.len() - 9];
    let bzip2 = [b"BZh91AY", &packed[..]].concat();
    let xz = [b"\xfd7zXZ\0", &packed[..]].concat();
    // As if it had been compressed twice.
    let twice = gzip(&packed);
    let bomb = Compression::Zstd.compress(&vec![0; 64 << 20], false);
    let bomb = bomb.repeat(60);
    for (bytes, why) in [
        (&other[..], "digest mismatch"),
        (cut, ": "),
        (&bzip2, "bzip2"),
        (&xz, "xz"),
        (&twice, "digest mismatch"),
        (&bomb, "a decompression bomb"),
        (b"", "digest mismatch"),
        (b"\x1f\x8b", ": "),
    ] {
        let bytes = of_hello("layer.tar", bytes);
        let sandbox = Sandbox::new("compressed_layers_that_are_not");
        sandbox.write("image.tar", &bytes);
        for image in ["./image.tar", "-"] {
            let pull = sandbox.roots(["pull", image, "dest"]).stdin(bytes.clone());
            pull.run().fails(5).says(why);
            sandbox.assert_nothing_left();
        }
    }
}

/// Each file is decompressed once to be counted, whatever number of layers it is, and by whatever links.
#[test]
fn one_bomb_under_many_names_is_one_bomb() {
    let zeros = vec![0; 200 << 20];
    let bomb = gzip(&zeros);
    let names: Vec<_> = (0..100)
        .map(|number| format!("{number}/layer.tar"))
        .collect();
    let list = json!([{"Config": "c", "RepoTags": null, "Layers": names}]);
    let config = json!({"rootfs": {"type": "layers", "diff_ids": vec![sha256(&zeros); 100]}});
    let tar = Layer::new().file("bomb", 0o644, &bomb);
    let tar = names
        .iter()
        .fold(tar, |tar, name| tar.symlink(name, "../bomb"));
    let tar = tar.file("c", 0o644, config.to_string());
    let sandbox = Sandbox::new("one_bomb_under_many_names");
    sandbox.write(
        "image.tar",
        tar.file("manifest.json", 0o644, list.to_string()).tar(),
    );
    let run = sandbox.roots(["digest", "./image.tar"]).run();
    run.succeeds();
}
