//! The size of a tree, and its limits.

use crate::error::EntryFault;
use crate::sys::file_size_limit;
use crate::tarball::{BLOCK, Entry, EntryKind};
use std::io::ErrorKind;

/// Counts what is written to a tree, even if a later layer removes it again, as a limit against
/// decompression bombs.
pub(super) struct TreeSize {
    /// In bytes: for each entry its contents, holes included, its attributes, and a header.
    total: u64,
    limit: Option<u64>,
    /// The limit of a single file: beyond it, a write kills the process (SIGXFSZ).
    file_limit: Option<u64>,
}

impl TreeSize {
    pub(super) fn new(limit: Option<u64>) -> Self {
        Self {
            total: 0,
            limit,
            file_limit: file_size_limit(),
        }
    }

    /// Adds an entry; an error if it exceeds a limit.
    pub(super) fn add(&mut self, entry: &Entry) -> Result<(), EntryFault> {
        let contents = if let EntryKind::File { size, .. } = entry.kind {
            size
        } else {
            0
        };
        if self.file_limit.is_some_and(|limit| contents > limit) {
            return Err(EntryFault::io("write", ErrorKind::FileTooLarge.into()));
        }
        // On tmpfs, attributes take as much memory as contents do.
        let (_, attributes) = entry.xattrs.size();
        self.total = self
            .total
            .saturating_add(contents)
            .saturating_add(attributes + BLOCK as u64);
        match self.limit {
            Some(limit) if self.total > limit => Err(EntryFault::OverLimit(limit)),
            _ => Ok(()),
        }
    }
}
