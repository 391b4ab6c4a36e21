//! Blobs in the cache: each appears under its name when it is whole.

use super::{Cache, blob_name, partial_name};
use crate::error::Error;
use crate::oci::Descriptor;
use std::ffi::CStr;
use std::fs::File;
use std::io;

impl Cache {
    /// The blob, if it is here. Whoever reads it checks it again: disks rot, and a cache may be
    /// written to by others. A blob of another length, or what is no plain file, is not the blob.
    pub fn find(&self, blob: &Descriptor) -> Result<Option<File>, Error> {
        let found = self
            .blobs(blob.digest.algorithm())?
            .open_file(&blob_name(&blob.digest));
        match found {
            Ok(file) => {
                let size = file.metadata().map_err(|e| self.failed("read", e))?.len();
                Ok((size == blob.size).then_some(file))
            }
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
            // A symlink, a directory, a file of somebody else: it is replaced when it is fetched.
            Err(_) => Ok(None),
        }
    }

    /// Drops a blob that turned out not to be what its name says, and what there is of it.
    pub fn forget(&self, blob: &Descriptor) -> Result<(), Error> {
        self.abandon(blob)?;
        self.unlink(blob, &blob_name(&blob.digest))
    }

    /// Drops what there is of a blob that nobody should go on with.
    pub fn abandon(&self, blob: &Descriptor) -> Result<(), Error> {
        self.unlink(blob, &partial_name(&blob.digest))
    }

    fn unlink(&self, blob: &Descriptor, name: &CStr) -> Result<(), Error> {
        match self.blobs(blob.digest.algorithm())?.unlink(name) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => Err(self.failed("remove from", e)),
            _ => Ok(()),
        }
    }
}
