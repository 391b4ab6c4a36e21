//! A DEST that cannot be renamed and is filled in place: a mount point or the working directory.

use super::{lock, record};
use crate::error::{DestinationError, Error, Replaceable};
use crate::sys::{Dir, Exposure, Handle as _, Host, LOST_AND_FOUND, NewNode, remove_tree};
use std::fs::File;
use std::io;
use std::path::Path;

/// DEST itself, locked.
pub(super) struct InPlace {
    /// Its parent.
    pub(super) above: NewNode,
    dir: Dir,
    pub(super) exposure: Exposure,
    /// Whether it is the root of a file system that has one.
    has_lost_and_found: bool,
    _lock: File,
}

impl InPlace {
    /// Locks it, shuts other users out, and removes the record of a tree that it once held.
    pub(super) fn prepare(path: &Path, above: NewNode, dir: Dir) -> Result<Self, Error> {
        let failed = |e| Error::io("look at", path, e);
        let lock = lock(path, &dir)?;
        let exposure = shut(&dir).map_err(failed)?;
        let in_place = Self {
            above,
            exposure,
            has_lost_and_found: dir.find(LOST_AND_FOUND).map_err(failed)?.is_some(),
            dir,
            _lock: lock,
        };
        // A file that was created before it was shut may be another user's, who still has it open.
        let is_empty = exposure == Exposure::Open || in_place.is_empty().map_err(failed)?;
        if !is_empty {
            in_place.open_up();
            let (path, replaceable) = (path.to_owned(), Replaceable::WithForce);
            return Err(DestinationError::NotEmpty { path, replaceable }.into());
        }
        record::remove(&in_place.dir);
        Ok(in_place)
    }

    pub(super) fn rootfs(&self) -> io::Result<Dir> {
        self.dir.try_clone()
    }

    pub(super) fn flush(&self) -> io::Result<()> {
        self.dir.sync_file_system()
    }

    /// Removes the new tree.
    pub(super) fn empty(&self) {
        let made = self.dir.list().unwrap_or_default();
        let made = made.iter().map(|entry| entry.name.as_c_str());
        for name in made.filter(|name| !self.has_lost_and_found || *name != LOST_AND_FOUND) {
            // If this fails, the next pull reports that DEST is not empty.
            let _ = remove_tree(&self.dir, name);
        }
        self.open_up();
    }

    /// Restores the mode of DEST.
    fn open_up(&self) {
        if let Exposure::Shut(mode) = self.exposure {
            let _ = self.dir.set_mode(mode);
        }
    }

    fn is_empty(&self) -> io::Result<bool> {
        let entries = self.dir.list()?;
        Ok(entries
            .iter()
            .all(|entry| entry.name.as_c_str() == LOST_AND_FOUND))
    }
}

/// Shuts other users out of DEST until its tree is complete: they must not rename anything in it, nor run a
/// setuid file before its owner is set. Not possible if DEST belongs to another user, who could undo it, or
/// if its file system has no modes.
fn shut(dir: &Dir) -> io::Result<Exposure> {
    let found = dir.stat_self()?;
    if found.owner.uid != Host::new().uid || dir.set_mode(0o700).is_err() {
        return Ok(Exposure::Open);
    }
    match dir.stat_self()?.mode {
        0o700 => Ok(Exposure::Shut(found.mode)),
        _ => Ok(Exposure::Open),
    }
}
