//! DEST: checked, locked, staged beside, and swapped in when all digests held.
//!
//! ```text
//! PARENT/NAME                  DEST
//! PARENT/.NAME.roots/          0700: nobody looks in, and no setuid file can be run, before it is done
//! PARENT/.NAME.roots/rootfs/   the tree on its way; after the swap, the old tree on its way out
//! ```
//! A process that dies leaves the staging folder, and the next pull into DEST sweeps it: the lock on
//! it died with the process.

mod path;
mod staging;

use crate::error::Error;
use crate::progress::Progress;
use crate::sys::{Dir, has_mounts_below, remove_tree};
use path::{absolute, is_directly_below_root, make_parents, remove_parents};
use staging::Staging;
use std::ffi::{CStr, CString};
use std::fs::{File, TryLockError};
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

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

impl Destination {
    /// Checks DEST, locks it, and makes room for the tree. Nothing that is there is touched.
    pub fn prepare(dest: &Path, replace: bool, progress: Progress) -> Result<Self, Error> {
        let path = absolute(dest).map_err(|e| disk("find", dest, e))?;
        let refused = |why| {
            Err(Error::DestinationRefused {
                path: path.clone(),
                why,
            })
        };
        if path.parent().is_none() {
            return refused("the root of this system is no place for a tree");
        }
        if let Some(dir) = existing(&path)? {
            let in_use = is_in_use(&path, &dir)?;
            match in_use {
                Some(why) if replace => return refused(why),
                _ if replace => {}
                _ if !is_empty(&path, &dir, in_use.is_some())? => {
                    return Err(Error::DestinationNotEmpty(dest.to_owned()));
                }
                Some(why) => {
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
                None => {}
            }
        }
        if replace && has_mounts_below(&path) {
            return refused("something is mounted inside it");
        }
        if replace && is_directly_below_root(&path) {
            return refused("--force does not replace a folder directly below /");
        }
        let made = make_parents(&path)?;
        let staging = Staging::prepare(&path, replace).inspect_err(|_| remove_parents(&made))?;
        Ok(Self {
            path,
            place: Place::Staged(staging),
            made,
            committed: false,
        })
    }

    /// The absolute path of DEST.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The empty directory that the tree grows in.
    pub fn rootfs(&self) -> Result<Dir, Error> {
        match &self.place {
            Place::InPlace { dir, .. } => dir.again(),
            Place::Staged(staging) => staging.rootfs(),
        }
        .map_err(|e| disk("open", &self.path, e))
    }

    /// Makes the tree DEST, in one step, and then removes what was there before.
    pub fn commit(mut self, progress: Progress) -> Result<(), Error> {
        if let Place::Staged(staging) = &self.place {
            staging.swap(&self.path)?;
            if let Err(e) = staging.remove() {
                let path = self.path.display();
                progress.warn(format_args!(
                    "{path}: what was there before is not all removed: {e}"
                ));
            }
        }
        self.committed = true;
        Ok(())
    }
}

impl Drop for Destination {
    /// Leaves nothing behind of a tree that was given up.
    fn drop(&mut self) {
        match &self.place {
            // What cannot be removed now, the next pull sweeps.
            Place::Staged(staging) if !self.committed => drop(staging.remove()),
            Place::InPlace { dir, .. } if !self.committed => {
                let made = dir.list().unwrap_or_default();
                for entry in made
                    .iter()
                    .filter(|entry| entry.name.as_c_str() != LOST_AND_FOUND)
                {
                    // What cannot be removed makes the next pull say that DEST is not empty.
                    let _ = remove_tree(dir, &entry.name);
                }
            }
            Place::Staged(_) | Place::InPlace { .. } => {}
        }
        if !self.committed {
            remove_parents(&self.made);
        }
    }
}

/// DEST, opened, if it is there. What is there and no directory is nobody's to replace.
fn existing(path: &Path) -> Result<Option<Dir>, Error> {
    match path.symlink_metadata() {
        Ok(found) if found.is_dir() => Dir::open_path(path)
            .map(Some)
            .map_err(|e| disk("open", path, e)),
        Ok(_) => {
            let why = "it is not a directory";
            Err(Error::DestinationRefused {
                path: path.to_owned(),
                why,
            })
        }
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(disk("look at", path, e)),
    }
}

/// Why DEST cannot be renamed, if so.
fn is_in_use(path: &Path, dir: &Dir) -> Result<Option<&'static str>, Error> {
    if dir.is_mount_point().map_err(|e| disk("look at", path, e))? {
        return Ok(Some("it is a mount point"));
    }
    // The working directory must not be pulled away from under whoever called, also not by a rename
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

/// A path component as the kernel takes it; paths have no NUL.
fn c_name(name: &[u8]) -> CString {
    CString::new(name).unwrap_or_default()
}

/// The last component of DEST.
fn file_name(path: &Path) -> CString {
    c_name(path.file_name().unwrap_or_default().as_bytes())
}

fn disk(action: &'static str, path: &Path, source: io::Error) -> Error {
    Error::Disk {
        action,
        path: path.to_owned(),
        source,
    }
}
