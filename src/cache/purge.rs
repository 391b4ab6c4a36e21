//! Purge: drops the blobs that no existing destination and no running pull uses.

use super::sweep::{Dropped, Purged, Sweep};
use super::{ALGORITHMS, BLOBS, Cache, LINKS, is_barred};
use crate::error::{Error, escaped};
use crate::oci::{Algorithm, Digest};
use crate::sys::{Dir, FileKind, Stat, remove_tree};
use std::collections::HashSet;
use std::ffi::{CStr, CString, OsStr};
use std::fs::File;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// What is not to be dropped.
struct Used {
    /// By existing destinations.
    linked: HashSet<Digest>,
    /// By running pulls.
    leased: HashSet<Digest>,
    /// Whether a pull may be writing just now: the lock was not to be had.
    is_written: bool,
}

/// Who uses a blob.
enum BlobUse {
    /// A running pull.
    Pull,
    /// An existing destination.
    Destination,
}

/// What may go.
struct Candidate {
    folder: Rc<Dir>,
    name: CString,
    path: PathBuf,
    found: Stat,
}

impl Cache {
    /// Drops links to destinations that are gone and not `in_use`, then blobs that nobody uses. Pulls
    /// wait until it is done.
    pub(crate) fn purge(&self, sweep: Sweep, in_use: &[PathBuf]) -> Result<Purged, Error> {
        let is_locked = self.lock(File::try_lock, || "pulls")?;
        let is_written = !is_locked;
        let mut purged = Purged::default();
        let used = Used {
            linked: self.linked(sweep, is_written, in_use, &mut purged.forgotten)?,
            leased: self.leased(|name, what| {
                let name = OsStr::from_bytes(name.to_bytes());
                let path = self.path.join("leases").join(name);
                let path = escaped(&path.to_string_lossy());
                self.progress
                    .warn(format_args!("{path}: {what}; passed over"));
            })?,
            is_written,
        };
        let mut candidates = Vec::new();
        for algorithm in ALGORITHMS {
            let folder = match self.blobs(algorithm) {
                Err(_) if self.is_read_only() => continue,
                other => Rc::new(other?),
            };
            for entry in folder.list().map_err(|e| self.failed("list", e))? {
                Error::unless_stopped()?;
                let found = folder.find(&entry.name);
                let Some(found) = found.map_err(|e| self.failed("look at", e))? else {
                    continue; // A pull has just finished it, or given it up.
                };
                purged.left.add(found.size);
                // Anything may lie there; a blob and what there is of one is a file.
                let is_file = found.kind == FileKind::File;
                let user = is_file.then(|| used.user(algorithm, &folder, &entry.name));
                match user.flatten() {
                    Some(BlobUse::Pull) => continue,
                    Some(BlobUse::Destination) if !sweep.all => {
                        purged.linked.add(found.size);
                        continue;
                    }
                    _ if sweep.spares(&found) => {
                        purged.young.add(found.size);
                        continue;
                    }
                    _ => {}
                }
                candidates.push(Candidate {
                    folder: Rc::clone(&folder),
                    path: path_of(algorithm, &entry.name),
                    name: entry.name,
                    found,
                });
            }
        }
        if sweep.max_size.is_some() {
            // `find` sets the time of each blob that a pull uses.
            let used = |stat: &Stat| (stat.mtime.seconds, stat.mtime.nanoseconds);
            candidates.sort_by(|a, b| (used(&a.found), &a.path).cmp(&(used(&b.found), &b.path)));
        }
        for candidate in candidates {
            Error::unless_stopped()?;
            if sweep.allows(purged.left) {
                break;
            }
            let (path, bytes) = (candidate.path, candidate.found.size);
            if sweep.dry_run || self.remove(&candidate.folder, &candidate.name, &path)? {
                purged.left.subtract(bytes);
                purged.dropped.push(Dropped { path, bytes });
            }
        }
        Ok(purged)
    }

    /// What existing destinations use: those of root and of this user.
    fn linked(
        &self,
        sweep: Sweep,
        is_written: bool,
        in_use: &[PathBuf],
        forgotten: &mut Vec<PathBuf>,
    ) -> Result<HashSet<Digest>, Error> {
        let mut used = HashSet::new();
        for links in self.believed_folders(LINKS)? {
            for entry in links.list().map_err(|e| self.failed("list", e))? {
                let link = self.read_link(&links, &entry.name)?;
                // Only a destination that is certainly gone gives up its blobs: one that cannot be
                // looked at, on a disk that is not there today, keeps them. No pull is writing a
                // link just now: what has a dot in front is of one that was killed.
                let is_whole = !entry.name.to_bytes().starts_with(b".");
                let is_kept = |path: &PathBuf| in_use.contains(path) || is_there(path);
                match link {
                    Some(link) if is_whole && is_kept(&link.destination) => used.extend(link.blobs),
                    _ if is_written && !is_whole => {}
                    // Another user's own folder stays, and so does what this user may not remove.
                    gone if sweep.dry_run || links.unlink(&entry.name).is_ok() => {
                        let gone = gone.filter(|_| is_whole);
                        forgotten.extend(gone.map(|link| link.destination));
                    }
                    _ => {}
                }
            }
        }
        Ok(used)
    }

    /// Removes what stands in `folder`, at `path` below the cache. What is in the way of that for good,
    /// because somebody has mounted something there or keeps writing, is passed over.
    fn remove(&self, folder: &Dir, name: &CStr, path: &Path) -> Result<bool, Error> {
        use io::ErrorKind::{DirectoryNotEmpty, ResourceBusy};
        match remove_tree(folder, name) {
            Ok(_) => Ok(true),
            Err(source)
                if is_barred(&source)
                    || matches!(source.kind(), DirectoryNotEmpty | ResourceBusy) =>
            {
                let path = self.path.join(path);
                self.progress.warn(Error::io("remove", path, source));
                Ok(false)
            }
            Err(e) => Err(self.failed("remove from", e)),
        }
    }
}

impl Used {
    /// Who uses the file `name`.
    fn user(&self, algorithm: Algorithm, folder: &Dir, name: &CStr) -> Option<BlobUse> {
        let (is_partial, hex) = match name.to_bytes() {
            [b'.', hex @ ..] => (true, hex),
            hex => (false, hex),
        };
        let text = format!("{}:{}", algorithm.name(), String::from_utf8_lossy(hex));
        let Ok(digest) = Digest::parse(&text) else {
            return (is_partial && self.is_written).then_some(BlobUse::Pull);
        };
        let is_fetched = || {
            // Locked by who fetches it, or somebody else's.
            match folder.open_file(name) {
                Ok(file) => file.try_lock_shared().is_err(),
                Err(e) => is_barred(&e),
            }
        };
        if self.leased.contains(&digest) || is_partial && is_fetched() {
            return Some(BlobUse::Pull);
        }
        let is_linked = !is_partial && self.linked.contains(&digest);
        is_linked.then_some(BlobUse::Destination)
    }
}

fn is_there(destination: &Path) -> bool {
    match destination.symlink_metadata() {
        Ok(_) => true,
        Err(e) => e.kind() != io::ErrorKind::NotFound,
    }
}

fn path_of(algorithm: Algorithm, name: &CStr) -> PathBuf {
    let folder = Path::new(OsStr::from_bytes(BLOBS.to_bytes())).join(algorithm.name());
    folder.join(OsStr::from_bytes(name.to_bytes()))
}
