//! Purge: drops the blobs that no existing destination and no running pull uses.

use super::{ALGORITHMS, BLOBS, Cache, LINKS, is_barred};
use crate::error::{Error, escaped};
use crate::oci::{Algorithm, Digest};
use crate::sys::{Dir, Kind, Stat, remove_tree};
use std::collections::HashSet;
use std::ffi::{CStr, OsStr};
use std::fs::File;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// What is to be dropped.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sweep {
    /// Also what existing destinations were made of.
    pub all: bool,
    /// Only what no pull has used for so long.
    pub older_than: Option<Duration>,
    /// Nothing: say what would go.
    pub dry_run: bool,
}

/// What was dropped, or would be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dropped {
    /// The path below the cache.
    pub path: PathBuf,
    /// The size in bytes.
    pub bytes: u64,
}

/// What is not to be dropped.
struct Used {
    /// By existing destinations.
    linked: HashSet<Digest>,
    /// By running pulls.
    leased: HashSet<Digest>,
    /// Whether a pull may be writing just now: the lock was not to be had.
    is_written: bool,
}

impl Cache {
    /// Drops links to destinations that are gone and not `in_use`, then blobs that nobody uses. Pulls
    /// wait until it is done.
    pub fn purge(&self, sweep: Sweep, in_use: &[PathBuf]) -> Result<Vec<Dropped>, Error> {
        let is_locked = self.lock(File::try_lock, || "pulls")?;
        let is_written = !is_locked;
        let used = Used {
            linked: self.linked(sweep, is_written, in_use)?,
            leased: self.leased(|name, what| {
                let name = OsStr::from_bytes(name.to_bytes());
                let path = self.path.join("leases").join(name);
                let path = escaped(&path.to_string_lossy());
                self.progress
                    .warn(format_args!("{path}: {what}; passed over"));
            })?,
            is_written,
        };
        let mut dropped = Vec::new();
        for algorithm in ALGORITHMS {
            let folder = match self.blobs(algorithm) {
                Err(_) if self.is_read_only() => continue,
                other => other?,
            };
            for entry in folder.list().map_err(|e| self.failed("list", e))? {
                Error::unless_stopped()?;
                let found = folder.find(&entry.name);
                let Some(found) = found.map_err(|e| self.failed("look at", e))? else {
                    continue; // A pull has just finished it, or given it up.
                };
                // Anything may lie there; a blob and what there is of one is a file.
                let is_file = found.kind == Kind::File;
                if is_file && used.keeps(algorithm, &folder, &entry.name, sweep)
                    || sweep.spares(&found)
                {
                    continue;
                }
                let path = path_of(algorithm, &entry.name);
                if !sweep.dry_run && !self.remove(&folder, &entry.name, &path)? {
                    continue;
                }
                dropped.push(Dropped {
                    path,
                    bytes: found.size,
                });
            }
        }
        Ok(dropped)
    }

    /// What existing destinations use: those of root and of this user.
    fn linked(
        &self,
        sweep: Sweep,
        is_written: bool,
        in_use: &[PathBuf],
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
                let link = link.filter(|link| is_whole && is_kept(&link.destination));
                match link {
                    Some(link) => used.extend(link.blobs),
                    None if sweep.dry_run || is_written && !is_whole => {}
                    // Another user's own folder stays, and so does what this user may not remove.
                    None => drop(links.unlink(&entry.name)),
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
                let action = "remove";
                self.progress.warn(Error::Disk {
                    action,
                    path,
                    source,
                });
                Ok(false)
            }
            Err(e) => Err(self.failed("remove from", e)),
        }
    }
}

impl Used {
    fn keeps(&self, algorithm: Algorithm, folder: &Dir, name: &CStr, sweep: Sweep) -> bool {
        let (is_partial, hex) = match name.to_bytes() {
            [b'.', hex @ ..] => (true, hex),
            hex => (false, hex),
        };
        let text = format!("{}:{}", algorithm.name(), String::from_utf8_lossy(hex));
        let Ok(digest) = Digest::parse(&text) else {
            return is_partial && self.is_written;
        };
        let is_fetched = || {
            // Locked by who fetches it, or somebody else's.
            match folder.open_file(name) {
                Ok(file) => file.try_lock_shared().is_err(),
                Err(e) => is_barred(&e),
            }
        };
        self.leased.contains(&digest)
            || is_partial && is_fetched()
            || !is_partial && !sweep.all && self.linked.contains(&digest)
    }
}

impl Sweep {
    /// Whether it is too young to go. What comes from the future is.
    pub fn spares(&self, found: &Stat) -> bool {
        let Some(age) = self.older_than else {
            return false;
        };
        let since = Duration::new(
            u64::try_from(found.mtime.seconds).unwrap_or_default(),
            found.mtime.nanoseconds,
        );
        let now = SystemTime::now();
        let now = now.duration_since(SystemTime::UNIX_EPOCH);
        now.unwrap_or_default()
            .checked_sub(since)
            .is_none_or(|old| old < age)
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
