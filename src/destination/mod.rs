//! DEST: checked, locked, staged beside, and swapped in when all digests held.
//!
//! ```text
//! PARENT/NAME                  DEST, which says itself what it was made of: user.roots.image
//! PARENT/.NAME.roots/          0700: nobody looks in, and no setuid file can be run, before it is done
//! PARENT/.NAME.roots/rootfs/   the tree on its way; after the swap, the old tree on its way out
//! PARENT/.NAME.roots/old/      the old tree between two renames, where one rename cannot swap
//! ```
//! A process that dies leaves the staging folder, and the next pull into DEST sweeps it: the lock on
//! it died with the process. What it moved to `old` while there was no DEST, the next one moves back.
//!
//! A power cut leaves the old tree or the new one: the tree is on the disk before it gets its name,
//! and the name is before the old tree goes.

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
pub(crate) use record::TreePlace as RecordPlace;
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

/// What a pull may do to DEST.
pub(crate) struct Plan<'p> {
    /// Replace what is in it.
    pub(crate) replace: bool,
    /// What to type if that may not be done.
    pub(crate) hint: Replaceable,
    /// Where the old tree goes; otherwise it is removed.
    pub(crate) keep_old: Option<&'p KeepOld>,
    /// Why what is there may not be replaced: it is not certain that a pull has made it.
    pub(crate) kept_fault: Option<DestinationFault>,
    /// What the pull itself lives on, and must not replace: the cache, and the layout it reads.
    pub(crate) needed: Vec<(PathBuf, DestinationFault)>,
    /// The cache, which is no place for trees: purge sweeps it.
    pub(crate) cache: Option<PathBuf>,
}

/// A destination that is ready to be filled.
pub(crate) struct Destination {
    path: PathBuf,
    place: Mode,
    /// Parents that were made for it, outermost first: they go if the pull fails.
    made: Vec<Parent>,
    committed: bool,
}

/// Where the tree grows.
enum Mode {
    /// Beside DEST; the rename makes it DEST.
    Staged(Staging),
    /// In DEST itself, which cannot be renamed: a mount point or the working directory.
    InPlace(InPlace),
}

impl Destination {
    /// Checks DEST, locks it, and makes room for the tree. Nothing that is there is touched.
    pub(crate) fn prepare(
        found: &Existing,
        plan: &Plan<'_>,
        progress: Progress,
    ) -> Result<Self, Error> {
        let path = found.path().to_owned();
        let CheckedDestination { in_use, kept, .. } = check(found, plan)?;
        if let (Some(why), Some(dir)) = (in_use, found.dir()?) {
            let shown = path.display();
            progress.warn(format_args!("{shown}: {why}: this pull is not atomic"));
            let above = found.place().above.try_clone();
            let above = above.map_err(|e| Error::io("open", &path, e))?;
            let place = Mode::InPlace(InPlace::prepare(&path, above, dir)?);
            return Ok(Self {
                path,
                place,
                made: Vec::new(),
                committed: false,
            });
        }
        // Where there was no old tree to keep, one that has come since is not removed either.
        let replace = plan.replace && plan.keep_old.is_none_or(|_| kept.is_some());
        let (parent, made) = make_parents(found.place())?;
        let staging = Staging::prepare(found.place(), parent, replace, kept)
            .inspect_err(|_| remove_parents(&made))?;
        Ok(Self {
            path,
            place: Mode::Staged(staging),
            made,
            committed: false,
        })
    }

    /// The absolute path of DEST.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Where the old tree will be, if there is one to keep.
    pub(crate) fn kept(&self) -> Option<&Path> {
        match &self.place {
            Mode::Staged(staging) => staging.kept(),
            Mode::InPlace(_) => None,
        }
    }

    /// Who can reach the tree while it grows.
    pub(crate) fn exposure(&self) -> Exposure {
        match &self.place {
            Mode::InPlace(in_place) => in_place.exposure,
            Mode::Staged(_) => Exposure::Private,
        }
    }

    /// The directory that DEST is in.
    pub(super) fn parent(&self) -> io::Result<Dir> {
        match &self.place {
            Mode::InPlace(in_place) => in_place.above.open_dir(),
            Mode::Staged(staging) => staging.parent.try_clone(),
        }
    }

    /// The empty directory that the tree grows in.
    pub(crate) fn rootfs(&self) -> Result<Dir, Error> {
        match &self.place {
            Mode::InPlace(in_place) => in_place.rootfs(),
            Mode::Staged(staging) => staging.rootfs(),
        }
        .map_err(|e| Error::io("open", &self.path, e))
    }

    /// Makes the tree DEST, in one step, and then removes what was there before.
    pub(crate) fn commit(
        mut self,
        record: &Record,
        progress: Progress,
    ) -> Result<RecordPlace, Error> {
        progress.working_on("flushing");
        let rootfs = self.rootfs()?;
        let failed = |e| Error::io("flush", &self.path, e);
        let inode = rootfs.stat_self().map_err(failed)?.id.1;
        let in_tree = match &self.place {
            Mode::Staged(staging) => {
                let recorded = record::write(&rootfs, record);
                staging.flush().map_err(failed)?;
                // The last moment at which nothing has changed: from here on, a pull goes on to its end.
                Error::unless_stopped()?;
                let locks = staging.lock_removed(&self.path)?;
                staging.swap(&self.path, progress)?;
                staging.check_swapped(&self.path)?;
                drop(locks);
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
                recorded
            }
            Mode::InPlace(in_place) => {
                // A tree that says what it is has to be all there.
                in_place.flush().map_err(failed)?;
                let recorded = record::write(&rootfs, record);
                in_place.flush().map_err(failed)?;
                recorded
            }
        };
        self.committed = true;
        Ok(RecordPlace { inode, in_tree })
    }
}

impl Drop for Destination {
    /// Leaves nothing behind of a tree that was given up.
    fn drop(&mut self) {
        if self.committed {
            return;
        }
        match &self.place {
            // What cannot be removed now, the next pull sweeps.
            Mode::Staged(staging) => drop(staging.remove()),
            Mode::InPlace(in_place) => in_place.empty(),
        }
        remove_parents(&self.made);
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

/// A path component as the kernel takes it; paths have no NUL.
fn c_name(name: &[u8]) -> CString {
    CString::new(name).unwrap_or_default()
}

/// How much of a name goes into the one beside it: 255 bytes hold that and the rest.
const MAX_NAME: usize = 240;

/// What is called so grows beside `path`, until it is that.
fn name_beside(path: &Path) -> CString {
    let name = file_name(path);
    let part = &name.to_bytes()[..name.to_bytes().len().min(MAX_NAME)];
    c_name(&[b".", part, b".roots"].concat())
}

/// What is called as [`name_beside`] says, and is somebody else's.
fn in_the_way(path: &Path, why: DestinationFault) -> Error {
    why.at(beside(path))
}

/// The path of that.
fn beside(path: &Path) -> PathBuf {
    path.with_file_name(OsStr::from_bytes(name_beside(path).to_bytes()))
}

/// The last component of a path.
fn file_name(path: &Path) -> CString {
    c_name(path.file_name().unwrap_or_default().as_bytes())
}
