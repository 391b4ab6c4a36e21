//! A place for trees, and what stands round it and must stay as it is.

use roots::sys::{Dir, remove_tree};
use std::fs;
use std::os::unix::fs::{MetadataExt as _, symlink};
use std::path::{Path, PathBuf};

/// A folder `tree` among canaries.
pub struct Ground {
    root: PathBuf,
    above: Dir,
    before: Vec<[i64; 9]>,
}

/// The canaries: the names are those that a link out of the tree would be given.
const CANARIES: [&str; 7] = ["", "a", "b", "x", "canary", "canaries", "canaries/secret"];

impl Ground {
    pub fn new() -> Self {
        let root = std::env::temp_dir().join(format!("roots-fuzz-{}", std::process::id()));
        let inner = root.join("place");
        fs::create_dir_all(inner.join("canaries")).expect("a folder for trees");
        for file in ["a", "b", "canary", "canaries/secret"] {
            fs::write(inner.join(file), "canary").expect("a canary");
        }
        symlink("canaries", inner.join("x")).expect("a canary");
        fs::create_dir(inner.join("tree")).expect("a folder for trees");
        let above = Dir::open_path(&inner).expect("a folder that opens");
        let before = state(&inner);
        Self {
            root: inner,
            above,
            before,
        }
    }

    /// An empty folder for a tree.
    pub fn begin(&self) -> Dir {
        let _ = self.above.mkdir(c"tree", 0o755);
        self.above.open(c"tree").expect("a folder that opens")
    }

    /// Removes the tree, which must be possible, and looks at the canaries.
    pub fn end(&mut self) {
        remove_tree(&self.above, c"tree").expect("a tree that can be removed");
        assert_eq!(state(&self.root), self.before, "a canary was touched");
    }
}

/// All that can be seen of the canaries from outside. Of the folder itself: its names and its mode.
fn state(root: &Path) -> Vec<[i64; 9]> {
    let one = |name: &&str| {
        let found = fs::symlink_metadata(root.join(name)).expect("a canary");
        let names = if found.is_dir() {
            let entries = fs::read_dir(root.join(name)).expect("a canary");
            let entries = entries.filter(|entry| {
                entry
                    .as_ref()
                    .is_ok_and(|entry| entry.file_name() != "tree")
            });
            entries.count() as i64
        } else {
            0
        };
        let (uid, gid, mode) = (found.uid().into(), found.gid().into(), found.mode().into());
        let ino = found.ino() as i64;
        if name.is_empty() {
            return [uid, gid, mode, ino, names, 0, 0, 0, 0];
        }
        let (links, ctime) = (found.nlink() as i64, found.ctime());
        let (nanoseconds, mtime) = (found.ctime_nsec(), found.mtime());
        [uid, gid, mode, ino, names, links, ctime, nanoseconds, mtime]
    };
    CANARIES.iter().map(one).collect()
}
