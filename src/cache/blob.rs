//! Blobs in the cache: each appears under its name when it is whole.

use super::{Cache, blob_name, name};
use crate::error::Error;
use crate::oci::Descriptor;
use crate::sys::{Dir, Handle as _, pid};
use std::ffi::CString;
use std::fs::File;
use std::io::{self, Write};

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

    /// Sets out to write the blob.
    pub fn create(&self, blob: &Descriptor) -> io::Result<BlobWriter> {
        let folder = self
            .root
            .open(c"blobs")?
            .open(&name(blob.digest.algorithm().name()))?;
        let temporary = name(&format!(".{}.{}", blob.digest.hex(), pid()));
        // Left by a process of the same number that was killed.
        match folder.unlink(&temporary) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
            _ => {}
        }
        let file = folder.create(&temporary, 0o644)?;
        Ok(BlobWriter {
            folder,
            temporary,
            name: blob_name(&blob.digest),
            file,
            kept: false,
        })
    }

    /// Drops a blob that turned out not to be what its name says.
    pub fn forget(&self, blob: &Descriptor) -> Result<(), Error> {
        match self
            .blobs(blob.digest.algorithm())?
            .unlink(&blob_name(&blob.digest))
        {
            Err(e) if e.kind() != io::ErrorKind::NotFound => Err(self.failed("remove from", e)),
            _ => Ok(()),
        }
    }
}

/// A blob on its way into the cache. Dropped before it is kept, it leaves nothing behind.
pub struct BlobWriter {
    folder: Dir,
    temporary: CString,
    name: CString,
    file: File,
    kept: bool,
}

impl BlobWriter {
    /// Gives the blob, which has been verified, its name. Its bytes are not forced to the disk: a
    /// power cut can leave less of them, which is seen and mended when the blob is read.
    pub fn keep(mut self) -> io::Result<()> {
        self.file.set_mode(0o644)?;
        self.folder
            .rename(&self.temporary, &self.folder, &self.name)?;
        self.kept = true;
        Ok(())
    }
}

impl Write for BlobWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for BlobWriter {
    fn drop(&mut self) {
        if !self.kept {
            // Purge sweeps what cannot be removed now.
            let _ = self.folder.unlink(&self.temporary);
        }
    }
}
