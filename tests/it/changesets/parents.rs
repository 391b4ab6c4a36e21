//! Parents: made where they are missing, and directories or refused.

use super::{dir, file, holds, refuses};
use crate::support::Layer;
use crate::support::sandbox::is_root;

#[test]
fn missing_parents_are_made() {
    let layer = Layer::new()
        .file("a/b/c", 0o600, "")
        .symlink("d/e", "x")
        .dir("f/g", 0o700)
        .fifo("h/i", 0o600)
        .hardlink("j/k", "a/b/c");
    let sketch = "d 0755 a/\nd 0755 a/b/\nf 0600 0 a/b/c\nd 0755 d/\nl d/e -> x\nd 0755 f/\n\
                  d 0700 f/g/\nd 0755 h/\np 0600 h/i\nd 0755 j/\nh j/k -> a/b/c\n";
    let outcome = holds("missing", [layer], sketch);
    let found = outcome.tree();
    for path in ["a", "a/b", "d", "f", "h", "j"] {
        assert_eq!(found[path.as_bytes()].mtime, (0, 0), "{path}");
    }
}

#[test]
fn a_parent_that_is_listed_later_is_as_listed() {
    let layer = file("a/b/c").dir("a/b", 0o700).dir("a", 0o711);
    holds("later", [layer], "d 0711 a/\nd 0700 a/b/\nf 0644 0 a/b/c\n");
    let upper = file("a/d");
    let lower = Layer::new().dir("a", 0o711);
    holds("not listed", [lower, upper], "d 0711 a/\nf 0644 0 a/d\n");
}

#[test]
fn what_is_no_directory_is_no_parent() {
    let why = "one of its parents is not a directory";
    let mut parents = vec![
        ("file", file("p")),
        ("fifo", Layer::new().fifo("p", 0o644)),
        ("link to a file", file("f").symlink("p", "f")),
        (
            "links to a file",
            file("f").symlink("q", "/f").symlink("p", "./q"),
        ),
        ("hard link", file("f").hardlink("p", "f")),
    ];
    if is_root() {
        parents.push(("device", Layer::new().char_device("p", 0o666, 1, 3)));
    }
    for (name, lower) in parents {
        for path in ["p/x", "p/x/y", "./p//x"] {
            for upper in [
                file(path),
                dir(path),
                Layer::new().symlink(path, "x"),
                Layer::new().fifo(path, 0o644),
            ] {
                refuses(name, [lower.clone(), upper.clone()], why);
                let one = [lower.unended(), upper.unended()].concat();
                refuses(name, [Layer::new().raw(one)], why);
            }
            let link = lower.clone().hardlink("h", path);
            refuses(name, [link], "a hard link to what is not there");
        }
    }
    // Replaced first, it is one.
    let upper = dir("p").file("p/x", 0o644, "");
    holds("replaced", [file("p"), upper], "d 0755 p/\nf 0644 0 p/x\n");
    let upper = Layer::new().whiteout("p").file("p/x", 0o644, "");
    holds(
        "whited out",
        [file("p"), upper],
        "d 0755 p/\nf 0644 0 p/x\n",
    );
}

#[test]
fn the_root_may_be_listed() {
    for name in ["./", ".", "/", "", "./."] {
        let layer = Layer::new().entry(b'5', name).mode(0o1750).mtime(77);
        let layer = layer.owner(5, 6).file("./f", 0o644, "");
        let outcome = holds(name, [layer], "f 0644 0 f\n");
        let root = outcome.node("");
        assert_eq!((root.mode, root.mtime), (0o1750, (77, 0)));
        if is_root() {
            assert_eq!((root.uid, root.gid), (5, 6));
        }
    }
    let root = holds("not listed", [file("f")], "f 0644 0 f\n").node("");
    assert_eq!((root.mode, root.mtime), (0o755, (0, 0)));
    let upper = Layer::new().entry(b'5', "./").mode(0o711).mtime(1);
    let lower = Layer::new()
        .entry(b'5', "./")
        .mode(0o700)
        .mtime(2)
        .xattr("user.x", "x");
    let root = holds("twice", [lower, upper], "").node("");
    assert_eq!(
        (root.mode, root.mtime, root.xattrs.len()),
        (0o711, (1, 0), 0)
    );
}
