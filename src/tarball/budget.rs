//! Bounds the work that an image may cause in proportion to its size: against decompression bombs.
//!
//! A few kilobytes of zstd unpack to gigabytes of zeros, or to a million files. Digests say nothing
//! against that, because whoever made the image made them.

use super::entry::{Entry, EntryKind};
use crate::error::EntryFault;
use crate::oci::Image;
use std::collections::BTreeMap;

/// What any image may make: some seconds.
const FREE: u64 = 1 << 30;

/// How much more for each byte of its layers: gzip makes 1,032 bytes of one at most.
const RATIO: u64 = 1100;

/// How many bytes of zeros are unpacked and written with the work of one: any image may have 3 GiB.
const UNPACKED: u64 = 3;

/// The work of an entry: some microseconds of system calls.
const ENTRY: u64 = 8 << 10;

/// The work of a step on the way to an entry, of an extended attribute, or of a piece of a sparse file: a
/// system call or two each.
const STEP: u64 = 1 << 10;

/// How many bytes of attributes are as much work as one.
const COPIED: u64 = 8;

/// How often the size allowed for a tree its layers may unpack to: an entry has a pax header and padding,
/// too.
const HEADERS: u64 = 4;

/// And how much more: what archivers write behind the end.
const PADDING: u64 = 16 << 20;

/// Whether an archive of `size` bytes may have `unpacked` bytes in it: as many as an image of that size.
pub fn is_explained(unpacked: u64, size: u64) -> bool {
    unpacked / UNPACKED <= FREE.saturating_add(size.saturating_mul(RATIO))
}

/// What is left to an image.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    work: u64,
    /// What may still be unpacked, and the size of a tree that this was made of.
    unpacked: Option<(u64, u64)>,
}

impl Budget {
    /// That of an image of unknown size, whose tree may have `limit` bytes.
    pub fn new(limit: Option<u64>) -> Self {
        let unpacked = limit.map(|limit| {
            let unpacked = limit.saturating_mul(HEADERS).saturating_add(PADDING);
            (unpacked, limit)
        });
        Self {
            // Whoever allows more has thought about it.
            work: unpacked.map_or(FREE, |(unpacked, _)| unpacked.max(FREE)),
            unpacked,
        }
    }

    /// Makes it that of an image, of whose layers each blob counts once.
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

    /// Takes note of bytes that were unpacked.
    pub(super) fn unpack(&mut self, bytes: u64) -> Result<(), EntryFault> {
        if let Some((unpacked, limit)) = &mut self.unpacked {
            let left = unpacked.checked_sub(bytes);
            *unpacked = left.ok_or(EntryFault::Inflated(*limit))?;
        }
        self.spend(bytes.div_ceil(UNPACKED))
    }

    /// Takes note of an entry.
    pub(super) fn add(&mut self, entry: &Entry) -> Result<(), EntryFault> {
        let pieces = match &entry.kind {
            EntryKind::File { holes, .. } => holes.as_ref().map_or(0, |map| map.segments().len()),
            _ => 0,
        };
        let (count, bytes) = entry.xattrs.size();
        self.spend(ENTRY + (count + pieces as u64) * STEP + bytes / COPIED)
    }

    /// Takes note of steps on the way to entries.
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
        // Whoever allows a large tree has it, however small the image.
        let mut budget = Budget::new(Some(FREE));
        budget.unpack(4 * FREE).unwrap();
    }
}
