//! The options of a purge, and its result.

use crate::sys::Stat;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

/// The options of a purge.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct PurgeOptions {
    /// Remove the blobs of existing destinations, too.
    pub(crate) all: bool,
    /// Keep blobs that were used more recently.
    pub(crate) older_than: Option<Duration>,
    /// Stop when the blobs have no more bytes than this. The least recently used go first.
    pub(crate) max_size: Option<u64>,
    pub(crate) dry_run: bool,
}

/// A file that was removed, or would be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Dropped {
    /// The path below the cache.
    pub(crate) path: PathBuf,
    /// The size in bytes.
    pub(crate) bytes: u64,
}

/// A number of blobs.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Total {
    pub(crate) blobs: usize,
    pub(crate) bytes: u64,
}

/// The result of a purge.
#[derive(Debug, Default)]
pub(crate) struct Purged {
    /// In the order of removal.
    pub(crate) dropped: Vec<Dropped>,
    /// Destinations that no longer exist, whose links were removed.
    pub(crate) forgotten: Vec<PathBuf>,
    /// What is left in the cache.
    pub(crate) left: Total,
    /// The part of `left` that existing destinations keep.
    pub(crate) linked: Total,
    /// The part of `left` that `older_than` keeps.
    pub(crate) young: Total,
}

impl PurgeOptions {
    /// Whether `older_than` keeps a file. A time in the future counts as recent.
    pub(crate) fn spares(&self, stat: &Stat) -> bool {
        let Some(age) = self.older_than else {
            return false;
        };
        let since = Duration::new(
            u64::try_from(stat.mtime.seconds).unwrap_or_default(),
            stat.mtime.nanoseconds,
        );
        let now = SystemTime::now();
        let now = now.duration_since(SystemTime::UNIX_EPOCH);
        now.unwrap_or_default()
            .checked_sub(since)
            .is_none_or(|old| old < age)
    }

    /// Whether the cache is small enough.
    pub(crate) fn allows(&self, left: Total) -> bool {
        self.max_size.is_some_and(|size| left.bytes <= size)
    }
}

impl Total {
    pub(super) fn add(&mut self, bytes: u64) {
        self.blobs += 1;
        self.bytes = self.bytes.saturating_add(bytes);
    }

    pub(super) fn subtract(&mut self, bytes: u64) {
        self.blobs = self.blobs.saturating_sub(1);
        self.bytes = self.bytes.saturating_sub(bytes);
    }
}
