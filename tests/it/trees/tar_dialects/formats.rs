//! The formats by their magic, and where each has its long names and large numbers.

use super::{extended, field, pax, reads};
use crate::support::Layer;
use crate::support::sandbox::is_root;

fn file(name: &str) -> Layer {
    Layer::new().file(name, 0o644, "hello")
}

#[test]
fn every_format_is_read() {
    let v7 = |layer: Layer| field(layer, 257, [0; 255]);
    let gnu = |layer: Layer| field(layer, 257, b"ustar  \0");
    let star = |layer: Layer| field(layer, 508, b"tar\0");
    let prefix = |layer: Layer, prefix: &str| field(layer, 345, prefix);
    let long = "p".repeat(70) + "/" + &"q".repeat(84);
    let full = "n".repeat(100);
    let in_prefix = format!(
        "d 0755 {0}/\nd 0755 {0}/{1}/\nf 0644 5 {0}/{1}/{full}\n",
        "p".repeat(70),
        "q".repeat(84)
    );
    let in_dir = "d 0755 a/\nd 0755 a/b/\nf 0644 5 a/b/f\n";
    let plain = "f 0644 5 f\n";
    for (name, layer, sketch) in [
        ("v7", v7(file("f")), plain),
        ("v7 without a type", field(v7(file("f")), 156, [0]), plain),
        (
            "v7 directory",
            v7(Layer::new().entry(0, "d/").mode(0o750)),
            "d 0750 d/\n",
        ),
        (
            "v7 links",
            v7(v7(Layer::new().file("f", 0o644, "x").symlink("s", "f")).hardlink("h", "f")),
            "f 0644 1 f\nh h -> f\nl s -> f\n",
        ),
        ("v7 has no prefix", v7(prefix(file("f"), "a/b")), plain),
        ("ustar", file("f"), plain),
        ("ustar, prefix", prefix(file("f"), "a/b"), in_dir),
        ("ustar, full fields", prefix(file(&full), &long), &in_prefix),
        (
            "ustar of another version",
            prefix(field(file("f"), 263, "  "), "a/b"),
            in_dir,
        ),
        (
            "ustar of version NUL",
            prefix(field(file("f"), 263, "\0\0"), "a/b"),
            in_dir,
        ),
        ("ustar, prefix and root", prefix(file("f"), "/"), plain),
        ("GNU", gnu(file("f")), plain),
        (
            "GNU has times where others have the prefix",
            gnu(field(
                prefix(file("f"), "14567000000\0"),
                357,
                "14567000000\0",
            )),
            plain,
        ),
        (
            "GNU has blanks where no ctime is known",
            gnu(field(
                prefix(file("f"), "14567000000\0"),
                357,
                "           \0",
            )),
            plain,
        ),
        ("star, prefix", star(prefix(file("f"), "a/b")), in_dir),
        (
            "star has times behind the prefix",
            star(prefix(
                field(file("f"), 476, "14567000000 14567000000 "),
                "a/b",
            )),
            in_dir,
        ),
        (
            "pax over the prefix",
            prefix(file("x"), "y").pax("path", "a/b/f"),
            in_dir,
        ),
        ("pax over v7", v7(file("x").pax("path", "a/b/f")), in_dir),
        (
            "pax over GNU",
            gnu(Layer::new()
                .raw(pax(&[("path", "a/b/f")]))
                .file("x", 0o644, "hello")),
            in_dir,
        ),
    ] {
        reads(name, layer, sketch);
    }
}

/// Old versions of Docker wrote them.
#[test]
fn ustar_may_have_base_256_and_a_prefix() {
    let id = [0x80, 0, 0, 0, 0, 0x4c, 0x4b, 0x40];
    let layer = field(field(file("f"), 108, id), 116, id);
    let sketch = "d 0755 a/\nd 0755 a/b/\nf 0644 5 a/b/f\n";
    let outcome = reads("old Docker", field(layer, 345, "a/b"), sketch);
    if is_root() {
        let node = outcome.node("a/b/f");
        assert_eq!((node.uid, node.gid), (5_000_000, 5_000_000));
    }
}

