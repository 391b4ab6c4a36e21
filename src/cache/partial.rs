//! Blobs on their way into the cache, and what an interrupted pull leaves of them: the next pull
//! resumes there.

use super::lease::is_file;
use super::{Cache, blob_name, name, partial_name, private_mode};
use crate::error::Error;
use crate::oci::Descriptor;
use crate::sys::{Dir, Handle as _, file_size_limit};
use std::ffi::CString;
use std::fs::{File, TryLockError};
use std::io::{self, Read, Seek as _, SeekFrom, Write};
use std::os::unix::fs::{FileExt as _, MetadataExt as _};

/// A blob on its way into the cache, locked: nobody else fetches it meanwhile. The lock ends with
/// the process, however that ends.
pub(crate) struct Partial {
    folder: Dir,
    temporary: CString,
    name: CString,
    file: File,
    /// How much was here before, in bytes.
    had: u64,
    /// How much of that the writer above has not passed yet.
    ahead: u64,
    kept: bool,
}

/// Who has the rest of a blob that is not in the cache.
pub(crate) enum Reservation {
    /// Nobody here: it is to be fetched, and written to this.
    Missing(Partial),
    /// Another process, which fetches it just now.
    Elsewhere(Fetched),
    /// Nobody here, and nothing is to be added.
    Unkept,
}

/// A blob on its way that another process has locked.
pub(crate) struct Fetched(File);

/// How often a file is opened that is another one by the time it is locked.
const ROUNDS: u32 = 100;

impl Cache {
    /// Sets out to write the blob, from where it was left off.
    pub(crate) fn create(&self, blob: &Descriptor) -> io::Result<Reservation> {
        // To write beyond the limit would end the process.
        let is_too_large = file_size_limit().is_some_and(|limit| blob.size > limit);
        if self.is_read_only() || self.is_full.get() || is_too_large {
            return Ok(Reservation::Unkept);
        }
        let folder = self
            .root
            .open(c"blobs")?
            .open(&name(blob.digest.algorithm().name()))?;
        let temporary = partial_name(&blob.digest);
        let mode = private_mode(&folder)?;
        for _ in 0..ROUNDS {
            let file = folder.open_lock(&temporary, mode)?;
            // Written to is only what can be nothing but a blob: no other file has this name, too.
            let found = file.metadata()?;
            if !found.is_file() || found.nlink() > 1 {
                return Err(io::ErrorKind::InvalidInput.into());
            }
            match file.try_lock() {
                Err(TryLockError::WouldBlock) => return Ok(Reservation::Elsewhere(Fetched(file))),
                Err(TryLockError::Error(e)) => return Err(e),
                Ok(()) => {}
            }
            // Between opening and locking it, its last owner may have finished it.
            if !is_file(&folder, &temporary, (found.dev(), found.ino()))? {
                continue;
            }
            let mut had = file.metadata()?.len();
            if had > blob.size || self.is_spoilt(blob) || self.is_in_doubt() {
                file.set_len(0)?;
                had = 0;
            }
            if had == 0 {
                // Whatever the umask said; only its owner can say so. Somebody may have moved another
                // file here: what is in that, nobody sees who could not.
                let _ = file.set_mode(mode);
            }
            (&file).seek(SeekFrom::Start(had))?;
            return Ok(Reservation::Missing(Partial {
                folder,
                temporary,
                name: blob_name(&blob.digest),
                file,
                had,
                ahead: had,
                kept: false,
            }));
        }
        Err(io::ErrorKind::ResourceBusy.into())
    }

    /// Waits until another process has fetched a blob, or has given up. False if it is not worth it:
    /// nothing comes, and yet it keeps the lock.
    pub(crate) fn wait_for(&self, fetched: &Fetched) -> Result<bool, Error> {
        let file = &fetched.0;
        let size = || file.metadata().map_or(0, |found| found.len());
        self.wait("another pull", || file.try_lock(), size)
    }
}

impl Partial {
    /// How much of the blob is here already, in bytes.
    pub(crate) fn size(&self) -> u64 {
        self.had
    }

    /// Reads what is here already. Whoever reads it checks it, as with whole blobs.
    pub(crate) fn reader(&self) -> io::Result<impl Read + use<>> {
        Ok(FileReader {
            file: self.file.try_clone()?,
            position: 0,
            end: self.had,
        })
    }

    /// Gives the blob, which has been verified, its name. Its bytes are not forced to the disk: a
    /// power cut can leave less of them, which is seen and mended when the blob is read.
    pub(crate) fn keep(mut self) -> io::Result<()> {
        if !self.is_named()? {
            return Err(io::ErrorKind::NotFound.into());
        }
        // One that another user has begun, only those read who may write here.
        let _ = self.file.set_mode(0o644);
        self.folder
            .rename(&self.temporary, &self.folder, &self.name)?;
        self.kept = true;
        Ok(())
    }

    /// Whether the name is still that of this file: it may have been dropped as spoilt just before
    /// it was locked, and be another's by now.
    fn is_named(&self) -> io::Result<bool> {
        let own = self.file.metadata()?;
        is_file(&self.folder, &self.temporary, (own.dev(), own.ino()))
    }
}

/// The start of a blob again, which is here already, and then the rest.
impl Write for Partial {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.ahead > 0 {
            let passed = self.ahead.min(bytes.len() as u64);
            self.ahead -= passed;
            return Ok(passed as usize);
        }
        // On a full disk, the tree needs the room more than the cache.
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
        let is_empty = || self.file.metadata().is_ok_and(|found| found.len() == 0);
        if !self.kept && is_empty() && self.is_named().is_ok_and(|named| named) {
            // Purge sweeps what cannot be removed now.
            let _ = self.folder.unlink(&self.temporary);
        }
    }
}

/// Reads a file without its offset, which belongs to the writer.
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
