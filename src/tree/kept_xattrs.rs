//! Limits the memory that the extended attributes of a tree take.

use crate::changeset::is_compared;
use crate::error::EntryFault;
use crate::tarball::{Entry, Xattrs};

/// How many bytes the attributes of a whole tree may take. Images have a few dozen attributes (file
/// capabilities); a hostile one repeats a header of 1 MiB thousands of times, which compresses to nothing.
const MAX_KEPT: usize = 16 << 20;

#[derive(Default)]
pub(super) struct KeptXattrs {
    bytes: usize,
    /// The attributes of the previous entry, with which the next one usually shares global ones.
    last: Xattrs,
}

impl KeptXattrs {
    /// The attributes of `entry` that `verify` compares; an error if those of all entries take too much
    /// memory.
    pub(super) fn keep(&mut self, entry: &Entry) -> Result<Xattrs, EntryFault> {
        let mut xattrs = entry.xattrs.clone();
        xattrs.retain_own(is_compared);
        self.bytes += xattrs.size_beside(&self.last);
        if self.bytes > MAX_KEPT {
            return Err(EntryFault::XattrsOfTree);
        }
        self.last.share(&xattrs);
        Ok(xattrs)
    }
}
