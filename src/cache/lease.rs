//! Leases: the blobs that running pulls use. Purge keeps them.

use super::trust::is_trusted;
use super::{ALGORITHMS, Cache, LEASES, LINKS, RESOLVED, lease_mode, name};
use crate::error::Error;
use crate::oci::Digest;
use crate::sys::{Dir, Handle as _, Host, pid};
use std::collections::HashSet;
use std::ffi::{CStr, CString};
use std::fs::{File, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{FileExt as _, MetadataExt as _};

/// The longest lease that is read, in bytes: 100,000 blobs.
const MAX_LEASE: u64 = 16 << 20;

/// How many processes of one number are looked past, each in a pid namespace of its own.
const MAX_NAMESAKES: u32 = 1000;

/// What this process has said it uses.
#[derive(Default)]
pub(super) struct Lease {
    blobs: HashSet<Digest>,
    /// Where it is said: nothing before the first blob.
    file: Option<Written>,
}

struct Written {
    folder: Dir,
    name: CString,
    /// Locked.
    file: File,
}

impl Cache {
    /// Says that this process uses the blob, until it ends. A lease that cannot be written (a full
    /// disk) is no reason to fail: purge may then take the blob, and it is fetched again.
    pub(super) fn claim(&self, blob: &Digest) -> Result<bool, Error> {
        let mut lease = self.lease.borrow_mut();
        if self.is_read_only() || !lease.blobs.insert(blob.clone()) {
            return Ok(false);
        }
        let _moment = self.moment()?;
        let _ = lease.add(&self.root, blob);
        Ok(true)
    }

    /// Writes a file under another name, and then gives it its own. No purge meets it half written,
    /// and what is left of one that was killed goes with its lease.
    pub(super) fn replace_file(
        &self,
        folder: &Dir,
        file: &CStr,
        bytes: &[u8],
    ) -> Result<(), Error> {
        let _moment = self.moment()?;
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

    /// Removes the leases of pulls that were killed. What cannot be removed now is so later.
    pub(super) fn sweep_leases(&self) {
        if !self.is_read_only() {
            let _ = self.leased(|_, _| {});
        }
    }

    /// What running pulls use; the leases of those that have ended are removed. Where others may write,
    /// anything may lie there: what is not the lease of a pull that is believed is passed over, and
    /// `tell` is told its name and what it is.
    pub(super) fn leased(&self, tell: impl Fn(&CStr, &str)) -> Result<HashSet<Digest>, Error> {
        let mut used = HashSet::new();
        let failed = |e| self.failed("read", e);
        let folder = match self.root.open(LEASES) {
            // A cache that may only be read, made before there were leases.
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(used),
            other => other.map_err(failed)?,
        };
        for entry in folder.list().map_err(failed)? {
            let opened = folder.open_file(&entry.name).and_then(|lease| {
                let found = lease.metadata()?;
                Ok((lease, found))
            });
            let (lease, found) = match opened {
                Ok(opened) => opened,
                Err(e) if e.kind() == io::ErrorKind::NotFound => continue,
                Err(_) => {
                    tell(&entry.name, "not a lease that can be read");
                    continue;
                }
            };
            if !self.is_read_only() && lease.try_lock().is_ok() {
                self.sweep_files(found.uid(), &temporary_name(&entry.name));
                let _ = folder.unlink(&entry.name);
                continue;
            }
            // A blob of root's that somebody has moved here has another mode.
            if !is_trusted(found.uid()) || found.mode() & 0o027 != 0 {
                tell(&entry.name, "not a lease of root or of this user");
                continue;
            }
            let mut text = Vec::new();
            match lease.take(MAX_LEASE).read_to_end(&mut text) {
                Ok(_) => {}
                Err(_) => tell(&entry.name, "not a lease that can be read"),
            }
            let text = String::from_utf8_lossy(&text);
            used.extend(text.lines().filter_map(|line| Digest::parse(line).ok()));
        }
        Ok(used)
    }

    /// Removes what the holder of a lease, this user, was about to write. What cannot be removed is
    /// in nobody's way.
    fn sweep_files(&self, user: u32, temporary: &CStr) {
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
    /// A name for what this process writes, which no other one uses.
    fn temporary(&mut self, cache: &Dir) -> io::Result<CString> {
        Ok(temporary_name(&self.written(cache)?.name))
    }

    fn written(&mut self, cache: &Dir) -> io::Result<&mut Written> {
        Ok(match &mut self.file {
            Some(written) => written,
            none => none.insert(Written::new(cache)?),
        })
    }

    fn add(&mut self, cache: &Dir, blob: &Digest) -> io::Result<()> {
        let file = &self.written(cache)?.file;
        let before = file.metadata()?.len();
        // A line that was cut short would spoil the next one.
        file.write_all_at(format!("{blob}\n").as_bytes(), before)
            .inspect_err(|_| drop(file.set_len(before)))
    }
}

impl Written {
    /// A lease of its own for this process, also among those of other pid namespaces.
    fn new(cache: &Dir) -> io::Result<Self> {
        let folder = cache.open(LEASES)?;
        let mode = lease_mode(&folder)?;
        for number in 0..MAX_NAMESAKES {
            let name = name(&format!("{}.{number}", pid()));
            let file = match folder.open_lock(&name, mode) {
                // A folder, a symlink, a file of somebody else's.
                Err(_) if matches!(folder.find(&name), Ok(Some(_))) => continue,
                opened => opened?,
            };
            match file.try_lock() {
                Err(TryLockError::WouldBlock) => continue,
                Err(TryLockError::Error(e)) => return Err(e),
                Ok(()) => {}
            }
            // Between opening and locking it, somebody may have swept it.
            let own = file.metadata()?;
            let is_named = is_file(&folder, &name, (own.dev(), own.ino()))?;
            // Cut is only what can be nothing but a lease: no other file has this name, too. One of
            // somebody else's would not be believed.
            if is_named && own.is_file() && own.nlink() == 1 && own.uid() == Host::new().uid {
                file.set_len(0)?;
                file.set_mode(mode)?;
                return Ok(Self { folder, name, file });
            }
        }
        Err(io::ErrorKind::AlreadyExists.into())
    }
}

impl Drop for Written {
    fn drop(&mut self) {
        // What cannot be removed now, the next pull sweeps.
        let _ = self.folder.unlink(&self.name);
    }
}

fn temporary_name(lease: &CStr) -> CString {
    name(&format!(".{}", lease.to_string_lossy()))
}

/// Whether `name` is that of the file `id`.
pub(super) fn is_file(folder: &Dir, name: &CStr, id: (u64, u64)) -> io::Result<bool> {
    Ok(folder.find(name)?.is_some_and(|found| found.id == id))
}
