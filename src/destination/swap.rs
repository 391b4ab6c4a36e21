//! The swap, which makes the new tree DEST.
//!
//! ```text
//!                        DEST         elsewhere
//! missing or empty       rootfs →                           one rename
//! a tree                 ⇄ rootfs                           one exchange
//! a tree to keep         ⇄ KEPT       rootfs → KEPT before  one exchange; the old tree is never in
//!                                                           the staging folder, which is removed
//! a tree to keep,        ⇄ KEPT       rootfs ⇄ KEPT before  two exchanges: a kill in between leaves
//! replacing another                                         the new tree at KEPT, and DEST as it was
//! no exchange            old ←, then rootfs →               two renames: a kill in between leaves
//! no exchange, to keep   KEPT ←, then rootfs →              no DEST, and the old tree complete
//! the same, replacing another         KEPT → older before
//! ```
//! "No exchange" is a file system without RENAME_EXCHANGE.

use super::beside;
use super::in_use::Removed;
use super::keep_old::KeepOldTarget;
use super::staging::{OLD, OLDER, ROOTFS, Staging};
use crate::error::{DestinationError, DestinationFault, Error, Replaceable};
use crate::progress::Progress;
use crate::sys::{Dir, Stat};
use std::ffi::{CStr, OsStr};
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

impl Staging {
    /// Makes the new tree DEST. Fails if DEST was created or filled since it was checked, unless it may be
    /// replaced.
    pub(super) fn swap(&self, path: &Path, progress: Progress) -> Result<(), Error> {
        let swapped = match self.folder.rename(ROOTFS, &self.parent, &self.name) {
            Err(e) if self.replace && is_occupied(&e) => match &self.kept {
                Some(kept) => self.swap_and_keep(kept)?,
                None => self.swap_over(),
            },
            other => other,
        };
        swapped.map_err(|e| match e.kind() {
            _ if is_occupied(&e) => DestinationError::NotEmpty {
                path: path.to_owned(),
                replaceable: Replaceable::WithForce,
            }
            .into(),
            io::ErrorKind::StaleNetworkFileHandle => DestinationFault::Replaced.at(path),
            _ => Error::io("move the tree to", path, e),
        })?;
        // The names must be on the disk before the old tree is removed. The swap is done by now, so a
        // failure is only a warning.
        let kept = self.kept.as_ref().map(|kept| &kept.parent);
        for parent in [Some(&self.parent), kept].into_iter().flatten() {
            if let Err(e) = parent.as_file().and_then(|parent| parent.sync_all()) {
                let path = path.display();
                progress.warn(format_args!("{path}: a power cut may undo this pull: {e}"));
            }
        }
        Ok(())
    }

    /// Undoes the swap if a program uses the tree that is to be removed.
    pub(super) fn check_swapped(&self, path: &Path) -> Result<(), Error> {
        let removed = match &self.kept {
            Some(kept) => &kept.path,
            None => path,
        };
        for name in [ROOTFS, OLD, OLDER] {
            let Ok(dir) = self.folder.open(name) else {
                continue;
            };
            let now = beside(path).join(OsStr::from_bytes(name.to_bytes()));
            let removed = Removed {
                path: removed,
                is_kept: self.kept.is_some(),
            };
            removed.check_swapped(&dir, &now).map_err(|error| {
                let back = self.swap_back(name);
                self.is_foreign.set(back.is_err());
                back.map_or_else(|e| Error::io("put back", path, e), |()| error)
            })?;
        }
        Ok(())
    }

    /// Undoes the swap. `removed` is the name of the old tree, or of the one that was kept before, in the
    /// staging folder.
    fn swap_back(&self, removed: &CStr) -> io::Result<()> {
        let (parent, name) = (&self.parent, &self.name);
        if removed == ROOTFS {
            if let Some(kept) = &self.kept {
                kept.parent.exchange(&kept.name, parent, name)?;
                return self.take_back_from(kept);
            }
            return self.folder.exchange(ROOTFS, parent, name).map(drop);
        }
        parent.rename_new(name, &self.folder, ROOTFS)?;
        if let Some(kept) = &self.kept {
            kept.parent.rename_new(&kept.name, parent, name)?;
            return self.folder.rename_new(removed, &kept.parent, &kept.name);
        }
        self.folder.rename_new(removed, parent, name)
    }

    /// Swaps the trees. The old one is then in the staging folder, to be removed.
    fn swap_over(&self) -> io::Result<()> {
        if self.folder.exchange(ROOTFS, &self.parent, &self.name)? {
            return self.check(&self.folder, ROOTFS).inspect_err(|_| {
                // The attacker who put another folder there may have removed the name again.
                let back = self.folder.exchange(ROOTFS, &self.parent, &self.name);
                let is_back = matches!(back, Ok(true)) || self.give_back(&self.folder, ROOTFS);
                self.is_foreign.set(!is_back);
            });
        }
        self.swap_in_two_steps(&self.folder, OLD)
    }

