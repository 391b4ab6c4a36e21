//! Purge: removes the blobs that no existing destination and no running pull uses.

use super::purge_options::{Dropped, PurgeOptions, Purged};
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

/// The blobs that stay.
struct Used {
    /// Those of existing destinations.
    linked: HashSet<Digest>,
    /// Those of running pulls.
    leased: HashSet<Digest>,
    /// Whether a pull may be writing now, because another process keeps the lock.
    is_written: bool,
}

/// What a blob is kept for.
enum BlobUse {
    /// A running pull.
    Pull,
    /// An existing destination.
    Destination,
}

/// A file that may be removed.
struct Candidate {
    folder: Rc<Dir>,
    name: CString,
    path: PathBuf,
    stat: Stat,
}

impl Cache {
    /// Removes links to destinations that are gone and not `in_use`, then unused blobs. Meanwhile, pulls
    /// that need the lock wait.
    pub(crate) fn purge(&self, options: PurgeOptions, in_use: &[PathBuf]) -> Result<Purged, Error> {
        let is_locked = self.lock(File::try_lock, || "pulls")?;
        let is_written = !is_locked;
        let mut purged = Purged::default();
        let used = Used {
            linked: self.linked(options, is_written, in_use, &mut purged.forgotten)?,
            leased: self.leased(|name, reason| {
                let name = OsStr::from_bytes(name.to_bytes());
                let path = self.path.join("leases").join(name);
                let path = escaped(&path.to_string_lossy());
                self.progress
                    .warn(format_args!("{path}: {reason}; passed over"));
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
                let stat = folder.find(&entry.name);
                let Some(stat) = stat.map_err(|e| self.failed("look at", e))? else {
                    continue; // A pull has just completed it, or given it up.
                };
                purged.left.add(stat.size);
                // The folder may contain anything. Blobs and partial blobs are files.
                let is_file = stat.kind == FileKind::File;
                let blob_use = is_file.then(|| used.use_of(algorithm, &folder, &entry.name));
                match blob_use.flatten() {
                    Some(BlobUse::Pull) => continue,
                    Some(BlobUse::Destination) if !options.all => {
                        purged.linked.add(stat.size);
                        continue;
                    }
                    _ if options.spares(&stat) => {
                        purged.young.add(stat.size);
                        continue;
                    }
                    _ => {}
                }
                candidates.push(Candidate {
                    folder: Rc::clone(&folder),
                    path: path_of(algorithm, &entry.name),
                    name: entry.name,
                    stat,
                });
            }
        }
        if options.max_size.is_some() {
            // `Cache::find` sets the mtime of each blob that a pull uses.
            let used = |stat: &Stat| (stat.mtime.seconds, stat.mtime.nanoseconds);
            candidates.sort_by(|a, b| (used(&a.stat), &a.path).cmp(&(used(&b.stat), &b.path)));
        }
        for candidate in candidates {
            Error::unless_stopped()?;
            if options.allows(purged.left) {
                break;
            }
            let (path, bytes) = (candidate.path, candidate.stat.size);
            if options.dry_run || self.remove(&candidate.folder, &candidate.name, &path)? {
                purged.left.subtract(bytes);
                purged.dropped.push(Dropped { path, bytes });
            }
        }
        Ok(purged)
    }

    /// The blobs of existing destinations of root and of this user. Adds destinations that are gone to
    /// `forgotten`, and removes their links.
    fn linked(
        &self,
        options: PurgeOptions,
        is_written: bool,
        in_use: &[PathBuf],
        forgotten: &mut Vec<PathBuf>,
    ) -> Result<HashSet<Digest>, Error> {
        let mut used = HashSet::new();
        for links in self.trusted_folders(LINKS)? {
            for entry in links.list().map_err(|e| self.failed("list", e))? {
                let link = self.read_link(&links, &entry.name)?;
                // Blobs are kept if the destination may exist, such as one on a disk that cannot be read
                // today. No pull is writing a link now, so a file whose name begins with a dot was left by
                // a killed pull.
                let is_whole = !entry.name.to_bytes().starts_with(b".");
                let is_kept = |path: &PathBuf| in_use.contains(path) || exists(path);
                match link {
                    Some(link) if is_whole && is_kept(&link.destination) => used.extend(link.blobs),
                    _ if is_written && !is_whole => {}
                    // Another user's folder stays, and so does a link that this user may not remove.
                    gone if options.dry_run || links.unlink(&entry.name).is_ok() => {
                        let gone = gone.filter(|_| is_whole);
                        forgotten.extend(gone.map(|link| link.destination));
                    }
                    _ => {}
                }
            }
        }
        Ok(used)
    }

    /// Removes `name` from `folder`, at `path` below the cache. False, with a warning, if permissions, a
    /// mount, or a process that keeps writing prevent it.
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
    fn use_of(&self, algorithm: Algorithm, folder: &Dir, name: &CStr) -> Option<BlobUse> {
        let (is_partial, hex) = match name.to_bytes() {
            [b'.', hex @ ..] => (true, hex),
            hex => (false, hex),
        };
        let text = format!("{}:{}", algorithm.name(), String::from_utf8_lossy(hex));
        let Ok(digest) = Digest::parse(&text) else {
            return (is_partial && self.is_written).then_some(BlobUse::Pull);
        };
        let is_fetched = || {
            // It is locked while a pull fetches it. Another user's cannot be opened.
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

fn exists(destination: &Path) -> bool {
    match destination.symlink_metadata() {
        Ok(_) => true,
        Err(e) => e.kind() != io::ErrorKind::NotFound,
    }
}

fn path_of(algorithm: Algorithm, name: &CStr) -> PathBuf {
    let folder = Path::new(OsStr::from_bytes(BLOBS.to_bytes())).join(algorithm.name());
    folder.join(OsStr::from_bytes(name.to_bytes()))
}
