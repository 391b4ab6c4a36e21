//! The folder beside DEST in which the tree is built.

use super::image_lock::ImageLock;
use super::in_use::Removed;
use super::keep_old::KeepOldTarget;
use super::{beside, in_the_way, lock, name_beside};
use crate::error::{DestinationError, DestinationFault, Error};
use crate::sys::{Dir, FileKind, Handle as _, Host, Location, remove_opened, remove_tree};
use std::cell::Cell;
use std::ffi::{CStr, CString};
use std::fs::File;
use std::io;
use std::path::Path;

pub(super) const ROOTFS: &CStr = c"rootfs";
pub(super) const OLD: &CStr = c"old";
/// What `--keep-old` had kept before, where one rename cannot swap it.
pub(super) const OLDER: &CStr = c"older";

/// The staging folder of one destination, locked.
pub(super) struct Staging {
    pub(super) parent: Dir,
    pub(super) name: CString,
    staging_name: CString,
    pub(super) folder: Dir,
    /// Held, not read.
    _lock: File,
    pub(super) replace: bool,
    pub(super) kept: Option<KeepOldTarget>,
    /// What DEST was when it was checked, if it was there: nothing else is replaced.
    pub(super) checked: Option<(u64, u64)>,
    /// Whether anything else is replaced, too.
    pub(super) any: bool,
    /// Whether the folder holds what is not ours to remove.
    pub(super) is_foreign: Cell<bool>,
}

impl Staging {
    /// Makes the folder in `parent` for the destination `place`, or takes over what a killed pull left of it.
    pub(super) fn prepare(
        place: &Location,
        parent: Dir,
        replace: bool,
        kept: Option<KeepOldTarget>,
    ) -> Result<Self, Error> {
        let path = &place.path;
        let failed = |e| Error::io("create", path, e);
        let (name, staging_name) = (place.name.clone(), name_beside(path));
        let checked = place.found.as_ref().map(|(_, stat)| stat.id);
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
                    // Not one that another pull has locked first.
                    if is_new && matches!(error, Error::Io(_)) {
                        let _ = parent.rmdir(&staging_name);
                    }
                    return Err(error);
                }
            }
        };
        // A pull that was killed just now has left the old tree here: nobody has looked at it.
        if !is_new && move_back(&parent, &name, &folder).map_err(failed)? {
            return Err(DestinationError::Busy(path.to_owned()).into());
        }
        // Where nothing was, something is replaced only if no other user can have moved it there.
        let any = checked.is_none() && is_ours_alone(&parent).map_err(failed)?;
        // Another pull may have ended meanwhile.
        let now = parent.find(&name).map_err(failed)?.map(|now| now.id);
        if replace && now.is_some() && now != checked && !any {
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
            any,
            is_foreign: Cell::new(false),
        };
        let made = staging.remove_leftovers(path);
        let made = made.and_then(|()| staging.make_rootfs().map_err(failed));
        made.inspect_err(|_| {
            // Without a file descriptor to list it with, the folder can still be removed by name.
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
        // A default ACL of the parent would be on every file of the tree. Where there are no ACLs,
        // there is nothing to remove.
        for acl in [c"system.posix_acl_default", c"system.posix_acl_access"] {
            let _ = rootfs.remove_xattr(acl);
        }
        rootfs.set_mode(0o755)
    }

    /// The directory that becomes DEST.
    pub(super) fn rootfs(&self) -> io::Result<Dir> {
        self.folder.open(ROOTFS)
    }

    /// Brings the tree to the disk. The folder was opened before the tree was written: whoever opens
    /// it now may not hear of an error that somebody else has heard of.
    pub(super) fn flush(&self) -> io::Result<()> {
        self.folder.sync_file_system()
    }

    /// Checks that nobody uses the trees that the swap at `path` takes away, and keeps containers out of
    /// them until the locks are dropped. A tree that is kept may be in use: whatever runs in it goes on.
    pub(super) fn lock_removed(&self, path: &Path) -> Result<[Option<ImageLock>; 2], Error> {
        let is_kept = self.kept.is_some();
        let dest = Removed {
            path,
            is_kept: false,
        };
        let lock = match self.parent.find(&self.name) {
            Ok(Some(found)) if is_kept => ImageLock::take(&self.parent, path, &found).ok(),
            Ok(Some(found)) if self.replace && found.kind == FileKind::Directory => {
                dest.lock(&self.parent, &self.name)?
            }
            // The swap itself finds out.
            _ => None,
        };
        let kept = self.kept.as_ref().filter(|kept| kept.replaced.is_some());
        let older = kept.map(|kept| {
            let path = &kept.path;
            Removed { path, is_kept }.lock(&kept.parent, &kept.name)
        });
        Ok([lock, older.transpose()?.flatten()])
    }

    /// Where the old tree will be, if it is kept.
    pub(super) fn kept(&self) -> Option<&Path> {
        self.kept.as_ref().map(|kept| kept.path.as_path())
    }

    /// Removes the folder with all that is in it.
    pub(super) fn remove(&self) -> io::Result<()> {
        if self.is_foreign.get() {
            return Ok(());
        }
        // By the handle: in a parent that others may write to, the name may stand for something else.
        remove_opened(&self.parent, &self.staging_name, &self.folder)
    }
}

