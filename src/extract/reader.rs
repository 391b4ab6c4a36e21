//! Reads files of a tree, and resolves their paths inside it, so that no symlink of an image leads to a
//! file of the host.

use crate::changeset::PathWalk;
use crate::sys::{Dir, FileKind, Stat};
use crate::tarball::LayerPath;
use std::ffi::{CStr, CString};
use std::io::{self, Read as _};

/// How deep a path may lead: all directories on it are open at once, and `ulimit -n` may be low.
const MAX_DEPTH: usize = 64;

/// Reads files of the tree at a root.
pub struct TreeReader<'r>(&'r Dir);

/// What a path leads to.
struct TreeEntry {
    /// Its directories from the root down, without symlinks.
    parents: Vec<(CString, Dir)>,
    /// Its name in the last of them; None if it is that directory.
    file: Option<(CString, Stat)>,
}

impl<'r> TreeReader<'r> {
    /// A reader of the tree at `root`.
    pub fn new(root: &'r Dir) -> Self {
        Self(root)
    }

    /// Whether `path` leads to a directory.
    pub fn is_directory(&self, path: &str) -> bool {
        let target = self.resolve(path);
        matches!(target, Ok(Some(TreeEntry { file: None, .. })))
    }

    /// Whether `path` leads to a file that any user may execute.
    pub fn is_program(&self, path: &str) -> bool {
        let target = self.resolve(path).ok().flatten();
        let file = target.and_then(|target| target.file);
        file.is_some_and(|(_, stat)| stat.kind == FileKind::File && stat.mode & 0o111 != 0)
    }

    /// `path` without symlinks and `..`, if it leads to a file and is UTF-8.
    pub fn real_path(&self, path: &str) -> Option<String> {
        let TreeEntry { parents, file } = self.resolve(path).ok()??;
        let (name, _) = file?;
        let names = parents.iter().map(|(name, _)| name).chain([&name]);
        let names = names.map(|name| Some(format!("/{}", name.to_str().ok()?)));
        names.collect()
    }

    /// The first `limit` bytes of the regular file at `path`; empty if it cannot be read.
    pub fn read(&self, path: &str, limit: u64) -> Vec<u8> {
        let read = || {
            let target = self.resolve(path)?;
            let Some((parents, (name, _))) = target.and_then(|t| Some((t.parents, t.file?))) else {
                return Ok(Vec::new());
            };
            let file = self.last(&parents).open_file(&name)?;
            let mut bytes = Vec::new();
            file.take(limit).read_to_end(&mut bytes)?;
            io::Result::Ok(bytes)
        };
        read().unwrap_or_default()
    }

    fn last<'p>(&'p self, parents: &'p [(CString, Dir)]) -> &'p Dir {
        parents.last().map_or(self.0, |(_, dir)| dir)
    }

    /// Resolves `path`; None if it leads nowhere, or through too many symlinks or directories.
    fn resolve(&self, path: &str) -> io::Result<Option<TreeEntry>> {
        let root = LayerPath::default();
        // Resolved like the target of a symlink, because it may contain `..`.
        let mut walk = PathWalk::new(root.as_parents());
        if walk.follow(&CString::new(path)?).is_err() {
            return Ok(None);
        }
        let mut parents: Vec<(CString, Dir)> = Vec::new();
        while let Some(name) = walk.advance() {
            if &*name == c".." {
                parents.pop();
                continue;
            }
            let here = self.last(&parents);
            let Some(stat) = here.find(&name)? else {
                return Ok(None);
            };
            match stat.kind {
                FileKind::Symlink => match walk.follow(&here.read_link(&name)?) {
                    Ok(true) => parents.clear(),
                    Ok(false) => {}
                    Err(_) => return Ok(None),
                },
                FileKind::Directory if parents.len() < MAX_DEPTH => {
                    let dir = here.open(&name)?;
                    parents.push((name.into_owned(), dir));
                }
                FileKind::Directory => return Ok(None),
                _ if walk.is_over() => {
                    let file = Some((CStr::to_owned(&name), stat));
                    return Ok(Some(TreeEntry { parents, file }));
                }
                _ => return Ok(None),
            }
        }
        let file = None;
        Ok(Some(TreeEntry { parents, file }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;
    use std::path::PathBuf;

    fn tree(name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("{name}.{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(path.join("root/usr/bin")).unwrap();
        path
    }

    #[test]
    fn links_of_a_tree_stay_in_it() {
        let above = tree("roots_reader");
        let root = above.join("root");
        std::fs::write(above.join("secret"), "secret").unwrap();
        std::fs::write(root.join("file"), "0123456789").unwrap();
        for (target, name) in [
            ("../secret", "up"),
            (above.join("secret").to_str().unwrap(), "absolute"),
            ("/usr/../../../secret", "through"),
            ("loop", "loop"),
            ("usr/bin", "bin"),
            ("/../../file", "inside"),
            ("/dev/zero", "device"),
        ] {
            symlink(target, root.join(name)).unwrap();
        }
        make_fifo(&root.join("fifo"));
        let dir = Dir::open_path(&root).unwrap();
        let reader = TreeReader::new(&dir);
        for path in [
            "up",
            "absolute",
            "through",
            "loop",
            "bin",
            "fifo",
            "device",
            "none",
            "/file/x",
            "../secret",
            "/../secret",
            "",
            "/",
            "fi\0le",
        ] {
            assert_eq!(reader.read(path, 100), b"", "{path}");
        }
        assert_eq!(reader.read("inside", 4), b"0123");
        assert_eq!(reader.read("/bin/../../../file", 100), b"0123456789");
        let real = reader.real_path("./bin//../../file");
        assert_eq!(real.as_deref(), Some("/file"));
        for (path, is) in [("/bin", true), ("/", true), ("file", false), ("up", false)] {
            assert_eq!(reader.is_directory(path), is, "{path}");
        }
        assert!(!reader.is_program("file") && !reader.is_program("/usr"));
        std::fs::remove_dir_all(above).unwrap();
    }

    /// Opening a fifo without a writer would block.
    fn make_fifo(path: &std::path::Path) {
        let (parent, name) = (path.parent().unwrap(), path.file_name().unwrap());
        let name = CString::new(name.as_encoded_bytes()).unwrap();
        Dir::open_path(parent)
            .unwrap()
            .mkfifo(&name, 0o600)
            .unwrap();
    }

    #[test]
    fn a_tree_deeper_than_file_descriptors_are_for_is_not_entered() {
        let above = tree("roots_reader_deep");
        let path = "d/".repeat(MAX_DEPTH + 1);
        std::fs::create_dir_all(above.join(&path)).unwrap();
        let dir = Dir::open_path(&above).unwrap();
        let reader = TreeReader::new(&dir);
        assert!(reader.is_directory(&path[2..]));
        assert!(!reader.is_directory(&path));
        std::fs::remove_dir_all(above).unwrap();
    }
}
