//! Names are bytes, of any length that Linux can hold.

use super::{pull, refuses};
use crate::support::{Layer, Sandbox, Trial};
use rustix::fs::{Mode, OFlags, open, openat};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;

#[test]
fn names_are_bytes() {
    let names: [&[u8]; 18] = [
        b"new\nline",
        b"\n",
        b"\x1b[31mred\x07",
        b"latin-\xe9",
        b"\xff\xfe\xfd",
        b"\xc3",
        "nfc-\u{e9}".as_bytes(),
        "nfc-e\u{301}".as_bytes(),
        b"case",
        b"CASE",
        b"back\\slash",
        b"...",
        b" ",
        b"trailing ",
        b"*?[",
        b"\x01\x7f",
        "\u{202e}evil".as_bytes(),
        b"C:",
    ];
    let mut layer = Layer::new();
    for name in names {
        let in_dir = [b"dir-".as_slice(), name, b"/", name].concat();
        layer = layer
            .file(name, 0o644, name)
            .file(in_dir, 0o644, "")
            .symlink([b"link-".as_slice(), name].concat(), name)
            .hardlink([b"twin-".as_slice(), name].concat(), name);
    }
    let outcome = Trial::new("names").layer(layer).pull();
    let found = outcome.tree();
    assert_eq!(found.len(), 1 + names.len() * 5);
    for name in names {
        assert_eq!(outcome.read(OsStr::from_bytes(name)), name);
        let link = &found[&[b"link-".as_slice(), name].concat()];
        assert_eq!(link.target.as_deref(), Some(name));
        assert!(found[name].twin.is_some());
        assert!(found.contains_key(&[b"dir-".as_slice(), name, b"/", name].concat()));
    }
}

#[test]
fn hostile_names_do_not_reach_the_terminal() {
    let name = "\u{1b}]0;x\u{7}\u{202e}\n\u{9b}31m";
    let outcome = pull("hostile", Layer::new().hardlink(name, "nothing"));
    outcome.refused("roots: \\u{1b}]0;x\\u{7}\\u{202e}\\n\\u{9b}31m: malformed layer");
    let lines = outcome.run.stderr.lines();
    let clean = |line: &str| !line.chars().any(|c| c.is_control() || c == '\u{202e}');
    assert!(lines.into_iter().all(clean), "{:?}", outcome.run.stderr);
    let outcome = pull("invalid", Layer::new().hardlink(b"\xff\x1b", "nothing"));
    outcome.refused("roots: \u{fffd}\\u{1b}: malformed layer");
}

#[test]
fn components_of_255_bytes_are_the_longest() {
    for byte in [b'n', 0xff] {
        let name = vec![byte; 255];
        let layer = Layer::new().file(&name, 0o644, "hello").gnu().file(
            [&name[..], b"-dir/"].concat().split_off(4),
            0o600,
            "",
        );
        let found = pull("255", layer).tree();
        assert_eq!(found[&name].size, 5);
    }
    let long = "n".repeat(256);
    let why = "its name has a component of more than 255 bytes";
    refuses("file", Layer::new().file(&long, 0o644, ""), why);
    refuses("GNU", Layer::new().file(&long, 0o644, "").gnu(), why);
    refuses(
        "parent",
        Layer::new().file(format!("{long}/x"), 0o644, ""),
        why,
    );
    refuses("directory", Layer::new().dir(&long, 0o755), why);
    refuses("hard link", Layer::new().hardlink("x", &long), why);
    // The whiteout of a name that cannot be: 255 bytes with its prefix, and more.
    let hidden = "n".repeat(251);
    let lower = Layer::new().file(&hidden, 0o644, "");
    let trial = Trial::new("hidden").layers([lower, Layer::new().whiteout(&hidden)]);
    trial.pull().is("");
    refuses("whiteout", Layer::new().whiteout("n".repeat(252)), why);
}

#[test]
fn symlinks_hold_what_the_kernel_holds() {
    for length in [0, 100, 101, 255, 4000, 4095, 4096, 5000] {
        let target = "t/".repeat(length).split_off(length);
        let outcome = pull(&length.to_string(), Layer::new().symlink("s", &target));
        match length {
            0 => drop(outcome.refused("link without a target")),
            4096.. => drop(outcome.fails(6, "s: cannot create: file name too long")),
            _ => assert_eq!(outcome.node("s").target, Some(target.into_bytes())),
        }
    }
}

#[test]
fn a_thousand_levels_are_made_and_looked_into() {
    let deep = "d/".repeat(1000);
    let layer = Layer::new()
        .file(format!("{deep}f"), 0o644, "hello")
        .symlink(format!("{deep}s"), "f")
        .hardlink(format!("{deep}h"), format!("{deep}f"));
    let outcome = Trial::new("deep").layer(layer).pull();
    assert_eq!(outcome.tree().len(), 1004);
    assert_eq!(outcome.read(format!("{deep}s")), b"hello");
}

/// No path names these any more: only step by step they can be reached.
#[test]
fn trees_deeper_than_a_path_can_say_are_made() {
    for (name, levels) in [("d".to_owned(), 4000), ("n".repeat(200), 60)] {
        let sandbox = Sandbox::new("deeper");
        let path = vec![name.as_str(); levels].join("/") + "/f";
        let layer = Layer::new()
            .file(&path, 0o644, "hello")
            .file("f", 0o644, "");
        let dest = sandbox.path("dest");
        let outcome = Trial::new("deep").layer(layer).pull_into(&sandbox, &dest);
        outcome.succeeds();
        let mut dir = open(&dest, OFlags::DIRECTORY, Mode::empty()).unwrap();
        for _ in 0..levels {
            dir = openat(&dir, &name, OFlags::DIRECTORY, Mode::empty()).unwrap();
        }
        let file = openat(&dir, "f", OFlags::RDONLY, Mode::empty()).unwrap();
        assert_eq!(
            std::io::read_to_string(std::fs::File::from(file)).unwrap(),
            "hello"
        );
    }
    let path = "d/".repeat(4096) + "f";
    refuses(
        "too deep",
        Layer::new().file(&path, 0o644, ""),
        "it lies more than 4096 directories deep",
    );
}
