//! Archives that flow by: what comes too early is kept, where there is a place for it.

use super::{LARGE, in_order, large};
use crate::support::{
    Compression, HELLO, Image, Index, Layer, Layout, Random, Sandbox, hello, hello_layer, tree,
};
use serde_json::json;
use std::process::{Command, Stdio};

#[test]
fn in_order_nothing_is_kept() {
    let image = large();
    let layout = Layout::new().image("1", &image);
    let bytes = in_order(&layout, &[&image]);
    let sandbox = Sandbox::new("in_order_nothing_is_kept");
    let pull = sandbox.roots(["pull", "--cache=no", "-", "dest"]);
    pull.stdin(bytes).run().succeeds();
    assert_eq!(tree::sketch(sandbox.path("dest")), LARGE);
    assert_eq!(sandbox.names(""), ["dest"]);
}

#[test]
fn out_of_order_there_has_to_be_a_place() {
    let bytes = Layout::new().image("1", &large()).archive();
    let sandbox = Sandbox::new("out_of_order");
    let pull = sandbox.roots(["pull", "--cache=no", "-", "dest"]);
    let run = pull.stdin(bytes.clone()).run().fails(2);
    assert_eq!(
        run.stderr,
        "roots: standard input: its layers come before its index, and without a cache there is no \
         place for them\nhint: write it to a file first, or allow a --cache\n"
    );
    sandbox.assert_nothing_left();
    let pull = sandbox.roots(["pull", "-", "dest"]);
    pull.stdin(bytes).run().succeeds();
    assert_eq!(tree::sketch(sandbox.path("dest")), LARGE);
    assert_eq!(sandbox.cached(), [""; 0]);
    let leftovers = sandbox.names("cache");
    assert!(leftovers.iter().all(|name| !name.contains("unnamed")));
}

#[test]
fn a_compressed_file_needs_no_place() {
    let layout = Layout::new().image("1", &large());
    for compression in [Compression::Gzip, Compression::Zstd] {
        let sandbox = Sandbox::new("a_compressed_file");
        sandbox.write("image.tar", layout.compressed_archive(compression));
        let pull = sandbox.roots(["pull", "--cache=no", "./image.tar", "dest"]);
        pull.run().succeeds();
        assert_eq!(tree::sketch(sandbox.path("dest")), LARGE);
    }
}

/// Layers in reverse, so that each but the last has gone by when it is wanted.
#[test]
fn layers_in_any_order_are_found() {
    let image = large();
    let layout = Layout::new().image("1", &image);
    let files = layout.files();
    let mut names: Vec<_> = files.keys().cloned().collect();
    names.sort_by_key(|name| {
        let layer = image
            .layers
            .iter()
            .position(|layer| name.ends_with(layer.hex()));
        (layer.is_some(), std::cmp::Reverse(layer))
    });
    let add = |tar: Layer, name: &String| tar.file(name, 0o644, &files[name]);
    let bytes = names.iter().fold(Layer::new(), add).tar();
    for compression in [Compression::None, Compression::Gzip] {
        let bytes = compression.compress(&bytes, true);
        let sandbox = Sandbox::new("layers_in_any_order");
        sandbox.write("image.tar", &bytes);
        for (name, cache) in [
            ("./image.tar", "no"),
            ("./image.tar", "cache"),
            ("-", "cache"),
        ] {
            let pull = sandbox.roots(["pull", "--force", "--cache", cache, name, "dest"]);
            pull.stdin(bytes.clone()).run().succeeds();
            assert_eq!(tree::sketch(sandbox.path("dest")), LARGE, "{name} {cache}");
        }
    }
}

/// Its second use found nothing: "part of it is missing".
#[test]
fn a_layer_that_an_image_has_twice_is_kept_for_the_second_time() {
    let big = Random::new(4).bytes(2 << 20);
    for (again, tree) in [
        (hello_layer(), HELLO.to_owned()),
        (Layer::new().file("big", 0o644, big), LARGE.to_owned()),
    ] {
        let is_small = tree == HELLO;
        let between = Layer::new().whiteout("hello").whiteout("big");
        let image = Image::new().layer(hello_layer()).layer(again.clone());
        let image = image.layer(between).layer(hello_layer()).layer(again);
        let image = image.deterministic().build();
        let bytes = in_order(&Layout::new().image("1", &image), &[&image]);
        let sandbox = Sandbox::new("a_layer_twice");
        for (command, cache) in [("pull", "cache"), ("pull", "no"), ("verify", "cache")] {
            let arguments: &[&str] = match command {
                "pull" => &["pull", "--force", "--cache", cache, "-", "dest"],
                _ => &["verify", "--cache", cache, "dest", "-"],
            };
            let run = sandbox.roots(arguments).stdin(bytes.clone()).run();
            if cache == "no" && !is_small {
                run.fails(2).says(
                    "standard input: it has a layer twice, and without a cache there is no place to keep it\n\
                     hint: write it to a file first, or allow a --cache\n",
                );
            } else {
                run.succeeds();
            }
            assert_eq!(
                tree::sketch(sandbox.path("dest")),
                tree,
                "{command} {cache}"
            );
        }
        let save = sandbox.roots(["save", "-", "-o", "copy.tar"]);
        save.stdin(bytes).run().succeeds();
        sandbox
            .roots(["verify", "dest", "./copy.tar"])
            .run()
            .succeeds();
    }
}

