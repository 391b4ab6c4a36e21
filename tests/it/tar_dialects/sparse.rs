//! Sparse files in four encodings: with their holes on disk, or refused.

use super::{extended, pull, refuses};
use crate::support::tar::{BLOCK, pax_record, seal};
use crate::support::{Layer, Trial};
use std::os::unix::fs::MetadataExt as _;

const WHY: &str = "its sparse map does not fit it";

/// Where contents go: offset and length of each island.
type Map = Vec<(u64, u64)>;

/// Contents for the islands of a map.
fn contents(map: &Map) -> Vec<u8> {
    let length: u64 = map.iter().map(|(_, length)| length).sum();
    (0..length).map(|at| b'a' + (at % 23) as u8).collect()
}

fn expanded(map: &Map, size: u64) -> Vec<u8> {
    let mut file = vec![0; usize::try_from(size).unwrap()];
    let mut contents = &contents(map)[..];
    for &(offset, length) in map {
        let (offset, length) = (offset as usize, length as usize);
        let (now, later) = contents.split_at(length);
        file[offset..offset + length].copy_from_slice(now);
        contents = later;
    }
    file
}

/// Writes a number field: octal digits, or base-256 where they have no room.
fn number(field: &mut [u8], number: u64) {
    if number < 1 << 33 {
        field[..12].copy_from_slice(format!("{number:011o}\0").as_bytes());
    } else {
        field[..4].copy_from_slice(&[0x80, 0, 0, 0]);
        field[4..12].copy_from_slice(&number.to_be_bytes());
    }
}

fn old_gnu(map: &Map, size: u64, contents: &[u8]) -> Layer {
    let write = |fields: &mut [u8], islands: &[(u64, u64)]| {
        for (at, &(offset, length)) in islands.iter().enumerate() {
            number(&mut fields[at * 24..], offset);
            number(&mut fields[at * 24 + 12..], length);
        }
    };
    let (first, rest) = map.split_at(map.len().min(4));
    let mut header = crate::support::tar::header(b'S', b"f", contents.len());
    header[257..265].copy_from_slice(b"ustar  \0");
    write(&mut header[386..], first);
    header[482] = u8::from(!rest.is_empty());
    number(&mut header[483..], size);
    seal(&mut header);
    let mut bytes = header.to_vec();
    let mut blocks = rest.chunks(21).peekable();
    while let Some(islands) = blocks.next() {
        let mut block = [0; BLOCK];
        write(&mut block, islands);
        block[504] = u8::from(blocks.peek().is_some());
        bytes.extend(block);
    }
    bytes.extend(contents);
    bytes.resize(bytes.len().next_multiple_of(BLOCK), 0);
    Layer::new().raw(bytes)
}

fn pax_0_0(map: &Map, size: u64, contents: &[u8]) -> Layer {
    let layer = Layer::new().file("f", 0o644, contents);
    let layer = layer
        .pax("GNU.sparse.size", size.to_string())
        .pax("GNU.sparse.numblocks", map.len().to_string());
    map.iter().fold(layer, |layer, (offset, length)| {
        layer
            .pax("GNU.sparse.offset", offset.to_string())
            .pax("GNU.sparse.numbytes", length.to_string())
    })
}

fn pax_0_1(map: &Map, size: u64, contents: &[u8]) -> Layer {
    let numbers: Vec<_> = map
        .iter()
        .map(|(offset, length)| format!("{offset},{length}"))
        .collect();
    Layer::new()
        .file("GNUSparseFile.1/f", 0o644, contents)
        .pax("GNU.sparse.name", "f")
        .pax("GNU.sparse.size", size.to_string())
        .pax("GNU.sparse.numblocks", map.len().to_string())
        .pax("GNU.sparse.map", numbers.join(","))
}

fn pax_1_0(map: &Map, size: u64, contents: &[u8]) -> Layer {
    let lines = map
        .iter()
        .map(|(offset, length)| format!("{offset}\n{length}\n"));
    let mut bytes = format!("{}\n{}", map.len(), lines.collect::<String>()).into_bytes();
    bytes.resize(bytes.len().next_multiple_of(BLOCK), 0);
    bytes.extend(contents);
    Layer::new()
        .file("GNUSparseFile.1/f", 0o644, bytes)
        .pax("GNU.sparse.major", "1")
        .pax("GNU.sparse.minor", "0")
        .pax("GNU.sparse.name", "f")
        .pax("GNU.sparse.realsize", size.to_string())
}

type Writer = fn(&Map, u64, &[u8]) -> Layer;

const WRITERS: [(&str, Writer); 4] = [
    ("old GNU", old_gnu),
    ("pax 0.0", pax_0_0),
    ("pax 0.1", pax_0_1),
    ("pax 1.0", pax_1_0),
];

