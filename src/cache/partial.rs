//! Partial blobs: blobs that are being fetched, or were when a pull ended. The next pull resumes them.

use super::{BLOBS, Cache, blob_name, name, partial_name, private_mode};
use crate::error::Error;
use crate::oci::Descriptor;
use crate::sys::{Dir, Handle as _, file_size_limit};
use std::ffi::CString;
use std::fs::{File, TryLockError};
use std::io::{self, Read, Seek as _, SeekFrom, Write};
use std::os::unix::fs::{FileExt as _, MetadataExt as _};

/// A partial blob, locked, so that no other process fetches it meanwhile. The lock ends with this process.
pub(crate) struct Partial {
    folder: Dir,
    temporary: CString,
    name: CString,
    file: File,
    /// How much was cached before, in bytes.
    cached: u64,
    /// How many of these bytes the writer has not skipped yet.
    to_skip: u64,
    is_complete: bool,
}

/// Who fetches a blob that the cache does not have.
pub(crate) enum Reservation {
    /// This process, which writes it here.
    Ours(Partial),
    /// Another process, which is fetching it now.
    Locked(LockedPartial),
    /// This process, without adding it to the cache.
    Disabled,
}

/// A partial blob that another process has locked.
pub(crate) struct LockedPartial(File);

/// How often to reopen a file that was replaced before it could be locked.
const ROUNDS: u32 = 100;

impl Cache {
    /// Opens or creates the partial blob to write the rest of it, unless another process does.
    pub(crate) fn create(&self, blob: &Descriptor) -> io::Result<Reservation> {
        // Writing beyond the limit would end the process.
        let is_too_large = file_size_limit().is_some_and(|limit| blob.size > limit);
        if self.is_read_only() || self.is_full.get() || is_too_large {
            return Ok(Reservation::Disabled);
        }
        let folder = self
            .root
            .open(BLOBS)?
            .open(&name(blob.digest.algorithm().name()))?;
        let temporary = partial_name(&blob.digest);
        let mode = private_mode(&folder)?;
        for _ in 0..ROUNDS {
            let file = folder.open_lock(&temporary, mode)?;
            // A hard link may lead to a file elsewhere, which must not be written to.
            let metadata = file.metadata()?;
            if !metadata.is_file() || metadata.nlink() > 1 {
                return Err(io::ErrorKind::InvalidInput.into());
            }
            match file.try_lock() {
                Err(TryLockError::WouldBlock) => {
                    return Ok(Reservation::Locked(LockedPartial(file)));
                }
                Err(TryLockError::Error(e)) => return Err(e),
                Ok(()) => {}
            }
            // Between opening and locking it, its last owner may have completed it.
            if !folder.denotes(&temporary, &file)? {
                continue;
            }
            let mut cached = file.metadata()?.len();
            if cached > blob.size || self.is_corrupt(blob) || self.verifies_before_use() {
                file.set_len(0)?;
                cached = 0;
            }
            if cached == 0 {
                // Independent of the umask. Only for an empty file: another user may have moved a file
                // here whose contents others must not see.
                let _ = file.set_mode(mode);
            }
            (&file).seek(SeekFrom::Start(cached))?;
            return Ok(Reservation::Ours(Partial {
                folder,
                temporary,
                name: blob_name(&blob.digest),
                file,
                cached,
                to_skip: cached,
                is_complete: false,
            }));
        }
        Err(io::ErrorKind::ResourceBusy.into())
    }

    /// Waits until the other process has fetched the blob or has given up. False if it keeps the lock
    /// without writing anything.
    pub(crate) fn wait_for(&self, partial: &LockedPartial) -> Result<bool, Error> {
        let file = &partial.0;
        let size = || file.metadata().map_or(0, |metadata| metadata.len());
        self.wait("another pull", || file.try_lock(), size)
    }
}

impl Partial {
    /// How much of the blob was cached before, in bytes.
    pub(crate) fn size(&self) -> u64 {
        self.cached
    }

    /// Reads the cached part. The caller must verify it.
    pub(crate) fn reader(&self) -> io::Result<impl Read + use<>> {
        Ok(FileReader {
            file: self.file.try_clone()?,
            position: 0,
            end: self.cached,
        })
    }

    /// Gives the verified blob its name. The bytes are not synced: if a power cut loses some, the blob is
    /// found to be corrupt when it is read, and fetched again.
    pub(crate) fn complete(mut self) -> io::Result<()> {
        if !self.is_current()? {
            return Err(io::ErrorKind::NotFound.into());
        }
        // Fails for a blob that another user has begun. Only those who may write here read it.
        let _ = self.file.set_mode(0o644);
        self.folder
            .rename(&self.temporary, &self.folder, &self.name)?;
        self.is_complete = true;
        Ok(())
    }

    /// Whether the name still denotes this file. It may have been dropped as corrupt just before it was
    /// locked.
    fn is_current(&self) -> io::Result<bool> {
        self.folder.denotes(&self.temporary, &self.file)
    }
}

/// Expects the whole blob, and skips the part that is cached already.
impl Write for Partial {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.to_skip > 0 {
            let skipped = self.to_skip.min(bytes.len() as u64);
            self.to_skip -= skipped;
            return Ok(skipped as usize);
        }
        // On a full disk, the tree needs the space more than the cache.
        self.file
            .write(bytes)
            .inspect_err(|_| drop(self.file.set_len(0)))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        let is_empty = || self.file.metadata().is_ok_and(|file| file.len() == 0);
        if !self.is_complete && is_empty() && matches!(self.is_current(), Ok(true)) {
            // If this fails, purge does it.
            let _ = self.folder.unlink(&self.temporary);
        }
    }
}

/// Reads a file without moving its offset, which the writer uses.
struct FileReader {
    file: File,
    position: u64,
    end: u64,
}

impl Read for FileReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = (self.end - self.position).min(buffer.len() as u64) as usize;
        let count = self.file.read_at(&mut buffer[..left], self.position)?;
        self.position += count as u64;
        Ok(count)
    }
}
