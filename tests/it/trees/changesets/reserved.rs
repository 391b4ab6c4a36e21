//! Names that begin like whiteouts.

use super::{file, holds, refuses};
use crate::support::Layer;

#[test]
fn whiteouts_of_nothing_that_has_a_name_are_refused() {
    let why = "invalid whiteout name";
    for name in [
        ".wh.",
        ".wh..",
        ".wh...",
        "d/.wh.",
        "d/.wh..",
        "d/.wh...",
        ".wh.x/y",
        "d/.wh.x/y/z",
    ] {
        for kind in [b'0', b'5', b'2'] {
            let layer = || Layer::new().entry(kind, name).target("x");
            refuses(name, [layer()], why);
            refuses(name, [file("d/f"), layer()], why);
        }
    }
}

/// aufs kept its books in them, and old images have them.
#[test]
fn the_books_of_aufs_are_not_part_of_the_image() {
    let lower = || file("d/f").file("foo", 0o644, "").file("wh.foo", 0o644, "");
    let sketch = "d 0755 d/\nf 0644 0 d/f\nf 0644 0 foo\nf 0644 0 wh.foo\n";
    for name in [
        ".wh..wh.aufs",
        ".wh..wh.foo",
        ".wh..wh.",
        ".wh..wh..opqq",
        ".wh..wh.plnk",
        ".wh..wh.plnk/12.34",
        ".wh..wh.orph/",
        ".wh..wh.orph/d/f",
        "d/.wh..wh.foo",
        "d/.wh..wh.plnk/.wh.f",
        "./.wh..wh.plnk/../f",
    ] {
        if name.contains("/../") {
            let upper = Layer::new().file(name, 0o644, "");
            refuses(name, [lower(), upper], "its name climbs with `..`");
            continue;
        }
        for kind in [b'0', b'5', b'2', b'1'] {
            let upper = Layer::new().entry(kind, name).target("foo").mode(0o700);
            holds(name, [lower(), upper.clone()], sketch);
            holds(
                name,
                [Layer::new().raw([upper.unended(), lower().unended()].concat())],
                sketch,
            );
        }
    }
}

#[test]
fn names_that_only_look_like_whiteouts_are_names() {
    let names = [
        "wh.a",
        ".wha",
        ".wh",
        "a.wh.b",
        ".WH.a",
        "wh..wh..opq",
        ".wh",
        "d.wh..wh..opq",
    ];
    let mut expected: Vec<_> = names.to_vec();
    expected.sort_unstable();
    expected.dedup();
    let upper = names
        .iter()
        .fold(Layer::new(), |layer, name| layer.file(name, 0o644, ""));
    let sketch: String = expected
        .iter()
        .map(|name| format!("f 0644 0 {name}\n"))
        .collect();
    holds("names", [Layer::new(), upper], &sketch);
    let dots = file("...").file("....", 0o644, "").file(". ", 0o644, "");
    let upper = Layer::new().whiteout("...").whiteout(". ");
    holds("dots", [dots, upper], "f 0644 0 ....\n");
}
