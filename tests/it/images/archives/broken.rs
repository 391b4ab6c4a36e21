//! Archives that are none, end early, or hold what they should not.

use super::{in_order, large, of_docker};
use crate::support::{Compression, Image, Layer, Layout, Sandbox, hello, hello_layer, sha256};

#[test]
fn what_is_no_archive_is_said() {
    for (bytes, code, why) in [
        (b"".to_vec(), 3, "not an image archive"),
        (vec![0; 10240], 3, "not an image archive"),
        (
            Layer::new().file("a", 0o644, "a").tar(),
            3,
            "not an image archive",
        ),
        (
            [b'x'; 2048].to_vec(),
            5,
            "malformed archive: its header has a wrong checksum",
        ),
        (b"hello".to_vec(), 5, "malformed archive: it ends early"),
        (
            b"BZh91AY".to_vec(),
            5,
            "compressed with bzip2, which is not supported\nhint: decompress it in front of `roots pull -`",
        ),
        (
            Layer::new().file("index.json", 0o644, "{").tar(),
            5,
            "malformed: EOF while parsing",
        ),
        (
            Layer::new().file("manifest.json", 0o644, "{}").tar(),
            5,
            "malformed archive: its manifest.json",
        ),
        (
            Layer::new().file("manifest.json", 0o644, "[]").tar(),
            3,
            "its manifest.json lists no image",
        ),
    ] {
        let sandbox = Sandbox::new("what_is_no_archive");
        sandbox.write("image.tar", &bytes);
        for (name, shown) in [("./image.tar", "./image.tar"), ("-", "standard input")] {
            let pull = sandbox.roots(["pull", name, "dest"]).stdin(bytes.clone());
            let run = pull.run().fails(code).says(why);
            let is_named = run.stderr.starts_with(&format!("roots: {shown}: "))
                || run.stderr.starts_with("roots: sha256:");
            assert!(is_named, "{}", run.stderr);
            sandbox.assert_nothing_left();
        }
    }
}

/// Wherever it is cut, nothing comes of it but an error.
#[test]
fn an_archive_that_ends_early_makes_no_tree() {
    let image = hello();
    let layout = Layout::new().image("1", &image);
    let sandbox = Sandbox::new("an_archive_that_ends_early");
    // With its index at the end.
    let mut files = layout.files();
    files.remove("oci-layout");
    let add = |tar: Layer, (path, bytes): (&String, &Vec<u8>)| tar.file(path, 0o644, bytes);
    let last = files.iter().fold(Layer::new(), add).tar();
    for whole in [last, in_order(&layout, &[&image]), of_docker()] {
        // Two blocks of zeros at the end, and those that fill a record, are not missed.
        let end = whole.iter().rposition(|byte| *byte != 0).unwrap();
        for at in (0..end).step_by(512).chain((100..end).step_by(700)) {
            let cut = &whole[..at];
            for (name, cache) in [("./image.tar", "cache"), ("-", "cache"), ("-", "no")] {
                sandbox.write("image.tar", cut);
                let pull = sandbox.roots(["pull", "--cache", cache, name, "dest"]);
                let run = pull.stdin(cut.to_vec()).run();
                assert!(matches!(run.code, Some(3 | 5)), "{at}: {run:?}");
                sandbox.assert_nothing_left();
            }
        }
    }
}

#[test]
fn a_compressed_archive_that_ends_early_makes_no_tree() {
    let sandbox = Sandbox::new("a_compressed_archive");
    let layout = Layout::new().image("1", &large());
    for compression in [Compression::Gzip, Compression::Zstd] {
        let whole = layout.compressed_archive(compression);
        for part in 1..10 {
            let cut = &whole[..whole.len() / 10 * part];
            sandbox.write("image.tar", cut);
            for name in ["./image.tar", "-"] {
                let pull = sandbox.roots(["pull", name, "dest"]);
                pull.stdin(cut.to_vec()).run().fails(5);
                sandbox.assert_nothing_left();
            }
        }
    }
}