/// Commands that read a manifest twice found it once.
#[test]
fn a_large_manifest_is_kept_as_well() {
    let note = "x".repeat(3 << 19);
    let image = Image::new().layer(hello_layer());
    let image = image.manifest(move |manifest| manifest["annotations"] = json!({"note": note}));
    let image = image.build();
    let bytes = in_order(&Layout::new().image("1", &image), &[&image]);
    let sandbox = Sandbox::new("a_large_manifest");
    for cache in ["cache", "no"] {
        for command in [
            &["pull", "--force", "--cache", cache, "-", "dest"][..],
            &["verify", "--cache", cache, "dest", "-"],
            &["inspect", "--cache", cache, "-"],
            &["digest", "--json", "-"],
            &["save", "--cache", cache, "-", "-o", "copy.tar"],
        ] {
            sandbox.roots(command).stdin(bytes.clone()).run().succeeds();
        }
    }
    sandbox
        .roots(["verify", "dest", "./copy.tar"])
        .run()
        .succeeds();
}

/// Whoever writes does not see a broken pipe, however much there is that nobody wants.
#[test]
fn a_pipe_is_read_to_its_end() {
    let image = hello();
    let layout = Layout::new().image("1", &image);
    let bytes = in_order(&layout, &[&image]);
    let sandbox = Sandbox::new("a_pipe_is_read");
    sandbox.write("image.tar", &bytes);
    // The same manifest under another digest.
    let index = Index::new().image(&image).build();
    let again = Layout::new().index("1", &index).archive();
    sandbox.write("index.tar", again);
    for (file, command) in [
        ("image.tar", "pull --cache=no - dest"),
        ("image.tar", "digest -"),
        ("image.tar", "inspect -"),
        ("image.tar", "save - -o copy.tar"),
        ("image.tar", "verify dest -"),
        ("image.tar", "pull - updated"),
        ("image.tar", "pull --update - updated"),
        ("image.tar", "pull --update --dry-run - updated"),
        ("index.tar", "pull --update --dry-run - updated"),
        ("index.tar", "pull --update - updated"),
    ] {
        let script = format!(
            "set -o pipefail; {{ cat {file}; head -c 3000000 /dev/zero; }} | {} {command}",
            env!("CARGO_BIN_EXE_roots")
        );
        let mut bash = Command::new("bash");
        let bash = bash.args(["-c", &script]).current_dir(sandbox.path(""));
        let status = bash.stdout(Stdio::null()).stderr(Stdio::null()).status();
        assert!(status.unwrap().success(), "{command}");
    }
    assert_eq!(tree::sketch(sandbox.path("dest")), HELLO);
}

/// The writer is slow, and dies in the middle: DEST is what it was.
#[test]
fn a_pipe_that_is_cut_leaves_everything_as_it_was() {
    let image = large();
    let layout = Layout::new().image("1", &image);
    let bytes = in_order(&layout, &[&image]);
    let sandbox = Sandbox::new("a_pipe_that_is_cut");
    sandbox.write("image.tar", &bytes);
    sandbox.write("dest/old", "old");
    for sleep in ["", "sleep 0.3;"] {
        let script = format!(
            "{{ head -c 5000 image.tar; {sleep} tail -c +5001 image.tar | head -c 1000000; }} | {} pull --force - dest",
            env!("CARGO_BIN_EXE_roots")
        );
        let mut bash = Command::new("bash");
        let bash = bash.args(["-c", &script]).current_dir(sandbox.path(""));
        let status = bash.stderr(Stdio::null()).status().unwrap();
        assert_eq!(status.code(), Some(5));
        assert_eq!(sandbox.names("dest"), ["old"]);
        let left = sandbox.names("");
        assert!(
            left.iter()
                .all(|name| !name.starts_with('.') || name == ".cache"),
            "{left:?}"
        );
    }
}

#[test]
fn a_pipe_with_a_name_is_a_pipe() {
    let image = large();
    let layout = Layout::new().image("1", &image);
    let sandbox = Sandbox::new("a_pipe_with_a_name");
    sandbox.write("image.tar", in_order(&layout, &[&image]));
    let script = format!(
        "mkfifo fifo; cat image.tar > fifo & {} pull --cache=no ./fifo dest",
        env!("CARGO_BIN_EXE_roots")
    );
    let mut bash = Command::new("bash");
    let bash = bash.args(["-c", &script]).current_dir(sandbox.path(""));
    let bash = bash.stdout(Stdio::null()).stderr(Stdio::null());
    assert!(bash.status().unwrap().success());
    assert_eq!(tree::sketch(sandbox.path("dest")), LARGE);
}
