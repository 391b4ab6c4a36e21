//! The checksum of a file's contents, the same wherever a disk or a tar has holes.

use crate::error::EntryFault;
use crate::oci::{Algorithm, Hasher};
use crate::sys::next_data;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;

/// Contents are summed up in pieces of so many bytes, of which those that are all zeros are left
/// out: a sparse file of a terabyte is summed up in a moment.
const PIECE: usize = 4096;

/// How much is read at once, in bytes.
const CHUNK: usize = 64 * PIECE;

/// SHA-256 over pieces, each behind its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Checksum([u8; 32]);

/// Sums up contents that come in order, with gaps of zeros.
pub(super) struct ChecksumHasher {
    hasher: Hasher,
    /// Where the next byte belongs.
    position: u64,
    /// The piece at hand, as far as it has come.
    piece: Vec<u8>,
}

impl ChecksumHasher {
    pub(super) fn new() -> Self {
        Self {
            hasher: Hasher::new(Algorithm::Sha256),
            position: 0,
            piece: Vec::with_capacity(PIECE),
        }
    }

    /// Takes the next bytes.
    pub(super) fn add(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            if self.piece.is_empty() && bytes.len() >= PIECE {
                let (whole, rest) = bytes.split_at(PIECE);
                self.take(whole);
                self.position += PIECE as u64;
                bytes = rest;
                continue;
            }
            let room = (PIECE - self.piece.len()).min(bytes.len());
            let (now, later) = bytes.split_at(room);
            self.piece.extend_from_slice(now);
            self.position += room as u64;
            bytes = later;
            if self.piece.len() == PIECE {
                self.flush();
            }
        }
    }

    /// Goes on at `position`, with zeros in between.
    pub(super) fn skip_to(&mut self, position: u64) {
        let end_of_piece = self.position.next_multiple_of(PIECE as u64);
        if !self.piece.is_empty() {
            let zeros = end_of_piece.min(position) - self.position;
            let length = self.piece.len() + usize::try_from(zeros).unwrap_or_default();
            self.piece.resize(length, 0);
            self.position += zeros;
            if self.piece.len() == PIECE {
                self.flush();
            }
        }
        if position > self.position {
            self.position = position;
            let begun = position % PIECE as u64;
            self.piece
                .resize(usize::try_from(begun).unwrap_or_default(), 0);
        }
    }

    /// The sum of a file that ends at `size`.
    pub(super) fn finish(mut self, size: u64) -> Checksum {
        self.skip_to(size);
        self.flush();
        Checksum(self.hasher.into_bytes())
    }

    /// The piece at hand has come as far as it will.
    fn flush(&mut self) {
        let piece = std::mem::take(&mut self.piece);
        if !piece.is_empty() {
            let begun = self.position - piece.len() as u64;
            let position = std::mem::replace(&mut self.position, begun);
            self.take(&piece);
            self.position = position;
        }
        self.piece = piece;
        self.piece.clear();
    }

    /// Sums up a piece that begins at the position.
    fn take(&mut self, piece: &[u8]) {
        if piece.iter().any(|byte| *byte != 0) {
            self.hasher.update(&self.position.to_le_bytes());
            self.hasher.update(piece);
        }
    }
}

/// The sum of a file on the disk, whose holes are not read.
pub(super) fn of_file(file: &File, size: u64) -> io::Result<Checksum> {
    let mut summing = ChecksumHasher::new();
    let mut buffer = vec![0; CHUNK.min(usize::try_from(size).unwrap_or(CHUNK).max(1))];
    let mut at = 0;
    while at < size {
        // What is read at once anyway is not worth a question.
        let data = match size > CHUNK as u64 {
            true => next_data(file, at)?,
            false => Some(at),
        };
        match data {
            None => break,
            Some(data) if data > at => {
                at = data.min(size);
                summing.skip_to(at);
                continue;
            }
            Some(_) => {}
        }
        let count = file.read_at(&mut buffer, at)?;
        if count == 0 {
            break;
        }
        summing.add(&buffer[..count]);
        at += count as u64;
    }
    Ok(summing.finish(size.max(at)))
}

/// The sum of an entry's contents, as `read` hands them out.
pub(super) fn of_entry(
    islands: Option<&[(u64, u64)]>,
    size: u64,
    read: impl FnOnce(&mut dyn FnMut(&[u8]) -> Result<(), EntryFault>) -> Result<(), EntryFault>,
) -> Result<Checksum, EntryFault> {
    let mut summing = ChecksumHasher::new();
    let whole = [(0, size)];
    let mut islands = islands.unwrap_or(&whole).iter();
    let mut left = 0;
    read(&mut |mut piece| {
        while !piece.is_empty() {
            while left == 0 {
                let (offset, length) = islands.next().ok_or(EntryFault::Sparse)?;
                summing.skip_to(*offset);
                left = *length;
            }
            let fits = usize::try_from(left).map_or(piece.len(), |left| left.min(piece.len()));
            let (now, later) = piece.split_at(fits);
            summing.add(now);
            left -= fits as u64;
            piece = later;
        }
        Ok(())
    })?;
    Ok(summing.finish(size))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(bytes: &[u8], step: usize) -> Checksum {
        let mut summing = ChecksumHasher::new();
        bytes.chunks(step).for_each(|part| summing.add(part));
        summing.finish(bytes.len() as u64)
    }

    #[test]
    fn a_sum_does_not_depend_on_how_the_bytes_come() {
        let mut bytes = vec![0; 50_000];
        for at in [0, 4095, 4096, 12_000, 12_288, 40_959, 49_999] {
            bytes[at] = 7;
        }
        let sum = whole(&bytes, 50_000);
        for step in [1, 7, 4095, 4096, 4097, 8192, 10_000] {
            assert_eq!(whole(&bytes, step), sum, "{step}");
        }
        // With gaps, wherever they begin and end.
        for islands in [
            &[(0, 1), (4095, 2), (12_000, 289), (40_959, 1), (49_999, 1)][..],
            &[(0, 5000), (11_000, 3000), (40_000, 10_000)],
        ] {
            let mut summing = ChecksumHasher::new();
            for (offset, length) in islands {
                summing.skip_to(*offset as u64);
                summing.add(&bytes[*offset..offset + length]);
            }
            assert_eq!(summing.finish(50_000), sum);
        }
        bytes[30_000] = 1;
        assert_ne!(whole(&bytes, 4096), sum);
        bytes[30_000] = 0;
        bytes.swap(0, 4097);
        assert_ne!(whole(&bytes, 4096), sum);
        assert_eq!(whole(&[0; 9000], 100), ChecksumHasher::new().finish(9000));
    }
}
