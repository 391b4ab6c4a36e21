//! The cache: blobs by digest, and which destination was made from which blobs.
//!
//! ```text
//! CACHE/blobs/sha256/HEX     a complete blob
//! CACHE/blobs/sha256/.HEX    a partial blob, locked while a pull fetches it
//! CACHE/links/HEX            a destination and the digests it was made from, as JSON
//! CACHE/links/UID/HEX        the same, if others may write to `links`
//! CACHE/leases/PID.N         the digests that a pull uses, locked while it runs
//! CACHE/resolved/HEX         the digest that a tag had when it was last pulled, as JSON
//! CACHE/resolved/UID/HEX     the same, if others may write to `resolved`
//! CACHE/CACHEDIR.TAG         marks the folder as a cache of roots, which backups leave out
//! CACHE/lock                 shared for moments, to write a lease, a link or a tag; exclusive during a purge
//! ```
//!
//! **Any number of pulls and purges can run at a time.** A pull adds the digest of a blob to its lease
//! before it looks for the blob. At its end it writes its link, which has the same digests, and only
//! then removes the lease. Purge keeps every blob that a link or a lease names. Both are written with
//! `lock` held shared for just that moment; purge reads them and removes blobs with `lock` held
//! exclusively. So a lease is written either before a purge, which then reads it, or after it, and then
//! the pull sees what the purge has left. No pull waits for another pull here, or longer than a purge
//! takes, and no purge waits for a pull. The kernel releases the locks of a process however it ends, so a
//! lease or a partial blob that is not locked is abandoned.
//!
//! **Trust.** Blobs are verified whenever they are read. Whatever cannot be verified counts only if root
//! or this user has written it (see `trust`). So a user who can write to the cache can make pulls slower,
//! but not trees wrong. No wait is endless (see `wait`): a pull goes on without a lock that another
//! process keeps, or without adding to the cache. If this process may not write to the cache, it reads
//! it without a lease: a purge by the owner may remove blobs before they are opened, and these are then
//! fetched.

mod blob;
mod folder;
mod lease;
mod link;
mod partial;
mod purge;
mod purge_options;
mod tags;
mod trust;
mod view;
mod wait;

pub(crate) use link::LinkRecord;
pub(crate) use partial::{LockedPartial, Partial, Reservation};
pub(crate) use purge_options::{PurgeOptions, Purged};
pub(crate) use view::{CacheView, Presence};

use crate::error::{CacheError, Error};
use crate::oci::{Algorithm, Digest};
use crate::progress::Progress;
use crate::sys::Dir;
use folder::{check_ours, is_barred, lease_mode, prepare, private_mode};
use lease::Lease;
use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::ffi::{CStr, CString};
use std::fs::{File, TryLockError};
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;
use wait::Timeout;

/// An open cache.
pub(crate) struct Cache {
    path: PathBuf,
    root: Dir,
    /// None if this process may not write to the cache.
    lock: Option<File>,
    lease: RefCell<Lease>,
    /// Whether nothing more is added.
    is_full: Cell<bool>,
    /// Corrupt blobs, which this process does not read from the cache again.
    corrupt: RefCell<HashSet<Digest>>,
    /// Blobs that were verified before use, because another one was corrupt; None until one was.
    checked: RefCell<Option<HashSet<Digest>>>,
    timeout: Timeout,
    /// Whether this process has given up waiting for `lock`.
    is_unlocked: Cell<bool>,
    progress: Progress,
}

type TryLock = Result<(), TryLockError>;

/// Keeps purges out until it is dropped.
struct SharedLock<'c>(Option<&'c File>);

const BLOBS: &CStr = c"blobs";
const LINKS: &CStr = c"links";
const RESOLVED: &CStr = c"resolved";
const LEASES: &CStr = c"leases";
const ALGORITHMS: [Algorithm; 2] = [Algorithm::Sha256, Algorithm::Sha512];

impl Cache {
    /// Opens the cache at `path` for pulls, and creates it if it is missing. A cache that this process
    /// may not write to is only read. `timeout` is the limit for waiting for the locks of others.
    pub(crate) fn open(path: &Path, timeout: Duration, progress: Progress) -> Result<Self, Error> {
        let is_tagged = check_ours(path)?;
        let cache = match prepare(path) {
            Ok((root, lock)) => Self::new(path, root, (Some(lock), timeout), progress),
            Err(e) if is_tagged && is_barred(&e) => {
                progress.detail(format_args!(
                    "{}: may not be written to: nothing is added to it",
                    path.display()
                ));
                let root = Dir::open_path(path).map_err(|e| unopened(path, e))?;
                Self::new(path, root, (None, timeout), progress)
            }
            Err(e) => return Err(unopened(path, e)),
        };
        cache.remove_dead_leases();
        Ok(cache)
    }

