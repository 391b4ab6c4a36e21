//! DEST: checked, locked, staged beside, and swapped in when all digests held.
//!
//! ```text
//! PARENT/NAME                  DEST
//! PARENT/.NAME.roots/          0700: nobody looks in, and no setuid file can be run, before it is done
//! PARENT/.NAME.roots/rootfs/   the tree on its way; after the swap, the old tree on its way out
//! ```
//! A process that dies leaves the staging folder, and the next pull into DEST sweeps it: the lock on
//! it died with the process.

use crate::error::Error;
use crate::progress::Progress;
use crate::sys::{Dir, Handle as _, remove_tree, same_file};
use std::ffi::{CStr, CString};
use std::fs::{self, File, TryLockError};
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Component, Path, PathBuf};

const ROOTFS: &CStr = c"rootfs";

/// A fresh ext4 has this at its root; it is no content, and mkfs does not make it again.
const LOST_AND_FOUND: &CStr = c"lost+found";

/// A destination that is ready to be filled.
pub struct Destination {
    path: PathBuf,
    place: Place,
    /// Parents that were made for it, outermost first: they go if the pull fails.
    made: Vec<PathBuf>,
    committed: bool,
}

/// Where the tree grows.
enum Place {
    /// Beside DEST; the rename makes it DEST.
    Staged(Staging),
    /// In DEST itself, which cannot be renamed: a mount point or the working directory.
    InPlace {
        dir: Dir,
        /// Held, not read.
        _lock: File,
    },
}

struct Staging {
    parent: Dir,
    name: CString,
    staging_name: CString,
    folder: Dir,
    /// Held, not read.
    _lock: File,
    replace: bool,
}

impl Destination {
    /// Checks DEST, locks it, and makes room for the tree. Nothing that is there is touched.
    pub fn prepare(dest: &Path, replace: bool, progress: Progress) -> Result<Self, Error> {
        let refused = |why| Error::DestinationRefused {
            path: dest.to_owned(),
            why,
        };
        let path = absolute(dest).map_err(|e| disk("find", dest, e))?;
        let Some(name) = path.file_name() else {
            return Err(refused("the root of this system is no place for a tree"));
        };
        let name = CString::new(name.as_bytes()).map_err(|_| refused("its name has a NUL byte"))?;
        let found = match path.symlink_metadata() {
            Ok(found) if !found.is_dir() => return Err(refused("it is not a directory")),
            Ok(_) => Some(Dir::open_path(&path).map_err(|e| disk("open", &path, e))?),
            Err(e) if e.kind() == io::ErrorKind::NotFound => None,
            Err(e) => return Err(disk("look at", &path, e)),
        };
        if let Some(dir) = found {
            let in_use = is_in_use(&path, &dir)?;
            if let Some(why) = in_use
                && replace
            {
                return Err(refused(why));
            }
            if !replace && !is_empty(&path, &dir, in_use.is_some())? {
                return Err(Error::DestinationNotEmpty(dest.to_owned()));
            }
            if let Some(why) = in_use {
                progress.warn(format_args!(
                    "{}: {why}: this pull is not atomic",
                    path.display()
                ));
                let place = Place::InPlace {
                    _lock: lock(&path, &dir)?,
                    dir,
                };
                return Ok(Self {
                    path,
                    place,
                    made: Vec::new(),
                    committed: false,
                });
            }
        }
        if replace
            && path
                .components()
                .filter(|part| matches!(part, Component::Normal(_)))
                .count()
                < 2
        {
            return Err(refused(
                "--force does not replace a folder directly below /",
            ));
        }
        let parent = path.parent().unwrap_or(Path::new("/"));
        let made = make_parents(parent)?;
        match Staging::prepare(&path, parent, name, replace) {
            Ok(staging) => Ok(Self {
                path,
                place: Place::Staged(staging),
                made,
                committed: false,
            }),
            Err(error) => {
                remove_parents(&made);
                Err(error)
            }
        }
    }

    /// The absolute path of DEST.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The empty directory that the tree grows in.
    pub fn rootfs(&self) -> Result<Dir, Error> {
        match &self.place {
            Place::InPlace { dir, .. } => dir.again(),
            Place::Staged(staging) => staging.folder.open(ROOTFS),
        }
        .map_err(|e| disk("open", &self.path, e))
    }

    /// Makes the tree DEST, in one step.
    pub fn commit(mut self) -> Result<(), Error> {
        if let Place::Staged(staging) = &self.place {
            staging.swap(&self.path)?;
        }
        self.committed = true;
        Ok(())
    }
}

impl Drop for Destination {
    /// Leaves nothing behind: neither a tree that was given up nor the one that was replaced.
    fn drop(&mut self) {
        match &self.place {
            Place::Staged(staging) => {
                // The next pull sweeps what cannot be removed now.
                let _ = remove_tree(&staging.parent, &staging.staging_name);
            }
            Place::InPlace { dir, .. } if !self.committed => {
                let made = dir.list().unwrap_or_default();
                for entry in made
                    .iter()
                    .filter(|entry| entry.name.as_c_str() != LOST_AND_FOUND)
                {
                    let _ = remove_tree(dir, &entry.name);
                }
            }
            Place::InPlace { .. } => {}
        }
        if !self.committed {
            remove_parents(&self.made);
        }
    }
}

