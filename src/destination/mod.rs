//! DEST: checked, locked, staged beside it, and swapped in when all digests are verified.
//!
//! ```text
//! PARENT/NAME                  DEST, with its record in the attribute user.roots.image
//! PARENT/.NAME.roots/          0700, so that no other user can run a setuid file in an unfinished tree
//! PARENT/.NAME.roots/rootfs/   the new tree; after the swap, the old tree until it is removed
//! PARENT/.NAME.roots/old/      the old tree between two renames, if one rename cannot swap
//! ```
//! A killed pull leaves the staging folder without a lock, and the next pull into DEST removes it. If it
//! was killed between two renames, the next pull first moves the old tree back from `old`.
//!
//! A power cut leaves the old tree or the new one: the new tree is synced before it gets its name, and
//! the name before the old tree is removed.

mod abandoned;
mod atomic_file;
mod existing;
mod image_lock;
mod in_place;
mod in_use;
mod keep_old;
mod path;
mod preflight;
mod record;
mod staging;
mod swap;
mod systemd_file;

pub(crate) use abandoned::StagingState;
pub(crate) use atomic_file::AtomicFile;
pub(crate) use existing::Existing;
pub(crate) use keep_old::KeepOld;
pub(crate) use preflight::{Action, Preflight};
pub(crate) use record::RecordPlace;
pub(crate) use systemd_file::{SettingsKind, SystemdFile};

use crate::error::{DestinationError, DestinationFault, Error, Replaceable};
use crate::progress::Progress;
use crate::record::Record;
use crate::sys::{Dir, Exposure};
use in_place::InPlace;
use path::{Parent, make_parents, remove_parents};
use preflight::{CheckedDestination, check};
use staging::Staging;
use std::ffi::{CString, OsStr};
use std::fs::{File, TryLockError};
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

/// What a pull may do to DEST, and to the place of `--keep-old`.
pub(crate) struct Plan<'p> {
    /// Whether the contents of DEST may be replaced.
    pub(crate) replace: bool,
    /// The hint if they may not.
    pub(crate) hint: Replaceable,
    /// Where the old tree goes; without it, the old tree is removed.
    pub(crate) keep_old: Option<&'p KeepOld>,
    /// Why the tree in that place may not be replaced: it may not come from a pull.
    pub(crate) kept_fault: Option<DestinationFault>,
    /// Paths that the pull reads and must not replace: the cache, and a layout.
    pub(crate) needed: Vec<(PathBuf, DestinationFault)>,
    /// The cache. A tree in it would be purged.
    pub(crate) cache: Option<PathBuf>,
}

/// A destination that is ready to be filled. Dropping it without [`Destination::commit`] removes the new
/// tree.
pub(crate) struct Destination {
    path: PathBuf,
    mode: Mode,
    /// Parents that were created for it, outermost first. They are removed if the pull fails.
    new_parents: Vec<Parent>,
    is_committed: bool,
}

/// Where the tree is extracted.
enum Mode {
    /// Beside DEST, to be renamed.
    Staged(Staging),
    /// In DEST itself, which cannot be renamed: a mount point or the working directory.
    InPlace(InPlace),
}

impl Destination {
    /// Checks DEST, locks it, and creates the staging folder. Leaves the contents of DEST alone.
    pub(crate) fn prepare(
        existing: &Existing,
        plan: &Plan<'_>,
        progress: Progress,
    ) -> Result<Self, Error> {
        let path = existing.path().to_owned();
        let CheckedDestination { in_use, kept, .. } = check(existing, plan)?;
        if let (Some(reason), Some(dir)) = (in_use, existing.dir()?) {
            let shown = path.display();
            progress.warn(format_args!("{shown}: {reason}: this pull is not atomic"));
            let above = existing.location().above.try_clone();
            let above = above.map_err(|e| Error::io("open", &path, e))?;
            return Ok(Self {
                mode: Mode::InPlace(InPlace::prepare(&path, above, dir)?),
                path,
                new_parents: Vec::new(),
                is_committed: false,
            });
        }
        // With --keep-old and no old tree, one that appears meanwhile must not be removed either.
        let replace = plan.replace && plan.keep_old.is_none_or(|_| kept.is_some());
        let (parent, new_parents) = make_parents(existing.location())?;
        let staging = Staging::prepare(existing.location(), parent, replace, kept)
            .inspect_err(|_| remove_parents(&new_parents))?;
        Ok(Self {
            path,
            mode: Mode::Staged(staging),
            new_parents,
            is_committed: false,
        })
    }

