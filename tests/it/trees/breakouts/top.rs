//! The root of the tree as an entry (CVE-2021-29136): a directory, or an attack.

use super::{Kind, Yard, loud};
use crate::support::{Fault, Image, Layer, Registry, Sandbox, Trial, tree};

const NAMES: [&str; 8] = ["", ".", "/", "./", "/.", "././", "//", "/./."];

#[test]
fn the_root_may_be_described_and_nothing_else() {
    let yard = Yard::new("the_root");
    let outside = yard.canary.dir().display().to_string();
    for name in NAMES {
        for kind in Kind::ALL {
            if matches!(kind, Kind::Whiteout | Kind::Opaque) {
                continue;
            }
            let lower = || Layer::new().file("anchor", 0o644, "anchor");
            // Empty: a directory has no contents that could follow.
            let upper = |layer| kind.entry(layer, name).contents("");
            // With a slash at its end, what v7 calls a file is a directory.
            let directory =
                kind == Kind::Directory || (kind == Kind::OldFile && name.ends_with('/'));
            for layers in [vec![upper(lower())], vec![lower(), upper(Layer::new())]] {
                let trial = Trial::new(format!("{kind:?} `{name}`")).layers(layers);
                let outcome = yard.attempt(trial);
                if directory {
                    let root = outcome.is("f 0644 6 anchor\n").node("");
                    assert_eq!((root.mode, root.mtime), (0o6777, (99, 0)));
                } else {
                    outcome.refused("the root of the tree must be a directory");
                }
            }
        }
        for target in [outside.as_str(), "..", "../canaries", "."] {
            let link = loud(Layer::new().entry(b'2', name))
                .target(target)
                .file("secret", 0o644, "");
            yard.refuses(name, [link], "the root of the tree must be a directory");
        }
    }
}

#[test]
fn the_root_is_not_whited_out_but_emptied() {
    let yard = Yard::new("the_root_emptied");
    let lower = || loud(Layer::new().entry(b'5', "./")).file("old", 0o644, "");
    for name in [".wh..wh..opq", "./.wh..wh..opq", "/.wh..wh..opq"] {
        let upper = Layer::new().entry(b'0', name).file("new", 0o644, "");
        let outcome = yard.attempt(Trial::new(name).layers([lower(), upper]));
        let root = outcome.is("f 0644 0 new\n").node("");
        assert_eq!((root.mode, root.mtime), (0o6777, (99, 0)));
    }
}

#[test]
fn nobody_looks_into_a_tree_that_is_not_done() {
    let sandbox = Sandbox::new("not_done");
    let registry = Registry::start();
    let first = Layer::new().file("su", 0o4755, "#!/bin/sh\n");
    let second = Layer::new().file("x", 0o644, "");
    let image = Image::new().layer(first).layer(second).build();
    let name = registry.push("a/b", "1", &image);
    registry.fault(&image.layers[1].digest, 1, Fault::Hold(10));
    let running = sandbox.roots(["pull", &name, "dest"]).spawn();
    running.until_says("layer 2/2");
    let found = tree::list(sandbox.path(".dest.roots"));
    assert_eq!(found[&b"rootfs/su"[..]].mode, 0o4755);
    assert_eq!(found[&b""[..]].mode, 0o700);
    registry.release();
    running.wait().succeeds();
}
