//! The number fields of headers: octal digits, or base-256, or refused.

use super::{field, pull, reads, refuses};
use crate::support::{Layer, Trial};

const MODE: usize = 100;
const SIZE: usize = 124;
const MTIME: usize = 136;

fn file() -> Layer {
    Layer::new().file("f", 0o644, "hello")
}

#[test]
fn digits_stand_between_blanks_and_nuls() {
    for (bytes, mode) in [
        ("0000640\0", 0o640),
        ("0000640 ", 0o640),
        ("640\0\0\0\0\0", 0o640),
        ("   640 \0", 0o640),
        ("  640\0 \0", 0o640),
        ("00000640", 0o640),
        ("\x00\x00\x00\x00\x00640", 0o640),
        ("        ", 0),
        ("\0\0\0\0\0\0\0\0", 0),
        // The file type, as old writers put it there.
        ("0100640\0", 0o640),
        ("0106755\0", 0o6755),
        ("77777777", 0o7777),
        ("\x7f\x7f", 0),
    ] {
        let layer = field(file(), MODE, bytes);
        if bytes.starts_with('\x7f') {
            refuses(bytes, layer, "its mode is not a valid number");
        } else {
            assert_eq!(pull(bytes, layer).node("f").mode, mode, "{bytes:?}");
        }
    }
    let base_256 = field(file(), MODE, [0x80, 0, 0, 0, 0, 0, 1, 0xa0]);
    assert_eq!(pull("base-256", base_256).node("f").mode, 0o640);
}

#[test]
fn what_is_no_number_is_refused() {
    let at = [
        ("mode", 100),
        ("uid", 108),
        ("gid", 116),
        ("size", SIZE),
        ("mtime", MTIME),
    ];
    for (what, at) in at {
        for bytes in [
            "0000648\0",
            "000064x\0",
            "x000640\0",
            "-000640\0",
            "+000640\0",
            "0x0640\0\0",
            "0 0640\0\0",
            "06\u{0}40\0\0\0",
            "0.640\0\0\0",
            "\n000640\0",
            "\t000640\0",
        ] {
            let layer = field(field(file(), at, [0; 8]), at, bytes);
            let why = format!("its {what} is not a valid number");
            refuses(&format!("{what} {bytes:?}"), layer, &why);
        }
    }
}

#[test]
fn sizes_that_cannot_be_are_refused() {
    let impossible = "its size is not a valid number";
    let cut = "unexpected end of archive";
    let base_256 = |first: u8, rest: u64| {
        let mut bytes = vec![first, 0, 0, 0];
        bytes.extend(rest.to_be_bytes());
        bytes
    };
    for (name, bytes, why) in [
        ("negative", vec![0xff; 12], impossible),
        ("most negative", base_256(0xff, 0), impossible),
        ("2^63", base_256(0x80, 1 << 63), impossible),
        ("2^64-1", base_256(0x80, u64::MAX), impossible),
        (
            "2^64+5",
            vec![0x80, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 5],
            impossible,
        ),
        (
            "2^88",
            vec![0x81, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5],
            impossible,
        ),
        // Rounded up to blocks, these would be small.
        ("2^63-1", base_256(0x80, i64::MAX as u64), cut),
        ("2^63-511", base_256(0x80, i64::MAX as u64 - 510), cut),
        ("2^40", base_256(0x80, 1 << 40), cut),
        ("twelve digits", b"777777777777".to_vec(), cut),
    ] {
        refuses(name, field(file(), SIZE, &bytes), why);
        // Extended headers have sizes as well.
        let global = Layer::new().global_pax("comment", "x");
        let global = field(global, SIZE, &bytes).file("f", 0o644, "");
        let why = if why == cut {
            "its extended header is longer than 1 MiB"
        } else {
            why
        };
        refuses(&format!("{name} of a header"), global, why);
    }
    let five = field(file(), SIZE, base_256(0x80, 5));
    reads("base-256", five, "f 0644 5 f\n");
    for bytes in [
        "5           ",
        "          5 ",
        "000000000005",
        "          5\0",
    ] {
        reads(bytes, field(file(), SIZE, bytes), "f 0644 5 f\n");
    }
}

#[test]
fn sizes_of_what_has_no_contents_are_ignored() {
    let layer = |layer: Layer| field(layer, SIZE, "00000001750\0");
    let lower = || Layer::new().file("a", 0o644, "");
    let mut cases = vec![
        (
            "directory",
            lower().dir("d", 0o755),
            "f 0644 0 a\nd 0755 d/\n",
        ),
        (
            "old directory",
            lower().entry(0, "d/").mode(0o755),
            "f 0644 0 a\nd 0755 d/\n",
        ),
        (
            "symlink",
            lower().symlink("d", "x"),
            "f 0644 0 a\nl d -> x\n",
        ),
        (
            "hard link",
            lower().hardlink("d", "a"),
            "f 0644 0 a\nh d -> a\n",
        ),
        ("fifo", lower().fifo("d", 0o644), "f 0644 0 a\np 0644 d\n"),
    ];
    if crate::support::sandbox::is_root() {
        cases.push((
            "device",
            lower().char_device("d", 0o644, 1, 3),
            "f 0644 0 a\nc 0644 1,3 d\n",
        ));
    }
    for (name, entry, sketch) in cases {
        reads(name, layer(entry.clone()), sketch);
        reads(&format!("{name} by pax"), entry.pax("size", "1000"), sketch);
    }
}

#[test]
fn device_numbers_that_do_not_fit_are_refused() {
    let why = "its device number is not a valid number";
    for (major, minor) in [
        ("10000", "0"),
        ("0", "4000000"),
        ("7777777", "7777777"),
        ("-1", "0"),
        ("x", "1"),
    ] {
        for kind in [b'3', b'4'] {
            let device = Layer::new().entry(kind, "d");
            let device = field(field(device, 329, [0; 8]), 329, major);
            let device = field(field(device, 337, [0; 8]), 337, minor);
            refuses(&format!("{major},{minor}"), device, why);
        }
    }
    let old = field(Layer::new().char_device("d", 0o644, 1, 3), 257, [0; 72]);
    refuses("v7 has none", old, why);
    if crate::support::sandbox::is_root() {
        let largest = Layer::new()
            .char_device("c", 0o640, 4095, (1 << 20) - 1)
            .block_device("d", 0o640, 0, 0)
            .block_device("e", 0o640, 259, 65_536)
            .gnu();
        let sketch = "c 0640 4095,1048575 c\nb 0640 0,0 d\nb 0640 259,65536 e\n";
        reads("largest", largest, sketch);
        let blank = field(Layer::new().char_device("d", 0o644, 0, 0), 329, [0; 16]);
        reads("blank", blank, "c 0644 0,0 d\n");
    }
}

/// Other files' fields there are nobody's business.
#[test]
fn device_numbers_of_files_are_not_read() {
    let layer = field(file(), 329, "garbage garbage ");
    Trial::new("garbage").layer(layer).pull().is("f 0644 5 f\n");
}
