//! `--locked FILE`: refuses an image unless the lock file has its digest.

use crate::error::{ConfigurationFault, Error, ImageError};
use crate::lockfile::{InvalidLock, Lock};
use crate::oci::{Digest, Image};
use crate::record::Record;
use crate::source::Source;
use crate::sys::open_to_read;
use std::io::{self, Read as _};
use std::path::Path;

/// The largest lock file that is read, in bytes.
const MAX_LOCK: u64 = 8 << 20;

/// The digests that the lock file has for an image.
pub(super) struct Locked<'p> {
    path: &'p Path,
    digests: Vec<Digest>,
}

impl<'p> Locked<'p> {
    /// Reads the lock file at `path`.
    pub(super) fn read(path: &'p Path, source: &Source<'_>) -> Result<Self, Error> {
        let lock = read(path)?;
        let digests = lock.digests(&source.names());
        Ok(Self { path, digests })
    }

    /// Refuses an image with any other digest.
    pub(super) fn check(&self, source: &Source<'_>, image: &Image) -> Result<(), Error> {
        if self.allows(&image.root, &image.digest) {
            return Ok(());
        }
        Err(ImageError::Locked {
            image: source.to_string(),
            lock: self.path.to_owned(),
            expected: self.digests.clone(),
            actual: image.digest.clone(),
        }
        .into())
    }

    /// Whether the lock file has the image of this record.
    pub(super) fn allows_record(&self, record: &Record) -> bool {
        self.allows(&record.digest, &record.manifest)
    }

    /// A lock file may have the digest of an index or of the manifest for one platform.
    fn allows(&self, root: &Digest, manifest: &Digest) -> bool {
        self.digests.contains(root) || self.digests.contains(manifest)
    }
}

fn read(path: &Path) -> Result<Lock, Error> {
    let unreadable = |e| ConfigurationFault::Unreadable(e).at(path);
    let mut text = String::new();
    let file = open_to_read(path).map_err(unreadable)?;
    let read = file.take(MAX_LOCK + 1).read_to_string(&mut text);
    if read.map_err(unreadable)? as u64 > MAX_LOCK {
        return Err(unreadable(io::ErrorKind::FileTooLarge.into()));
    }
    Lock::parse(&text).map_err(|why| {
        let reason = match why {
            InvalidLock::Line(line) => ConfigurationFault::LockLine(line),
            InvalidLock::Twice(line) => ConfigurationFault::LockedTwice(line),
        };
        reason.at(path)
    })
}
