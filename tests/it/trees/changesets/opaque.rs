//! Opaque markers: nothing of lower layers is left in a directory, wherever the marker stands.

use super::{dir, file, holds, holds_anywhere};
use crate::support::Layer;

fn opaque(path: &str) -> Layer {
    Layer::new().opaque(path)
}

fn lower() -> Layer {
    Layer::new()
        .dir("a", 0o700)
        .mtime(5)
        .file("a/old", 0o644, "")
        .dir("a/b", 0o711)
        .file("a/b/old", 0o644, "")
        .dir("a/b/c", 0o711)
        .file("a/b/c/old", 0o644, "")
        .symlink("a/s", "b")
        .file("z", 0o644, "")
}

/// With directories that are only implied, containerd, moby and buildah delete the new file.
#[test]
fn an_opaque_marker_acts_on_lower_layers_only() {
    let z = "f 0644 0 z\n";
    for (name, entries, marker, sketch) in [
        ("nothing else", vec![], "a", "d 0700 a/\n".to_owned()),
        ("a new file", vec![file("a/new")], "a", "d 0700 a/\nf 0644 0 a/new\n".into()),
        (
            "the old name",
            vec![Layer::new().file("a/old", 0o600, "")],
            "a",
            "d 0700 a/\nf 0600 0 a/old\n".into(),
        ),
        (
            "listed",
            vec![Layer::new().dir("a", 0o750), file("a/new")],
            "a",
            "d 0750 a/\nf 0644 0 a/new\n".into(),
        ),
        (
            "implied directories",
            vec![file("a/b/new"), file("a/d/new")],
            "a",
            "d 0700 a/\nd 0755 a/b/\nf 0644 0 a/b/new\nd 0755 a/d/\nf 0644 0 a/d/new\n".into(),
        ),
        (
            "listed below",
            vec![Layer::new().dir("a/b", 0o750), file("a/b/c/new")],
            "a",
            "d 0700 a/\nd 0750 a/b/\nd 0755 a/b/c/\nf 0644 0 a/b/c/new\n".into(),
        ),
        (
            "further down",
            vec![file("a/b/c/new"), file("a/new")],
            "a/b",
            "d 0700 a/\nd 0711 a/b/\nd 0755 a/b/c/\nf 0644 0 a/b/c/new\nf 0644 0 a/new\nf 0644 0 a/old\nl a/s -> b\n"
                .into(),
        ),
        (
            "through a link",
            vec![file("a/b/new")],
            "a/s",
            "d 0700 a/\nd 0711 a/b/\nf 0644 0 a/b/new\nf 0644 0 a/old\nl a/s -> b\n".into(),
        ),
        (
            "another type",
            vec![Layer::new().symlink("a/b", "x"), dir("a/s"), file("a/s/new")],
            "a",
            "d 0700 a/\nl a/b -> x\nd 0755 a/s/\nf 0644 0 a/s/new\n".into(),
        ),
    ] {
        let sketch = format!("{sketch}{z}");
        holds_anywhere(name, &[lower()], &entries, &opaque(marker), &sketch);
    }
}

#[test]
fn an_opaque_root_leaves_this_layer() {
    let entries = [file("new"), file("a/new"), Layer::new().symlink("z", "a")];
    let sketch = "d 0755 a/\nf 0644 0 a/new\nf 0644 0 new\nl z -> a\n";
    holds_anywhere("root", &[lower()], &entries, &opaque(""), sketch);
    holds_anywhere("root", &[lower(), lower()], &entries, &opaque(""), sketch);
    holds("nothing", [lower(), opaque("")], "");
}

#[test]
fn opaque_markers_may_be_nested_and_many() {
    let marked = |layer: Layer| layer.opaque("a/b").opaque("a").opaque("a/b").opaque("a/s");
    let new = |layer: Layer| layer.file("a/b/new", 0o644, "");
    let sketch = "d 0700 a/\nd 0755 a/b/\nf 0644 0 a/b/new\nf 0644 0 z\n";
    holds("first", [lower(), new(marked(Layer::new()))], sketch);
    holds("last", [lower(), marked(new(Layer::new()))], sketch);
    let mixed = file("a/b/new")
        .opaque("a")
        .whiteout("a/b")
        .whiteout("a/old")
        .opaque("a/b");
    holds("mixed", [lower(), mixed], sketch);
    let gone = opaque("a").whiteout("a").whiteout("z");
    holds("gone", [lower(), gone], "");
}

#[test]
fn an_opaque_marker_on_nothing_is_fine() {
    let lower = || dir("d").file("f", 0o644, "").symlink("s", "nowhere");
    let sketch = "d 0755 d/\nf 0644 0 f\nl s -> nowhere\n";
    for path in ["missing", "mis/sing", "f", "f/x", "s", "s/x", "d"] {
        holds(path, [lower(), opaque(path)], sketch);
        holds(path, [lower().opaque(path)], sketch);
    }
}

#[test]
fn an_opaque_marker_is_one_whatever_kind_of_entry_it_is() {
    for kind in [0, b'0', b'1', b'2', b'3', b'5', b'6', b'7'] {
        let upper = Layer::new().entry(kind, "./a//.wh..wh..opq").target("z");
        let upper = upper.mode(0o6777).owner(9, 9).file("a/new", 0o644, "");
        let sketch = "d 0700 a/\nf 0644 0 a/new\nf 0644 0 z\n";
        let outcome = holds(&kind.to_string(), [lower(), upper], sketch);
        assert_eq!(outcome.node("a").mtime, (5, 0));
    }
}
