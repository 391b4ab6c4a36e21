//! Staging folders that killed pulls left behind. The next pull into the same DEST removes its own;
//! `roots purge` removes those of all destinations that the cache knows.

use super::name_beside;
use super::path::located;
use super::staging::{OLD, is_ours};
use crate::error::Error;
use crate::sys::{Dir, Stat, remove_opened};
use std::ffi::{CString, OsStr};
use std::fs::File;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

/// The staging folder of a destination.
pub(crate) enum StagingState {
    /// The folder does not exist, or belongs to another user.
    Missing,
    /// A pull has locked it, or the next one needs it.
    InUse,
    /// No pull has locked it.
    Abandoned(Abandoned),
}

/// The staging folder of a killed pull, locked.
pub(crate) struct Abandoned {
    path: PathBuf,
    parent: Dir,
    name: CString,
    folder: Dir,
    stat: Stat,
    _lock: File,
}

impl StagingState {
    /// Looks beside `dest`. A folder that cannot be opened counts as missing. Unless it will be removed,
    /// the lock is shared, so that two dry runs do not disturb each other.
    pub(crate) fn of(dest: &Path, is_removed: bool) -> Self {
        Self::find(dest, is_removed).unwrap_or(Self::Missing)
    }

    fn find(dest: &Path, is_removed: bool) -> Option<Self> {
        let location = located(dest).ok()?;
        let (parent, name) = (location.parent().ok()??, name_beside(&location.path));
        let folder = parent.open(&name).ok()?;
        if !is_ours(&folder).ok()? {
            return None;
        }
        let lock = folder.as_file().ok()?;
        let locked = if is_removed {
            lock.try_lock()
        } else {
            lock.try_lock_shared()
        };
        // If a pull was killed between two renames, this is the only tree, and the next pull moves it back.
        let is_only_tree = location.found.is_none() && folder.find(OLD).ok()?.is_some();
        if locked.is_err() || is_only_tree {
            return Some(Self::InUse);
        }
        Some(Self::Abandoned(Abandoned {
            path: location
                .path
                .with_file_name(OsStr::from_bytes(name.to_bytes())),
            stat: folder.stat_self().ok()?,
            parent,
            name,
            folder,
            _lock: lock,
        }))
    }
}

impl Abandoned {
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn stat(&self) -> &Stat {
        &self.stat
    }

    /// Removes it and everything in it.
    pub(crate) fn remove(&self) -> Result<(), Error> {
        let removed = remove_opened(&self.parent, &self.name, &self.folder);
        removed.map_err(|e| Error::io("remove", &self.path, e))
    }
}
