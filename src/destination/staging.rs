//! The staging folder beside DEST, in which the tree is extracted.

use super::image_lock::ImageLock;
use super::in_use::Removed;
use super::keep_old::KeepOldTarget;
use super::{beside, in_the_way, lock, name_beside};
use crate::error::{DestinationError, DestinationFault, Error, ErrorKind};
use crate::sys::{Dir, FileKind, Handle as _, Host, Location, remove_opened, remove_tree};
use std::cell::Cell;
use std::ffi::{CStr, CString};
use std::fs::File;
use std::io;
use std::path::Path;

pub(super) const ROOTFS: &CStr = c"rootfs";
pub(super) const OLD: &CStr = c"old";
/// The tree that was in the place of `--keep-old`, if one rename cannot swap.
pub(super) const OLDER: &CStr = c"older";

/// The staging folder of one destination, locked.
pub(super) struct Staging {
    pub(super) parent: Dir,
    pub(super) name: CString,
    staging_name: CString,
    pub(super) folder: Dir,
    _lock: File,
    pub(super) replace: bool,
    pub(super) kept: Option<KeepOldTarget>,
    /// The device and inode of DEST when it was checked, if it existed. Nothing else is replaced.
    pub(super) checked: Option<(u64, u64)>,
    /// Whether anything else may be replaced, too.
    pub(super) replaces_any: bool,
    /// Whether the folder holds a tree that must not be removed.
    pub(super) is_foreign: Cell<bool>,
}

impl Staging {
    /// Creates the folder in `parent` for the destination at `location`, or takes over that of a killed pull.
    pub(super) fn prepare(
        location: &Location,
        parent: Dir,
        replace: bool,
        kept: Option<KeepOldTarget>,
    ) -> Result<Self, Error> {
        let path = &location.path;
        let failed = |e| Error::io("create", path, e);
        let (name, staging_name) = (location.name.clone(), name_beside(path));
        let checked = location.found.as_ref().map(|(_, stat)| stat.id);
        let (is_new, folder, lock) = loop {
            let is_new = match parent.mkdir(&staging_name, 0o700) {
                Ok(()) => true,
                Err(e) if e.kind() == io::ErrorKind::AlreadyExists => false,
                Err(e) => return Err(failed(e)),
            };
            match claim(path, &parent, &staging_name) {
                Ok(Some((folder, lock))) => break (is_new, folder, lock),
                Ok(None) => {}
                Err(error) => {
                    // Unless another pull has locked it.
                    if is_new && matches!(error.kind(), ErrorKind::Io(_)) {
                        let _ = parent.rmdir(&staging_name);
                    }
                    return Err(error);
                }
            }
        };
        // A pull was killed just now, and the old tree that is moved back here has not been checked.
        if !is_new && move_back(&parent, &name, &folder).map_err(failed)? {
            return Err(DestinationError::Busy(path.to_owned()).into());
        }
        // If there was no DEST, one that appears is replaced only if no other user can have put it there.
        let replaces_any = checked.is_none() && is_ours_alone(&parent).map_err(failed)?;
        // Another pull may have finished meanwhile.
        let now = parent.find(&name).map_err(failed)?.map(|now| now.id);
        if replace && now.is_some() && now != checked && !replaces_any {
            return Err(DestinationFault::Replaced.at(path));
        }
        let staging = Self {
            parent,
            name,
            staging_name,
            folder,
            _lock: lock,
            replace,
            kept,
            checked,
            replaces_any,
            is_foreign: Cell::new(false),
        };
        let made = staging.remove_leftovers(path);
        let made = made.and_then(|()| staging.make_rootfs().map_err(failed));
        made.inspect_err(|_| {
            // If there are no file descriptors left, the folder can still be removed by name.
            if is_new {
                let _ = staging.folder.rmdir(ROOTFS);
                let _ = staging.parent.rmdir(&staging.staging_name);
            }
        })?;
        Ok(staging)
    }

    /// Removes what a killed pull left. An ordinary user cannot remove the files of subordinate ids that a
    /// pull in a user namespace has made, so the error names the folder.
    fn remove_leftovers(&self, path: &Path) -> Result<(), Error> {
        [ROOTFS, OLD, OLDER].into_iter().try_for_each(|name| {
            let removed = remove_tree(&self.folder, name);
            removed
                .map(drop)
                .map_err(|e| Error::io("clean up", beside(path), e))
        })
    }

    fn make_rootfs(&self) -> io::Result<()> {
        // A setgid parent would give its group to the tree.
        self.folder.set_mode(0o700)?;
        self.folder.mkdir(ROOTFS, 0o755)?;
        let rootfs = self.rootfs()?;
        // A default ACL of the parent would be inherited by every file of the tree.
        for acl in [c"system.posix_acl_default", c"system.posix_acl_access"] {
            let _ = rootfs.remove_xattr(acl);
        }
        rootfs.set_mode(0o755)
    }

    /// The new tree, which becomes DEST.
    pub(super) fn rootfs(&self) -> io::Result<Dir> {
        self.folder.open(ROOTFS)
    }

    /// Syncs the tree. The folder must have been opened before the tree was written: a write error is
    /// reported only once for each open file, and not for one that is opened later.
    pub(super) fn flush(&self) -> io::Result<()> {
        self.folder.sync_file_system()
    }

