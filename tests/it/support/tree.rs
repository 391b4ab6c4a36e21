//! What a tree on disk really is: everything lstat, readlink and lgetxattr know. Links are never followed.

use std::collections::{BTreeMap, HashMap};
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

mod node;
mod outline;

pub use node::{Kind, Node};
pub use outline::{outline, show, sketch};

/// A tree by relative paths; `""` is its root.
pub type Tree = BTreeMap<Vec<u8>, Node>;

/// Lists a tree. A folder that may not be read (mode 0000, ordinary user) seems empty.
pub fn list(root: impl AsRef<Path>) -> Tree {
    let root = root.as_ref();
    let mut tree = Tree::new();
    let mut inodes: HashMap<(u64, u64), Vec<Vec<u8>>> = HashMap::new();
    let mut pending = vec![Vec::new()];
    while let Some(relative) = pending.pop() {
        let path = join(root, &relative);
        let metadata = fs::symlink_metadata(&path);
        let metadata = metadata.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let node = Node::read(&path, &metadata);
        if node.kind == Kind::Dir {
            for entry in fs::read_dir(&path).into_iter().flatten() {
                let name = entry.unwrap().file_name();
                let slash: &[u8] = if relative.is_empty() { b"" } else { b"/" };
                pending.push([&relative, slash, name.as_bytes()].concat());
            }
        } else {
            inodes
                .entry((metadata.dev(), metadata.ino()))
                .or_default()
                .push(relative.clone());
        }
        tree.insert(relative, node);
    }
    for paths in inodes.values().filter(|paths| paths.len() > 1) {
        for path in paths {
            tree.get_mut(path).unwrap().twin = paths.iter().min().cloned();
        }
    }
    tree
}

/// Where two trees differ, a line each; empty if they are the same.
pub fn diff(left: &Tree, right: &Tree) -> Vec<String> {
    let mut lines = Vec::new();
    for (path, node) in left {
        let name = show(path);
        match right.get(path) {
            None => lines.push(format!("- {name}: only on the left")),
            Some(other) => node
                .differences(other)
                .into_iter()
                .for_each(|what| lines.push(format!("! {name}: {what}"))),
        }
    }
    let added = right.keys().filter(|path| !left.contains_key(*path));
    lines.extend(added.map(|path| format!("+ {}: only on the right", show(path))));
    lines
}

fn join(root: &Path, relative: &[u8]) -> PathBuf {
    if relative.is_empty() {
        root.to_owned()
    } else {
        root.join(OsStr::from_bytes(relative))
    }
}

mod tests {
    use super::*;
    use crate::support::Sandbox;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    #[test]
    fn a_sketch_says_what_is_there_and_a_diff_what_is_not() {
        let sandbox = Sandbox::new("tree");
        for side in ["left", "right"] {
            let file = sandbox.write(format!("{side}/etc/b"), "five\n");
            fs::set_permissions(&file, fs::Permissions::from_mode(0o4750)).unwrap();
            fs::set_permissions(
                sandbox.path(side).join("etc"),
                fs::Permissions::from_mode(0o755),
            )
            .unwrap();
            fs::hard_link(&file, sandbox.path(side).join("twin")).unwrap();
            symlink("/etc/b", sandbox.path(side).join("l\n")).unwrap();
            let time = std::time::UNIX_EPOCH;
            fs::File::open(file).unwrap().set_modified(time).unwrap();
        }
        let sketched = "d 0755 etc/\nf 4750 5 etc/b\nl l\\n -> /etc/b\nh twin -> etc/b\n";
        assert_eq!(sketch(sandbox.path("left")), sketched);

        let (left, mut right) = (list(sandbox.path("left")), list(sandbox.path("right")));
        right
            .iter_mut()
            .for_each(|(path, node)| node.mtime = left[path].mtime);
        assert_eq!(diff(&left, &right), [""; 0]);
        right.get_mut(&b"etc/b"[..]).unwrap().mode = 0o750;
        right.remove(&b"twin"[..]);
        right.insert(b"new".to_vec(), left[&b"etc"[..]].clone());
        let lines = [
            "! etc/b: mode 4750 / 0750",
            "- twin: only on the left",
            "+ new: only on the right",
        ];
        assert_eq!(diff(&left, &right), lines);
    }
}
