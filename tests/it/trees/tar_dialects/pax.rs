//! pax extended headers: what they say goes over the header, and what is malformed is refused.

use super::{extended, field, pax, reads, refuses};
use crate::support::Layer;
use crate::support::sandbox::is_root;
use crate::support::tar::pax_record;

const SIZE: usize = 124;

/// CVE-2025-62518 and CVE-2026-33055: readers that believed the header saw other entries.
#[test]
fn the_size_of_pax_goes_over_the_headers() {
    let inner = Layer::new().file("inner", 0o644, "smuggled").tar();
    let file = || Layer::new().file("f", 0o644, &inner);
    let length = inner.len().to_string();
    let sketch = format!("f 0644 {length} f\n");
    for (name, header) in [
        ("smaller", "00000000000\0"),
        ("larger", "00000017777\0"),
        ("blank", "            "),
    ] {
        let layer = field(file().pax("size", &length), SIZE, header);
        reads(name, layer, &sketch);
    }
    // The other way round: what the header counts as contents are entries.
    let entries = Layer::new().file("f", 0o644, &inner).pax("size", "0");
    let sketch = "f 0644 0 f\nf 0644 8 inner\n";
    // The end marker of the inner archive is that of the whole.
    crate::support::Trial::new("none")
        .layer(entries)
        .pull()
        .is(sketch);
}

/// RUSTSEC-2026-0112 and -0145.
#[test]
fn the_size_of_pax_is_not_that_of_long_names_between() {
    let long = "n".repeat(150);
    let name = [long.as_bytes(), b"\0"].concat();
    let sketch = format!("f 0644 5 {long}\n");
    let file = || {
        field(
            Layer::new().file("x", 0o644, "hello"),
            SIZE,
            "00000000000\0",
        )
    };
    let behind = |pieces: &[Vec<u8>]| Layer::new().raw(pieces.concat());
    let join = |before: Layer| Layer::new().raw([before.unended(), file().unended()].concat());
    let size = pax(&[("size", "5")]);
    let (l, k) = (extended(b'L', &name), extended(b'K', b"nowhere\0"));
    reads("L", join(behind(&[size.clone(), l.clone()])), &sketch);
    reads(
        "K and L",
        join(behind(&[size.clone(), k, l.clone()])),
        &sketch,
    );
    let global = extended(b'g', pax_record(b"comment", &[b'c'; 600]));
    reads("g and L", join(behind(&[size, global, l])), &sketch);
}

#[test]
fn malformed_records_are_refused() {
    let malformed = "its pax header is malformed";
    let nul = "its name has a NUL byte";
    let number = "is not a valid number";
    let record = |key: &str, value: &[u8]| pax_record(key.as_bytes(), value);
    for (bytes, why) in [
        (b"12 path=a/b".to_vec(), malformed),
        (b"11 path=a/b\n".to_vec(), malformed),
        (b"13 path=a/b\n".to_vec(), malformed),
        (b"10 path=a/b\n".to_vec(), malformed),
        (b"5 path=a/b\n".to_vec(), malformed),
        (b"3 path=a/b\n".to_vec(), malformed),
        (b"0 path=a/b\n".to_vec(), malformed),
        (b"-12 path=a/b\n".to_vec(), malformed),
        (b"+12 path=a/b\n".to_vec(), malformed),
        (b" 12 path=a/b\n".to_vec(), malformed),
        (b"0xc path=a/b\n".to_vec(), malformed),
        (b"99999999999999999999999 path=a\n".to_vec(), malformed),
        (b"18446744073709551615 path=a\n".to_vec(), malformed),
        (b"18446744073709551616 path=a\n".to_vec(), malformed),
        (b"path=a/b\n".to_vec(), malformed),
        (b"12path=a/bb\n".to_vec(), malformed),
        (b"9 path/a\n".to_vec(), malformed),
        (b"6 =a/\n".to_vec(), malformed),
        (b"12".to_vec(), malformed),
        (b"12 ".to_vec(), malformed),
        (b"\n".to_vec(), malformed),
        (b"\0\0\0\0".to_vec(), malformed),
        ([&record("path", b"f")[..], b"x"].concat(), malformed),
        ([&record("path", b"f")[..], b"\0"].concat(), malformed),
        ([&record("path", b"f")[..], b"\n"].concat(), malformed),
        (
            [&record("comment", b"c")[..], b"7 x=y\n"].concat(),
            malformed,
        ),
        (record("path", b"a\0b"), nul),
        (record("linkpath", b"a\0b"), nul),
        (record("size", b"-1"), malformed),
        (record("size", b"5 "), malformed),
        (record("size", b" 5"), malformed),
        (record("size", b"0x5"), malformed),
        (record("size", b"5.0"), malformed),
        (record("size", b"9223372036854775808"), malformed),
        (record("size", b"1000000000000000000000000"), malformed),
        (record("uid", b"-1"), malformed),
        (record("uid", b"root"), malformed),
        (record("gid", b"1e3"), malformed),
        (record("uid", b"4294967295"), number),
        (record("gid", b"4294967296"), number),
        (record("mtime", b"yesterday"), malformed),
        (record("mtime", b"1.5x"), malformed),
        (record("mtime", b"."), malformed),
        (record("mtime", b"--1"), malformed),
        (record("mtime", b"1.-5"), malformed),
        (record("mtime", b"99999999999999999999"), malformed),
        (record("SCHILY.xattr.", b"x"), malformed),
        (record("SCHILY.xattr.user.a\0b", b"x"), malformed),
        (record("LIBARCHIVE.xattr.user.a", b"!"), malformed),
        (record("LIBARCHIVE.xattr.user.%2", b""), malformed),
        (record("LIBARCHIVE.xattr.user.%00", b""), malformed),
    ] {
        let name = format!("{}", bytes.escape_ascii());
        let file = |layer: Layer| layer.file("f", 0o644, "hello");
        refuses(&name, file(Layer::new().raw(extended(b'x', &bytes))), why);
    }
}

