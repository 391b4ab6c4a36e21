//! Blobs in the cache: each appears under its name when it is whole.

use super::{Cache, Held, blob_name, partial_name};
use crate::error::Error;
use crate::oci::Descriptor;
use crate::sys::{Kind, Stat};
use std::ffi::CStr;
use std::fs::File;
use std::io;
use std::time::SystemTime;

impl Cache {
    /// The blob, if it is here; from now on purge lets it be. Whoever reads it checks it again:
    /// disks rot, and a cache may be written to by others. A blob of another length, or what is no
    /// plain file, is not the blob.
    pub fn find(&self, blob: &Descriptor) -> Result<Option<File>, Error> {
        if self.spoilt.borrow().contains(&blob.digest) {
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
        let size = file.metadata().map_err(|e| self.failed("read", e))?.len();
        if size != blob.size {
            return Ok(None);
        }
        if is_new {
            // When it was used last, for purge. Only its owner can say so.
            let _ = file.set_modified(SystemTime::now());
        }
        Ok(Some(file))
    }

    /// How much of the blob is not here, in bytes, as far as can be told before it is read. From now
    /// on purge lets the blob be, if it is here.
    pub fn lacks(&self, blob: &Descriptor) -> Result<u64, Error> {
        Ok(match self.held(blob)? {
            Held::Whole => 0,
            Held::Part(had) => blob.size - had,
            Held::Nothing => blob.size,
        })
    }

    /// How much of the blob is here.
    pub(super) fn held(&self, blob: &Descriptor) -> Result<Held, Error> {
        if self.find(blob)?.is_some() {
            return Ok(Held::Whole);
        }
        let folder = self.blobs(blob.digest.algorithm());
        let partial = folder.and_then(|folder| {
            let found = folder.find(&partial_name(&blob.digest));
            found.map_err(|e| self.failed("look at", e))
        });
        Ok(match partial.ok().flatten() {
            // One that is too long is begun anew.
            Some(Stat {
                kind: Kind::File,
                size,
                ..
            }) if (1..=blob.size).contains(&size) => Held::Part(size),
            _ => Held::Nothing,
        })
    }

    /// Drops a blob that turned out not to be what its name says, and what there is of it. One that
    /// may not be dropped is not looked at again by this process.
    pub fn forget(&self, blob: &Descriptor) -> Result<(), Error> {
        let dropped = self
            .abandon(blob)
            .and_then(|()| self.unlink(blob, &blob_name(&blob.digest)));
        if dropped.is_err() || self.is_read_only() {
            self.spoilt.borrow_mut().insert(blob.digest.clone());
        }
        Ok(())
    }

    /// Drops what there is of a blob that nobody should go on with.
    pub fn abandon(&self, blob: &Descriptor) -> Result<(), Error> {
        match self.is_read_only() {
            true => Ok(()),
            false => self.unlink(blob, &partial_name(&blob.digest)),
        }
    }

    fn unlink(&self, blob: &Descriptor, name: &CStr) -> Result<(), Error> {
        match self.blobs(blob.digest.algorithm())?.unlink(name) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => Err(self.failed("remove from", e)),
            _ => Ok(()),
        }
    }
}
