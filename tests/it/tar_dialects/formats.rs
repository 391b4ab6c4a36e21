//! The formats by their magic, and where each has its long names and large numbers.

use super::{field, pax, reads};
use crate::support::Layer;
use crate::support::sandbox::is_root;

fn file(name: &str) -> Layer {
    Layer::new().file(name, 0o644, "hello")
}

#[test]
fn every_format_is_read() {
    let v7 = |layer: Layer| field(layer, 257, [0; 255]);
    let gnu = |layer: Layer| field(layer, 257, b"ustar  \0");
    let star = |layer: Layer| field(layer, 508, b"tar\0");
    let prefix = |layer: Layer, prefix: &str| field(layer, 345, prefix);
    let long = "p".repeat(70) + "/" + &"q".repeat(84);
    let full = "n".repeat(100);
    let in_prefix = format!(
        "d 0755 {0}/\nd 0755 {0}/{1}/\nf 0644 5 {0}/{1}/{full}\n",
        "p".repeat(70),
        "q".repeat(84)
    );
    let in_dir = "d 0755 a/\nd 0755 a/b/\nf 0644 5 a/b/f\n";
    let plain = "f 0644 5 f\n";
    for (name, layer, sketch) in [
        ("v7", v7(file("f")), plain),
        ("v7 without a type", field(v7(file("f")), 156, [0]), plain),
        (
            "v7 directory",
            v7(Layer::new().entry(0, "d/").mode(0o750)),
            "d 0750 d/\n",
        ),
        (
            "v7 links",
            v7(v7(Layer::new().file("f", 0o644, "x").symlink("s", "f")).hardlink("h", "f")),
            "f 0644 1 f\nh h -> f\nl s -> f\n",
        ),
        ("v7 has no prefix", v7(prefix(file("f"), "a/b")), plain),
        ("ustar", file("f"), plain),
        ("ustar, prefix", prefix(file("f"), "a/b"), in_dir),
        ("ustar, full fields", prefix(file(&full), &long), &in_prefix),
        (
            "ustar of another version",
            prefix(field(file("f"), 263, "  "), "a/b"),
            in_dir,
        ),
        (
            "ustar of version NUL",
            prefix(field(file("f"), 263, "\0\0"), "a/b"),
            in_dir,
        ),
        ("ustar, prefix and root", prefix(file("f"), "/"), plain),
        ("GNU", gnu(file("f")), plain),
        (
            "GNU has times where others have the prefix",
            gnu(field(
                prefix(file("f"), "14567000000\0"),
                357,
                "14567000000\0",
            )),
            plain,
        ),
        ("star, prefix", star(prefix(file("f"), "a/b")), in_dir),
        (
            "star has times behind the prefix",
            star(prefix(
                field(file("f"), 476, "14567000000 14567000000 "),
                "a/b",
            )),
            in_dir,
        ),
        (
            "pax over the prefix",
            prefix(file("x"), "y").pax("path", "a/b/f"),
            in_dir,
        ),
        ("pax over v7", v7(file("x").pax("path", "a/b/f")), in_dir),
        (
            "pax over GNU",
            gnu(Layer::new()
                .raw(pax(&[("path", "a/b/f")]))
                .file("x", 0o644, "hello")),
            in_dir,
        ),
    ] {
        reads(name, layer, sketch);
    }
}

/// Old versions of Docker wrote them.
#[test]
fn ustar_may_have_base_256_and_a_prefix() {
    let id = [0x80, 0, 0, 0, 0, 0x4c, 0x4b, 0x40];
    let layer = field(field(file("f"), 108, id), 116, id);
    let sketch = "d 0755 a/\nd 0755 a/b/\nf 0644 5 a/b/f\n";
    let outcome = reads("old Docker", field(layer, 345, "a/b"), sketch);
    if is_root() {
        let node = outcome.node("a/b/f");
        assert_eq!((node.uid, node.gid), (5_000_000, 5_000_000));
    }
}

#[test]
fn names_of_users_change_nothing() {
    let layer = field(field(file("f"), 265, "nobody"), 297, "daemon");
    let layer = layer.pax("uname", "bin").pax("gname", "bin");
    let node = reads("names", layer, "f 0644 5 f\n").node("f");
    if is_root() {
        assert_eq!((node.uid, node.gid), (0, 0));
    }
}
