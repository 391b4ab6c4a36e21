//! Whiteouts: they hide what lower layers have, wherever they stand in their own.

use super::{dir, file, holds, holds_anywhere};
use crate::support::Layer;

fn wh(path: &str) -> Layer {
    Layer::new().whiteout(path)
}

/// containerd, moby and buildah delete what the layer itself has made.
#[test]
fn a_whiteout_acts_on_lower_layers_only() {
    let lower = Layer::new()
        .dir("a", 0o700)
        .xattr("user.old", "x")
        .file("a/old", 0o644, "")
        .dir("a/b", 0o711)
        .file("a/b/old", 0o644, "")
        .symlink("s", "nowhere")
        .file("f", 0o600, "old");
    let rest = "f 0600 3 f\nl s -> nowhere\n";
    let a = "d 0700 a/\nd 0711 a/b/\nf 0644 0 a/b/old\nf 0644 0 a/old\n";
    for (name, entries, marker, sketch) in [
        ("nothing else", vec![], wh("a"), rest.to_owned()),
        (
            "another",
            vec![file("y")],
            wh("a"),
            format!("{rest}f 0644 0 y\n"),
        ),
        (
            "a file that is there again",
            vec![Layer::new().file("f", 0o640, "new+")],
            wh("f"),
            format!("{a}f 0640 4 f\nl s -> nowhere\n"),
        ),
        (
            "a directory that is there again",
            vec![Layer::new().dir("a", 0o750), file("a/new")],
            wh("a"),
            format!("d 0750 a/\nf 0644 0 a/new\n{rest}"),
        ),
        (
            "a directory that is only implied",
            vec![file("a/new")],
            wh("a"),
            format!("d 0755 a/\nf 0644 0 a/new\n{rest}"),
        ),
        (
            "directories that are only implied",
            vec![file("a/b/c/new")],
            wh("a"),
            format!("d 0755 a/\nd 0755 a/b/\nd 0755 a/b/c/\nf 0644 0 a/b/c/new\n{rest}"),
        ),
        (
            "a directory within",
            vec![file("a/b/new"), file("a/new")],
            wh("a/b"),
            format!(
                "d 0700 a/\nd 0755 a/b/\nf 0644 0 a/b/new\nf 0644 0 a/new\nf 0644 0 a/old\n{rest}"
            ),
        ),
        (
            "a directory that is a link now",
            vec![Layer::new().symlink("a", "x")],
            wh("a"),
            format!("l a -> x\n{rest}"),
        ),
        (
            "a link that is a directory now",
            vec![dir("s"), file("s/new")],
            wh("s"),
            format!("{a}f 0600 3 f\nd 0755 s/\nf 0644 0 s/new\n"),
        ),
        (
            "what was linked to before",
            vec![file("x"), Layer::new().hardlink("y", "x")],
            wh("y"),
            format!("{a}{rest}f 0644 0 x\nh y -> x\n"),
        ),
    ] {
        holds_anywhere(
            name,
            std::slice::from_ref(&lower),
            &entries,
            &marker,
            &sketch,
        );
    }
}

/// Whether the directory was listed in a lower layer or is new, nothing of the old one shines through.
#[test]
fn a_directory_that_was_hidden_is_as_new() {
    let lower = Layer::new()
        .dir("a", 0o700)
        .xattr("user.old", "x")
        .owner(7, 7)
        .mtime(5);
    let lower = lower.file("a/old", 0o644, "");
    for upper in [
        wh("a").file("a/new", 0o644, ""),
        file("a/new").whiteout("a"),
    ] {
        let outcome = holds(
            "as new",
            [lower.clone(), upper],
            "d 0755 a/\nf 0644 0 a/new\n",
        );
        let node = outcome.node("a");
        assert_eq!(node.mtime, (0, 0));
        assert!(node.xattrs.is_empty());
        assert_ne!(node.uid, 7);
    }
}

