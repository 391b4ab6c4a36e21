//! Modes are exact: whatever the umask, whatever the directory, whatever comes later.

use super::{Trial, holds};
use crate::support::sandbox::is_root;
use crate::support::{Layer, Sandbox, tree};
use rustix::fs::{Mode, chmod};
use std::fs;

fn every_kind(mode: u32) -> Layer {
    Layer::new()
        .file("f", mode, "hello")
        .fifo("p", mode)
        .dir("d", mode)
        .file("d/f", mode, "")
        .file("implied/f", mode, "")
        .symlink("s", "f")
}

#[test]
fn no_umask_changes_a_mode() {
    for umask in ["000", "022", "077", "777"] {
        for mode in [0o777, 0o755, 0o700, 0o640, 0o222, 0o4755, 0o1777, 0o2770] {
            let trial = Trial::new(format!("umask {umask} {mode:o}"));
            let trial = trial.prelude(&format!("umask {umask}"));
            let outcome = trial.layer(every_kind(mode)).pull();
            // An ordinary user keeps access to directories.
            let dir = if is_root() { mode } else { mode | 0o700 };
            outcome.is(&format!(
                "d {dir:04o} d/\nf {mode:04o} 0 d/f\nf {mode:04o} 5 f\nd 0755 implied/\n\
                 f {mode:04o} 0 implied/f\np {mode:04o} p\nl s -> f\n"
            ));
            assert_eq!(outcome.node("").mode, 0o755);
        }
    }
}

#[test]
fn a_setgid_directory_does_not_pass_its_group_on() {
    let layer = |layer: Layer| {
        layer
            .file("d/f", 0o644, "hello")
            .dir("d/sub", 0o755)
            .file("d/sub/f", 0o644, "")
            .fifo("d/p", 0o644)
            .symlink("d/s", "f")
            .file("d/implied/deep/f", 0o644, "")
    };
    let dir = || Layer::new().dir("d", 0o2775).owner(0, 4242);
    let sketch = "d 2775 d/\nf 0644 5 d/f\nd 0755 d/implied/\nd 0755 d/implied/deep/\n\
                  f 0644 0 d/implied/deep/f\np 0644 d/p\nl d/s -> f\nd 0755 d/sub/\nf 0644 0 d/sub/f\n";
    for layers in [vec![layer(dir())], vec![dir(), layer(Layer::new())]] {
        let outcome = holds("setgid", layers, sketch);
        if is_root() {
            let found = outcome.tree();
            for (path, node) in found.iter().filter(|(path, _)| path.starts_with(b"d/")) {
                assert_eq!(node.gid, 0, "{}", tree::show(path));
            }
            assert_eq!(found[&b"d"[..]].gid, 4242);
        }
    }
}

#[test]
fn shut_directories_take_children_and_give_them_up() {
    for mode in [0o555, 0o444, 0o111, 0] {
        let lower = || {
            Layer::new()
                .dir("d", mode)
                .dir("d/sub", mode)
                .file("d/sub/f", 0, "")
                .file("d/a", 0, "")
                .file("d/b", 0o400, "old")
                .dir("d/gone", mode)
                .file("d/gone/f", 0, "")
                .dir("e", mode)
                .file("e/f", 0, "")
        };
        let upper = Layer::new()
            .file("d/b", 0o440, "new!")
            .whiteout("d/a")
            .whiteout("d/gone")
            .symlink("d/sub", "x")
            .file("d/new", 0o600, "")
            .opaque("e")
            .file("e/new", 0o600, "");
        let dir = if is_root() { mode } else { mode | 0o700 };
        let sketch = format!(
            "d {dir:04o} d/\nf 0440 4 d/b\nf 0600 0 d/new\nl d/sub -> x\nd {dir:04o} e/\nf 0600 0 e/new\n"
        );
        holds(&format!("{mode:o}"), [lower(), upper], &sketch);
    }
}

/// Where DEST is made is nobody's business but the user's, and leaves no trace in the tree.
#[test]
fn the_folder_around_dest_leaves_no_trace() {
    let sketch = "d 0750 d/\nf 0640 0 d/f\nf 0640 5 f\nd 0755 implied/\nf 0640 0 implied/f\np 0640 p\nl s -> f\n";
    for in_place in [false, true] {
        let sandbox = Sandbox::new("around_dest");
        let parent = sandbox.mkdir("parent");
        if is_root() {
            rustix::fs::chown(&parent, None, Some(rustix::fs::Gid::from_raw(4242))).unwrap();
        }
        chmod(&parent, Mode::from_raw_mode(0o2775)).unwrap();
        let dest = parent.join("dest");
        let mut trial = Trial::new("around").layer(every_kind(0o640).dir("d", 0o750));
        if !in_place {
            // A pull that was killed at once: the folder is setgid like its parent.
            fs::create_dir(parent.join(".dest.roots")).unwrap();
            chmod(parent.join(".dest.roots"), Mode::from_raw_mode(0o2700)).unwrap();
        } else {
            fs::create_dir(&dest).unwrap();
            assert_eq!(tree::list(&dest)[&b""[..]].mode & 0o2000, 0o2000);
            trial = trial.prelude(&format!("cd {}", dest.display()));
        }
        let outcome = trial.pull_into(&sandbox, &dest);
        outcome.is(sketch);
        for (path, node) in outcome.tree() {
            let inherited = path.is_empty() && in_place;
            assert!(
                inherited || node.gid != 4242,
                "{in_place} {}",
                tree::show(&path)
            );
        }
        if !in_place {
            assert_eq!(outcome.node("").mode, 0o755);
        }
    }
}
