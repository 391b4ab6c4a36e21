//! Global pax headers: they make nothing, and hold for all that follows.

use super::{extended, pax, reads, refuses};
use crate::support::Layer;
use crate::support::tar::{header, pax_record};

/// containerd and buildah made the directory that the header's name would lie in, umoci refused it.
#[test]
fn a_global_header_makes_nothing() {
    for name in [
        "pax_global_header",
        "a/b/c",
        "../x",
        "/",
        "",
        ".wh.f",
        ".wh..wh..opq",
    ] {
        let record = pax_record(b"comment", b"0123456789abcdef");
        let mut bytes = header(b'g', name.as_bytes(), record.len()).to_vec();
        bytes.extend(&record);
        bytes.resize(1024, 0);
        let layer = Layer::new().file("f", 0o644, "").raw(bytes);
        reads(name, layer, "f 0644 0 f\n");
    }
    let only = Layer::new().global_pax("comment", "x");
    crate::support::Trial::new("nothing but")
        .layer(only)
        .pull()
        .is("");
}

#[test]
fn global_records_hold_until_others_come() {
    let layer = Layer::new()
        .file("before", 0o644, "")
        .global_pax("mtime", "1000.5")
        .file("first", 0o644, "")
        .file("own", 0o644, "")
        .pax("mtime", "7")
        .dir("dir", 0o755)
        .global_pax("comment", "leaves the time as it is")
        .symlink("second", "x")
        .global_pax("mtime", "2000")
        .file("third", 0o644, "")
        .global_pax("mtime", "")
        .file("taken-back", 0o644, "");
    let found = super::pull("global", layer).tree();
    let times = [
        ("before", (crate::support::tar::MTIME, 0)),
        ("first", (1000, 500_000_000)),
        ("own", (7, 0)),
        ("dir", (1000, 500_000_000)),
        ("second", (1000, 500_000_000)),
        ("third", (2000, 0)),
        ("taken-back", (crate::support::tar::MTIME, 0)),
    ];
    for (name, mtime) in times {
        assert_eq!(found[name.as_bytes()].mtime, mtime, "{name}");
    }
}

#[test]
fn a_global_header_does_not_part_an_entry_from_its_own() {
    let layer = Layer::new()
        .raw(pax(&[("path", "f")]))
        .global_pax("comment", "x")
        .file("x", 0o644, "hello");
    reads("between", layer, "f 0644 5 f\n");
}

/// They would give every entry that follows the same name, length or holes.
#[test]
fn global_records_of_one_entry_are_refused() {
    for (key, value) in [
        ("path", "f"),
        ("linkpath", "f"),
        ("size", "5"),
        ("GNU.sparse.size", "5"),
        ("GNU.sparse.major", "1"),
    ] {
        let layer = Layer::new().global_pax(key, value).file("f", 0o644, "");
        refuses(key, layer, "its pax header is malformed");
    }
}

#[test]
fn malformed_global_records_are_refused() {
    for bytes in ["9 comment", "x", "12 mtime=xx\n", "99 comment=x\n"] {
        let layer = Layer::new().raw(extended(b'g', bytes)).file("f", 0o644, "");
        refuses(bytes, layer, "its pax header is malformed");
    }
}
