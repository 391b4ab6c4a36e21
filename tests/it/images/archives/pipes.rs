//! Archives that flow by: what comes too early is kept, where there is a place for it.

use super::{LARGE, in_order, large};
use crate::support::{Compression, HELLO, Layer, Layout, Sandbox, hello, tree};
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

/// Whoever writes does not see a broken pipe, however much there is that nobody wants.
#[test]
fn a_pipe_is_read_to_its_end() {
    let image = hello();
    let layout = Layout::new().image("1", &image);
    let bytes = in_order(&layout, &[&image]);
    let sandbox = Sandbox::new("a_pipe_is_read");
    sandbox.write("image.tar", &bytes);
    for command in ["pull --cache=no - dest", "digest -", "inspect -"] {
        let script = format!(
            "set -o pipefail; {{ cat image.tar; head -c 3000000 /dev/zero; }} | {} {command}",
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
