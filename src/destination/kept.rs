//! Where `--keep-old` puts the old tree.

use super::path::located;
use super::{Found, Plan, disk};
use crate::error::{DestinationFault, Error};
use crate::sys::{Dir, Location};
use std::ffi::CString;
use std::path::{Path, PathBuf};

/// Where the old tree is to go. It is opened with DEST, before anybody is asked for anything: whoever
/// owns a folder on the way could put a link in its place meanwhile.
pub struct KeepOld(Location);

impl KeepOld {
    /// Looks where `path` leads.
    pub fn at(path: &Path) -> Result<Self, Error> {
        located(path).map(Self)
    }
}

/// A name that is free, on the mount of DEST.
pub(super) struct Kept {
    pub(super) path: PathBuf,
    pub(super) parent: Dir,
    pub(super) name: CString,
}

impl Kept {
    /// Checks that the tree that was found can be moved to `keep`.
    pub(super) fn prepare(keep: &KeepOld, found: &Found, plan: &Plan<'_>) -> Result<Self, Error> {
        let place = &keep.0;
        let path = place.path.clone();
        let refused = |why| {
            let path = path.clone();
            Err(Error::DestinationRefused { path, why })
        };
        if place.found.is_some() {
            return refused(DestinationFault::KeptExists);
        }
        if path.starts_with(found.path()) {
            return refused(DestinationFault::KeptInside);
        }
        if plan
            .cache
            .as_ref()
            .is_some_and(|cache| path.starts_with(cache))
        {
            return refused(DestinationFault::InCache);
        }
        let above = |place: &Location| {
            let parent = place.existing_parent();
            parent.map_err(|e| disk("create", &place.path, e))
        };
        let parent = above(place)?;
        let is_near = parent.is_on_mount_of(&above(found.place())?);
        if !is_near.map_err(|e| disk("look at", &path, e))? {
            return refused(DestinationFault::KeptFar);
        }
        let name = place.name.clone();
        Ok(Self { path, parent, name })
    }
}
