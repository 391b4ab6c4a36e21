//! The record of the tree in DEST, and whether it can be trusted.
//!
//! It stands in an attribute of DEST itself, which whoever may write to that folder can change: its
//! owner, or root in a container that runs there. Root believes it only where the cache, which is
//! root's own, has the same record for the same folder.

use crate::cache::Cache;
use crate::destination::Existing;
use crate::record::Record;
use std::fmt;

/// The record of a tree.
pub(super) struct RecordedImage {
    pub(super) record: Record,
    /// Why what stands in DEST is not to be believed, if so.
    pub(super) doubt: Option<Doubt>,
}

/// Why the record in DEST is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Doubt {
    /// Nobody can be asked.
    NoCache,
    /// The cache knows nothing of this tree, or of another one in its place.
    NotInCache,
    /// The cache knows better; `record` is what it knows.
    Differs,
}

impl RecordedImage {
    /// The record of the tree at `found`, if it has one.
    pub(super) fn of(existing: &Existing, cache: Option<&Cache>) -> Option<Self> {
        let in_cache = || cache?.recorded(existing.path(), existing.inode()?);
        let Some(record) = existing.record() else {
            // One that DEST should have, and has lost, is not guessed: the number of an inode that
            // is free again is soon another folder's.
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