#[test]
fn records_are_taken_by_their_length() {
    let odd = "d 0755 a\\n9 size=0\\n/\nf 0644 5 a\\n9 size=0\\n/b=c\n";
    for (name, records, sketch) in [
        ("newlines and =", &[("path", "a\n9 size=0\n/b=c")][..], odd),
        (
            "the last wins",
            &[("path", "x"), ("path", "f")],
            "f 0644 5 f\n",
        ),
        (
            "an empty value takes it back",
            &[("path", "x"), ("path", ""), ("size", "9"), ("size", "")],
            "f 0644 5 header\n",
        ),
        (
            "others are ignored",
            &[
                ("atime", "soon"),
                ("ctime", "1.5"),
                ("charset", "ISO-IR 8859 1 1998"),
                ("hdrcharset", "BINARY"),
                ("comment", "12 path=evil\n"),
                ("realtime.x", ""),
                ("VENDOR.path", "evil"),
                ("SCHILY.dev", "x"),
                ("PATH", "evil"),
            ],
            "f 0644 5 header\n",
        ),
        ("leading zeros", &[("size", "0005")], "f 0644 5 header\n"),
    ] {
        let layer = Layer::new().raw(pax(records));
        reads(name, layer.file("header", 0o644, "hello"), sketch);
    }
    let zeros = Layer::new().raw(extended(b'x', b"0010 path=f\n\x30"));
    refuses("junk", zeros.file("x", 0o644, ""), "malformed");
}

#[test]
fn a_second_header_stands_in_place_of_the_first() {
    let two = [
        pax(&[("path", "lost"), ("size", "99")]),
        pax(&[("uid", "7")]),
    ]
    .concat();
    let outcome = reads(
        "two",
        Layer::new().raw(two).file("f", 0o644, "hello"),
        "f 0644 5 f\n",
    );
    if is_root() {
        assert_eq!(outcome.node("f").uid, 7);
    }
    let none = Layer::new().raw(extended(b'x', ""));
    reads("none", none.file("f", 0o644, "hello"), "f 0644 5 f\n");
}

#[test]
fn records_hold_for_one_entry_only() {
    let layer = Layer::new()
        .file("x", 0o644, "hello")
        .pax("path", "a")
        .xattr("user.a", "a")
        .file("b", 0o644, "")
        .symlink("y", "z")
        .pax("path", "c")
        .pax("linkpath", "target")
        .symlink("d", "e");
    let sketch = "f 0644 5 a\nf 0644 0 b\nl c -> target\nl d -> e\n";
    let outcome = reads("one", layer, sketch);
    assert!(outcome.node("b").xattrs.is_empty());
}
