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

/// What is no directory: how it is called, the entries, and what of them stays when `p` is replaced.
fn obstacles() -> Vec<(&'static str, Layer, &'static str)> {
    let mut obstacles = vec![
        ("file", file("p"), ""),
        ("fifo", Layer::new().fifo("p", 0o644), ""),
        ("hard link", file("f").hardlink("p", "f"), "f 0644 0 f\n"),
    ];
    if is_root() {
        obstacles.push(("device", Layer::new().char_device("p", 0o666, 1, 3), ""));
    }
    obstacles
}

/// Links to a file: it is not the entry that names the file, and runtimes differ on which of both gives way.
fn links_to_a_file() -> [(&'static str, Layer); 2] {
    [
        ("link to a file", file("f").symlink("p", "f")),
        (
            "links to a file",
            file("f").symlink("q", "/f").symlink("p", "./q"),
        ),
    ]
}

const UPPER: [&str; 4] = ["p/x/y", "./p//x/y", "/p/x/y/", "p/./x/y"];

#[test]
fn what_is_no_directory_is_no_parent() {
    let why = "one of its parents is not a directory";
    let links = links_to_a_file().into_iter();
    let all = obstacles()
        .into_iter()
        .map(|(name, lower, _)| (name, lower));
    for (name, lower) in all.chain(links.clone()) {
        for path in UPPER {
            for upper in [
                file(path),
                dir(path),
                Layer::new().symlink(path, "x"),
                Layer::new().fifo(path, 0o644),
            ] {
                let one = [lower.unended(), upper.unended()].concat();
                // In the lowest layer and in any other.
                refuses(name, [Layer::new().raw(one.clone())], why);
                refuses(name, [dir("other"), Layer::new().raw(one)], why);
            }
            let link = lower.clone().hardlink("h", path);
            refuses(name, [link], "hard link target not found");
        }
    }
    for (name, lower) in links {
        for path in UPPER {
            refuses(name, [lower.clone(), file(path)], why);
        }
    }
    let twice = file("p/x").file("p/x/y", 0o644, "");
    refuses("replaced in the layer", [file("p"), twice], why);
    let in_new = dir("d").file("d/p", 0o644, "").file("d/p/x", 0o644, "");
    refuses("in a new directory", [file("p"), in_new], why);
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

/// A layer may have an entry below what is a file in a lower layer, and none for the directory that it needs there.
/// Overlayfs shows that directory, and so do docker, podman, containerd and umoci from 0.5 on; roots refused it. For
/// entries over existing paths, image-spec layer.md knows two cases ("Changeset over existing files"): "If the entry
/// and the existing path are both directories, then the existing path's attributes MUST be replaced by those of the
/// entry in the changeset. In all other cases, the implementation MUST do the semantic equivalent of the following:
/// removing the file path [...], recreating the file path, based on the contents and attributes of the changeset
/// entry". A file and the directory that an entry implies are not both directories.
#[test]
fn an_entry_below_a_file_of_a_lower_layer_was_refused() {
    for (name, lower, stays) in obstacles() {
        let made = "d 0755 p/\nd 0755 p/x/\n";
        for path in UPPER {
            for (upper, sketch) in [
                (file(path), "f 0644 0 p/x/y\n"),
                (Layer::new().dir(path, 0o700), "d 0700 p/x/y/\n"),
                (Layer::new().symlink(path, "x"), "l p/x/y -> x\n"),
                (Layer::new().fifo(path, 0o600), "p 0600 p/x/y\n"),
            ] {
                let sketch = format!("{stays}{made}{sketch}");
                holds(name, [lower.clone(), upper.clone()], &sketch);
                // Any layer below.
                let layers = [lower.clone(), dir("z"), upper];
                holds(name, layers, &format!("{sketch}d 0755 z/\n"));
            }
        }
    }
    let lower = || file("p").dir("d", 0o700).file("d/p", 0o644, "").mtime(5);
    let outcome = holds(
        "metadata",
        [
            lower(),
            file("d/p/x").file("p/a", 0o644, "").file("p/b", 0o644, ""),
        ],
        "d 0700 d/\nd 0755 d/p/\nf 0644 0 d/p/x\nd 0755 p/\nf 0644 0 p/a\nf 0644 0 p/b\n",
    );
    // As of any directory without an entry; the one above keeps its time.
    assert_eq!(outcome.node("d/p").mtime, (0, 0));
    assert_eq!(outcome.node("d").mtime, (crate::support::tar::MTIME, 0));
    let listed = file("p/x").dir("p", 0o711);
    holds("listed", [file("p"), listed], "d 0711 p/\nf 0644 0 p/x\n");
    let hard = Layer::new().hardlink("p/h", "f");
    let sketch = "f 0644 0 f\nd 0755 p/\nh p/h -> f\n";
    holds("hard link", [file("f").file("p", 0o644, ""), hard], sketch);
    let itself = Layer::new().hardlink("p/h", "p");
    refuses(
        "hard link to what gives way",
        [file("p"), itself],
        "a hard link to a directory",
    );
    // A symlink to a directory is a way, and stays one.
    let below = [
        dir("d").file("d/p", 0o644, "").symlink("l", "d"),
        file("l/x/y").whiteout("d/p"),
    ];
    let sketch = "d 0755 d/\nd 0755 d/x/\nf 0644 0 d/x/y\nl l -> d\n";
    holds("by a symlink", below, sketch);
    let lower = dir("usr/lib").file("usr/lib/p", 0o644, "");
    let sketch =
        "l lib -> usr/lib\nd 0755 usr/\nd 0755 usr/lib/\nd 0755 usr/lib/p/\nf 0644 0 usr/lib/p/x\n";
    holds(
        "usrmerge",
        [lower.symlink("lib", "usr/lib"), file("lib/p/x")],
        sketch,
    );
}

/// A whiteout hides what is below and not what its layer makes, wherever it stands.
#[test]
fn a_file_gives_way_wherever_its_whiteout_stands() {
    let entries = [file("p/x"), file("p/y/z")];
    let sketch = "d 0755 p/\nf 0644 0 p/x\nd 0755 p/y/\nf 0644 0 p/y/z\n";
    let markers = [
        Layer::new().whiteout("p"),
        Layer::new().opaque(""),
        Layer::new().opaque("p"),
        Layer::new().whiteout("p/q"),
    ];
    for marker in &markers {
        super::holds_anywhere("whiteout", &[file("p")], &entries, marker, sketch);
    }
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