    /// Opens a cache that exists, for a purge. Refuses any other folder, since all blobs in it would be
    /// removed. For a dry run, read access is enough.
    pub(crate) fn open_existing(
        path: &Path,
        dry_run: bool,
        timeout: Duration,
        progress: Progress,
    ) -> Result<Self, Error> {
        if !matches!(check_ours(path), Ok(true)) {
            return Err(CacheError::NotACache {
                path: path.to_owned(),
                is_purged: true,
            }
            .into());
        }
        match prepare(path) {
            Ok((root, lock)) => Ok(Self::new(path, root, (Some(lock), timeout), progress)),
            Err(e) if dry_run && is_barred(&e) => {
                let root = Dir::open_path(path).map_err(|e| unopened(path, e))?;
                Ok(Self::new(path, root, (None, timeout), progress))
            }
            Err(e) => Err(unopened(path, e)),
        }
    }

    fn new(
        path: &Path,
        root: Dir,
        (lock, timeout): (Option<File>, Duration),
        progress: Progress,
    ) -> Self {
        Self {
            path: path.to_owned(),
            root,
            lock,
            lease: RefCell::default(),
            is_full: Cell::new(false),
            corrupt: RefCell::default(),
            checked: RefCell::default(),
            timeout: Timeout::new(timeout),
            is_unlocked: Cell::new(false),
            progress,
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The free space in bytes, unless the cache is read-only or its file system does not report it.
    pub(crate) fn free_space(&self) -> Option<u64> {
        let root = (!self.is_read_only()).then_some(&self.root);
        root.and_then(Dir::free_space)
    }

    /// Whether it is on the same file system as `folder`.
    pub(crate) fn is_beside(&self, folder: &Dir) -> io::Result<bool> {
        self.root.is_beside(folder)
    }

    /// From now on, fetched blobs are not cached.
    pub(crate) fn stop_adding(&self) {
        self.is_full.set(true);
    }

    /// A temporary file without a name, unless the cache is read-only.
    pub(crate) fn spool(&self) -> Option<File> {
        let root = (!self.is_read_only()).then_some(&self.root);
        root.and_then(|root| root.create_unnamed().ok())
    }

    pub(crate) fn is_read_only(&self) -> bool {
        self.lock.is_none()
    }

    /// Keeps purges out. Waits for a running purge, but not for a process that keeps the lock much longer.
    fn lock_shared(&self) -> Result<SharedLock<'_>, Error> {
        let locked = self.lock(File::try_lock_shared, || {
            let path = self.path.display();
            self.progress
                .step(format_args!("{path}: a purge is at work; waiting"));
            "a purge"
        })?;
        Ok(SharedLock(self.lock.as_ref().filter(|_| locked)))
    }

    /// Locks the cache. If it has to wait, calls `holder`, which reports that and returns what is waited
    /// for. False if another process keeps the lock: then the caller goes on without it, and at worst a
    /// purge removes blobs that have to be fetched again.
    fn lock(
        &self,
        attempt: fn(&File) -> TryLock,
        holder: impl FnOnce() -> &'static str,
    ) -> Result<bool, Error> {
        let Some(lock) = &self.lock else {
            return Ok(false);
        };
        match attempt(lock) {
            Ok(()) => return Ok(true),
            Err(TryLockError::Error(e)) => return Err(self.failed("lock", e)),
            Err(TryLockError::WouldBlock) if self.is_unlocked.get() => return Ok(false),
            Err(TryLockError::WouldBlock) => {}
        }
        let locked = self.wait(holder(), || attempt(lock), || 0)?;
        if !locked {
            self.is_unlocked.set(true);
            let (path, time) = (self.path.display(), self.shown_timeout());
            self.progress.warn(format_args!(
                "{path}: another process has held the lock for {time}; going on without it"
            ));
        }
        Ok(locked)
    }

    fn blobs(&self, algorithm: Algorithm) -> Result<Dir, Error> {
        let name = name(algorithm.name());
        let opened = self.root.open(BLOBS).and_then(|blobs| blobs.open(&name));
        opened.map_err(|e| self.failed("open", e))
    }

    fn failed(&self, action: &'static str, source: io::Error) -> Error {
        Error::io(action, &self.path, source)
    }
}

impl Drop for SharedLock<'_> {
    fn drop(&mut self) {
        // If this fails, the lock ends with the process.
        self.0.map(File::unlock);
    }
}

fn unopened(path: &Path, source: io::Error) -> Error {
    Error::io("open the cache", path, source)
}

/// A file name. Digests and numbers have no NUL.
fn name(text: &str) -> CString {
    CString::new(text).unwrap_or_default()
}

fn blob_name(digest: &Digest) -> CString {
    name(digest.hex())
}

fn partial_name(digest: &Digest) -> CString {
    name(&format!(".{}", digest.hex()))
}

/// The file name of the link for a destination: the digest of its path.
fn link_name(destination: &Path) -> CString {
    name(Digest::sha256(destination.as_os_str().as_bytes()).hex())
}
