//! Blobs in the cache: each appears under its name once it is complete.

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

/// How much is read at once, in bytes.
const CHUNK: usize = 256 * 1024;

impl Cache {
    /// The blob, if it is here; from now on purge lets it be. Whoever reads it checks it again:
    /// disks rot, and a cache may be written to by others. A blob of another length, or what is no
    /// plain file, is not the blob.
    pub(crate) fn find(&self, blob: &Descriptor) -> Result<Option<File>, Error> {
        if self.is_spoilt(blob) {
            return Ok(None);
        }
        let is_new = self.claim(&blob.digest)?;
        let found = self
            .blobs(blob.digest.algorithm())
            .map(|blobs| blobs.open_file(&blob_name(&blob.digest)));
        let file = match found {
            Ok(Ok(file)) => file,
            // A symlink, a directory, a file of somebody else: it is replaced when it is fetched.
            Ok(Err(_)) => return Ok(None),
            Err(_) if self.is_read_only() => return Ok(None),
            Err(e) => return Err(e),
        };
        let found = file.metadata().map_err(|e| self.failed("read", e))?;
        if found.len() != blob.size {
            return Ok(None);
        }
        // A second name may be of what lies elsewhere and is no blob.
        if is_new && found.nlink() == 1 {
            // When it was used last, for purge. Only its owner can say so.
            let _ = file.set_modified(SystemTime::now());
        }
        self.check(blob, file)
    }

    /// The blob in `file`, which is read first and dropped if it is spoilt, where another one was.
    fn check(&self, blob: &Descriptor, mut file: File) -> Result<Option<File>, Error> {
        let is_unchecked = |checked: &HashSet<Digest>| !checked.contains(&blob.digest);
        if !self.checked.borrow().as_ref().is_some_and(is_unchecked) {
            return Ok(Some(file));
        }
        self.progress.working_on("reading");
        if !is_right(blob, &file)? || file.rewind().is_err() {
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

    /// How much of the blob is not here, in bytes, as far as can be told before it is read. From now
    /// on purge lets the blob be, if it is here.
    pub(crate) fn lacks(&self, blob: &Descriptor) -> Result<u64, Error> {
        Ok(match self.held(blob)? {
            Presence::Whole => 0,
            Presence::Part(had) => blob.size - had,
            Presence::Nothing => blob.size,
        })
    }

    /// Says that a blob turned out to be spoilt: whoever spoilt it may have spoilt more. From now on,
    /// blobs are read before they are used, and of those that are not whole nothing is used.
    pub(crate) fn doubt(&self) {
        self.checked.borrow_mut().get_or_insert_default();
    }

    /// Drops those of `blobs` that are spoilt, and what there is of those that are not whole: where one
    /// was spoilt, and another attempt is somebody else's to make.
    pub(crate) fn mend<'b>(&self, blobs: impl IntoIterator<Item = &'b Descriptor>) {
        self.doubt();
        for blob in blobs {
            if let Ok(None) = self.find(blob) {
                // Begun anew, and given up with nothing in it.
                drop(self.create(blob));
            }
        }
    }

    /// Whether nothing is to be used of what there is of a blob that is not whole.
    pub(super) fn is_in_doubt(&self) -> bool {
        self.checked.borrow().is_some()
    }

    /// How much of the blob is here.
    pub(super) fn held(&self, blob: &Descriptor) -> Result<Presence, Error> {
        if self.find(blob)?.is_some() {
            return Ok(Presence::Whole);
        }
        let folder = self.blobs(blob.digest.algorithm());
        let partial = folder.and_then(|folder| {
            let found = folder.find(&partial_name(&blob.digest));
            found.map_err(|e| self.failed("look at", e))
        });
        Ok(match partial.ok().flatten() {
            // One that is too long is begun anew.
            Some(Stat {
                kind: FileKind::File,
                size,
                ..
            }) if (1..=blob.size).contains(&size) && !self.is_in_doubt() => Presence::Part(size),
            _ => Presence::Nothing,
        })
    }

    /// Drops a blob that turned out not to be what its name says, and what there is of it. Dropped or
    /// not, it is not looked at again by this process: whoever spoilt it may do so again.
    pub(crate) fn forget(&self, blob: &Descriptor) {
        self.spoilt.borrow_mut().insert(blob.digest.clone());
        self.abandon(blob);
        self.unlink(blob, &blob_name(&blob.digest));
    }

    /// Whether the blob was spoilt.
    pub(super) fn is_spoilt(&self, blob: &Descriptor) -> bool {
        self.spoilt.borrow().contains(&blob.digest)
    }

    /// Drops what there is of a blob that nobody should go on with.
    pub(crate) fn abandon(&self, blob: &Descriptor) {
        self.unlink(blob, &partial_name(&blob.digest));
    }

    /// What cannot be removed is no blob, and found to be none by the next pull, too.
    fn unlink(&self, blob: &Descriptor, name: &CStr) {
        if !self.is_read_only() {
            let blobs = self.blobs(blob.digest.algorithm());
            let _ = blobs.map(|blobs| blobs.unlink(name));
        }
    }
}

/// Whether the digest of what is in `file` is that of the blob. What cannot be read is not.
fn is_right(blob: &Descriptor, file: &File) -> Result<bool, Error> {
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