    /// The absolute path of DEST.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Where `--keep-old` moves the old tree, if there is one.
    pub(crate) fn kept(&self) -> Option<&Path> {
        match &self.mode {
            Mode::Staged(staging) => staging.kept(),
            Mode::InPlace(_) => None,
        }
    }

    /// Who can reach the tree while it is extracted.
    pub(crate) fn exposure(&self) -> Exposure {
        match &self.mode {
            Mode::InPlace(in_place) => in_place.exposure,
            Mode::Staged(_) => Exposure::Private,
        }
    }

    /// The parent of DEST.
    pub(super) fn parent(&self) -> io::Result<Dir> {
        match &self.mode {
            Mode::InPlace(in_place) => in_place.above.open_dir(),
            Mode::Staged(staging) => staging.parent.try_clone(),
        }
    }

    /// The root of the new tree.
    pub(crate) fn rootfs(&self) -> Result<Dir, Error> {
        match &self.mode {
            Mode::InPlace(in_place) => in_place.rootfs(),
            Mode::Staged(staging) => staging.rootfs(),
        }
        .map_err(|e| Error::io("open", &self.path, e))
    }

    /// Swaps the new tree in, in one step. An error means that DEST is as it was.
    pub(crate) fn commit(
        &mut self,
        record: &Record,
        progress: Progress,
    ) -> Result<RecordPlace, Error> {
        progress.working_on("flushing");
        let rootfs = self.rootfs()?;
        let failed = |e| Error::io("flush", &self.path, e);
        let inode = rootfs.stat_self().map_err(failed)?.id.1;
        let in_tree = match &self.mode {
            Mode::Staged(staging) => {
                let recorded = record::write(&rootfs, record);
                staging.flush().map_err(failed)?;
                // The last chance to stop: after the swap, the pull goes on to its end.
                Error::unless_stopped()?;
                let locks = staging.lock_removed(&self.path)?;
                staging.swap(&self.path, progress)?;
                staging.check_swapped(&self.path)?;
                drop(locks);
                recorded
            }
            Mode::InPlace(in_place) => {
                // The record must not be on the disk before the tree is.
                in_place.flush().map_err(failed)?;
                let recorded = record::write(&rootfs, record);
                in_place.flush().map_err(failed)?;
                recorded
            }
        };
        self.is_committed = true;
        Ok(RecordPlace { inode, in_tree })
    }

    /// After the swap, removes the old tree, which can take minutes. What is left, the next pull removes.
    pub(crate) fn remove_old(self, progress: Progress) {
        let Mode::Staged(staging) = &self.mode else {
            return;
        };
        if staging.replace {
            progress.working_on("cleaning up");
        }
        if let Err(e) = staging.remove() {
            let (path, left) = (self.path.display(), beside(&self.path));
            let left = left.display();
            progress.warn(format_args!(
                "{path}: what was there before is not all removed, and left in {left}: {e}"
            ));
        }
    }
}

impl Drop for Destination {
    fn drop(&mut self) {
        if self.is_committed {
            return;
        }
        match &self.mode {
            // If this fails, the next pull does it.
            Mode::Staged(staging) => drop(staging.remove()),
            Mode::InPlace(in_place) => in_place.empty(),
        }
        remove_parents(&self.new_parents);
    }
}

fn lock(path: &Path, dir: &Dir) -> Result<File, Error> {
    let file = dir.as_file().map_err(|e| Error::io("lock", path, e))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(DestinationError::Busy(path.to_owned()).into()),
        Err(TryLockError::Error(e)) => Err(Error::io("lock", path, e)),
    }
}

/// A path component for a system call. Paths have no NUL.
fn c_name(name: &[u8]) -> CString {
    CString::new(name).unwrap_or_default()
}

/// How many bytes of the name of DEST the staging folder has: a name has at most 255.
const MAX_NAME: usize = 240;

/// The name of the staging folder, or of the temporary file, for `path`.
fn name_beside(path: &Path) -> CString {
    let name = file_name(path);
    let part = &name.to_bytes()[..name.to_bytes().len().min(MAX_NAME)];
    c_name(&[b".", part, b".roots"].concat())
}

/// The error that [`name_beside`] is taken by something else.
fn in_the_way(path: &Path, why: DestinationFault) -> Error {
    why.at(beside(path))
}

/// The path of the staging folder, or of the temporary file, for `path`.
fn beside(path: &Path) -> PathBuf {
    path.with_file_name(OsStr::from_bytes(name_beside(path).to_bytes()))
}

fn file_name(path: &Path) -> CString {
    c_name(path.file_name().unwrap_or_default().as_bytes())
}