#[test]
fn a_part_that_is_not_what_it_is_called_is_refused() {
    let image = large();
    let layout = Layout::new().image("1", &image);
    for part in [&image.manifest, &image.config, &image.layers[1]] {
        let sandbox = Sandbox::new("a_part_that_is_not");
        let mut bytes = in_order(&layout, &[&image]);
        let at = bytes
            .windows(part.bytes.len())
            .position(|window| window == part.bytes)
            .unwrap();
        bytes[at + part.bytes.len() / 2] ^= 1;
        sandbox.write("image.tar", &bytes);
        for name in ["./image.tar", "-"] {
            let pull = sandbox.roots(["pull", name, "dest"]).stdin(bytes.clone());
            pull.run().fails(5).says(&part.digest);
            sandbox.assert_nothing_left();
        }
    }
}

#[test]
fn a_part_that_is_missing_is_named() {
    let image = Image::new().layer(hello_layer()).build();
    for part in [&image.manifest, &image.config, &image.layers[0]] {
        let sandbox = Sandbox::new("a_part_that_is_missing");
        let mut files = Layout::new().image("1", &image).files();
        files.remove(&format!("blobs/sha256/{}", part.hex()));
        let add = |tar: Layer, (path, bytes): (&String, &Vec<u8>)| tar.file(path, 0o644, bytes);
        let bytes = files.iter().fold(Layer::new(), add).tar();
        sandbox.write("image.tar", &bytes);
        for (name, shown) in [("./image.tar", "./image.tar"), ("-", "standard input")] {
            let pull = sandbox.roots(["pull", name, "dest"]).stdin(bytes.clone());
            let said = format!("roots: {shown}: blob {} is missing\n", part.digest);
            pull.run().fails(5).says(&said);
            sandbox.assert_nothing_left();
        }
    }
}

/// Names in an archive are looked up and never made.
#[test]
fn a_hostile_name_leads_nowhere() {
    let image = hello();
    let layout = Layout::new().image("1", &image);
    let start = Layer::new()
        .file("/etc/passwd", 0o644, "x")
        .symlink("blobs/sha256/link", "/etc/passwd")
        .symlink("loop", "loop")
        .hardlink("index.json.bak", "index.json")
        .char_device("null", 0o644, 1, 3)
        .fifo("fifo", 0o644);
    let files = layout.files();
    let add = |tar: Layer, (path, bytes): (&String, &Vec<u8>)| tar.file(path, 0o644, bytes);
    let bytes = files.iter().fold(start, add).tar();
    let sandbox = Sandbox::new("a_hostile_name");
    sandbox.write("image.tar", &bytes);
    for name in ["./image.tar", "-"] {
        let pull = sandbox.roots(["pull", "--force", name, "dest"]);
        pull.stdin(bytes.clone()).run().succeeds();
    }
    let climbing = Layer::new().file("../index.json", 0o644, "{}").tar();
    sandbox.write("image.tar", climbing);
    let run = sandbox.roots(["digest", "./image.tar"]).run();
    run.fails(5)
        .says("malformed archive: its name climbs with `..`");
    // The config of docker's list is another member, not another file.
    let list = r#"[{"Config":"/etc/hostname","RepoTags":null,"Layers":["../x"]}]"#;
    let bytes = Layer::new().file("manifest.json", 0o644, list).tar();
    sandbox.write("image.tar", bytes);
    let run = sandbox.roots(["digest", "./image.tar"]).run();
    run.fails(5).says("image.tar: ../x is missing");
}

#[test]
fn a_document_that_is_too_long_is_refused() {
    let long = format!("{{\"schemaVersion\":2,\"x\":\"{}\"", "x".repeat(9 << 20));
    let bytes = Layer::new().file("index.json", 0o644, long).tar();
    let sandbox = Sandbox::new("a_document_that_is_too_long");
    sandbox.write("image.tar", &bytes);
    for name in ["./image.tar", "-"] {
        let pull = sandbox.roots(["digest", name]).stdin(bytes.clone());
        pull.run()
            .fails(5)
            .says("malformed: longer than 8388608 bytes");
    }
    // As long as a descriptor says, but of another digest.
    let wrong = format!("sha256:{}", &sha256(b"other")[7..]);
    let entry = serde_json::json!({"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": wrong, "size": 4});
    let index = serde_json::json!({"schemaVersion": 2, "manifests": [entry]});
    let bytes = Layer::new()
        .file("index.json", 0o644, index.to_string())
        .file(format!("blobs/{}", wrong.replace(':', "/")), 0o644, "none")
        .tar();
    sandbox.write("image.tar", bytes);
    let run = sandbox.roots(["digest", "./image.tar"]).run();
    run.fails(5).says("digest mismatch");
}
