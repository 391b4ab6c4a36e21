//! Small layers that have every kind of header between them, in parts that are entries of their own.

use crate::support::Layer;
use crate::support::tar::{BLOCK, seal};

/// One entry with the headers that belong to it.
pub(super) struct Part {
    pub(super) bytes: Vec<u8>,
    /// How many of them only fill the last block.
    pub(super) padding: usize,
}

fn part(layer: &Layer, stored: usize) -> Part {
    Part {
        bytes: layer.unended(),
        padding: stored.next_multiple_of(BLOCK) - stored,
    }
}

fn file(name: &str, size: usize) -> Part {
    let contents: Vec<u8> = (0..size).map(|n| (n % 251) as u8).collect();
    part(&Layer::new().file(name, 0o640, contents), size)
}

/// A file whose size and offsets are said by pax records, and what is stored of it.
fn pax_sparse(name: &str, records: &[(&str, &str)], stored: &[u8]) -> Part {
    let layer = Layer::new().file(name, 0o644, stored);
    let layer = records.iter().fold(layer, |layer, (key, value)| {
        layer.pax(format!("GNU.sparse.{key}"), value)
    });
    part(&layer, stored.len())
}

/// An old GNU sparse file of five islands, one of which stands in a block behind the header.
fn old_sparse() -> Part {
    let octal = |field: &mut [u8], number: usize| {
        let digits = format!("{number:011o}\0");
        field.copy_from_slice(digits.as_bytes());
    };
    let layer = Layer::new().entry(b'S', "s").contents("abcde").gnu();
    let layer = layer.raw_header(move |block| {
        for island in 0..4 {
            let field = 386 + island * 24;
            octal(&mut block[field..field + 12], island * 1000);
            octal(&mut block[field + 12..field + 24], 1);
        }
        block[482] = 1;
        octal(&mut block[483..495], 5000);
    });
    let mut bytes = layer.unended();
    let mut extension = [0; BLOCK];
    octal(&mut extension[..12], 4000);
    octal(&mut extension[12..24], 1);
    bytes.splice(BLOCK..BLOCK, extension);
    Part {
        bytes,
        padding: BLOCK - 5,
    }
}

/// A header by the oldest tar, which knew no magic; a slash at the end made a directory.
fn v7(name: &str, contents: &str) -> Part {
    let layer = Layer::new().entry(0, name).contents(contents);
    let layer = layer.raw_header(|block| block[257..].fill(0));
    part(&layer, contents.len())
}

/// A name in two fields.
fn prefixed() -> Part {
    let layer = Layer::new().file("name", 0o600, "behind a prefix");
    let layer = layer.sealed_header(|block| {
        block[345..353].copy_from_slice(b"some/dir");
        seal(block);
    });
    part(&layer, 15)
}

/// The layers, by what they are about.
pub(super) fn layers() -> Vec<(&'static str, Vec<Part>)> {
    let size = |size| file(&format!("f{size}"), size);
    let long = "long-".repeat(30) + "name";
    let map = format!("2\n0\n1\n100\n2\n{}", "\0".repeat(BLOCK - 12));
    vec![
        ("small", [0, 1, 511].map(size).into()),
        ("whole blocks", [512, 513].map(size).into()),
        (
            "v7 and ustar",
            vec![v7("old", "v7"), v7("dir/", ""), prefixed()],
        ),
        (
            "GNU",
            vec![
                part(&Layer::new().file(&long, 0o644, "L").gnu(), 1),
                part(&Layer::new().symlink("link", &long).gnu(), 0),
                part(&Layer::new().dir("time", 0o700).gnu().mtime(-1_000_000), 0),
            ],
        ),
        (
            "pax",
            vec![
                part(&Layer::new().global_pax("comment", "for all"), 19),
                part(
                    &Layer::new()
                        .file(&long, 0o644, "pax")
                        .pax("mtime", "1.5")
                        .xattr("user.x", b"\n=\0"),
                    3,
                ),
                part(
                    &Layer::new()
                        .file("size", 0o644, "sized")
                        .pax("size", "5")
                        .raw_header(|block| block[124..136].copy_from_slice(b"00000000000\0")),
                    5,
                ),
            ],
        ),
        ("sparse in the header", vec![old_sparse()]),
        (
            "sparse in pax",
            vec![
                pax_sparse(
                    "s00",
                    &[
                        ("size", "9000"),
                        ("numblocks", "1"),
                        ("offset", "8000"),
                        ("numbytes", "3"),
                    ],
                    b"abc",
                ),
                pax_sparse(
                    "s01",
                    &[("name", "s01"), ("size", "9000"), ("map", "0,1,8000,2")],
                    b"abc",
                ),
            ],
        ),
        (
            "sparse in the contents",
            vec![pax_sparse(
                "s10",
                &[
                    ("major", "1"),
                    ("minor", "0"),
                    ("name", "s10"),
                    ("realsize", "9000"),
                ],
                [map.as_bytes(), b"abc"].concat().as_slice(),
            )],
        ),
        (
            "kinds",
            vec![
                part(&Layer::new().dir("d", 0o1777), 0),
                part(&Layer::new().fifo("d/fifo", 0o600), 0),
                file("d/f", 3),
                part(&Layer::new().hardlink("d/h", "d/f"), 0),
                part(&Layer::new().symlink("d/s", "/nowhere"), 0),
                part(&Layer::new().whiteout("d/w"), 0),
                part(&Layer::new().opaque("d"), 0),
            ],
        ),
    ]
}

/// All parts of all layers, one after the other, with their end.
pub(super) fn everything() -> Vec<u8> {
    let mut tar: Vec<u8> = layers()
        .into_iter()
        .flat_map(|(_, parts)| parts)
        .flat_map(|part| part.bytes)
        .collect();
    tar.extend([0; 2 * BLOCK]);
    tar
}
