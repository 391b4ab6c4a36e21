//! The checksum of each header: of unsigned bytes or of signed ones.

use super::{extended, pull, reads, refuses};
use crate::support::Layer;
use crate::support::tar::BLOCK;

const WRONG: &str = "its header has a wrong checksum";

fn sum(block: &[u8; BLOCK], value: impl Fn(u8) -> i64) -> i64 {
    let field = 148..156;
    let bytes = block.iter().enumerate();
    bytes
        .map(|(at, &byte)| value(if field.contains(&at) { b' ' } else { byte }))
        .sum()
}

fn unsigned(block: &[u8; BLOCK]) -> i64 {
    sum(block, i64::from)
}

fn signed(block: &[u8; BLOCK]) -> i64 {
    sum(block, |byte| i64::from(byte.cast_signed()))
}

/// A file whose checksum is written by `write`.
fn file(name: &[u8], write: impl Fn(&[u8; BLOCK]) -> Vec<u8> + 'static) -> Layer {
    let layer = Layer::new().file(name, 0o644, "hello");
    layer.sealed_header(move |block| {
        let bytes = write(block);
        block[148..156].fill(0);
        block[148..148 + bytes.len()].copy_from_slice(&bytes);
    })
}

#[test]
fn sums_of_unsigned_and_of_signed_bytes_hold() {
    for name in [&b"f"[..], b"\xe9\xff", &[0xff; 100]] {
        let shown = name.escape_ascii().to_string();
        let digits = |sum: i64| format!("{sum:06o}\0 ").into_bytes();
        for layer in [
            file(name, move |block| digits(unsigned(block))),
            file(name, move |block| digits(signed(block).abs())),
        ] {
            // A sum of signed bytes may be negative, and then there are no digits for it.
            let outcome = pull(&shown, layer);
            if name.len() == 100 && outcome.run.code != Some(0) {
                outcome.refused(WRONG);
            } else {
                assert_eq!(outcome.node(name).size, 5);
            }
        }
    }
}

#[test]
fn a_sum_may_be_written_in_all_ways_of_numbers() {
    let writers: [fn(i64) -> String; 6] = [
        |sum| format!("{sum:07o}\0"),
        |sum| format!("{sum:08o}"),
        |sum| format!("{sum:8o}"),
        |sum| format!(" {sum:o} \0"),
        |sum| format!("{sum:o}"),
        |sum| format!("{sum:6o}\0 "),
    ];
    for write in writers {
        let layer = file(b"f", move |block| write(unsigned(block)).into_bytes());
        reads(&write(0), layer, "f 0644 5 f\n");
    }
}

#[test]
fn a_wrong_sum_is_refused() {
    for change in [-1, 1, 8, 256] {
        let layer = file(b"f", move |block| {
            format!("{:06o}\0 ", unsigned(block) + change).into_bytes()
        });
        refuses(&change.to_string(), layer, WRONG);
    }
    for bytes in ["        ", "\0\0\0\0\0\0\0\0", "xxxxxx\0 ", "-1", "99"] {
        refuses(bytes, file(b"f", move |_| bytes.into()), WRONG);
    }
    for at in [0, 99, 100, 156, 200, 300, 511] {
        let layer = Layer::new().file("f", 0o644, "hello");
        let layer = layer.sealed_header(move |block| block[at] ^= 1);
        refuses(&format!("byte {at}"), layer, WRONG);
    }
}

#[test]
fn extended_headers_have_sums_too() {
    for kind in [b'x', b'g', b'L', b'K'] {
        let mut bytes = extended(kind, "12 path=a/b\n");
        bytes[10] ^= 1;
        let layer = Layer::new().raw(bytes).file("f", 0o644, "");
        refuses(&char::from(kind).to_string(), layer, WRONG);
    }
}