#[test]
fn a_whiteout_of_a_link_removes_the_link() {
    let lower = || {
        dir("d")
            .file("d/f", 0o644, "")
            .symlink("s", "d")
            .symlink("n", "nowhere")
    };
    let kept = "d 0755 d/\nf 0644 0 d/f\n";
    let upper = wh("s").whiteout("n");
    holds("links", [lower(), upper], kept);
    let twins = file("a").hardlink("b", "a").hardlink("c", "a");
    holds("twins", [twins, wh("a")], "f 0644 0 b\nh c -> b\n");
    let saved = Layer::new().hardlink("x", "a").whiteout("a");
    holds("saved", [file("a"), saved], "f 0644 0 x\n");
}

#[test]
fn a_whiteout_through_a_link_acts_where_that_leads() {
    for target in [
        "usr/lib",
        "/usr/lib",
        "./usr/../usr/lib",
        "../../usr/lib",
        "other",
    ] {
        let lower = Layer::new()
            .file("usr/lib/x", 0o644, "")
            .file("usr/lib/d/y", 0o644, "")
            .symlink("other", "/usr/lib")
            .symlink("lib", target);
        let links = format!("l lib -> {target}\nl other -> /usr/lib\n");
        let usr = "d 0755 usr/\nd 0755 usr/lib/\n";
        let upper = wh("lib/x").whiteout("lib/d");
        holds(target, [lower.clone(), upper], &format!("{links}{usr}"));
        let entries = [Layer::new().file("usr/lib/x", 0o600, "")];
        let sketch =
            format!("{links}{usr}d 0755 usr/lib/d/\nf 0644 0 usr/lib/d/y\nf 0600 0 usr/lib/x\n");
        holds_anywhere(
            target,
            std::slice::from_ref(&lower),
            &entries,
            &wh("lib/x"),
            &sketch,
        );
        // The link itself: what it leads to stays.
        let sketch = "l other -> /usr/lib\nd 0755 usr/\nd 0755 usr/lib/\nd 0755 usr/lib/d/\n\
                      f 0644 0 usr/lib/d/y\nf 0644 0 usr/lib/x\n";
        holds(target, [lower, wh("lib")], sketch);
    }
}

#[test]
fn a_whiteout_of_nothing_is_fine() {
    let lower = || dir("d").file("f", 0o644, "").symlink("s", "nowhere");
    let sketch = "d 0755 d/\nf 0644 0 f\nl s -> nowhere\n";
    for path in [
        "x",
        "d/x",
        "missing/x",
        "mis/sing/x",
        "f/x",
        "f/x/y",
        "s/x",
        "s/x/y",
    ] {
        holds(path, [lower(), wh(path)], sketch);
        holds(path, [lower().whiteout(path)], sketch);
        holds(path, [lower(), wh(path), wh(path)], sketch);
    }
}

#[test]
fn a_whiteout_in_the_lowest_layer_hides_nothing() {
    for marker in [
        wh("f"),
        wh("d"),
        wh("d/f"),
        Layer::new().opaque("d"),
        Layer::new().opaque(""),
    ] {
        let entries = [dir("d"), file("d/f"), file("f")];
        let sketch = "d 0755 d/\nf 0644 0 d/f\nf 0644 0 f\n";
        holds_anywhere("lowest", &[], &entries, &marker, sketch);
    }
}

#[test]
fn a_whiteout_is_one_whatever_kind_of_entry_it_is() {
    let lower = || file("a/x").file("a/y", 0o644, "");
    for name in [
        "a/.wh.x",
        "./a/.wh.x",
        "/a/.wh.x",
        "a//.wh.x",
        "a/.wh.x/",
        "a/./.wh.x",
    ] {
        for kind in [0, b'0', b'1', b'2', b'3', b'5', b'6', b'7'] {
            let upper = Layer::new().entry(kind, name).target("a/y").mode(0o6777);
            let upper = upper.owner(9, 9).xattr("user.x", "x");
            // Contents of a file are passed over, and are not taken for an entry.
            let upper = if b"07".contains(&kind) {
                upper.contents("hello")
            } else {
                upper
            };
            let upper = upper.file("z", 0o644, "");
            let sketch = "d 0755 a/\nf 0644 0 a/y\nf 0644 0 z\n";
            holds(&format!("{name} {kind}"), [lower(), upper], sketch);
        }
    }
}
