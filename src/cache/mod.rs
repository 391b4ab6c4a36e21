//! The cache: blobs by their digests, and which destination was made of which.
//!
//! ```text
//! CACHE/blobs/sha256/HEX     a blob; whoever sees the name sees all of it
//! CACHE/blobs/sha256/.HEX    a blob on its way, locked by who fetches it; else as far as it came
//! CACHE/links/HEX            a destination and the digests it was made of, as JSON
//! CACHE/links/UID/HEX        the same, where others may write to `links`
//! CACHE/leases/PID.N         the digests that a pull uses, locked for as long as it runs
//! CACHE/resolved/HEX         what a reference stood for when it was last pulled, as JSON
//! CACHE/resolved/UID/HEX     the same, where others may write to `resolved`
//! CACHE/CACHEDIR.TAG         says that this is a cache, and whose: backups leave it out
//! CACHE/lock                 held for moments: shared to say what is used, exclusive to purge
//! ```
//!
//! **Any number of pulls and purges at a time.** A pull says that it uses a blob before it looks
//! whether the blob is there: it adds the digest to its lease. At its end it writes its link, which
//! says the same, and only then the lease goes. Purge keeps what a link or a lease names. Each of
//! these sayings is made with `lock` held shared for just that moment; purge reads them and removes
//! blobs with `lock` held exclusively. So what a pull says, it has either said before a purge, which
//! then knows, or it says it after that purge, and then looks at what the purge has left. No pull
//! waits for another one here, none for longer than a purge takes, and no purge waits for a pull.
//! A lease and a partial blob whose locks are free belong to nobody: the kernel lets go of the locks
//! of a process that ends, however it ends.
//!
//! **Who can be trusted.** Blobs are verified whenever they are read, and of what cannot be verified
//! only that counts which root or this user has written (see `trust`), so whoever can write to the
//! cache can make pulls slower, not trees wrong. Nobody is waited for without end (see `wait`): a pull
//! goes on without a lock that another process keeps, or without an entry in the cache. A cache that this process may not write to is read,
//! and nothing is said there: a purge by its owner can take blobs before they are opened, which are
//! then fetched.

mod blob;
mod folder;
mod lease;
mod link;
mod partial;
mod purge;
mod sweep;
mod tags;
mod trust;
mod view;
mod wait;

pub(crate) use link::LinkRecord;
pub(crate) use partial::{Fetched, Partial, Reservation};
pub(crate) use sweep::{Purged, Sweep};
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
    /// Nothing in a cache that this process may not write to.
    lock: Option<File>,
    /// What this process has said it uses.
    lease: RefCell<Lease>,
    /// Whether there is no room for more.
    is_full: Cell<bool>,
    /// Blobs that were spoilt here, of which this process uses nothing from here any more.
    spoilt: RefCell<HashSet<Digest>>,
    /// Blobs that have been read because another one was spoilt, and were right; nothing as long as
    /// none was.
    checked: RefCell<Option<HashSet<Digest>>>,
    /// How long locks are waited for.
    timeout: Timeout,
    /// Whether `lock` was waited for in vain.
    is_unlocked: Cell<bool>,
    progress: Progress,
}

/// What came of an attempt to lock.
type TryLock = Result<(), TryLockError>;

/// While this lives, no purge is at work.
struct SharedLock<'c>(Option<&'c File>);

const BLOBS: &CStr = c"blobs";
const LINKS: &CStr = c"links";
const RESOLVED: &CStr = c"resolved";
const LEASES: &CStr = c"leases";
const ALGORITHMS: [Algorithm; 2] = [Algorithm::Sha256, Algorithm::Sha512];

impl Cache {
    /// Opens the cache at `path` for pulls, made if it is missing. One that may not be written to
    /// is used as it is. Locks that others hold are waited for as long as `timeout` says.
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
        cache.sweep_leases();
        Ok(cache)
    }

    /// Opens a cache that pulls have made: purge, in a folder that is no cache, would drop all blobs
    /// that it finds. To `look` at it is enough if it may be read.
    pub(crate) fn open_existing(
        path: &Path,
        look: bool,
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
            Err(e) if look && is_barred(&e) => {
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
            spoilt: RefCell::default(),
            checked: RefCell::default(),
            timeout: Timeout::new(timeout),
            is_unlocked: Cell::new(false),
            progress,
        }
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// How much can be added to it, in bytes, where anything can and its file system says so.
    pub(crate) fn free_space(&self) -> Option<u64> {
        let root = (!self.is_read_only()).then_some(&self.root);
        root.and_then(Dir::free_space)
    }

    /// Whether it is on the same file system as `folder`.
    pub(crate) fn is_beside(&self, folder: &Dir) -> io::Result<bool> {
        self.root.is_beside(folder)
    }

    /// From here on, what is fetched is not kept.
    pub(crate) fn add_nothing(&self) {
        self.is_full.set(true);
    }

    /// A file without a name for what has no place elsewhere, if it takes one.
    pub(crate) fn spool(&self) -> Option<File> {
        let root = (!self.is_read_only()).then_some(&self.root);
        root.and_then(|root| root.create_unnamed().ok())
    }

    /// Whether this process may only read it.
    pub(crate) fn is_read_only(&self) -> bool {
        self.lock.is_none()
    }

    /// Keeps purges out. One that is at work is waited for; who keeps the lock much longer is not.
    fn moment(&self) -> Result<SharedLock<'_>, Error> {
        let locked = self.lock(File::try_lock_shared, || {
            let path = self.path.display();
            self.progress
                .step(format_args!("{path}: a purge is at work; waiting"));
            "a purge"
        })?;
        Ok(SharedLock(self.lock.as_ref().filter(|_| locked)))
    }

    /// Locks the cache; whom it waits for, `wait` says. False if another process keeps the lock: then
    /// it is done without, which at worst lets a purge drop what is fetched again.
    fn lock(
        &self,
        attempt: fn(&File) -> TryLock,
        wait: impl FnOnce() -> &'static str,
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
        let locked = self.wait(wait(), || attempt(lock), || 0)?;
        if !locked {
            self.is_unlocked.set(true);
            let (path, waited) = (self.path.display(), self.waited());
            self.progress.warn(format_args!(
                "{path}: another process has held the lock for {waited}; going on without it"
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
        // What cannot be unlocked now is so when the process ends.
        self.0.map(File::unlock);
    }
}

fn unopened(path: &Path, source: io::Error) -> Error {
    Error::io("open the cache", path, source)
}

/// A file name that has no NUL because it is made of hex digits and the like.
fn name(text: &str) -> CString {
    CString::new(text).unwrap_or_default()
}

/// The file name of a blob.
fn blob_name(digest: &Digest) -> CString {
    name(digest.hex())
}

/// The file name of a blob that is not whole.
fn partial_name(digest: &Digest) -> CString {
    name(&format!(".{}", digest.hex()))
}

/// The file name of the link for a destination: the digest of its path.
fn link_name(destination: &Path) -> CString {
    name(Digest::sha256(destination.as_os_str().as_bytes()).hex())
}
