//! `--keep-old`: the place for the old tree.

use super::in_use::Removed;
use super::path::located;
use super::preflight::obstacle;
use super::{Existing, Plan, beside};
use crate::error::{DestinationFault, Error};
use crate::sys::{Dir, Location};
use std::ffi::CString;
use std::path::{Path, PathBuf};

/// The place for the old tree. It is opened with DEST, before any request: otherwise the owner of a folder
/// above it could put a symlink there meanwhile.
pub(crate) struct KeepOld(Existing);

impl KeepOld {
    /// Opens `path`, if it exists. Obstacles do not matter until there is a tree to keep.
    pub(crate) fn at(path: &Path) -> Result<Self, Error> {
        Ok(Self(Existing::any(path, located(path)?)))
    }

    /// Whatever is there now.
    pub(crate) fn existing(&self) -> &Existing {
        &self.0
    }
}

/// The checked place for the old tree, on the same mount as DEST.
pub(super) struct KeepOldTarget {
    pub(super) path: PathBuf,
    pub(super) parent: Dir,
    pub(super) name: CString,
    /// The device and inode of the tree that is removed for it, if the name is taken.
    pub(super) replaced: Option<(u64, u64)>,
}

impl KeepOldTarget {
    /// Checks that the tree in DEST can be moved to `keep`.
    pub(super) fn prepare(
        keep: &KeepOld,
        existing: &Existing,
        plan: &Plan<'_>,
    ) -> Result<Self, Error> {
        let location = keep.0.location();
        let path = location.path.clone();
        let refused = |reason: DestinationFault| Err(reason.at(&path));
        if path.starts_with(existing.path()) {
            return refused(DestinationFault::KeptInside);
        }
        if existing.path().starts_with(&path) {
            return refused(DestinationFault::KeptAbove);
        }
        if path.starts_with(beside(existing.path())) {
            return refused(DestinationFault::KeptInStaging);
        }
        if plan
            .cache
            .as_ref()
            .is_some_and(|cache| path.starts_with(cache))
        {
            return refused(DestinationFault::InCache);
        }
        let replaced = location.found.as_ref().map(|(_, stat)| stat.id);
        if replaced.is_some() {
            if let Some(why) = plan.kept_fault {
                return refused(why);
            }
            let obstacle = keep.0.in_use()?.or_else(|| obstacle(&path, plan));
            if let Some(why) = obstacle {
                return refused(why);
            }
        }
        let above = |location: &Location| {
            let parent = location.existing_parent();
            parent.map_err(|e| Error::io("create", &location.path, e))
        };
        let parent = above(location)?;
        let is_near = parent.is_on_mount_of(&above(existing.location())?);
        if !is_near.map_err(|e| Error::io("look at", &path, e))? {
            return refused(DestinationFault::KeptOnOtherFileSystem);
        }
        Removed {
            path: &path,
            is_kept: true,
        }
        .check(&keep.0)?;
        let name = location.name.clone();
        Ok(Self {
            path,
            parent,
            name,
            replaced,
        })
    }
}
