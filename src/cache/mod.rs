//! The cache: blobs by their digests, and which destination was made of which.
//!
//! ```text
//! CACHE/blobs/sha256/HEX     a blob; whoever sees the name sees all of it
//! CACHE/blobs/sha256/.HEX     a blob on its way, locked by who fetches it; else as far as it came
//! CACHE/links/HEX            a destination and the digests it was made of, as JSON
//! CACHE/CACHEDIR.TAG         says that this is a cache, and whose: backups leave it out
//! CACHE/lock                 shared by whoever uses blobs, exclusive for purge
//! ```

mod blob;
mod link;
mod partial;
mod purge;

pub use partial::{Partial, Rest};
pub use purge::Purged;

use crate::error::Error;
use crate::oci::{Algorithm, Digest};
use crate::sys::{Dir, pid};
use std::ffi::{CStr, CString};
use std::fs::{self, File};
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

/// An open cache. While it is open, purge waits.
pub struct Cache {
    path: PathBuf,
    root: Dir,
    /// Held, not read: the kernel lets go of it when the process ends, however that happens.
    _lock: File,
}

/// Who may use the cache at the same time.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Any number of pulls.
    Shared,
    /// One purge.
    Exclusive,
}

/// The Cache Directory Tagging Specification: the signature, and below it whose cache it is.
const TAG_FILE: &str = "CACHEDIR.TAG";
const TAG: &[u8] = b"Signature: 8a477f597d28d172789f06886806bc55\n# The cache of roots.\n";

const ALGORITHMS: [Algorithm; 2] = [Algorithm::Sha256, Algorithm::Sha512];

impl Cache {
    /// Opens the cache at `path`. For pulls it is made if it is missing; purge takes only what pulls
    /// have made: with a folder that is no cache, it would drop all blobs that it finds.
    pub fn open(path: &Path, access: Access) -> Result<Self, Error> {
        let failed = |source| Error::Disk {
            action: "open the cache",
            path: path.to_owned(),
            source,
        };
        // In this order: whoever makes a cache tags it before there are blobs in it.
        let has_blobs = path.join("blobs").exists();
        let is_tagged = fs::read(path.join(TAG_FILE)).is_ok_and(|tag| tag == TAG);
        if !is_tagged && (has_blobs || access == Access::Exclusive) {
            return Err(Error::NotACache(path.to_owned()));
        }
        let make = |folder: &str| {
            let made = fs::DirBuilder::new()
                .recursive(true)
                .mode(0o755)
                .create(path.join(folder));
            made.map_err(|e| match e.kind() {
                io::ErrorKind::AlreadyExists => io::ErrorKind::NotADirectory.into(),
                _ => e,
            })
        };
        if !is_tagged {
            let temporary = path.join(format!(".{TAG_FILE}.{}", pid()));
            let tagged = make("").and_then(|()| fs::write(&temporary, TAG));
            tagged
                .and_then(|()| fs::rename(&temporary, path.join(TAG_FILE)))
                .map_err(failed)?;
        }
        for folder in ["blobs/sha256", "blobs/sha512", "links"] {
            make(folder).map_err(failed)?;
        }
        let root = Dir::open_path(path).map_err(failed)?;
        let lock = root.open_lock(c"lock").map_err(failed)?;
        match access {
            Access::Shared => lock.lock_shared(),
            Access::Exclusive => lock.lock(),
        }
        .map_err(failed)?;
        Ok(Self {
            path: path.to_owned(),
            root,
            _lock: lock,
        })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn blobs(&self, algorithm: Algorithm) -> Result<Dir, Error> {
        let name = name(algorithm.name());
        let opened = self.root.open(c"blobs").and_then(|blobs| blobs.open(&name));
        opened.map_err(|e| self.failed("open", e))
    }

    fn links(&self) -> Result<Dir, Error> {
        self.root.open(c"links").map_err(|e| self.failed("open", e))
    }

    fn failed(&self, action: &'static str, source: io::Error) -> Error {
        Error::Disk {
            action,
            path: self.path.clone(),
            source,
        }
    }
}

/// A file name that has no NUL because it is made of hex digits and the like.
fn name(text: &str) -> CString {
    CString::new(text).unwrap_or_default()
}

/// The file name of a blob.
fn blob_name(digest: &Digest) -> CString {
    name(digest.hex())
}

/// A name as text, if it is that of a blob.
fn blob_digest(algorithm: Algorithm, name: &CStr) -> Option<Digest> {
    Digest::parse(&format!("{}:{}", algorithm.name(), name.to_str().ok()?)).ok()
}

/// The file name of a blob that is not whole.
fn partial_name(digest: &Digest) -> CString {
    name(&format!(".{}", digest.hex()))
}

/// The file name of the link for a destination: the digest of its path.
fn link_name(destination: &Path) -> CString {
    name(Digest::sha256(destination.as_os_str().as_bytes()).hex())
}
