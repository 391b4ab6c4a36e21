//! systemd's lock for a tree, taken as systemd-nspawn and `machinectl remove` take it: see
//! image_path_lock() in systemd's src/shared/discover-image.c. A container holds it while it runs, and
//! cannot start while another process holds it.
//!
//! ```text
//! PARENT/.#NAME.lck                          for the name
//! /run/systemd/nspawn/locks/inode-DEV:INO    for the directory, whatever its name becomes
//! ```

use super::c_name;
use crate::sys::{Dir, Stat, has_record_lock, is_root, runtime_dir, try_lock_record};
use std::ffi::{CStr, CString, OsStr};
use std::fs::File;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

/// How often a lock file may be removed by its last owner before it is locked here.
const MAX_TRIES: usize = 16;

/// The lock of one tree, released when dropped.
pub(super) struct ImageLock {
    _files: Vec<LockFile>,
}

/// A lock file that is locked.
struct LockFile {
    folder: Dir,
    name: CString,
    file: File,
}

/// A lock file, which need not exist.
struct LockPath {
    folder: Dir,
    name: CString,
    path: PathBuf,
}

impl ImageLock {
    /// Locks the directory `tree`, which is at `path` in `parent`. The error is the file that another
    /// process has locked. Lock files that cannot be created are left out: this may be a system without
    /// systemd, or an ordinary user.
    pub(super) fn take(parent: &Dir, path: &Path, tree: &Stat) -> Result<Self, PathBuf> {
        if is_root() {
            make_folder();
        }
        let mut files = Vec::new();
        for place in places(parent, path, tree) {
            files.extend(place.lock()?);
        }
        Ok(Self { _files: files })
    }

    /// The file that another process has locked. Locks and creates nothing.
    pub(super) fn held(parent: &Dir, path: &Path, tree: &Stat) -> Option<PathBuf> {
        let mut places = places(parent, path, tree).into_iter();
        places.find(LockPath::is_locked).map(|place| place.path)
    }
}

impl LockPath {
    fn lock(self) -> Result<Option<LockFile>, PathBuf> {
        for _ in 0..MAX_TRIES {
            match self.try_lock() {
                Ok(Some(locked)) => return Ok(Some(locked)),
                Ok(None) => {}
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => return Err(self.path),
                // An ordinary user cannot open the lock file of root.
                Err(_) if self.is_locked() => return Err(self.path),
                Err(_) => return Ok(None),
            }
        }
        Err(self.path)
    }

    /// None if its last owner has removed the file meanwhile.
    fn try_lock(&self) -> io::Result<Option<LockFile>> {
        let file = self.folder.open_lock(&self.name, 0o600)?;
        if !file.metadata()?.is_file() {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        if !try_lock_record(&file)? {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let locked = LockFile {
            folder: self.folder.try_clone()?,
            name: self.name.clone(),
            file,
        };
        Ok(locked.is_current().then_some(locked))
    }

    fn is_locked(&self) -> bool {
        let found = self.folder.find(&self.name).ok().flatten();
        found.is_some_and(|found| has_record_lock(found.id))
    }
}

impl LockFile {
    /// Whether the name still denotes this file.
    fn is_current(&self) -> bool {
        matches!(self.folder.denotes(&self.name, &self.file), Ok(true))
    }
}

impl Drop for LockFile {
    /// Removes the file before it is unlocked, as systemd does.
    fn drop(&mut self) {
        if self.is_current() {
            let _ = self.folder.unlink(&self.name);
        }
    }
}

fn places(parent: &Dir, path: &Path, tree: &Stat) -> Vec<LockPath> {
    let beside = path.file_name().map(|name| {
        let name = c_name(&[b".#", name.as_bytes(), b".lck"].concat());
        let path = path.with_file_name(OsStr::from_bytes(name.to_bytes()));
        let folder = parent.try_clone();
        folder.ok().map(|folder| LockPath { folder, name, path })
    });
    let (device, inode) = tree.id;
    let by_inode = folders().into_iter().map(|folder| {
        let name = format!("inode-{device}:{inode}");
        let path = folder.join(&name);
        let folder = Dir::open_path(&folder).ok()?;
        let name = c_name(name.as_bytes());
        Some(LockPath { folder, name, path })
    });
    beside.into_iter().chain(by_inode).flatten().collect()
}

/// The folders of systemd's locks by inode: that of the system, and for an ordinary user also the user's.
fn folders() -> Vec<PathBuf> {
    let own = runtime_dir().filter(|_| !is_root());
    let folders = own.into_iter().chain(["/run".into()]);
    folders
        .map(|run| run.join("systemd/nspawn/locks"))
        .collect()
}

/// Creates the folder of the system, as the first container would. `/run/systemd` itself is not created:
/// programs take it for a sign that systemd runs.
fn make_folder() {
    const MADE: [(&CStr, u32); 2] = [(c"nspawn", 0o755), (c"locks", 0o700)];
    let mut folder = Dir::open_path(Path::new("/run/systemd"));
    for (name, mode) in MADE {
        folder = folder.and_then(|folder| {
            let _ = folder.mkdir(name, mode);
            folder.open(name)
        });
    }
}
