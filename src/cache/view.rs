//! The cache as a dry run sees it: nothing is written, not even access times.

use super::folder::check_ours;
use super::{BLOBS, Cache, LINKS, unopened};
use crate::error::Error;
use crate::oci::Descriptor;
use crate::progress::Progress;
use crate::sys::Dir;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A cache, or the place where a pull would make one.
pub(crate) struct CacheView {
    path: PathBuf,
    cache: Option<Cache>,
    /// The cache, or the folder that it would be made in.
    place: Dir,
    /// Whether a pull could add to it.
    is_writable: bool,
}

/// How much of a blob a cache has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Presence {
    /// All of it.
    Whole,
    /// So many bytes, from which a pull goes on.
    Part(u64),
    /// Nothing.
    Nothing,
}

impl CacheView {
    /// Looks at `path`. What could not be a cache for a pull is the same error here.
    pub(crate) fn at(path: &Path, progress: Progress) -> Result<Self, Error> {
        let is_tagged = check_ours(path)?;
        let failed = |e| unopened(path, e);
        let (real, place) = Dir::open_nearest(path).map_err(failed)?;
        let blobs = place.open(BLOBS).and_then(|blobs| {
            place.open(LINKS)?;
            Ok(blobs)
        });
        let (is_writable, is_whole) = match (is_tagged, blobs) {
            (true, Ok(blobs)) => (blobs.check_writable(), true),
            _ => (place.check_writable(), false),
        };
        let is_writable = match is_writable {
            Err(e) if !is_tagged => return Err(failed(e)),
            checked => checked.is_ok(),
        };
        let again = place.try_clone().map_err(failed)?;
        // Without its lock it is one that may only be read.
        let cache = is_whole.then(|| Cache::new(path, again, (None, Duration::ZERO), progress));
        Ok(Self {
            path: real,
            cache,
            place,
            is_writable,
        })
    }

    /// Where it is, or will be, without symlinks.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The cache, if there is one already; it may only be read.
    pub(crate) fn cache(&self) -> Option<&Cache> {
        self.cache.as_ref()
    }

    /// Whether a pull would add to it.
    pub(crate) fn is_writable(&self) -> bool {
        self.is_writable
    }

    /// How much can be added to its file system, in bytes, if that says so.
    pub(crate) fn free_space(&self) -> Option<u64> {
        self.place.free_space()
    }

    /// Whether it is on the same file system as `folder`.
    pub(crate) fn is_beside(&self, folder: &Dir) -> io::Result<bool> {
        self.place.is_beside(folder)
    }

    /// How much of a blob is here that a pull would use.
    pub(crate) fn held(&self, blob: &Descriptor) -> Result<Presence, Error> {
        let held = self.cache.as_ref().map(|cache| cache.held(blob));
        Ok(match held.transpose()? {
            // Where nothing can be added, nobody goes on with what was begun.
            Some(Presence::Part(_)) if !self.is_writable => Presence::Nothing,
            held => held.unwrap_or(Presence::Nothing),
        })
    }
}
