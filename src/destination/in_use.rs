//! Whether a tree that will be removed is in use: a container or program that runs in it would lose its
//! files, and what it has written.

use super::Existing;
use super::image_lock::ImageLock;
use crate::error::{DestinationError, DestinationFault, Error, TreeInUse};
use crate::sys::{Dir, DirUser, has_mounts_below, holder_of, user_of};
use std::ffi::CStr;
use std::path::{Path, PathBuf};

/// A tree that will be removed.
#[derive(Clone, Copy)]
pub(super) struct Removed<'t> {
    /// The absolute path.
    pub(super) path: &'t Path,
    /// Whether it is the place of `--keep-old`.
    pub(super) is_kept: bool,
}

impl Removed<'_> {
    /// Checks that the tree is not in use. Locks nothing, so that a container can still start while the pull
    /// waits for the network.
    pub(super) fn check(self, existing: &Existing) -> Result<(), Error> {
        let failed = |e| Error::io("look at", self.path, e);
        let (Some(dir), Some(parent)) = (
            existing.dir()?,
            existing.location().parent().map_err(failed)?,
        ) else {
            return Ok(());
        };
        let tree = dir.stat_self().map_err(failed)?;
        let user = user_of(&dir, self.path);
        let held = || ImageLock::held(&parent, self.path, &tree).map(who_locked);
        user.or_else(held).map_or(Ok(()), |user| self.refuse(user))
    }

    /// The same for the tree that is `name` in `parent` now. No container can start in it until the lock is
    /// dropped.
    pub(super) fn lock(self, parent: &Dir, name: &CStr) -> Result<Option<ImageLock>, Error> {
        let failed = |e| Error::io("look at", self.path, e);
        let Some(tree) = parent.find(name).map_err(failed)? else {
            return Ok(None);
        };
        let dir = parent.open(name).map_err(failed)?;
        // The first check may be hours ago.
        if has_mounts_below(self.path) {
            return Err(DestinationFault::MountInside.at(self.path));
        }
        let lock = ImageLock::take(parent, self.path, &tree);
        // Report a program in a container rather than the lock on its tree.
        match (user_of(&dir, self.path), lock) {
            (Some(user), _) => self.refuse(user),
            (None, Err(file)) => self.refuse(who_locked(file)),
            (None, Ok(lock)) => Ok(Some(lock)),
        }
    }

    /// The same after the swap, for the tree that is now `dir` at `now`: a program may have entered it since
    /// the last check. By now, no program can find it any more.
    pub(super) fn check_swapped(self, dir: &Dir, now: &Path) -> Result<(), Error> {
        user_of(dir, now).map_or(Ok(()), |user| self.refuse(user))
    }

    fn refuse<T>(self, user: DirUser) -> Result<T, Error> {
        Err(DestinationError::InUse(TreeInUse {
            path: self.path.to_owned(),
            user,
            is_kept: self.is_kept,
        })
        .into())
    }
}

/// The process that has locked `file`. It may not run in this tree: after `--keep-old`, the lock of the
/// name is held for the old tree.
fn who_locked(file: PathBuf) -> DirUser {
    let holder = holder_of(&file);
    DirUser::Lock(file, holder)
}
