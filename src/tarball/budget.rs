//! Limits the work that an image may cause in proportion to its size, against decompression bombs.
//!
//! A few kilobytes of zstd can decompress to gigabytes of zeros, or to a million files. Digests are
//! no protection, because they come from the author of the image.

use super::entry::{Entry, EntryKind};
use crate::error::EntryFault;
use crate::oci::Image;
use std::collections::BTreeMap;

/// The work that any image may cause: some seconds. The unit is one byte of contents.
const FREE: u64 = 1 << 30;

/// Additional work per byte of the layers: gzip decompresses one byte to at most 1,032.
const RATIO: u64 = 1100;

/// How many decompressed bytes count as one unit of work: any image may have 3 GiB.
const UNPACKED: u64 = 3;

/// The work of an entry: some microseconds of system calls.
const ENTRY: u64 = 8 << 10;

/// The work of a path component, an extended attribute, or a segment of a sparse file: one or two
/// system calls each.
const STEP: u64 = 1 << 10;

/// How many bytes of attributes count as one unit of work.
const COPIED: u64 = 8;

/// The layers may decompress to this multiple of the tree's size limit: an entry also has a pax
/// header and padding.
const HEADERS: u64 = 4;

/// Plus this many bytes: padding after the end-of-archive marker.
const PADDING: u64 = 16 << 20;

/// Whether an archive of `size` bytes may contain `unpacked` bytes: the same limit as for an image.
pub fn is_explained(unpacked: u64, size: u64) -> bool {
    unpacked / UNPACKED <= FREE.saturating_add(size.saturating_mul(RATIO))
}

/// The remaining budget of an image.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    work: u64,
    /// How many bytes may still be decompressed, and the limit of the tree's size that this derives
    /// from.
    unpacked: Option<(u64, u64)>,
}

impl Budget {
    /// The budget of an image of unknown size, whose tree may take `limit` bytes.
    pub fn new(limit: Option<u64>) -> Self {
        let unpacked = limit.map(|limit| {
            let unpacked = limit.saturating_mul(HEADERS).saturating_add(PADDING);
            (unpacked, limit)
        });
        Self {
            // A user who sets a higher limit accepts more work.
            work: unpacked.map_or(FREE, |(unpacked, _)| unpacked.max(FREE)),
            unpacked,
        }
    }

    /// Raises the budget to that of an image, counting each distinct layer once.
    pub fn allow_for(&mut self, image: &Image) {
        let blobs = image.layers.iter().map(|layer| &layer.blob);
        let blobs: BTreeMap<_, _> = blobs
            .map(|blob| (blob.digest.to_string(), blob.size))
            .collect();
        let size = blobs.into_values().fold(0, u64::saturating_add);
        self.work = self
            .work
            .max(FREE.saturating_add(size.saturating_mul(RATIO)));
    }

    /// Counts decompressed bytes.
    pub(super) fn unpack(&mut self, bytes: u64) -> Result<(), EntryFault> {
        if let Some((unpacked, limit)) = &mut self.unpacked {
            let left = unpacked.checked_sub(bytes);
            *unpacked = left.ok_or(EntryFault::Inflated(*limit))?;
        }
        self.spend(bytes.div_ceil(UNPACKED))
    }

    /// Counts an entry.
    pub(super) fn add(&mut self, entry: &Entry) -> Result<(), EntryFault> {
        let pieces = match &entry.kind {
            EntryKind::File { holes, .. } => holes.as_ref().map_or(0, |map| map.segments().len()),
            _ => 0,
        };
        let (count, bytes) = entry.xattrs.size();
        self.spend(ENTRY + (count + pieces as u64) * STEP + bytes / COPIED)
    }

    /// Counts path components resolved for entries.
    pub(super) fn step(&mut self, steps: u64) -> Result<(), EntryFault> {
        self.spend(steps.saturating_mul(STEP))
    }

    fn spend(&mut self, work: u64) -> Result<(), EntryFault> {
        self.work = self.work.checked_sub(work).ok_or(EntryFault::Bomb)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_allowed_is_all_there_is() {
        let mut budget = Budget::new(None);
        budget.unpack((FREE - ENTRY) * UNPACKED).unwrap();
        budget.step(ENTRY / STEP).unwrap();
        assert!(matches!(budget.step(1), Err(EntryFault::Bomb)));
        let mut budget = Budget::new(Some(1000));
        budget.unpack(4000 + PADDING).unwrap();
        assert!(matches!(budget.unpack(1), Err(EntryFault::Inflated(1000))));
        budget.step(1).unwrap();
        // A high limit allows a large tree, however small the image.
        let mut budget = Budget::new(Some(FREE));
        budget.unpack(4 * FREE).unwrap();
    }
}
