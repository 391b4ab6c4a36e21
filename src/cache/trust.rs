//! What to trust in a cache that other users may write to.
//!
//! A blob is believed for its digest. What a reference stood for, and what a destination was made of,
//! nothing proves but who wrote it, and that its owner is root does not say so: whoever may write to
//! a folder can move any file of root's into it that he finds in another one, and a blob of root's
//! holds whatever an image's author wants. So not files are believed but folders, into which nobody
//! else can move anything: those of root and of this user that no group may write to. A folder like
//! that cannot be brought from elsewhere either, since a directory that moves to another parent
//! takes permission to write to itself.
//!
//! ```text
//! CACHE/links/HEX            in a cache of one user
//! CACHE/links/UID/HEX        in a cache of many, where all may write to `links`
//! ```
//! The sticky bit of `links`, and of the folder of the cache itself if whoever made that has set it,
//! keeps others from putting a folder away and bringing it back when what it says is out of date.

use super::{Cache, name};
use crate::error::Error;
use crate::sys::{Dir, FileKind, Host, Stat, remove_tree};
use std::ffi::CStr;
use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt as _;

/// Root may do what it likes to this user anyway.
const ROOT: u32 = 0;

impl Cache {
    /// The folder in which this user writes down what is in `kind`, made if it is missing.
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
            // Somebody else's, or one that others may write to: nothing in it is believed.
            remove_tree(&folder, &name)?;
        }
        Err(io::ErrorKind::PermissionDenied.into())
    }

    /// The folders in which what is in `kind` is believed: this user's first.
    pub(super) fn believed(&self, kind: &CStr) -> io::Result<Vec<Dir>> {
        let folder = self.root.open(kind)?;
        let uid = Host::new().uid;
        if is_believed(&folder.stat_self()?) {
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

    /// The same, as errors of the cache.
    pub(super) fn own_folder(&self, kind: &CStr) -> Result<Dir, Error> {
        self.own(kind).map_err(|e| self.failed("write to", e))
    }

    pub(super) fn believed_folders(&self, kind: &CStr) -> Result<Vec<Dir>, Error> {
        self.believed(kind).map_err(|e| self.failed("open", e))
    }
}

/// Opens a file that root or this user has written, and nobody else.
pub(super) fn open_believed(folder: &Dir, name: &CStr) -> io::Result<File> {
    let file = folder.open_file(name)?;
    let found = file.metadata()?;
    match is_trusted(found.uid()) && found.mode() & 0o022 == 0 {
        true => Ok(file),
        false => Err(io::ErrorKind::InvalidInput.into()),
    }
}

/// Whether what belongs to this user is believed.
pub(super) fn is_trusted(user: u32) -> bool {
    user == ROOT || user == Host::new().uid
}

fn is_believed(folder: &Stat) -> bool {
    is_trusted(folder.owner.uid) && is_private(folder, folder.owner.uid)
}

/// Whether only `user` may write to it. An ACL that says more shows in the bits of the group.
fn is_private(found: &Stat, user: u32) -> bool {
    found.kind == FileKind::Directory && found.owner.uid == user && found.mode & 0o022 == 0
}
