//! The moment at which the new tree becomes DEST.
//!
//! ```text
//!                        DEST         elsewhere
//! nothing or empty       rootfs →                           one rename
//! a tree                 ⇄ rootfs                           one exchange
//! a tree to keep         ⇄ KEPT       rootfs → KEPT before  one exchange; the old tree is never
//!                                                           where the next pull would sweep it
//! no exchange            old ←, then rootfs →               two renames: a kill in between leaves
//! no exchange, to keep   KEPT ←, then rootfs →              no DEST, and the old tree whole
//! ```

use super::kept::Kept;
use super::staging::{OLD, ROOTFS, Staging};
use super::{disk, exchanged};
use crate::error::{Error, Replaceable};
use crate::progress::Progress;
use crate::sys::Dir;
use std::ffi::CStr;
use std::io;
use std::path::Path;

impl Staging {
    /// Makes the tree DEST. DEST may have been made or filled since it was checked: then this fails,
    /// unless it is to be replaced.
    pub(super) fn swap(&self, path: &Path, progress: Progress) -> Result<(), Error> {
        let swapped = match self.folder.rename(ROOTFS, &self.parent, &self.name) {
            Err(e) if self.replace && is_occupied(&e) => match &self.kept {
                Some(kept) => self.swap_and_keep(kept)?,
                None => self.swap_over(),
            },
            other => other,
        };
        swapped.map_err(|e| match e.kind() {
            _ if is_occupied(&e) => Error::DestinationNotEmpty {
                path: path.to_owned(),
                hint: Replaceable::WithForce,
            },
            io::ErrorKind::StaleNetworkFileHandle => exchanged(path),
            _ => disk("move the tree to", path, e),
        })?;
        // The names have to be on the disk before the old tree goes. All has been done by now: what
        // fails here is no reason to say that nothing was.
        let kept = self.kept.as_ref().map(|kept| &kept.parent);
        for parent in [Some(&self.parent), kept].into_iter().flatten() {
            if let Err(e) = parent.as_file().and_then(|parent| parent.sync_all()) {
                let path = path.display();
                progress.warn(format_args!("{path}: a power cut may undo this pull: {e}"));
            }
        }
        Ok(())
    }

    /// The old tree goes where the new one was, to be removed.
    fn swap_over(&self) -> io::Result<()> {
        if self.folder.exchange(ROOTFS, &self.parent, &self.name)? {
            return self.check(&self.folder, ROOTFS).inspect_err(|_| {
                // Whoever has put it there may have taken the name away again.
                let back = self.folder.exchange(ROOTFS, &self.parent, &self.name);
                let is_back = matches!(back, Ok(true)) || self.give_back(&self.folder, ROOTFS);
                self.is_foreign.set(!is_back);
            });
        }
        self.swap_in_two_steps(&self.folder, OLD)
    }

    /// The old tree goes where it is kept. The outer error is about that place.
    fn swap_and_keep(&self, kept: &Kept) -> Result<io::Result<()>, Error> {
        let (there, name) = (&kept.parent, &kept.name);
        let moved = self.folder.rename_new(ROOTFS, there, name);
        moved.map_err(|e| disk("move the old tree to", &kept.path, e))?;
        let exchanged = there.exchange(name, &self.parent, &self.name);
        if matches!(exchanged, Ok(true)) {
            let checked = self.check(there, name);
            if checked.is_err() {
                let back = there.exchange(name, &self.parent, &self.name);
                let _ = back.and_then(|_| there.rename_new(name, &self.folder, ROOTFS));
            }
            return Ok(checked);
        }
        // The new tree was there for the exchange only.
        let back = there.rename_new(name, &self.folder, ROOTFS);
        Ok(exchanged
            .and(back)
            .and_then(|()| self.swap_in_two_steps(there, name)))
    }

    /// Moves the old tree to a free name, then the new one to DEST; if that fails, the old one back.
    fn swap_in_two_steps(&self, there: &Dir, name: &CStr) -> io::Result<()> {
        self.parent.rename_new(&self.name, there, name)?;
        if let Err(e) = self.check(there, name) {
            self.is_foreign.set(!self.give_back(there, name));
            return Err(e);
        }
        let moved = self.folder.rename(ROOTFS, &self.parent, &self.name);
        if moved.is_err() {
            // If this fails, too, the next pull does it.
            let _ = there.rename_new(name, &self.parent, &self.name);
        }
        moved
    }

    /// Checks that the folder that was replaced, and is now `name` in `there`, is the one that was
    /// looked at: those who can write to the parent may have put another one in its place.
    fn check(&self, there: &Dir, name: &CStr) -> io::Result<()> {
        let now = there.find(name)?.map(|now| now.id);
        match self.any || now == self.checked {
            true => Ok(()),
            false => Err(io::ErrorKind::StaleNetworkFileHandle.into()),
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