    /// Swaps the trees. The old one is then in the place of `--keep-old`. The outer error is about that
    /// place, the inner one about DEST.
    fn swap_and_keep(&self, kept: &KeepOldTarget) -> Result<io::Result<()>, Error> {
        let (there, name) = (&kept.parent, &kept.name);
        let failed = |e| Error::io("move the old tree to", &kept.path, e);
        if !self.move_to_kept(kept)? {
            return Ok(self.keep_in_two_steps(kept));
        }
        let exchanged = there.exchange(name, &self.parent, &self.name);
        if matches!(exchanged, Ok(true)) {
            let checked = self.check(there, name);
            if checked.is_err() {
                let back = there.exchange(name, &self.parent, &self.name);
                let back = back.and_then(|_| self.take_back_from(kept));
                self.spare_replaced(kept, back.is_ok());
            }
            return Ok(checked);
        }
        // There was no exchange, so the new tree goes back.
        let back = self.take_back_from(kept);
        self.spare_replaced(kept, back.is_ok());
        back.map_err(failed)?;
        Ok(exchanged.and_then(|_| self.keep_in_two_steps(kept)))
    }

    /// Moves the new tree to the place of `--keep-old`, for the exchange. The tree that was kept there
    /// before comes into the staging folder, to be removed. False if there is no exchange, and nothing was
    /// moved.
    fn move_to_kept(&self, kept: &KeepOldTarget) -> Result<bool, Error> {
        let (there, name) = (&kept.parent, &kept.name);
        let failed = |e| Error::io("move the old tree to", &kept.path, e);
        let Some(replaced) = kept.replaced else {
            let moved = self.folder.rename_new(ROOTFS, there, name);
            return moved.map(|()| true).map_err(failed);
        };
        if !self.folder.exchange(ROOTFS, there, name).map_err(failed)? {
            return Ok(false);
        }
        let now = self.folder.find(ROOTFS).map_err(failed)?;
        if now.is_none_or(|now| now.id != replaced) {
            let back = self.take_back_from(kept);
            self.spare_replaced(kept, back.is_ok());
            return Err(DestinationFault::Replaced.at(&kept.path));
        }
        Ok(true)
    }

    fn take_back_from(&self, kept: &KeepOldTarget) -> io::Result<()> {
        let (there, name) = (&kept.parent, &kept.name);
        match kept.replaced {
            None => there.rename_new(name, &self.folder, ROOTFS),
            Some(_) => there.exchange(name, &self.folder, ROOTFS).map(drop),
        }
    }

    /// Unless it is back in its place, the tree that was kept before must not be removed.
    fn spare_replaced(&self, kept: &KeepOldTarget, is_back: bool) {
        if kept.replaced.is_some() && !is_back {
            self.is_foreign.set(true);
        }
    }

    /// [`Self::swap_and_keep`] without an exchange.
    fn keep_in_two_steps(&self, kept: &KeepOldTarget) -> io::Result<()> {
        let (there, name) = (&kept.parent, &kept.name);
        let Some(replaced) = kept.replaced else {
            return self.swap_in_two_steps(there, name);
        };
        there.rename_new(name, &self.folder, OLDER)?;
        let is_it = |now: Option<Stat>| now.is_some_and(|now| now.id == replaced);
        let swapped = match self.folder.find(OLDER) {
            Ok(now) if !is_it(now) => Err(io::ErrorKind::StaleNetworkFileHandle.into()),
            Ok(_) => self.swap_in_two_steps(there, name),
            Err(e) => Err(e),
        };
        swapped.inspect_err(|_| {
            let back = self.folder.rename_new(OLDER, there, name);
            self.spare_replaced(kept, back.is_ok());
        })
    }

    /// Moves the old tree to a free name, then the new one to DEST. If that fails, moves the old one back.
    fn swap_in_two_steps(&self, there: &Dir, name: &CStr) -> io::Result<()> {
        self.parent.rename_new(&self.name, there, name)?;
        if let Err(e) = self.check(there, name) {
            self.is_foreign.set(!self.give_back(there, name));
            return Err(e);
        }
        let moved = self.folder.rename(ROOTFS, &self.parent, &self.name);
        if moved.is_err() {
            // If this fails, the next pull does it.
            let _ = there.rename_new(name, &self.parent, &self.name);
        }
        moved
    }

    /// Checks that the replaced folder, which is now `name` in `there`, is the one that was checked: others
    /// who may write to the parent may have exchanged it.
    fn check(&self, there: &Dir, name: &CStr) -> io::Result<()> {
        let now = there.find(name)?.map(|now| now.id);
        if self.replaces_any || now == self.checked {
            Ok(())
        } else {
            Err(io::ErrorKind::StaleNetworkFileHandle.into())
        }
    }

    fn give_back(&self, there: &Dir, name: &CStr) -> bool {
        there.rename_new(name, &self.parent, &self.name).is_ok()
    }
}

fn is_occupied(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::DirectoryNotEmpty | io::ErrorKind::AlreadyExists
    )
}
