//! Times: fractions, before 1970, and far away.

use super::{field, pull};
use crate::support::Layer;

fn file() -> Layer {
    Layer::new().file("f", 0o644, "")
}

#[test]
fn times_keep_their_sign_and_their_fraction() {
    for (value, mtime) in [
        ("0", (0, 0)),
        ("1.5", (1, 500_000_000)),
        ("1.000000001", (1, 1)),
        ("1.0000000019", (1, 1)),
        ("1.", (1, 0)),
        ("-1", (-1, 0)),
        ("-1.25", (-2, 750_000_000)),
        ("-0.5", (-1, 500_000_000)),
        ("-0", (0, 0)),
        ("-86400.000000001", (-86401, 999_999_999)),
        ("4102444800.123456789", (4_102_444_800, 123_456_789)),
    ] {
        let entries = |layer: Layer| {
            let time = |layer: Layer| layer.pax("mtime", value);
            let layer = time(layer.dir("d", 0o755)).file("d/x", 0o644, "");
            let layer = time(time(layer.symlink("s", "x")).fifo("p", 0o644));
            time(layer.file("f", 0o644, "")).mtime(5)
        };
        let found = pull(value, entries(Layer::new())).tree();
        for name in ["d", "f", "s", "p"] {
            assert_eq!(found[name.as_bytes()].mtime, mtime, "{name} {value}");
        }
    }
}

#[test]
fn headers_have_times_before_1970_in_base_256() {
    for seconds in [-1, -86_400, -2_000_000_000, 0, 1, 4_102_444_800] {
        let layer = file().mtime(seconds).gnu();
        assert_eq!(pull("base-256", layer).node("f").mtime, (seconds, 0));
    }
    let blank = field(file(), 136, [0; 12]);
    assert_eq!(pull("blank", blank).node("f").mtime, (0, 0));
    // The year 2242.
    let digits = field(file(), 136, "77777777777 ");
    assert_eq!(pull("digits", digits).node("f").mtime, (8_589_934_591, 0));
}

/// What the file system cannot hold, it cuts; that is no reason to refuse an image.
#[test]
fn times_that_no_file_system_has_do_no_harm() {
    for value in [
        "1262304000000000",
        "-1262304000000000",
        "9223372036854775807",
        "-9223372036854775807",
        "-9223372036854775807.5",
        "9223372036854775807.999999999999999999999",
    ] {
        let layer = file().pax("mtime", value);
        let layer = layer.dir("d", 0o755).pax("mtime", value);
        let layer = layer.symlink("s", "f").pax("mtime", value);
        pull(value, layer).succeeds();
    }
    let most = [
        0x80, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    ];
    pull("most", field(file(), 136, most)).succeeds();
    let least = [0xff, 0xff, 0xff, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0];
    pull("least", field(file(), 136, least)).succeeds();
    let beyond = [0x80, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0];
    let why = "its mtime is not a valid number";
    pull("beyond", field(file(), 136, beyond)).refused(why);
}