#[test]
fn names_of_users_change_nothing() {
    let layer = field(field(file("f"), 265, "nobody"), 297, "daemon");
    let layer = layer.pax("uname", "bin").pax("gname", "bin");
    let node = reads("names", layer, "f 0644 5 f\n").node("f");
    if is_root() {
        assert_eq!((node.uid, node.gid), (0, 0));
    }
}

const ATIME: usize = 345;
const CTIME: usize = 357;

/// A file with GNU magic and these bytes where GNU has atime and ctime, and ustar the prefix.
fn gnu(name: &str, bytes: impl AsRef<[u8]>) -> Layer {
    let layer = field(file(name), ATIME, [0; 155]);
    field(field(layer, 257, b"ustar  \0"), ATIME, bytes)
}

/// As Go before 1.8 wrote them, and as containerd and moby read them.
#[test]
fn a_prefix_in_a_gnu_header_was_lost() {
    let dirs = |path: &str| {
        let parts: Vec<_> = path.split('/').collect();
        let made = (1..=parts.len()).map(|n| format!("d 0755 {}/\n", parts[..n].join("/")));
        made.collect::<String>() + &format!("f 0644 5 {path}/f\n")
    };
    let longest = format!("{}/{}", "p".repeat(70), "q".repeat(84));
    let octal_first = format!("{}/y", "0".repeat(11));
    for path in [
        "a/b",
        "a",
        "usr/share/zoneinfo/posix",
        "8",
        "0 1",
        "-1",
        // The first field is a number, the second is not.
        &octal_first,
        "0123456701234567 and more",
        &longest,
    ] {
        reads(path, gnu("f", path), &dirs(path));
    }
    let slash = gnu("f", "/a/b/");
    reads("slashes", slash, "d 0755 a/\nd 0755 a/b/\nf 0644 5 a/b/f\n");
    // Ids of 2^21 and more are why Go chose GNU's format.
    let id = [0x80, 0, 0, 0, 0, 0x4c, 0x4b, 0x40];
    let outcome = reads(
        "ids",
        field(field(gnu("f", "a/b"), 108, id), 116, id),
        &dirs("a/b"),
    );
    if is_root() {
        let node = outcome.node("a/b/f");
        assert_eq!((node.uid, node.gid), (5_000_000, 5_000_000));
    }
    let directory = Layer::new().entry(b'5', "d/").mode(0o700);
    let directory = field(field(directory, 257, b"ustar  \0"), ATIME, "a");
    reads("directory", directory, "d 0755 a/\nd 0700 a/d/\n");
    let long = Layer::new().raw(extended(b'L', "x/y\0"));
    let long = Layer::new().raw([long.unended(), gnu("f", "a/b").unended()].concat());
    reads("L over the prefix", long, "d 0755 x/\nf 0644 5 x/y\n");
}

#[test]
fn times_of_gnu_headers_are_no_prefix() {
    let plain = "f 0644 5 f\n";
    let base_256 = b"\x80\0\0\0\0\0\0\0\x65\x53\xf1\0".as_slice();
    for (name, atime, ctime) in [
        (
            "octal",
            b"14567000000\0".as_slice(),
            b"14567000000\0".as_slice(),
        ),
        ("blanks", b" 1456700000 ", b"           \0"),
        ("twelve digits", b"145670000000", b"145670000000"),
        ("base 256", base_256, base_256),
        ("negative", &[0xff; 12], &[0xff; 12]),
        ("atime alone", b"14567000000\0", &[0; 12]),
        ("ctime alone", &[0; 12], b"14567000000\0"),
        ("unused atime, then garbage", &[0; 12], b"a/b"),
        ("rubbish behind NUL", b"1456\0rubbish", b"1456\0rubbish"),
        // Neither a number nor a name: another tool's, and nobody's prefix.
        ("not ASCII", b"caf\xc3\xa9/x\0\0\0\0", &[0; 12]),
        ("base 256 past 64 bits", &[0xbf; 12], &[0; 12]),
    ] {
        let layer = field(field(gnu("f", ""), ATIME, atime), CTIME, ctime);
        reads(name, layer, plain);
    }
    // Only GNU's whole magic has these fields; the same bytes with another version are v7.
    let other = field(gnu("f", "a/b"), 263, "00");
    reads("another version", other, plain);
    let climbs = gnu("f", "../..");
    super::refuses("climbs", climbs, "its name climbs with `..`");
}
