//! Times of everything, directories included: what is done in them later does not show.

use super::holds;
use crate::support::Layer;
use crate::support::sandbox::is_root;
use crate::support::tar::MTIME;

#[test]
fn everything_has_its_time() {
    let mut layer = Layer::new()
        .dir("d", 0o755)
        .mtime(1)
        .file("d/f", 0o644, "hello")
        .mtime(2)
        .symlink("d/s", "f")
        .mtime(3)
        .fifo("d/p", 0o644)
        .mtime(4)
        .dir("d/sub", 0o755)
        .mtime(5)
        .file("d/sub/late", 0o644, "")
        .mtime(6)
        .file("d/late", 0o644, "")
        .mtime(7);
    let mut expected = vec![
        ("d", 1),
        ("d/f", 2),
        ("d/s", 3),
        ("d/p", 4),
        ("d/sub", 5),
        ("d/sub/late", 6),
        ("d/late", 7),
    ];
    if is_root() {
        layer = layer.char_device("d/c", 0o600, 1, 3).mtime(8);
        expected.push(("d/c", 8));
    }
    let found = super::Trial::new("times").layer(layer).pull().tree();
    for (name, seconds) in expected {
        assert_eq!(found[name.as_bytes()].mtime, (seconds, 0), "{name}");
    }
}

#[test]
fn what_changes_in_a_directory_does_not_change_its_time() {
    let lower = || {
        Layer::new()
            .entry(b'5', "./")
            .mtime(1)
            .dir("d", 0o755)
            .mtime(2)
            .dir("d/e", 0o755)
            .mtime(3)
            .file("d/e/f", 0o644, "")
            .file("d/e/g", 0o644, "")
            .symlink("l", "d/e")
    };
    for (name, upper) in [
        ("a new file", Layer::new().file("d/e/new", 0o644, "")),
        ("a new directory", Layer::new().dir("d/e/new", 0o755)),
        (
            "an implied directory",
            Layer::new().file("d/e/new/x", 0o644, ""),
        ),
        ("through a link", Layer::new().file("l/new", 0o644, "")),
        ("replaced", Layer::new().file("d/e/f", 0o644, "new")),
        ("replaced by another type", Layer::new().dir("d/e/f", 0o755)),
        ("whited out", Layer::new().whiteout("d/e/f")),
        ("whited out through a link", Layer::new().whiteout("l/f")),
        ("emptied", Layer::new().opaque("d/e")),
        (
            "emptied above",
            Layer::new().opaque("d").dir("d/e", 0o755).mtime(3),
        ),
        ("linked", Layer::new().hardlink("d/e/h", "d/e/g")),
        ("symlink", Layer::new().symlink("d/e/s", "x")),
        (
            "listed first",
            Layer::new()
                .dir("d/e", 0o755)
                .mtime(3)
                .file("d/e/x", 0o644, ""),
        ),
        (
            "listed last",
            Layer::new()
                .file("d/e/x", 0o644, "")
                .whiteout("d/e/f")
                .dir("d/e", 0o755)
                .mtime(3),
        ),
        (
            "at the top",
            Layer::new().file("new", 0o644, "").whiteout("l"),
        ),
        (
            "back and forth",
            Layer::new()
                .file("d/x", 0o644, "")
                .file("d/e/x", 0o644, "")
                .file("d/y", 0o644, "")
                .file("z", 0o644, "")
                .file("d/e/y", 0o644, ""),
        ),
    ] {
        let outcome = super::Trial::new(name).layers([lower(), upper]).pull();
        let found = outcome.tree();
        for (path, seconds) in [("", 1), ("d", 2), ("d/e", 3)] {
            assert_eq!(
                found[path.as_bytes()].mtime,
                (seconds, 0),
                "{name}: `{path}`"
            );
        }
    }
}

#[test]
fn what_no_layer_lists_is_as_old_as_1970() {
    let found = super::Trial::new("implied")
        .layer(Layer::new().file("a/b/f", 0o644, ""))
        .pull()
        .tree();
    for path in ["", "a", "a/b"] {
        assert_eq!(found[path.as_bytes()].mtime, (0, 0), "`{path}`");
    }
    assert_eq!(found[&b"a/b/f"[..]].mtime, (MTIME, 0));
}

#[test]
fn a_deep_tree_has_all_its_times() {
    let depth = 200;
    let path = |depth: usize| vec!["d"; depth].join("/");
    let lower = (1..=depth).fold(Layer::new(), |layer, at| {
        layer.dir(path(at), 0o755).mtime(at as i64)
    });
    // Up and down again, past the number of directories that are held open.
    let upper = [depth, 3, depth - 1, 100, 1, depth]
        .iter()
        .enumerate()
        .fold(Layer::new(), |layer, (number, &at)| {
            layer.file(format!("{}/f{number}", path(at)), 0o644, "")
        });
    for layers in [vec![lower.clone()], vec![lower, upper]] {
        let found = super::Trial::new("deep").layers(layers).pull().tree();
        for at in 1..=depth {
            assert_eq!(found[path(at).as_bytes()].mtime, (at as i64, 0), "{at}");
        }
    }
    holds("end", [Layer::new()], "");
}
