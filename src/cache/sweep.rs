//! The options of a purge, and its result.

use crate::sys::Stat;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

/// What is to be dropped.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sweep {
    /// Also what existing destinations were made of.
    pub(crate) all: bool,
    /// Only what no pull has used for so long.
    pub(crate) older_than: Option<Duration>,
    /// Only until the blobs have no more bytes than that, the least recently used first.
    pub(crate) max_size: Option<u64>,
    /// Nothing: say what would go.
    pub(crate) dry_run: bool,
}

/// What was dropped, or would be.
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
    /// How many there are.
    pub(crate) blobs: usize,
    /// How large they are, in bytes.
    pub(crate) bytes: u64,
}

/// What came of a purge.
#[derive(Debug, Default)]
pub(crate) struct Purged {
    /// The blobs that went, in that order.
    pub(crate) dropped: Vec<Dropped>,
    /// Destinations that are gone, and were forgotten.
    pub(crate) forgotten: Vec<PathBuf>,
    /// What is left in the cache.
    pub(crate) left: Total,
    /// What of that only existing destinations keep.
    pub(crate) linked: Total,
    /// What of that `older_than` keeps.
    pub(crate) young: Total,
}

impl Sweep {
    /// Whether it is too young to go. What comes from the future is.
    pub(crate) fn spares(&self, found: &Stat) -> bool {
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

    /// Whether so much may stay.
    pub(crate) fn allows(&self, left: Total) -> bool {
        self.max_size.is_some_and(|size| left.bytes <= size)
    }
}

impl Total {
    /// Counts one more.
    pub(super) fn add(&mut self, bytes: u64) {
        self.blobs += 1;
        self.bytes = self.bytes.saturating_add(bytes);
    }

    /// Counts one less.
    pub(super) fn subtract(&mut self, bytes: u64) {
        self.blobs = self.blobs.saturating_sub(1);
        self.bytes = self.bytes.saturating_sub(bytes);
    }
}
