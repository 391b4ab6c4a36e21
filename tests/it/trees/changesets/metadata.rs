//! Owners, attributes and modes: each survives what is set after it, and is replaced as a whole.

use super::{Trial, holds};
use crate::support::{Ability, Layer};
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;

/// A file capability as the kernel stores it, version 2: cap_net_bind_service, effective.
const CAPABILITY: [u8; 20] = [1, 0, 0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];

#[test]
fn setuid_survives_the_change_of_owner() {
    for mode in [0o4755, 0o2755, 0o6711, 0o1644, 0o7777, 0o4000] {
        let layer = Layer::new()
            .file("f", mode, "hello")
            .owner(1000, 1001)
            .file("empty", mode, "")
            .owner(1000, 1001)
            .fifo("p", mode)
            .owner(1000, 1001)
            .dir("d", mode | 0o700)
            .owner(1000, 1001);
        let found = Trial::new(format!("{mode:o}")).layer(layer).pull().tree();
        for name in ["f", "empty", "p"] {
            assert_eq!(found[name.as_bytes()].mode, mode, "{name}");
        }
        assert_eq!(found[&b"d"[..]].mode, mode | 0o700);
        if !Ability::Root.is_missing() {
            assert!(
                found
                    .iter()
                    .all(|(path, node)| path.is_empty() || (node.uid, node.gid) == (1000, 1001))
            );
        }
    }
}

#[test]
fn capabilities_survive_the_change_of_owner() {
    if Ability::Root.is_missing() || Ability::Attributes.is_missing() {
        return;
    }
    let lower = || {
        Layer::new()
            .file("ping", 0o4711, "hello")
            .owner(1000, 1000)
            .xattr("security.capability", CAPABILITY)
            .file("empty", 0o555, "")
            .xattr("security.capability", CAPABILITY)
            .owner(5, 0)
            .hardlink("twin", "ping")
    };
    let found = Trial::new("capability").layer(lower()).pull().tree();
    for name in ["ping", "empty", "twin"] {
        let xattrs = &found[name.as_bytes()].xattrs;
        assert_eq!(xattrs["security.capability"], CAPABILITY, "{name}");
    }
    assert_eq!(found[&b"ping"[..]].mode, 0o4711);
    // A file that is replaced has none, and its other name keeps it.
    let upper = Layer::new().file("ping", 0o755, "hello");
    let found = Trial::new("replaced")
        .layers([lower(), upper])
        .pull()
        .tree();
    assert!(found[&b"ping"[..]].xattrs.is_empty());
    assert_eq!(found[&b"twin"[..]].xattrs.len(), 1);
}

#[test]
fn a_directory_listed_again_is_all_as_listed() {
    if Ability::Attributes.is_missing() {
        return;
    }
    let lower = || {
        Layer::new()
            .dir("d", 0o2770)
            .owner(5, 6)
            .mtime(7)
            .xattr("user.old", "old")
            .xattr("user.both", "old")
            .file("d/f", 0o644, "")
    };
    let again = |layer: Layer| layer.dir("d", 0o711).mtime(8).xattr("user.both", "new");
    let sketch = "d 0711 d/\nf 0644 0 d/f\n";
    for layers in [
        vec![again(lower())],
        vec![lower(), again(Layer::new())],
        vec![lower(), lower(), again(Layer::new())],
    ] {
        let node = holds("again", layers, sketch).node("d");
        assert_eq!(node.mtime, (8, 0));
        let xattrs: Vec<_> = node.xattrs.into_iter().collect();
        assert_eq!(xattrs, [("user.both".to_owned(), b"new".to_vec())]);
        if !Ability::Root.is_missing() {
            assert_eq!((node.uid, node.gid), (0, 0));
        }
    }
    // Not listed again, it is as it was.
    let upper = Layer::new().file("d/g", 0o644, "").whiteout("d/f");
    let node = holds("not again", [lower(), upper], "d 2770 d/\nf 0644 0 d/g\n").node("d");
    assert_eq!((node.mtime, node.xattrs.len()), ((7, 0), 2));
}

#[test]
fn attributes_are_set_on_what_nobody_may_write() {
    if Ability::Attributes.is_missing() {
        return;
    }
    let layer = Layer::new()
        .file("f", 0o444, "hello")
        .xattr("user.a", "1")
        .file("none", 0, "hello")
        .xattr("user.a", "1")
        .file("setuid", 0o4111, "hello")
        .xattr("user.a", "1")
        .dir("d", 0o555)
        .xattr("user.a", "1")
        .file("d/f", 0o400, "")
        .xattr("user.a", "1");
    let outcome = Trial::new("shut").layer(layer).pull();
    let _ = outcome.run.clone().never_says("extended attribute");
    let modes = outcome.tree();
    // Who may not read a file may not read its attributes either.
    for name in ["none", "setuid"] {
        fs::set_permissions(outcome.dest.join(name), Permissions::from_mode(0o400)).unwrap();
    }
    let found = outcome.tree();
    for (name, mode) in [
        ("f", 0o444),
        ("none", 0),
        ("setuid", 0o4111),
        ("d/f", 0o400),
    ] {
        assert_eq!(modes[name.as_bytes()].mode, mode, "{name}");
        assert_eq!(found[name.as_bytes()].xattrs.len(), 1, "{name}");
    }
    assert_eq!(found[&b"d"[..]].xattrs.len(), 1);
}

#[test]
fn trusted_attributes_are_roots_to_set() {
    if Ability::Attributes.is_missing() {
        return;
    }
    let layer = Layer::new()
        .file("f", 0o644, "")
        .xattr("trusted.a", "1")
        .xattr("user.b", "2");
    let outcome = Trial::new("trusted").layer(layer).pull();
    let node = outcome.node("f");
    if Ability::Root.is_missing() {
        assert_eq!(node.xattrs.len(), 1);
        let _ = outcome.run.clone().says("1 extended attribute");
    } else {
        assert_eq!(node.xattrs.len(), 2);
        let _ = outcome.run.clone().never_says("extended attribute");
    }
}

#[test]
fn symlinks_have_owners_of_their_own() {
    if Ability::Root.is_missing() {
        return;
    }
    let layer = Layer::new()
        .file("f", 0o644, "")
        .owner(1, 2)
        .symlink("s", "f")
        .owner(3, 4)
        .mtime(9)
        .symlink("n", "nowhere")
        .owner(5, 6)
        .hardlink("t", "s")
        .owner(7, 8);
    let found = Trial::new("owners").layer(layer).pull().tree();
    let owner = |name: &str| (found[name.as_bytes()].uid, found[name.as_bytes()].gid);
    assert_eq!(
        [owner("f"), owner("s"), owner("n")],
        [(1, 2), (3, 4), (5, 6)]
    );
    assert_eq!(found[&b"s"[..]].mtime, (9, 0));
}
