//! The record of the tree in DEST, and whether it can be trusted.
//!
//! The record is an extended attribute of DEST. Anyone who can write to that folder can change it: its
//! owner, or root in a container that runs there. So root trusts it only if root's own cache has the
//! same record for the same folder.

use crate::cache::Cache;
use crate::destination::Existing;
use crate::record::Record;
use std::fmt;

/// The record of a tree.
pub(super) struct RecordedImage {
    pub(super) record: Record,
    /// Why the record in DEST is not trusted; None if it is.
    pub(super) doubt: Option<Doubt>,
}

/// Why the record in DEST is not trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Doubt {
    /// There is no cache to confirm it.
    NoCache,
    /// The cache has no record of this folder.
    NotInCache,
    /// The cache has another record of this folder. `record` is the one in the cache.
    Differs,
}

impl RecordedImage {
    /// The record of the tree in DEST, if there is one.
    pub(super) fn of(existing: &Existing, cache: Option<&Cache>) -> Option<Self> {
        let in_cache = || cache?.recorded(existing.path(), existing.inode()?);
        let Some(record) = existing.record() else {
            // The record in the cache counts only if the tree never had one. Otherwise this may be another
            // folder: inode numbers are soon reused.
            let kept = in_cache().filter(|kept| !kept.in_tree)?;
            let (record, doubt) = (kept.record, None);
            return Some(Self { record, doubt });
        };
        if existing.is_ours_alone() {
            let doubt = None;
            return Some(Self { record, doubt });
        }
        Some(match in_cache() {
            Some(kept) if kept.record == record => Self {
                record,
                doubt: None,
            },
            Some(kept) => Self {
                record: kept.record,
                doubt: Some(Doubt::Differs),
            },
            None => Self {
                record,
                doubt: Some(cache.map_or(Doubt::NoCache, |_| Doubt::NotInCache)),
            },
        })
    }

    /// The record, unless it is in doubt.
    pub(super) fn trusted(self) -> Option<Record> {
        self.doubt.is_none().then_some(self.record)
    }
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoCache => "its record is not confirmed, because there is no cache",
            Self::NotInCache => "its record is not confirmed by the cache",
            Self::Differs => "its record differs from the one in the cache",
        })
    }
}
