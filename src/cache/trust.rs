//! What to trust in a cache that other users may write to.
//!
//! A blob is proven by its digest. But what a tag stood for, and what a destination was made from, counts
//! only if root or this user has written it. The owner of a file does not prove that: a user who may
//! write to a folder can move files of root into it from another folder, and a blob of root contains
//! whatever the author of an image wants. So folders are trusted, not files: folders of root and of this
//! user that no group may write to, because nobody else can move anything into them. Nor can such a
//! folder be moved here from elsewhere: moving a directory to another parent needs write permission for
//! the directory itself.
//!
//! ```text
//! CACHE/links/HEX            in the cache of one user
//! CACHE/links/UID/HEX        in a shared cache, where all users may write to `links`
//! ```
//! The sticky bit of `links`, and of the cache folder if its creator has set it, keeps others from moving
//! a folder away and bringing it back when its contents are out of date.

use super::{Cache, name};
use crate::error::Error;
use crate::sys::{Dir, FileKind, Host, Stat, remove_tree};
use std::ffi::CStr;
use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt as _;

/// Root is trusted, because it can do anything to this user anyway.
const ROOT: u32 = 0;

impl Cache {
    /// The folder of `kind` that this user writes to, created if it is missing.
    pub(super) fn own(&self, kind: &CStr) -> io::Result<Dir> {
        let folder = self.root.open(kind)?;
        let uid = Host::new().uid;
        if folder
            .stat_self()
            .is_ok_and(|found| is_private(&found, uid))
        {
            return Ok(folder);
        }
        let name = name(&uid.to_string());
        for _ in 0..2 {
            match folder.mkdir(&name, 0o755) {
                Err(e) if e.kind() != io::ErrorKind::AlreadyExists => return Err(e),
                _ => {}
            }
            if let Ok(own) = folder.open(&name)
                && is_private(&own.stat_self()?, uid)
            {
                return Ok(own);
            }
            // Another user's, or one that others may write to: it is not trusted.
            remove_tree(&folder, &name)?;
        }
        Err(io::ErrorKind::PermissionDenied.into())
    }

    /// The trusted folders of `kind`, this user's first.
    pub(super) fn trusted(&self, kind: &CStr) -> io::Result<Vec<Dir>> {
        let folder = self.root.open(kind)?;
        let uid = Host::new().uid;
        if is_trusted_folder(&folder.stat_self()?) {
            return Ok(vec![folder]);
        }
        let users = if uid == ROOT {
            vec![ROOT]
        } else {
            vec![uid, ROOT]
        };
        let folders = users.into_iter().filter_map(|user| {
            let own = folder.open(&name(&user.to_string())).ok()?;
            is_private(&own.stat_self().ok()?, user).then_some(own)
        });
        Ok(folders.collect())
    }

    /// [`Cache::own`] with an [`Error`].
    pub(super) fn own_folder(&self, kind: &CStr) -> Result<Dir, Error> {
        self.own(kind).map_err(|e| self.failed("write to", e))
    }

    /// [`Cache::trusted`] with an [`Error`].
    pub(super) fn trusted_folders(&self, kind: &CStr) -> Result<Vec<Dir>, Error> {
        self.trusted(kind).map_err(|e| self.failed("open", e))
    }
}

/// Opens a file that only root or this user can have written. Any other is `InvalidInput`.
pub(super) fn open_trusted(folder: &Dir, name: &CStr) -> io::Result<File> {
    let file = folder.open_file(name)?;
    let metadata = file.metadata()?;
    if is_trusted(metadata.uid()) && metadata.mode() & 0o022 == 0 {
        Ok(file)
    } else {
        Err(io::ErrorKind::InvalidInput.into())
    }
}

pub(super) fn is_trusted(user: u32) -> bool {
    user == ROOT || user == Host::new().uid
}

fn is_trusted_folder(folder: &Stat) -> bool {
    is_trusted(folder.owner.uid) && is_private(folder, folder.owner.uid)
}

/// Whether only `user` may write to it. An ACL that allows more shows in the group bits.
fn is_private(folder: &Stat, user: u32) -> bool {
    folder.kind == FileKind::Directory && folder.owner.uid == user && folder.mode & 0o022 == 0
}
