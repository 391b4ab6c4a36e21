//! Type flags.

use super::{extended, reads, refuses};
use crate::support::Layer;

#[test]
fn files_have_three_type_flags() {
    for kind in [b'0', 0, b'7'] {
        let layer = Layer::new().entry(kind, "f").contents("hello");
        reads(&kind.to_string(), layer, "f 0644 5 f\n");
    }
}

/// Skipped, they would be entries that another reader has and this tree lacks.
#[test]
fn types_that_no_image_has_are_refused() {
    for kind in (1..=255).filter(|kind| !b"01234567xgLKS".contains(kind)) {
        let layer = Layer::new().entry(kind, "odd").contents("");
        let why = match kind {
            0x21..=0x7e => format!("unknown entry type {}", char::from(kind)),
            _ => "unknown entry type".to_owned(),
        };
        refuses(&kind.to_string(), layer, &why);
    }
    for kind in *b"DVMXNAEI" {
        let layer = Layer::new().raw(extended(kind, "10 path=x\n"));
        let layer = layer.file("f", 0o644, "");
        refuses(&char::from(kind).to_string(), layer, "unknown entry type");
    }
    let sparse = Layer::new().entry(b'S', "sparse").contents("hello");
    refuses("S", sparse, "its sparse map does not fit it");
}

#[test]
fn a_slash_at_the_end_makes_an_old_file_a_directory() {
    let old = |name: &str| Layer::new().entry(0, name).mode(0o750);
    reads("old", old("d/"), "d 0750 d/\n");
    reads("many", old("d///"), "d 0750 d/\n");
    reads("dot", old("d/."), "f 0750 0 d\n");
    reads("pax", old("x").pax("path", "d/"), "d 0750 d/\n");
    reads("not in pax", old("x/").pax("path", "d"), "f 0750 0 d\n");
    reads(
        "directory",
        Layer::new().entry(b'5', "d").mode(0o750),
        "d 0750 d/\n",
    );
    for kind in *b"26" {
        let layer = Layer::new().entry(kind, "d/").target("x").mode(0o750);
        let sketch = if kind == b'2' {
            "l d -> x\n"
        } else {
            "p 0750 d\n"
        };
        reads("others", layer, sketch);
    }
}

#[test]
fn one_place_has_many_names() {
    for name in [
        "a/b",
        "./a/b",
        "/a/b",
        "a//b",
        "a/./b",
        "././a/././b",
        "///a///b",
    ] {
        let layer = Layer::new().dir("a", 0o750).file(name, 0o644, "hello");
        reads(name, layer, "d 0750 a/\nf 0644 5 a/b\n");
        let layer = Layer::new()
            .file("f", 0o600, "")
            .hardlink("a", format!("./{name}"));
        refuses(name, layer, "hard link target not found");
    }
}
