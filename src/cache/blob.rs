//! Blobs in the cache: each appears under its name when it is complete.

use super::{Cache, Presence, blob_name, partial_name};
use crate::error::{CacheError, Error};
use crate::oci::{Descriptor, Digest, Hasher};
use crate::sys::{FileKind, Stat};
use std::collections::HashSet;
use std::ffi::CStr;
use std::fs::File;
use std::io::{self, Read as _, Seek as _};
use std::os::unix::fs::MetadataExt as _;
use std::time::SystemTime;

/// The size of the read buffer, in bytes.
const CHUNK: usize = 256 * 1024;

impl Cache {
    /// Opens the blob, if the cache has it, and keeps purges from removing it. Only its size is checked
    /// here: the caller must verify what it reads, because disks rot, and others may write to the cache.
    pub(crate) fn find(&self, blob: &Descriptor) -> Result<Option<File>, Error> {
        if self.is_corrupt(blob) {
            return Ok(None);
        }
        let is_new = self.claim(&blob.digest)?;
        let opened = self
            .blobs(blob.digest.algorithm())
            .map(|blobs| blobs.open_file(&blob_name(&blob.digest)));
        let file = match opened {
            Ok(Ok(file)) => file,
            // Missing, or a symlink, a directory or another user's file: fetching the blob replaces it.
            Ok(Err(_)) => return Ok(None),
            Err(_) if self.is_read_only() => return Ok(None),
            Err(e) => return Err(e),
        };
        let metadata = file.metadata().map_err(|e| self.failed("read", e))?;
        if metadata.len() != blob.size {
            return Ok(None);
        }
        // A hard link may lead to a file elsewhere, whose time must not change.
        if is_new && metadata.nlink() == 1 {
            // The time of last use, for purge. Only the owner of the file can set it.
            let _ = file.set_modified(SystemTime::now());
        }
        self.check(blob, file)
    }

    /// Once a blob was corrupt, reads others to the end before they are used, and drops corrupt ones.
    fn check(&self, blob: &Descriptor, mut file: File) -> Result<Option<File>, Error> {
        let is_unchecked = |checked: &HashSet<Digest>| !checked.contains(&blob.digest);
        if !self.checked.borrow().as_ref().is_some_and(is_unchecked) {
            return Ok(Some(file));
        }
        self.progress.working_on("reading");
        if !matches_digest(blob, &file)? || file.rewind().is_err() {
            self.progress
                .warn(CacheError::CorruptBlob(blob.digest.clone()));
            self.forget(blob);
            return Ok(None);
        }
        if let Some(checked) = &mut *self.checked.borrow_mut() {
            checked.insert(blob.digest.clone());
        }
        Ok(Some(file))
    }

    /// How many bytes of the blob have to be fetched, if the cached part is not corrupt. Keeps purges from
    /// removing that part.
    pub(crate) fn missing_bytes(&self, blob: &Descriptor) -> Result<u64, Error> {
        Ok(match self.presence(blob)? {
            Presence::Whole => 0,
            Presence::Part(cached) => blob.size - cached,
            Presence::Nothing => blob.size,
        })
    }

    /// Must be called when a blob was corrupt, since others may be, too. From now on, blobs are verified
    /// before they are used, and partial blobs are not used.
    pub(crate) fn verify_before_use(&self) {
        self.checked.borrow_mut().get_or_insert_default();
    }

    /// Drops those of `blobs` that are corrupt or partial, for a caller that met a corrupt blob and cannot
    /// try again itself.
    pub(crate) fn drop_unusable<'b>(&self, blobs: impl IntoIterator<Item = &'b Descriptor>) {
        self.verify_before_use();
        for blob in blobs {
            if let Ok(None) = self.find(blob) {
                // Truncated by `create`, and removed when it is dropped.
                drop(self.create(blob));
            }
        }
    }

    /// Whether a blob was corrupt: partial blobs are not used then.
    pub(super) fn verifies_before_use(&self) -> bool {
        self.checked.borrow().is_some()
    }

    /// How much of the blob the cache has.
    pub(super) fn presence(&self, blob: &Descriptor) -> Result<Presence, Error> {
        if self.find(blob)?.is_some() {
            return Ok(Presence::Whole);
        }
        let folder = self.blobs(blob.digest.algorithm());
        let partial = folder.and_then(|folder| {
            let found = folder.find(&partial_name(&blob.digest));
            found.map_err(|e| self.failed("look at", e))
        });
        Ok(match partial.ok().flatten() {
            // A file that is too long is fetched from the start.
            Some(Stat {
                kind: FileKind::File,
                size,
                ..
            }) if (1..=blob.size).contains(&size) && !self.verifies_before_use() => {
                Presence::Part(size)
            }
            _ => Presence::Nothing,
        })
    }

    /// Drops a corrupt blob. Even if that fails, this process does not read it again: the process that corrupted it
    /// may do so again.
    pub(crate) fn forget(&self, blob: &Descriptor) {
        self.corrupt.borrow_mut().insert(blob.digest.clone());
        self.abandon(blob);
        self.unlink(blob, &blob_name(&blob.digest));
    }

    pub(super) fn is_corrupt(&self, blob: &Descriptor) -> bool {
        self.corrupt.borrow().contains(&blob.digest)
    }

    /// Drops a partial blob that must not be resumed.
    pub(crate) fn abandon(&self, blob: &Descriptor) {
        self.unlink(blob, &partial_name(&blob.digest));
    }

    /// Errors do not matter: the next pull verifies the file again.
    fn unlink(&self, blob: &Descriptor, name: &CStr) {
        if !self.is_read_only() {
            let blobs = self.blobs(blob.digest.algorithm());
            let _ = blobs.map(|blobs| blobs.unlink(name));
        }
    }
}

/// Whether the file has the digest of the blob. False if it cannot be read.
fn matches_digest(blob: &Descriptor, file: &File) -> Result<bool, Error> {
    let mut hasher = Hasher::new(blob.digest.algorithm());
    let mut rest = file.take(blob.size);
    let mut buffer = vec![0; CHUNK];
    loop {
        Error::unless_stopped()?;
        match rest.read(&mut buffer) {
            Ok(0) => return Ok(hasher.finish() == blob.digest),
            Ok(count) => hasher.update(&buffer[..count]),
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return Ok(false),
        }
    }
}
