//! A DEST that cannot be renamed, and is filled as it stands: a mount point or the working directory.

use super::{lock, record};
use crate::error::Error;
use crate::sys::{Dir, Node, remove_tree};
use std::ffi::CStr;
use std::fs::File;
use std::io;
use std::path::Path;

/// A fresh ext4 has this at its root; it is no content, and mkfs does not make it again.
pub(super) const LOST_AND_FOUND: &CStr = c"lost+found";

/// DEST itself, locked.
pub(super) struct InPlace {
    /// The directory that it is in.
    pub(super) above: Node,
    dir: Dir,
    /// Held, not read.
    _lock: File,
}

impl InPlace {
    /// Locks it. What it may say of a tree that it once held is not so any more.
    pub(super) fn prepare(path: &Path, above: Node, dir: Dir) -> Result<Self, Error> {
        let lock = lock(path, &dir)?;
        record::remove(&dir);
        Ok(Self {
            above,
            dir,
            _lock: lock,
        })
    }

    /// The directory that is DEST.
    pub(super) fn rootfs(&self) -> io::Result<Dir> {
        self.dir.again()
    }

    /// Brings what was made to the disk.
    pub(super) fn flush(&self) -> io::Result<()> {
        self.dir.sync_file_system()
    }

    /// Removes what was made.
    pub(super) fn empty(&self) {
        let made = self.dir.list().unwrap_or_default();
        let made = made.iter().map(|entry| entry.name.as_c_str());
        for name in made.filter(|name| *name != LOST_AND_FOUND) {
            // What cannot be removed makes the next pull say that DEST is not empty.
            let _ = remove_tree(&self.dir, name);
        }
    }
}
