//! Whether a tree that is to be removed is in use: a container or program running in it would lose
//! its files, and what it has written.

use super::Existing;
use super::image_lock::ImageLock;
use crate::error::{DestinationError, DestinationFault, Error, TreeInUse};
use crate::sys::{Dir, DirUser, has_mounts_below, holder_of, user_of};
use std::ffi::CStr;
use std::path::{Path, PathBuf};

/// A tree that may be removed.
#[derive(Clone, Copy)]
pub(super) struct Removed<'t> {
    /// The absolute path.
    pub(super) path: &'t Path,
    /// Whether it is the place of `--keep-old`.
    pub(super) is_kept: bool,
}

impl Removed<'_> {
    /// Checks that nobody uses the tree as it was found. Nothing is locked for that: no container must
    /// fail to start while a pull waits for the network.
    pub(super) fn check(self, found: &Existing) -> Result<(), Error> {
        let failed = |e| Error::io("look at", self.path, e);
        let (Some(dir), Some(parent)) = (found.dir()?, found.place().parent().map_err(failed)?)
        else {
            return Ok(());
        };
        let tree = dir.stat_self().map_err(failed)?;
        let user = user_of(&dir, self.path);
        let held = || ImageLock::held(&parent, self.path, &tree).map(who_locked);
        user.or_else(held).map_or(Ok(()), |user| self.refuse(user))
    }

    /// The same for the tree that is `name` in `parent` now, which no container can enter until the lock
    /// is dropped.
    pub(super) fn lock(self, parent: &Dir, name: &CStr) -> Result<Option<ImageLock>, Error> {
        let failed = |e| Error::io("look at", self.path, e);
        let Some(tree) = parent.find(name).map_err(failed)? else {
            return Ok(None);
        };
        let dir = parent.open(name).map_err(failed)?;
        // Since it was checked, the pull may have waited for hours.
        if has_mounts_below(self.path) {
            return Err(DestinationFault::MountInside.at(self.path));
        }
        let lock = ImageLock::take(parent, self.path, &tree);
        // First those that can be named: a program in a container rather than the lock on its tree.
        match (user_of(&dir, self.path), lock) {
            (Some(user), _) => self.refuse(user),
            (None, Err(file)) => self.refuse(who_locked(file)),
            (None, Ok(lock)) => Ok(Some(lock)),
        }
    }

    /// The same once more for the tree that was swapped, which is at `now` and `dir`: a program may have
    /// entered it after the look at it. No path leads there any longer.
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

/// Who has locked `file`. That the holder runs in this tree is not certain: after `--keep-old`, the lock of
/// the name is held for the old one.
fn who_locked(file: PathBuf) -> DirUser {
    let holder = holder_of(&file);
    DirUser::Lock(file, holder)
}
