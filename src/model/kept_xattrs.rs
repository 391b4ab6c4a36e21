//! Bounds the memory for extended attributes of a tree.

use super::xattrs::is_compared;
use crate::error::EntryFault;
use crate::tarball::{Entry, Xattrs};

/// How many bytes of attributes are kept for a whole tree. Images have some dozen attributes (file
/// capabilities); a hostile one repeats a header of 1 MiB thousands of times, which compresses to nothing.
const MAX_KEPT: usize = 16 << 20;

/// What the attributes of a tree take so far.
#[derive(Default)]
pub(super) struct KeptXattrs {
    bytes: usize,
    /// Those of the entry before: what global headers gave to it is mostly what they give to the next.
    last: Xattrs,
}

impl KeptXattrs {
    /// The attributes of `entry`, to be kept for the comparison.
    pub(super) fn keep(&mut self, entry: &Entry) -> Result<Xattrs, EntryFault> {
        let mut xattrs = entry.xattrs.clone();
        // Signatures and labels of the machine are on every file, where they are.
        xattrs.retain_own(is_compared);
        self.bytes += xattrs.size_beside(&self.last);
        if self.bytes > MAX_KEPT {
            return Err(EntryFault::XattrsOfTree);
        }
        self.last.share(&xattrs);
        Ok(xattrs)
    }
}
