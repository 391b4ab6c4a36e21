//! The folder beside DEST that the tree grows in.

use super::{c_name, disk, file_name, lock};
use crate::error::Error;
use crate::sys::{Dir, Handle as _, Host, remove_tree, same_file};
use std::ffi::{CStr, CString, OsStr};
use std::fs::File;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

const ROOTFS: &CStr = c"rootfs";

/// How much of DEST's name goes into the name of the folder: 255 bytes hold both and the rest.
const MAX_NAME: usize = 240;

/// The staging folder of one destination, locked.
pub(super) struct Staging {
    parent: Dir,
    name: CString,
    staging_name: CString,
    folder: Dir,
    /// Held, not read.
    _lock: File,
    replace: bool,
}

impl Staging {
    /// Makes the folder for the destination `path`, or takes over what a killed pull left of it.
    pub(super) fn prepare(path: &Path, replace: bool) -> Result<Self, Error> {
        let failed = |e| disk("create", path, e);
        let parent = Dir::open_path(path.parent().unwrap_or(path)).map_err(failed)?;
        let name = file_name(path);
        let part = &name.to_bytes()[..name.to_bytes().len().min(MAX_NAME)];
        let staging_name = c_name(&[b".", part, b".roots"].concat());
        loop {
            let is_new = match parent.mkdir(&staging_name, 0o700) {
                Ok(()) => true,
                Err(e) if e.kind() == io::ErrorKind::AlreadyExists => false,
                Err(e) => return Err(failed(e)),
            };
            let folder = match parent.open(&staging_name) {
                Err(e) if e.kind() == io::ErrorKind::NotFound => continue,
                other => other.map_err(failed)?,
            };
            if !is_new && !is_ours(&folder).map_err(failed)? {
                let path = path.with_file_name(OsStr::from_bytes(staging_name.to_bytes()));
                let why = "in the way: not a folder that a pull has left";
                return Err(Error::DestinationRefused { path, why });
            }
            let lock = lock(path, &folder)?;
            // Between opening and locking it, its last owner may have removed it.
            match parent.open(&staging_name) {
                Ok(now) if same_file(&now, &folder).map_err(failed)? => {}
                _ => continue,
            }
            let staging = Self {
                parent,
                name,
                staging_name,
                folder,
                _lock: lock,
                replace,
            };
            staging.make_rootfs().map_err(failed)?;
            return Ok(staging);
        }
    }

    fn make_rootfs(&self) -> io::Result<()> {
        // What a killed pull left.
        remove_tree(&self.folder, ROOTFS)?;
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

    /// Makes the tree DEST. DEST may have been made or filled since it was checked: then this fails,
    /// unless it is to be replaced.
    pub(super) fn swap(&self, path: &Path) -> Result<(), Error> {
        let swapped = match self.folder.rename(ROOTFS, &self.parent, &self.name) {
            Err(e) if self.replace && is_occupied(&e) => {
                self.folder.exchange(ROOTFS, &self.parent, &self.name)
            }
            other => other,
        };
        swapped.map_err(|e| match is_occupied(&e) {
            true => Error::DestinationNotEmpty(path.to_owned()),
            false => disk("move the tree to", path, e),
        })
    }

    /// Removes the folder with all that is in it.
    pub(super) fn remove(&self) -> io::Result<()> {
        remove_tree(&self.parent, &self.staging_name)
    }
}

/// Whether a folder of that name is a staging folder. Somebody else's would let them put another
/// tree in place of this one; a folder that the user happens to have called so is not ours to sweep.
fn is_ours(folder: &Dir) -> io::Result<bool> {
    let found = folder.stat_self()?;
    // Killed at once, it still has the setgid bit of a setgid parent.
    let is_private = found.mode & 0o777 == 0o700 && found.owner.uid == Host::new().uid;
    Ok(is_private
        && folder
            .list()?
            .iter()
            .all(|entry| entry.name.as_c_str() == ROOTFS))
}

fn is_occupied(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::DirectoryNotEmpty | io::ErrorKind::AlreadyExists
    )
}