/// Opens and locks the staging folder `name` of the destination `path`. None if its last owner removed it
/// meanwhile. Any other error is final: without a free file descriptor (`ulimit -n`), trying again would
/// never end.
fn claim(path: &Path, parent: &Dir, name: &CStr) -> Result<Option<(Dir, File)>, Error> {
    let failed = |e| Error::io("create", path, e);
    let folder = match parent.open(name) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(e) if e.kind() == io::ErrorKind::NotADirectory => {
            return Err(in_the_way(path, DestinationFault::ForeignFolder));
        }
        other => other.map_err(failed)?,
    };
    // Also where it was made just now: somebody may have put another one in its place.
    if !is_ours(&folder).map_err(failed)? {
        return Err(in_the_way(path, DestinationFault::ForeignFolder));
    }
    let lock = lock(path, &folder)?;
    // Between opening and locking it, its last owner may have removed it.
    let named = parent.find(name).map_err(failed)?.map(|named| named.id);
    let own = folder.stat_self().map_err(failed)?.id;
    Ok((named == Some(own)).then_some((folder, lock)))
}

/// Makes the old tree DEST again, if a killed pull has moved it away; whether it did.
pub(super) fn put_back(place: &Location) -> Result<bool, Error> {
    let path = &place.path;
    let Ok(Some(parent)) = place.parent() else {
        return Ok(false);
    };
    let Ok(folder) = parent.open(&name_beside(path)) else {
        return Ok(false);
    };
    let failed = |e| Error::io("put back", path, e);
    if !is_ours(&folder).map_err(failed)? {
        return Ok(false);
    }
    // The pull that holds the lock is between its two renames itself.
    match lock(path, &folder) {
        Ok(_lock) => move_back(&parent, &place.name, &folder).map_err(failed),
        Err(Error::Destination(DestinationError::Busy(_))) => Ok(false),
        Err(error) => Err(error),
    }
}

/// The old tree, if a killed pull has moved it away and nothing is in its place.
pub(super) fn moved_away(place: &Location) -> Result<Option<Dir>, Error> {
    let path = &place.path;
    let Ok(Some(parent)) = place.parent() else {
        return Ok(None);
    };
    let Ok(folder) = parent.open(&name_beside(path)) else {
        return Ok(None);
    };
    match is_ours(&folder).map_err(|e| Error::io("look at", path, e))? {
        true => Ok(folder.open(OLD).ok()),
        false => Ok(None),
    }
}

/// Whether the folder of the destination `place` can be made, or taken over.
pub(super) fn check(place: &Location) -> Result<(), Error> {
    let path = &place.path;
    let failed = |e| Error::io("create", path, e);
    let Ok(Some(parent)) = place.parent() else {
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

/// Whether no other user can exchange names in a directory.
fn is_ours_alone(dir: &Dir) -> io::Result<bool> {
    let found = dir.stat_self()?;
    Ok(found.mode & 0o022 == 0 && [0, Host::new().uid].contains(&found.owner.uid))
}

fn move_back(parent: &Dir, name: &CStr, folder: &Dir) -> io::Result<bool> {
    if folder.find(OLD)?.is_none() || parent.find(name)?.is_some() {
        return Ok(false);
    }
    folder.rename_new(OLD, parent, name).map(|()| true)
}

/// Whether a folder of that name is a staging folder. Somebody else's would let them put another
/// tree in place of this one; a folder that the user happens to have called so is not ours to sweep.
pub(super) fn is_ours(folder: &Dir) -> io::Result<bool> {
    let found = folder.stat_self()?;
    // Killed at once, it still has the setgid bit of a setgid parent.
    let is_private = found.mode & 0o777 == 0o700 && found.owner.uid == Host::new().uid;
    Ok(is_private
        && folder
            .list()?
            .iter()
            .all(|entry| [ROOTFS, OLD, OLDER].contains(&entry.name.as_c_str())))
}
