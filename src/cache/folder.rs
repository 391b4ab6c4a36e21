//! The cache folder: recognised, created, and opened with the right permissions.

use super::{ALGORITHMS, BLOBS, LEASES, LINKS, RESOLVED, name};
use crate::error::{CacheError, Error};
use crate::sys::{Dir, Handle as _};
use std::ffi::CStr;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::Path;

/// The signature of the Cache Directory Tagging Specification, and a line that says whose cache it is.
const TAG_FILE: &CStr = c"CACHEDIR.TAG";
const TAG: &[u8] = b"Signature: 8a477f597d28d172789f06886806bc55\n# The cache of roots.\n";

/// Whether `path` is a cache already. A folder with blobs of another program is refused.
pub(super) fn check_ours(path: &Path) -> Result<bool, Error> {
    // In this order: a cache is tagged before blobs are added to it.
    let has_blobs = path.join("blobs").exists();
    let mut tag = Vec::new();
    if let Ok(file) = Dir::open_path(path).and_then(|root| root.open_file(TAG_FILE)) {
        // A tag that cannot be read is not ours.
        let _ = file.take(TAG.len() as u64 + 1).read_to_end(&mut tag);
    }
    match tag == TAG {
        // Another program's tag, or blobs without one. Ours may be half written.
        false if has_blobs || !TAG.starts_with(&tag) => Err(CacheError::NotACache {
            path: path.to_owned(),
            is_purged: false,
        }
        .into()),
        is_tagged => Ok(is_tagged),
    }
}

/// Creates the missing parts of a cache, and opens its lock.
pub(super) fn prepare(path: &Path) -> io::Result<(Dir, File)> {
    let made = fs::DirBuilder::new()
        .recursive(true)
        .mode(0o755)
        .create(path);
    made.map_err(|e| match e.kind() {
        ErrorKind::AlreadyExists => ErrorKind::NotADirectory.into(),
        _ => e,
    })?;
    let root = Dir::open_path(path)?;
    // A user who can open the lock can hold it for ever, so only users of this cache can.
    let lock = open_or_read(&root, c"lock", 0o640)?;
    // Several processes may write the tag at once, or may be killed while they do.
    let mut tag = open_or_read(&root, TAG_FILE, 0o644)?;
    let found = tag.metadata()?;
    // A hard link may lead to a file elsewhere, which must not be written to.
    if !found.is_file() || found.nlink() > 1 {
        return Err(ErrorKind::InvalidInput.into());
    }
    if found.len() < TAG.len() as u64 {
        tag.write_all(TAG)?;
    }
    let blobs = folder(&root, BLOBS, SHARED)?;
    for algorithm in ALGORITHMS {
        folder(&blobs, &name(algorithm.name()), SHARED)?;
    }
    folder(&root, LINKS, PER_USER)?;
    folder(&root, RESOLVED, PER_USER)?;
    folder(&root, LEASES, SHARED)?;
    Ok((root, lock))
}

/// Opens a file for writing, and creates it if it is missing. Another user's file may only be readable:
/// that is enough to lock it.
fn open_or_read(root: &Dir, name: &CStr, mode: u32) -> io::Result<File> {
    match root.open_lock(name, mode) {
        Err(e) if is_barred(&e) => root.open_file(name).map_err(|_| e),
        other => other,
    }
}

/// Mode bits for a folder that all users of a shared cache write to.
const SHARED: u32 = 0o070;

/// The same, if each user has a subfolder that the others may not rename.
const PER_USER: u32 = 0o1070;

/// Opens or creates the folder `name`. If its parent is shared, so is the new folder.
fn folder(parent: &Dir, name: &CStr, rights: u32) -> io::Result<Dir> {
    let made = parent.mkdir(name, 0o755);
    let folder = match (parent.open(name), made) {
        (Err(e), Err(unmade)) if e.kind() == ErrorKind::NotFound => return Err(unmade),
        (folder, Ok(())) => {
            let folder = folder?;
            if is_shared(parent)? {
                folder.set_mode(folder.stat_self()?.mode | rights)?;
            }
            folder
        }
        (folder, Err(_)) => folder?,
    };
    folder.check_writable()?;
    Ok(folder)
}

/// Whether a group may write to `folder`.
fn is_shared(folder: &Dir) -> io::Result<bool> {
    Ok(folder.stat_self()?.mode & 0o020 != 0)
}

/// The mode of a file that only those who may write to `folder` can open: a user who can open it can lock
/// it for ever.
pub(super) fn private_mode(folder: &Dir) -> io::Result<u32> {
    Ok(if is_shared(folder)? { 0o660 } else { 0o600 })
}

/// The mode of a lease in `folder`: others can see that it is locked, but not write to it.
pub(super) fn lease_mode(folder: &Dir) -> io::Result<u32> {
    Ok(private_mode(folder)? & !0o020)
}

/// Whether permissions or a read-only mount prevent writing.
pub(super) fn is_barred(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem
    )
}
