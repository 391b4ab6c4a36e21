//! Maps that do not fit, or are none.

use super::writers::{WRITERS, Writer, old_gnu, pax_0_0, pax_0_1, pax_1_0};
use crate::support::tar::{BLOCK, pax_record, seal};
use crate::support::{Layer, Trial};
use crate::trees::tar_dialects::{extended, pull, refuses};

const WHY: &str = "its sparse map does not fit it";

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
    cut.refused("unexpected end of archive");
}