#[test]
fn holes_are_holes_on_disk() {
    const M: u64 = 1 << 20;
    let many: Map = (0..100).map(|at| (at * 100_000, 7 + at)).collect();
    for (name, map, size) in [
        ("a hole", vec![(0, 4096), (8 * M, 4096)], 8 * M + 4096),
        ("at the start", vec![(8 * M, 5)], 8 * M + 5),
        ("at the end", vec![(0, 5)], 8 * M),
        ("marked end", vec![(0, 5), (8 * M, 0)], 8 * M),
        ("nothing else", vec![], 8 * M),
        ("one empty island", vec![(0, 0)], 8 * M),
        (
            "five islands",
            (0..5).map(|at| (at * M, 1000)).collect(),
            5 * M,
        ),
        ("many islands", many, 10 * M),
        (
            "touching",
            vec![(M, 10), (M + 10, 10), (M + 20, 0), (M + 20, 5)],
            8 * M,
        ),
    ] {
        for (how, write) in WRITERS {
            // An empty value takes a record back.
            if map.is_empty() && how == "pax 0.1" {
                continue;
            }
            let outcome = pull(
                &format!("{how}: {name}"),
                write(&map, size, &contents(&map)),
            );
            assert_eq!(outcome.node("f").mode, 0o644);
            assert!(
                outcome.read("f") == expanded(&map, size),
                "{}",
                outcome.name
            );
            assert_eq!(outcome.tree().len(), 3);
            let blocks = outcome.dest.join("f").metadata().unwrap().blocks();
            assert!(blocks * 512 < 2 * M, "{}: {blocks} blocks", outcome.name);
        }
    }
}

#[test]
fn a_terabyte_of_hole_takes_no_room() {
    for (how, write) in WRITERS {
        let map = vec![(0, 3), ((1 << 40) - 3, 3)];
        let layer = write(&map, 1 << 40, b"abcdef").file("zz", 0o644, "");
        let sandbox = crate::support::Sandbox::new("terabyte");
        let dest = sandbox.path("dest");
        let outcome = Trial::new(how).layer(layer).pull_into(&sandbox, &dest);
        outcome.succeeds();
        let found = dest.join("f").metadata().unwrap();
        assert_eq!(found.size(), 1 << 40);
        assert!(found.blocks() < 100, "{how}: {} blocks", found.blocks());
    }
}

#[test]
fn maps_that_do_not_fit_are_refused() {
    for (name, map, size, stored) in [
        ("overlap", vec![(0, 10), (5, 10)], 100, 20),
        ("backwards", vec![(50, 10), (0, 10)], 100, 20),
        ("beyond the end", vec![(0, 10), (95, 10)], 100, 20),
        ("empty, beyond the end", vec![(0, 10), (101, 0)], 100, 10),
        ("more stored", vec![(0, 10)], 100, 11),
        ("less stored", vec![(0, 10)], 100, 9),
        ("stored without islands", vec![], 100, 10),
        ("size smaller", vec![(0, 10)], 5, 10),
    ] {
        for (how, write) in WRITERS {
            refuses(
                &format!("{how}: {name}"),
                write(&map, size, &vec![b'x'; stored]),
                WHY,
            );
        }
    }
    for (name, map, size) in [
        ("wraps", vec![(u64::MAX, 2)], "10"),
        (
            "near 2^63",
            vec![(i64::MAX as u64, 10)],
            "9223372036854775807",
        ),
        ("large", vec![(0, 10)], "9223372036854775808"),
        ("larger", vec![(0, 10)], "18446744073709551616"),
    ] {
        for (write, key) in [
            (pax_0_0 as Writer, "size"),
            (pax_0_1, "size"),
            (pax_1_0, "realsize"),
        ] {
            let layer = write(&map, 10, b"0123456789");
            let layer = layer.pax(format!("GNU.sparse.{key}"), size);
            refuses(name, layer, WHY);
        }
    }
}

