//! The cache for a dry run: nothing is written, not even access times.

use super::folder::check_ours;
use super::{BLOBS, Cache, LINKS, unopened};
use crate::error::Error;
use crate::oci::Descriptor;
use crate::progress::Progress;
use crate::sys::Dir;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A cache, or the place where a pull would create one.
pub(crate) struct CacheView {
    path: PathBuf,
    cache: Option<Cache>,
    /// The cache, or its nearest parent that exists.
    nearest: Dir,
    is_writable: bool,
}

/// How much of a blob a cache has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Presence {
    /// All of it.
    Whole,
    /// This many bytes, after which a pull resumes.
    Part(u64),
    /// None of it.
    Nothing,
}

impl CacheView {
    /// Opens the cache at `path`, with the errors that a pull would have.
    pub(crate) fn at(path: &Path, progress: Progress) -> Result<Self, Error> {
        let is_tagged = check_ours(path)?;
        let failed = |e| unopened(path, e);
        let (real, nearest) = Dir::open_nearest(path).map_err(failed)?;
        let blobs = nearest.open(BLOBS).and_then(|blobs| {
            nearest.open(LINKS)?;
            Ok(blobs)
        });
        let (is_writable, is_complete) = match (is_tagged, blobs) {
            (true, Ok(blobs)) => (blobs.check_writable(), true),
            _ => (nearest.check_writable(), false),
        };
        let is_writable = match is_writable {
            Err(e) if !is_tagged => return Err(failed(e)),
            checked => checked.is_ok(),
        };
        let root = nearest.try_clone().map_err(failed)?;
        // Without its lock, it is read-only.
        let cache = is_complete.then(|| Cache::new(path, root, (None, Duration::ZERO), progress));
        Ok(Self {
            path: real,
            cache,
            nearest,
            is_writable,
        })
    }

    /// The absolute path without symlinks. It need not exist.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The cache, if it exists. It is read-only.
    pub(crate) fn cache(&self) -> Option<&Cache> {
        self.cache.as_ref()
    }

    /// Whether a pull could add to it.
    pub(crate) fn is_writable(&self) -> bool {
        self.is_writable
    }

    /// The free space in bytes, if the file system reports it.
    pub(crate) fn free_space(&self) -> Option<u64> {
        self.nearest.free_space()
    }

    /// Whether it is on the same file system as `folder`.
    pub(crate) fn is_beside(&self, folder: &Dir) -> io::Result<bool> {
        self.nearest.is_beside(folder)
    }

    /// How much of a blob a pull would take from the cache.
    pub(crate) fn presence(&self, blob: &Descriptor) -> Result<Presence, Error> {
        let presence = self.cache.as_ref().map(|cache| cache.presence(blob));
        Ok(match presence.transpose()? {
            // A partial blob is resumed only if it can be written to.
            Some(Presence::Part(_)) if !self.is_writable => Presence::Nothing,
            presence => presence.unwrap_or(Presence::Nothing),
        })
    }
}
