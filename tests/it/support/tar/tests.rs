//! An independent reader understands what is written.

use super::*;
use std::io::Read;

#[test]
fn what_is_written_can_be_read_by_the_tar_crate() {
    let long = "d/".repeat(80) + "file";
    let layer = Layer::new()
        .dir("etc", 0o755)
        .file("etc/hostname", 0o640, "box\n")
        .owner(3_000_000, 7)
        .xattr("user.x", b"a\0b=c")
        .file(&long, 0o644, "pax")
        .file(&long, 0o644, "gnu")
        .gnu()
        .owner(u64::from(u32::MAX), 0)
        .symlink("link", "etc")
        .hardlink("twin", &long)
        .char_device("null", 0o666, 1, 3)
        .whiteout("a/b")
        .opaque("")
        .mtime(-5);
    let bytes = layer.tar();
    assert_eq!(bytes.len() % BLOCK, 0);
    let mut archive = ::tar::Archive::new(&bytes[..]);
    let mut seen = Vec::new();
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        let mut contents = String::new();
        entry.read_to_string(&mut contents).unwrap();
        let path = String::from_utf8(entry.path_bytes().into_owned()).unwrap();
        let header = entry.header();
        seen.push((
            path,
            contents,
            header.mode().unwrap(),
            header.entry_type().as_byte(),
        ));
        if seen.len() == 2 {
            let records: Vec<_> = entry
                .pax_extensions()
                .unwrap()
                .unwrap()
                .map(Result::unwrap)
                .collect();
            assert_eq!(records[0].key_bytes(), b"uid");
            assert_eq!(records[0].value_bytes(), b"3000000");
            assert_eq!(records[1].value_bytes(), b"a\0b=c");
        }
        if seen.len() == 4 {
            assert_eq!(entry.header().uid().unwrap(), u64::from(u32::MAX));
        }
    }
    let expected = [
        ("etc/", "", 0o755, b'5'),
        ("etc/hostname", "box\n", 0o640, b'0'),
        (&long, "pax", 0o644, b'0'),
        (&long, "gnu", 0o644, b'0'),
        ("link", "", 0o777, b'2'),
        ("twin", "", 0o644, b'1'),
        ("null", "", 0o666, b'3'),
        ("a/.wh.b", "", 0, b'0'),
        (".wh..wh..opq", "", 0, b'0'),
    ];
    assert_eq!(
        seen,
        expected.map(|(path, contents, mode, kind)| (path.into(), contents.into(), mode, kind))
    );
}

#[test]
fn a_pax_record_counts_its_own_length() {
    assert_eq!(pax_record(b"path", b"x"), b"9 path=x\n");
    assert_eq!(pax_record(b"pa", b"xy"), b"8 pa=xy\n");
    assert!(pax_record(b"p", &[b'x'; 93]).starts_with(b"99 p="));
    assert!(pax_record(b"p", &[b'x'; 94]).starts_with(b"101 p="));
}