    /// Checks that the trees that will be removed are not in use, and keeps containers from starting in
    /// them until the locks are dropped. A tree that is kept may be in use.
    pub(super) fn lock_removed(&self, path: &Path) -> Result<[Option<ImageLock>; 2], Error> {
        let is_kept = self.kept.is_some();
        let dest = Removed {
            path,
            is_kept: false,
        };
        let lock = match self.parent.find(&self.name) {
            Ok(Some(now)) if is_kept => ImageLock::take(&self.parent, path, &now).ok(),
            Ok(Some(now)) if self.replace && now.kind == FileKind::Directory => {
                dest.lock(&self.parent, &self.name)?
            }
            // The swap reports it.
            _ => None,
        };
        let kept = self.kept.as_ref().filter(|kept| kept.replaced.is_some());
        let older = kept.map(|kept| {
            let path = &kept.path;
            Removed { path, is_kept }.lock(&kept.parent, &kept.name)
        });
        Ok([lock, older.transpose()?.flatten()])
    }

    /// Where the old tree will be kept, if it will.
    pub(super) fn kept(&self) -> Option<&Path> {
        self.kept.as_ref().map(|kept| kept.path.as_path())
    }

    /// Removes the folder and everything in it.
    pub(super) fn remove(&self) -> io::Result<()> {
        if self.is_foreign.get() {
            return Ok(());
        }
        // By the handle: if others may write to the parent, the name may denote something else.
        remove_opened(&self.parent, &self.staging_name, &self.folder)
    }
}

/// Opens and locks the staging folder `name` of the destination `path`. None if its last owner has removed
/// it meanwhile, and the caller should try again.
fn claim(path: &Path, parent: &Dir, name: &CStr) -> Result<Option<(Dir, File)>, Error> {
    let failed = |e| Error::io("create", path, e);
    let folder = match parent.open(name) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(e) if e.kind() == io::ErrorKind::NotADirectory => {
            return Err(in_the_way(path, DestinationFault::ForeignFolder));
        }
        other => other.map_err(failed)?,
    };
    // Even if it was created just now: another user may have replaced it.
    if !is_ours(&folder).map_err(failed)? {
        return Err(in_the_way(path, DestinationFault::ForeignFolder));
    }
    let lock = lock(path, &folder)?;
    // Between opening and locking it, its last owner may have removed it.
    let is_current = parent.denotes(name, &folder).map_err(failed)?;
    Ok(is_current.then_some((folder, lock)))
}

/// Makes the old tree DEST again, if a killed pull has moved it away. False if there was none.
pub(super) fn put_back(location: &Location) -> Result<bool, Error> {
    let path = &location.path;
    let Ok(Some(parent)) = location.parent() else {
        return Ok(false);
    };
    let Ok(folder) = parent.open(&name_beside(path)) else {
        return Ok(false);
    };
    let failed = |e| Error::io("put back", path, e);
    if !is_ours(&folder).map_err(failed)? {
        return Ok(false);
    }
    // If it is locked, a pull is between its two renames now.
    match lock(path, &folder) {
        Ok(_lock) => move_back(&parent, &location.name, &folder).map_err(failed),
        Err(error) => match error.kind() {
            ErrorKind::Destination(DestinationError::Busy(_)) => Ok(false),
            _ => Err(error),
        },
    }
}

/// The old tree, if a killed pull has moved it away and nothing is in its place.
pub(super) fn moved_away(location: &Location) -> Result<Option<Dir>, Error> {
    let path = &location.path;
    let Ok(Some(parent)) = location.parent() else {
        return Ok(None);
    };
    let Ok(folder) = parent.open(&name_beside(path)) else {
        return Ok(None);
    };
    if is_ours(&folder).map_err(|e| Error::io("look at", path, e))? {
        Ok(folder.open(OLD).ok())
    } else {
        Ok(None)
    }
}

/// Checks that the staging folder of the destination at `location` can be created, or taken over.
pub(super) fn check(location: &Location) -> Result<(), Error> {
    let path = &location.path;
    let failed = |e| Error::io("create", path, e);
    let Ok(Some(parent)) = location.parent() else {
        return Ok(());
    };
    match parent.open(&name_beside(path)) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(e) if e.kind() == io::ErrorKind::NotADirectory => {
            Err(in_the_way(path, DestinationFault::ForeignFolder))
        }
        Err(e) => Err(failed(e)),
        Ok(folder) if is_ours(&folder).map_err(failed)? => Ok(()),
        Ok(_) => Err(in_the_way(path, DestinationFault::ForeignFolder)),
    }
}

/// Whether no other user can rename anything in a directory.
fn is_ours_alone(dir: &Dir) -> io::Result<bool> {
    let stat = dir.stat_self()?;
    Ok(stat.mode & 0o022 == 0 && [0, Host::new().uid].contains(&stat.owner.uid))
}

fn move_back(parent: &Dir, name: &CStr, folder: &Dir) -> io::Result<bool> {
    if folder.find(OLD)?.is_none() || parent.find(name)?.is_some() {
        return Ok(false);
    }
    folder.rename_new(OLD, parent, name).map(|()| true)
}

/// Whether a folder of that name is a staging folder of this user. The owner of any other could replace
/// the new tree in it, and a folder of the user that happens to have this name must not be emptied.
pub(super) fn is_ours(folder: &Dir) -> io::Result<bool> {
    let stat = folder.stat_self()?;
    // A folder in a setgid parent has the setgid bit, too, until the pull has set its mode.
    let is_private = stat.mode & 0o777 == 0o700 && stat.owner.uid == Host::new().uid;
    Ok(is_private
        && folder
            .list()?
            .iter()
            .all(|entry| [ROOTFS, OLD, OLDER].contains(&entry.name.as_c_str())))
}