impl Staging {
    fn prepare(
        path: &Path,
        parent_path: &Path,
        name: CString,
        replace: bool,
    ) -> Result<Self, Error> {
        let failed = |e| disk("create", path, e);
        let parent = Dir::open_path(parent_path).map_err(failed)?;
        let mut staging_name = b".".to_vec();
        // A name may have 255 bytes in all.
        staging_name.extend_from_slice(&name.to_bytes()[..name.to_bytes().len().min(240)]);
        staging_name.extend_from_slice(b".roots");
        let staging_name = CString::new(staging_name).unwrap_or_default();
        loop {
            match parent.mkdir(&staging_name, 0o700) {
                Err(e) if e.kind() != io::ErrorKind::AlreadyExists => return Err(failed(e)),
                _ => {}
            }
            let folder = match parent.open(&staging_name) {
                Err(e) if e.kind() == io::ErrorKind::NotFound => continue,
                other => other.map_err(failed)?,
            };
            let lock = lock(path, &folder)?;
            // Between opening and locking it, its last owner may have removed it.
            match parent.open(&staging_name) {
                Ok(now) if same_file(&now, &folder).map_err(failed)? => {}
                _ => continue,
            }
            // What a killed pull left.
            remove_tree(&folder, ROOTFS).map_err(failed)?;
            folder.mkdir(ROOTFS, 0o755).map_err(failed)?;
            let rootfs = folder.open(ROOTFS).map_err(failed)?;
            // A default ACL of the parent would be on every file of the tree.
            for acl in [c"system.posix_acl_default", c"system.posix_acl_access"] {
                let _ = rootfs.remove_xattr(acl);
            }
            rootfs.set_mode(0o755).map_err(failed)?;
            return Ok(Self {
                parent,
                name,
                staging_name,
                folder,
                _lock: lock,
                replace,
            });
        }
    }

    /// DEST may have been made or filled since it was checked: then this fails, unless it is to be
    /// replaced.
    fn swap(&self, path: &Path) -> Result<(), Error> {
        let swapped = match self.folder.rename(ROOTFS, &self.parent, &self.name) {
            Err(e) if self.replace && is_occupied(&e) => {
                self.folder.exchange(ROOTFS, &self.parent, &self.name)
            }
            other => other,
        };
        swapped.map_err(|e| match is_occupied(&e) {
            true => Error::DestinationNotEmpty(path.to_owned()),
            false => disk("move the tree to", path, e),
        })
    }
}

fn is_occupied(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::DirectoryNotEmpty | io::ErrorKind::AlreadyExists
    )
}

/// DEST as a path without symlinks, `.` and `..`, as far as it exists. A symlink to a directory
/// stays what it is: the directory is filled or replaced.
fn absolute(dest: &Path) -> io::Result<PathBuf> {
    let path = std::path::absolute(dest)?;
    let mut missing = PathBuf::new();
    let mut parts = path.components();
    loop {
        let existing = parts.as_path();
        let error = match existing.canonicalize() {
            Ok(real) => return Ok(real.join(missing).components().collect()),
            Err(e) => e,
        };
        // A symlink to nowhere, or `missing/..`: there is no meaning that would be safe to guess.
        let dangling = existing.symlink_metadata().is_ok();
        match parts.next_back() {
            Some(Component::Normal(name))
                if error.kind() == io::ErrorKind::NotFound && !dangling =>
            {
                missing = Path::new(name).join(missing);
            }
            _ => return Err(error),
        }
    }
}

/// Why DEST cannot be renamed, if so.
fn is_in_use(path: &Path, dir: &Dir) -> Result<Option<&'static str>, Error> {
    if dir.is_mount_point().map_err(|e| disk("look at", path, e))? {
        return Ok(Some("it is a mount point"));
    }
    // Below the working directory of this process nothing must be pulled away, also not by a rename
    // of one of its parents.
    let here = std::env::current_dir();
    Ok(here
        .is_ok_and(|here| here.starts_with(path))
        .then_some("it holds the working directory"))
}

/// Whether there is nothing to lose.
fn is_empty(path: &Path, dir: &Dir, in_place: bool) -> Result<bool, Error> {
    let entries = dir.list().map_err(|e| disk("look into", path, e))?;
    let ignored = |name: &CStr| in_place && name == LOST_AND_FOUND;
    Ok(entries.iter().all(|entry| ignored(&entry.name)))
}

fn lock(path: &Path, dir: &Dir) -> Result<File, Error> {
    let file = dir.as_file().map_err(|e| disk("lock", path, e))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Error::DestinationBusy(path.to_owned())),
        Err(TryLockError::Error(e)) => Err(disk("lock", path, e)),
    }
}

/// Makes the directories above DEST that are missing, and says which.
fn make_parents(parent: &Path) -> Result<Vec<PathBuf>, Error> {
    let missing: Vec<_> = parent
        .ancestors()
        .take_while(|path| !path.exists())
        .collect();
    let mut made = Vec::new();
    for path in missing.into_iter().rev() {
        if let Err(e) = fs::create_dir(path) {
            remove_parents(&made);
            return Err(disk("create", path, e));
        }
        made.push(path.to_owned());
    }
    Ok(made)
}

/// Only what is empty goes: something may have been put there since.
fn remove_parents(made: &[PathBuf]) {
    for path in made.iter().rev() {
        let _ = fs::remove_dir(path);
    }
}

fn disk(action: &'static str, path: &Path, source: io::Error) -> Error {
    Error::Disk {
        action,
        path: path.to_owned(),
        source,
    }
}
