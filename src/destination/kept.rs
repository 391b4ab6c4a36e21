//! Where `--keep-old` puts the old tree.

use super::path::absolute;
use super::{Plan, disk, file_name};
use crate::error::{DestinationFault, Error};
use crate::sys::Dir;
use std::ffi::CString;
use std::path::{Path, PathBuf};

/// A name that is free, on the mount of DEST.
pub(super) struct Kept {
    pub(super) path: PathBuf,
    pub(super) parent: Dir,
    pub(super) name: CString,
}

impl Kept {
    /// Checks that the tree at `dest` can be moved to `keep`.
    pub(super) fn prepare(keep: &Path, dest: &Path, plan: &Plan<'_>) -> Result<Self, Error> {
        let path = absolute(keep).map_err(|e| disk("follow the path", keep, e))?;
        let refused = |why| {
            let path = path.clone();
            Err(Error::DestinationRefused { path, why })
        };
        if path.symlink_metadata().is_ok() {
            return refused(DestinationFault::KeptExists);
        }
        if path.starts_with(dest) {
            return refused(DestinationFault::KeptInside);
        }
        if plan
            .cache
            .as_ref()
            .is_some_and(|cache| path.starts_with(cache))
        {
            return refused(DestinationFault::InCache);
        }
        let above = |path: &Path| {
            let parent = path.parent().unwrap_or(path);
            Dir::open_path(parent).map_err(|e| disk("create", path, e))
        };
        let parent = above(&path)?;
        let is_near = parent.is_on_mount_of(&above(dest)?);
        if !is_near.map_err(|e| disk("look at", &path, e))? {
            return refused(DestinationFault::KeptFar);
        }
        let name = file_name(&path);
        Ok(Self { path, parent, name })
    }
}
