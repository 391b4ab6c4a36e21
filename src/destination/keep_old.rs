//! Where `--keep-old` puts the old tree.

use super::in_use::Removed;
use super::path::located;
use super::preflight::obstacle;
use super::{Existing, Plan, beside};
use crate::error::{DestinationFault, Error};
use crate::sys::{Dir, Location};
use std::ffi::CString;
use std::path::{Path, PathBuf};

/// Where the old tree is to go. It is opened with DEST, before anybody is asked for anything: whoever
/// owns a folder on the way could put a link in its place meanwhile.
pub(crate) struct KeepOld(Existing);

impl KeepOld {
    /// Looks where `path` leads. What is in the way there does not matter until a tree is to go there.
    pub(crate) fn at(path: &Path) -> Result<Self, Error> {
        Ok(Self(Existing::any(path, located(path)?)))
    }

    /// What is there.
    pub(crate) fn found(&self) -> &Existing {
        &self.0
    }
}

/// A name on the mount of DEST.
pub(super) struct KeepOldTarget {
    pub(super) path: PathBuf,
    pub(super) parent: Dir,
    pub(super) name: CString,
    /// The tree that gives way to the old one, if the name is not free.
    pub(super) replaced: Option<(u64, u64)>,
}

impl KeepOldTarget {
    /// Checks that the tree that was found can be moved to `keep`.
    pub(super) fn prepare(
        keep: &KeepOld,
        found: &Existing,
        plan: &Plan<'_>,
    ) -> Result<Self, Error> {
        let place = keep.0.place();
        let path = place.path.clone();
        let refused = |reason: DestinationFault| Err(reason.at(&path));
        if path.starts_with(found.path()) {
            return refused(DestinationFault::KeptInside);
        }
        if found.path().starts_with(&path) {
            return refused(DestinationFault::KeptAbove);
        }
        if path.starts_with(beside(found.path())) {
            return refused(DestinationFault::KeptInStaging);
        }
        if plan
            .cache
            .as_ref()
            .is_some_and(|cache| path.starts_with(cache))
        {
            return refused(DestinationFault::InCache);
        }
        let replaced = place.found.as_ref().map(|(_, stat)| stat.id);
        if replaced.is_some() {
            if let Some(why) = plan.kept_fault {
                return refused(why);
            }
            let obstacle = keep.0.in_use()?.or_else(|| obstacle(&path, plan));
            if let Some(why) = obstacle {
                return refused(why);
            }
        }
        let above = |place: &Location| {
            let parent = place.existing_parent();
            parent.map_err(|e| Error::io("create", &place.path, e))
        };
        let parent = above(place)?;
        let is_near = parent.is_on_mount_of(&above(found.place())?);
        if !is_near.map_err(|e| Error::io("look at", &path, e))? {
            return refused(DestinationFault::KeptOnOtherFileSystem);
        }
        Removed {
            path: &path,
            is_kept: true,
        }
        .check(&keep.0)?;
        let name = place.name.clone();
        Ok(Self {
            path,
            parent,
            name,
            replaced,
        })
    }
}