#[test]
fn records_that_are_no_map_are_refused() {
    let file = || Layer::new().file("f", 0o644, "hello");
    for (name, records) in [
        ("no size", &[("map", "0,5")][..]),
        ("odd map", &[("size", "9"), ("map", "0,5,7")]),
        ("empty map", &[("size", "9"), ("map", "")]),
        ("no numbers", &[("size", "9"), ("map", "a,b")]),
        ("negative", &[("size", "9"), ("map", "-1,5")]),
        ("blank", &[("size", "9"), ("map", "0, 5")]),
        (
            "wrong count",
            &[("size", "9"), ("map", "0,5"), ("numblocks", "2")],
        ),
        (
            "huge count",
            &[
                ("size", "9"),
                ("map", "0,5"),
                ("numblocks", "1000000000000"),
            ],
        ),
        (
            "lengths first",
            &[("size", "9"), ("numbytes", "5"), ("offset", "0")],
        ),
        (
            "offset twice",
            &[
                ("size", "9"),
                ("offset", "0"),
                ("offset", "0"),
                ("numbytes", "5"),
            ],
        ),
        (
            "half a pair",
            &[
                ("size", "9"),
                ("offset", "0"),
                ("numbytes", "5"),
                ("offset", "7"),
            ],
        ),
        (
            "unknown",
            &[("size", "9"), ("map", "0,5"), ("surprise", "1")],
        ),
        (
            "version 2",
            &[("major", "2"), ("minor", "0"), ("realsize", "9")],
        ),
        (
            "version 1.1",
            &[("major", "1"), ("minor", "1"), ("realsize", "9")],
        ),
        (
            "version 0.2",
            &[
                ("major", "0"),
                ("minor", "2"),
                ("size", "9"),
                ("map", "0,5"),
            ],
        ),
        (
            "1.0 with a map",
            &[
                ("major", "1"),
                ("minor", "0"),
                ("realsize", "9"),
                ("map", "0,5"),
            ],
        ),
        ("NUL", &[("size", "9"), ("map", "0,5"), ("name", "a\0b")]),
        ("name only", &[("name", "evil")]),
    ] {
        let layer = records.iter().fold(file(), |layer, (key, value)| {
            layer.pax(format!("GNU.sparse.{key}"), value)
        });
        refuses(name, layer, WHY);
    }
    for kind in *b"123456" {
        let layer = Layer::new()
            .entry(kind, "x")
            .target("y")
            .pax("GNU.sparse.size", "9");
        let layer = layer.pax("GNU.sparse.map", "0,0");
        refuses(&char::from(kind).to_string(), layer, WHY);
    }
    let both = [
        extended(b'x', pax_record(b"GNU.sparse.size", b"9")),
        old_gnu(&vec![(0, 5)], 9, b"hello").unended(),
    ];
    refuses("both", Layer::new().raw(both.concat()), WHY);
}

#[test]
fn maps_before_contents_that_are_none_are_refused() {
    let file = |contents: &[u8]| {
        Layer::new()
            .file("x", 0o644, contents)
            .pax("GNU.sparse.major", "1")
            .pax("GNU.sparse.minor", "0")
            .pax("GNU.sparse.name", "f")
            .pax("GNU.sparse.realsize", "100")
    };
    for map in [
        "",
        "x\n",
        "\n",
        "-1\n",
        "1\n",
        "1\n0\n",
        "1000000000000\n0\n5\n",
        "2\n0\n5\n",
        "1\n0\n5",
        "1 \n0\n5\n",
    ] {
        let mut contents = map.as_bytes().to_vec();
        contents.resize(BLOCK, 0);
        contents.extend(b"hello");
        refuses(map, file(&contents), WHY);
        // Without a block of its own.
        refuses(map, file(map.as_bytes()), WHY);
    }
    let endless = "1".repeat(10 * BLOCK);
    refuses("endless", file(endless.as_bytes()), WHY);
}

#[test]
fn old_maps_are_read_to_their_end() {
    let layer = |change: fn(&mut [u8])| {
        let mut bytes =
            old_gnu(&(0..6).map(|at| (at * 1000, 1)).collect(), 9000, b"abcdef").unended();
        change(&mut bytes);
        let mut header: [u8; BLOCK] = bytes[..BLOCK].try_into().unwrap();
        seal(&mut header);
        bytes[..BLOCK].copy_from_slice(&header);
        Layer::new().raw(bytes)
    };
    pull("as it is", layer(|_| ())).succeeds();
    refuses("cut off", layer(|bytes| bytes[482] = 0), WHY);
    refuses("no flag", layer(|bytes| bytes[482] = b'x'), WHY);
    refuses("no flag behind", layer(|bytes| bytes[BLOCK + 504] = 7), WHY);
    refuses("endless", layer(|bytes| bytes[BLOCK + 504] = 1), WHY);
    refuses("no number", layer(|bytes| bytes[386] = b'x'), WHY);
    refuses("negative", layer(|bytes| bytes[386..398].fill(0xff)), WHY);
    refuses("no size", layer(|bytes| bytes[483] = b'x'), WHY);
    refuses(
        "ustar",
        layer(|bytes| bytes[257..265].copy_from_slice(b"ustar\x0000")),
        WHY,
    );
    let map = (0..6).map(|at| (at * 1000, 1)).collect();
    let tar = old_gnu(&map, 9000, b"abcdef").unended();
    let cut = Trial::new("cut").tar(&tar[..BLOCK]).pull();
    cut.refused("the archive ends in the middle of it");
}
