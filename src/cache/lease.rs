//! Leases: the blobs that running pulls use. Purge keeps them.

use super::trust::is_trusted;
use super::{ALGORITHMS, Cache, LEASES, LINKS, RESOLVED, lease_mode, name};
use crate::error::Error;
use crate::oci::Digest;
use crate::sys::{Dir, Handle as _, Host, pid};
use std::collections::HashSet;
use std::ffi::{CStr, CString};
use std::fs::{File, Metadata, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{FileExt as _, MetadataExt as _};

/// The longest lease that is read, in bytes: 100,000 blobs.
const MAX_LEASE: u64 = 16 << 20;

/// How many leases of other processes with the same pid, each in its own pid namespace, are skipped.
const MAX_NAMESAKES: u32 = 1000;

/// The blobs that this process uses.
#[derive(Default)]
pub(super) struct Lease {
    blobs: HashSet<Digest>,
    /// Created for the first blob.
    file: Option<LeaseFile>,
}

/// The file of a lease, locked. Dropping it removes it.
struct LeaseFile {
    folder: Dir,
    name: CString,
    file: File,
}

impl Cache {
    /// Keeps purges from removing the blob while this process runs. False if it was claimed before. If the
    /// lease cannot be written, because the disk is full, purge may remove the blob, and it is fetched
    /// again.
    pub(super) fn claim(&self, blob: &Digest) -> Result<bool, Error> {
        let mut lease = self.lease.borrow_mut();
        if self.is_read_only() || !lease.blobs.insert(blob.clone()) {
            return Ok(false);
        }
        let _locked = self.lock_shared()?;
        let _ = lease.add(&self.root, blob);
        Ok(true)
    }

    /// Writes a file under a temporary name, then renames it. No purge sees it half written, and if this
    /// process is killed, the temporary file is removed with its lease.
    pub(super) fn replace_file(
        &self,
        folder: &Dir,
        file: &CStr,
        bytes: &[u8],
    ) -> Result<(), Error> {
        let _locked = self.lock_shared()?;
        let write = || {
            let temporary = self.lease.borrow_mut().temporary(&self.root)?;
            folder
                .create(&temporary, 0o644)?
                .write_all(bytes)
                .and_then(|()| folder.rename(&temporary, folder, file))
                .inspect_err(|_| drop(folder.unlink(&temporary)))
        };
        write().map_err(|e| self.failed("write to", e))
    }

    /// Removes the leases of killed pulls, as far as possible.
    pub(super) fn remove_dead_leases(&self) {
        if !self.is_read_only() {
            let _ = self.leased(|_, _| {});
        }
    }

    /// The blobs that running pulls use; removes the leases of pulls that have ended. Where others may
    /// write, the folder may contain anything: `skip` gets the name of each file that is not a trusted
    /// lease, and the reason.
    pub(super) fn leased(&self, skip: impl Fn(&CStr, &str)) -> Result<HashSet<Digest>, Error> {
        let mut used = HashSet::new();
        let failed = |e| self.failed("read", e);
        let folder = match self.root.open(LEASES) {
            // A read-only cache of a version without leases.
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(used),
            other => other.map_err(failed)?,
        };
        for entry in folder.list().map_err(failed)? {
            let (lease, metadata) = match self.open_lease(&folder, &entry.name) {
                Ok(Some(opened)) => opened,
                Ok(None) => continue,
                Err(_) => {
                    skip(&entry.name, "not a lease that can be read");
                    continue;
                }
            };
            // The mode tells a lease from a blob of root that another user has moved here.
            if !is_trusted(metadata.uid()) || metadata.mode() & 0o027 != 0 {
                skip(&entry.name, "not a lease of root or of this user");
                continue;
            }
            let mut text = Vec::new();
            match lease.take(MAX_LEASE).read_to_end(&mut text) {
                Ok(_) => {}
                Err(_) => skip(&entry.name, "not a lease that can be read"),
            }
            let text = String::from_utf8_lossy(&text);
            used.extend(text.lines().filter_map(|line| Digest::parse(line).ok()));
        }
        Ok(used)
    }

    /// The lease of a running process. Removes that of a process that has ended, and returns None.
    fn open_lease(&self, folder: &Dir, name: &CStr) -> io::Result<Option<(File, Metadata)>> {
        loop {
            let lease = match folder.open_file(name) {
                Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
                other => other?,
            };
            let metadata = lease.metadata()?;
            if self.is_read_only() || lease.try_lock().is_err() {
                return Ok(Some((lease, metadata)));
            }
            // Between opening and locking it, its process may have removed it, and another may have made its own.
            if folder.denotes(name, &lease)? {
                self.remove_temporaries(metadata.uid(), &temporary_name(name));
                let _ = folder.unlink(name);
                return Ok(None);
            }
        }
    }

    /// Removes the temporary files of a killed process. Leftovers do no harm.
    fn remove_temporaries(&self, user: u32, temporary: &CStr) {
        let user = name(&user.to_string());
        for kind in [LINKS, RESOLVED] {
            if let Ok(folder) = self.root.open(kind) {
                let _ = folder.unlink(temporary);
                let _ = folder.open(&user).map(|own| own.unlink(temporary));
            }
        }
        for algorithm in ALGORITHMS {
            let _ = self.blobs(algorithm).map(|blobs| blobs.unlink(temporary));
        }
    }
}

impl Lease {
    /// A file name that no other process uses.
    fn temporary(&mut self, cache: &Dir) -> io::Result<CString> {
        Ok(temporary_name(&self.file(cache)?.name))
    }

    fn file(&mut self, cache: &Dir) -> io::Result<&mut LeaseFile> {
        Ok(match &mut self.file {
            Some(file) => file,
            none => none.insert(LeaseFile::new(cache)?),
        })
    }

    fn add(&mut self, cache: &Dir, blob: &Digest) -> io::Result<()> {
        let file = &self.file(cache)?.file;
        let end = file.metadata()?.len();
        // Half a line would corrupt the next one.
        file.write_all_at(format!("{blob}\n").as_bytes(), end)
            .inspect_err(|_| drop(file.set_len(end)))
    }
}

impl LeaseFile {
    /// Creates the lease of this process. A process in another pid namespace may have taken its name.
    fn new(cache: &Dir) -> io::Result<Self> {
        let folder = cache.open(LEASES)?;
        let mode = lease_mode(&folder)?;
        for number in 0..MAX_NAMESAKES {
            let name = name(&format!("{}.{number}", pid()));
            let file = match folder.open_lock(&name, mode) {
                // A folder, a symlink or another user's file.
                Err(_) if matches!(folder.find(&name), Ok(Some(_))) => continue,
                opened => opened?,
            };
            match file.try_lock() {
                Err(TryLockError::WouldBlock) => continue,
                Err(TryLockError::Error(e)) => return Err(e),
                Ok(()) => {}
            }
            // Between opening and locking it, another process may have removed it.
            let own = file.metadata()?;
            let is_current = folder.denotes(&name, &file)?;
            // Truncate only a lease: a hard link may lead to a file elsewhere, and another user's file would
            // not be trusted.
            if is_current && own.is_file() && own.nlink() == 1 && own.uid() == Host::new().uid {
                file.set_len(0)?;
                file.set_mode(mode)?;
                return Ok(Self { folder, name, file });
            }
        }
        Err(io::ErrorKind::AlreadyExists.into())
    }
}

impl Drop for LeaseFile {
    fn drop(&mut self) {
        // If this fails, the next pull removes it.
        let _ = self.folder.unlink(&self.name);
    }
}

fn temporary_name(lease: &CStr) -> CString {
    name(&format!(".{}", lease.to_string_lossy()))
}
