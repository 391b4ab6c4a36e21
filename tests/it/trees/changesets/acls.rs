//! Default ACLs: they are attributes of their directory, and not of what is made in it.

use super::{Trial, holds};
use crate::support::ability::acl;
use crate::support::sandbox::is_root;
use crate::support::{Ability, Layer, Sandbox, tree};
use rustix::fs::{XattrFlags, setxattr};
use std::fs;

const DEFAULT: &str = "system.posix_acl_default";

/// Everything that can be made in `d`.
fn children(layer: Layer) -> Layer {
    let layer = layer
        .file("d/f", 0o600, "hello")
        .file("d/special", 0o4711, "")
        .file("d/with", 0o640, "")
        .xattr("user.x", "x")
        .dir("d/sub", 0o700)
        .file("d/sub/f", 0o604, "")
        .fifo("d/p", 0o600)
        .symlink("d/s", "f")
        .hardlink("d/h", "d/f")
        .file("d/implied/deep/f", 0o600, "");
    if is_root() {
        layer.char_device("d/c", 0o600, 1, 3)
    } else {
        layer
    }
}

fn sketch() -> String {
    let device = if is_root() { "c 0600 1,3 d/c\n" } else { "" };
    format!(
        "d 0755 d/\n{device}f 0600 5 d/f\nh d/h -> d/f\nd 0755 d/implied/\nd 0755 d/implied/deep/\n\
         f 0600 0 d/implied/deep/f\np 0600 d/p\nl d/s -> f\nf 4711 0 d/special\nd 0700 d/sub/\n\
         f 0604 0 d/sub/f\nf 0640 0 d/with\n"
    )
}

/// Only `d` itself has an ACL, if anything has.
fn assert_no_acls(name: &str, found: &tree::Tree) {
    for (path, node) in found.iter().filter(|(path, _)| path.as_slice() != b"d") {
        let acls = node.xattrs.keys().filter(|name| name.contains("acl"));
        assert_eq!(acls.count(), 0, "{name}: {}", tree::show(path));
    }
}

#[test]
fn a_default_acl_stays_with_its_directory() {
    if Ability::Acls.is_missing() {
        return;
    }
    for users in [&[][..], &[4242], &[1, 2, 3]] {
        let dir = || Layer::new().dir("d", 0o755).xattr(DEFAULT, acl(users));
        let marked = |layer: Layer| layer.dir("d", 0o755).xattr(DEFAULT, acl(users));
        for (name, layers) in [
            ("in its layer", vec![children(dir())]),
            ("across", vec![dir(), children(Layer::new())]),
            (
                "further up",
                vec![
                    dir(),
                    Layer::new().file("x", 0o644, ""),
                    children(Layer::new()).whiteout("x"),
                ],
            ),
            ("listed again", vec![dir(), children(marked(Layer::new()))]),
            ("listed late", vec![marked(children(Layer::new()))]),
            ("replaced", vec![children(dir()), children(Layer::new())]),
        ] {
            let found = holds(name, layers, &sketch()).tree();
            assert_no_acls(name, &found);
            assert_eq!(found[&b"d"[..]].xattrs[DEFAULT], acl(users));
        }
        // Listed without it, the directory has none any more.
        let plain = |layer: Layer| layer.dir("d", 0o755);
        let layers = [dir(), children(plain(Layer::new()))];
        assert!(holds("gone", layers, &sketch()).node("d").xattrs.is_empty());
        let whiteout = Layer::new().whiteout("d");
        let layers = [dir(), children(whiteout)];
        assert!(
            holds("hidden", layers, &sketch())
                .node("d")
                .xattrs
                .is_empty()
        );
    }
}

#[test]
fn an_acl_of_the_root_stays_with_the_root() {
    if Ability::Acls.is_missing() {
        return;
    }
    let root = Layer::new()
        .entry(b'5', "./")
        .mode(0o755)
        .xattr(DEFAULT, acl(&[4242]));
    let layer = root.dir("d", 0o755);
    let outcome = holds("root", [children(layer)], &sketch());
    let mut found = outcome.tree();
    assert_eq!(found.remove(&b""[..]).unwrap().xattrs.len(), 1);
    assert_no_acls("root", &found);
    assert!(found[&b"d"[..]].xattrs.is_empty());
}

#[test]
fn an_access_acl_is_as_the_image_says() {
    if Ability::Acls.is_missing() {
        return;
    }
    let access = "system.posix_acl_access";
    let layer = Layer::new()
        .file("f", 0o775, "hello")
        .xattr(access, acl(&[4242]));
    let layer = layer.dir("d", 0o775).xattr(access, acl(&[4242]));
    let found = holds("access", [layer], "d 0775 d/\nf 0775 5 f\n").tree();
    for name in ["f", "d"] {
        assert_eq!(
            found[name.as_bytes()].xattrs[access],
            acl(&[4242]),
            "{name}"
        );
    }
}

#[test]
fn an_acl_around_dest_leaves_no_trace() {
    if Ability::Acls.is_missing() {
        return;
    }
    for in_place in [false, true] {
        let sandbox = Sandbox::new("acl_around_dest");
        let parent = sandbox.mkdir("parent");
        setxattr(&parent, DEFAULT, &acl(&[4242]), XattrFlags::empty()).unwrap();
        let dest = parent.join("dest");
        let mut trial = Trial::new("around").layer(children(Layer::new().dir("d", 0o755)));
        if in_place {
            fs::create_dir(&dest).unwrap();
            trial = trial.prelude(&format!("cd {}", dest.display()));
        }
        let outcome = trial.pull_into(&sandbox, &dest);
        outcome.is(&sketch());
        let mut found = outcome.tree();
        assert!(found[&b"d"[..]].xattrs.is_empty(), "{in_place}");
        let root = found.remove(&b""[..]).unwrap();
        assert_no_acls("around", &found);
        // What was there before the pull is the user's.
        assert_eq!(root.xattrs.is_empty(), !in_place);
    }
}
