//! A temporary folder of a test's own.

use rustix::fs::{Mode, chmod};
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

mod command;
mod remains;
mod run;
mod running;

pub use command::Command;
pub use run::Run;
pub use running::{Running, not_ignored};

/// A fresh folder; it goes when dropped, whatever the test has left in it.
pub struct Sandbox {
    root: PathBuf,
}

impl Sandbox {
    /// A folder whose name says which test it belongs to, mode 0755 under any umask.
    pub fn new(name: &str) -> Self {
        Self::within(env!("CARGO_TARGET_TMPDIR"), name).unwrap()
    }

    /// The same in memory where there is such a place, for tests that make thousands of trees.
    pub fn in_memory(name: &str) -> Self {
        Self::within("/dev/shm", name).unwrap_or_else(|_| Self::new(name))
    }

    fn within(place: &str, name: &str) -> io::Result<Self> {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let unique = format!(
            "{name}-{}-{}",
            std::process::id(),
            COUNT.fetch_add(1, Ordering::Relaxed)
        );
        let root = Path::new(place).join(unique);
        // A run that was killed may have left a folder behind, and pids come round again.
        remove(&root)?;
        fs::create_dir_all(&root)?;
        fs::set_permissions(&root, fs::Permissions::from_mode(0o755))?;
        Ok(Self { root })
    }

    /// A path in the sandbox; `""` is the sandbox itself.
    pub fn path(&self, relative: impl AsRef<Path>) -> PathBuf {
        let relative = relative.as_ref();
        if relative.as_os_str().is_empty() {
            self.root.clone()
        } else {
            self.root.join(relative)
        }
    }

    /// Makes a folder, with its parents.
    pub fn mkdir(&self, relative: impl AsRef<Path>) -> PathBuf {
        let path = self.path(relative);
        fs::create_dir_all(&path).unwrap();
        path
    }

    /// Writes a file, with its parents.
    pub fn write(&self, relative: impl AsRef<Path>, contents: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(relative);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, contents).unwrap();
        path
    }

    /// The contents of a file.
    pub fn read(&self, relative: impl AsRef<Path>) -> Vec<u8> {
        let path = self.path(relative);
        fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// Whether there is anything at a path, a dangling link included.
    pub fn has(&self, relative: impl AsRef<Path>) -> bool {
        self.path(relative).symlink_metadata().is_ok()
    }

    /// The names in a folder, sorted.
    pub fn names(&self, relative: impl AsRef<Path>) -> Vec<String> {
        let entries = fs::read_dir(self.path(relative)).unwrap();
        let mut names: Vec<_> = entries
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    /// The binary under test, with arguments, in the sandbox.
    pub fn roots<T: AsRef<std::ffi::OsStr>>(
        &self,
        arguments: impl IntoIterator<Item = T>,
    ) -> Command {
        Command::new(env!("CARGO_BIN_EXE_roots"), self).args(arguments)
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        if let Err(error) = remove(&self.root)
            && !std::thread::panicking()
        {
            panic!("{}: cannot be removed: {error}", self.root.display());
        }
    }
}

/// Whether the tests run as root, and with that whether owners and devices can be expected.
pub fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Removes a tree of any depth and any modes, without following links.
///
/// Folders are moved up to the top before they are emptied: paths stay short, however deep the tree.
pub fn remove(root: &Path) -> io::Result<()> {
    match root.symlink_metadata() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Ok(metadata) if metadata.is_dir() => chmod(root, Mode::RWXU)?,
        _ => return fs::remove_file(root),
    }
    let mut moved = 0;
    let mut pending = vec![root.to_owned()];
    while let Some(folder) = pending.pop() {
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            if !entry.file_type()?.is_dir() {
                fs::remove_file(entry.path())?;
                continue;
            }
            chmod(entry.path(), Mode::RWXU)?;
            let short = root.join(format!(".remove-{moved}"));
            moved += 1;
            if folder == root {
                pending.push(entry.path());
            } else {
                fs::rename(entry.path(), &short)?;
                pending.push(short);
            }
        }
        if folder != root {
            fs::remove_dir(&folder)?;
        }
    }
    fs::remove_dir(root)
}

mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn a_sandbox_goes_whatever_is_in_it() {
        let outside = Sandbox::new("outside");
        let kept = outside.write("kept", "kept");
        let sandbox = Sandbox::new("goes");
        let root = sandbox.path("");
        sandbox.write("shut/in/file", "");
        symlink(outside.path(""), sandbox.path("shut/link")).unwrap();
        symlink("nowhere", sandbox.path("dangling")).unwrap();
        // Deeper than PATH_MAX, which no path can name.
        let deep = rustix::fs::OFlags::DIRECTORY;
        let mut folder = rustix::fs::open(&root, deep, Mode::empty()).unwrap();
        for _ in 0..2500 {
            rustix::fs::mkdirat(&folder, "d", Mode::RWXU).unwrap();
            folder = rustix::fs::openat(&folder, "d", deep, Mode::empty()).unwrap();
        }
        for shut in ["shut/in", "shut"] {
            chmod(sandbox.path(shut), Mode::empty()).unwrap();
        }
        drop(sandbox);
        assert!(root.symlink_metadata().is_err());
        assert!(kept.exists());
    }
}
