//! `--locked FILE`: refuses an image unless the lock file has its digest.

use super::user_file::read_whole;
use crate::error::{ConfigurationFault, Error, ImageError};
use crate::lockfile::{InvalidLock, Lock};
use crate::oci::{Digest, Image};
use crate::record::Record;
use crate::source::Source;
use std::io;
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
    let text = String::from_utf8(read_whole(path, MAX_LOCK)?).map_err(|_| {
        let why = "stream did not contain valid UTF-8";
        let error = io::Error::new(io::ErrorKind::InvalidData, why);
        ConfigurationFault::Unreadable(error).at(path)
    })?;
    Lock::parse(&text).map_err(|why| {
        let reason = match why {
            InvalidLock::Line(line) => ConfigurationFault::LockLine(line),
            InvalidLock::Twice(line) => ConfigurationFault::LockedTwice(line),
        };
        reason.at(path)
    })
}
