//! The cache folder: recognised, created, and opened with the right permissions.

use super::{ALGORITHMS, BLOBS, LEASES, LINKS, RESOLVED, name};
use crate::error::{CacheError, Error};
use crate::sys::{Dir, Handle as _};
use std::ffi::CStr;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::Path;

/// The Cache Directory Tagging Specification: the signature, and below it whose cache it is.
const TAG_FILE: &CStr = c"CACHEDIR.TAG";
const TAG: &[u8] = b"Signature: 8a477f597d28d172789f06886806bc55\n# The cache of roots.\n";

/// Whether `path` is a cache already. A folder with blobs of somebody else is not to become one.
pub(super) fn check_ours(path: &Path) -> Result<bool, Error> {
    // In this order: whoever makes a cache tags it before there are blobs in it.
    let has_blobs = path.join("blobs").exists();
    let mut tag = Vec::new();
    if let Ok(file) = Dir::open_path(path).and_then(|root| root.open_file(TAG_FILE)) {
        // What cannot be read is not ours.
        let _ = file.take(TAG.len() as u64 + 1).read_to_end(&mut tag);
    }
    match tag == TAG {
        // Somebody else's tag, or blobs without one. Ours may be half written.
        false if has_blobs || !TAG.starts_with(&tag) => Err(CacheError::NotACache {
            path: path.to_owned(),
            is_purged: false,
        }
        .into()),
        is_tagged => Ok(is_tagged),
    }
}

/// Makes what a cache consists of, as far as it is missing, and opens its lock.
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
    // Others than the users of this cache cannot open the lock, and so not hold it for ever.
    let lock = open_or_read(&root, c"lock", 0o640)?;
    // Any number of processes may write this at once, and one that is killed has begun it.
    let mut tag = open_or_read(&root, TAG_FILE, 0o644)?;
    let found = tag.metadata()?;
    // Written to is only what can be nothing else: no other file has this name, too.
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
    folder(&root, LINKS, OF_EACH)?;
    folder(&root, RESOLVED, OF_EACH)?;
    folder(&root, LEASES, SHARED)?;
    Ok((root, lock))
}

/// Opens a file, made if it is missing. One that another user of the cache has made may be only to
/// be read, which is enough to lock it.
fn open_or_read(root: &Dir, name: &CStr, mode: u32) -> io::Result<File> {
    match root.open_lock(name, mode) {
        Err(e) if is_barred(&e) => root.open_file(name).map_err(|_| e),
        other => other,
    }
}

/// What a folder for all who share a cache is given: what is in it belongs to all of them.
const SHARED: u32 = 0o070;

/// The same, where each has a folder that the others may not put away.
const OF_EACH: u32 = 0o1070;

/// The folder `name`, made if it is missing, for all who may write to its parent.
fn folder(parent: &Dir, name: &CStr, rights: u32) -> io::Result<Dir> {
    let made = parent.mkdir(name, 0o755);
    let folder = match (parent.open(name), made) {
        (Err(e), Err(why)) if e.kind() == ErrorKind::NotFound => return Err(why),
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

/// Whether a group may write to `folder`, and so to what is made in it.
fn is_shared(folder: &Dir) -> io::Result<bool> {
    Ok(folder.stat_self()?.mode & 0o020 != 0)
}

/// The mode of a file in `folder` that is for those who may write there, and for nobody else: who
/// can open it can lock it, for ever.
pub(super) fn private_mode(folder: &Dir) -> io::Result<u32> {
    Ok(if is_shared(folder)? { 0o660 } else { 0o600 })
}

/// The mode of a lease in `folder`: those who may write there see that it is locked, and whose it is.
pub(super) fn lease_mode(folder: &Dir) -> io::Result<u32> {
    Ok(private_mode(folder)? & !0o020)
}

/// Whether somebody else's permissions or the mount stand in the way of writing.
pub(super) fn is_barred(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem
    )
}
