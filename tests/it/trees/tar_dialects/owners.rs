//! Owners that fit 32 bits are set, and others refused rather than cut.

use super::{field, pull, refuses};
use crate::support::Layer;
use crate::support::sandbox::is_root;

fn file() -> Layer {
    Layer::new().file("f", 0o644, "")
}

#[test]
fn owners_up_to_32_bits_are_set() {
    for id in [
        0,
        1,
        65_534,
        65_535,
        65_536,
        2_097_151,
        2_097_152,
        3_000_000_000,
        u32::MAX - 1,
    ] {
        let other = id / 2;
        for layer in [
            file().owner(id.into(), other.into()),
            file().owner(id.into(), other.into()).gnu(),
            file()
                .owner(5, 5)
                .pax("uid", id.to_string())
                .pax("gid", other.to_string()),
        ] {
            let outcome = pull(&id.to_string(), layer);
            let node = outcome.node("f");
            if is_root() {
                assert_eq!((node.uid, node.gid), (id, other));
            }
        }
    }
    let blank = field(field(file(), 108, [0; 8]), 116, "        ");
    pull("blank", blank).succeeds();
}

#[test]
fn owners_that_do_not_fit_are_refused() {
    for id in [u64::from(u32::MAX), 1 << 32, (1 << 32) + 5, i64::MAX as u64] {
        for (field, layer) in [
            ("uid", file().owner(id, 0)),
            ("gid", file().owner(0, id)),
            ("uid", file().pax("uid", id.to_string())),
            ("gid", file().pax("gid", id.to_string())),
        ] {
            let why = format!("its {field} is not a valid number");
            refuses(&id.to_string(), layer, &why);
        }
    }
    // Eight bytes of base-256 have no room for more than 56 bits.
    for bytes in [[0xff; 8], [0x80, 0, 0, 1, 0, 0, 0, 0], [0xbf; 8]] {
        for (name, at) in [("uid", 108), ("gid", 116)] {
            let why = format!("its {name} is not a valid number");
            refuses(name, field(file(), at, bytes), &why);
        }
    }
}
