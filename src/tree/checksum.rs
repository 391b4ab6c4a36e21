//! The checksum of a file's contents. It does not depend on where a disk or a tar has holes.

use crate::error::EntryFault;
use crate::oci::{Algorithm, Hasher};
use crate::sys::next_data;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;

/// The size of the pieces that are hashed, in bytes. Pieces of zeros are left out, so that a sparse
/// file of a terabyte takes no time.
const PIECE: usize = 4096;

/// How much is read at once, in bytes.
const CHUNK: usize = 64 * PIECE;

/// The SHA-256 of all pieces that are not zeros, each preceded by its position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Checksum([u8; 32]);

/// Hashes contents that arrive in order, with gaps of zeros.
struct ChecksumHasher {
    hasher: Hasher,
    /// Where the next byte belongs.
    position: u64,
    /// The start of the current piece.
    piece: Vec<u8>,
}

impl ChecksumHasher {
    fn new() -> Self {
        Self {
            hasher: Hasher::new(Algorithm::Sha256),
            position: 0,
            piece: Vec::with_capacity(PIECE),
        }
    }

    fn add(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            if self.piece.is_empty() && bytes.len() >= PIECE {
                let (whole, rest) = bytes.split_at(PIECE);
                self.hash_piece(whole);
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

    /// Fills up with zeros to `position`.
    fn skip_to(&mut self, position: u64) {
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

    /// The checksum of a file of `size` bytes.
    fn finish(mut self, size: u64) -> Checksum {
        self.skip_to(size);
        self.flush();
        Checksum(self.hasher.into_bytes())
    }

    /// Hashes the current piece, which may be short at the end of the file.
    fn flush(&mut self) {
        let piece = std::mem::take(&mut self.piece);
        if !piece.is_empty() {
            let begun = self.position - piece.len() as u64;
            let position = std::mem::replace(&mut self.position, begun);
            self.hash_piece(&piece);
            self.position = position;
        }
        self.piece = piece;
        self.piece.clear();
    }

    /// Hashes a piece that begins at `self.position`.
    fn hash_piece(&mut self, piece: &[u8]) {
        if piece.iter().any(|byte| *byte != 0) {
            self.hasher.update(&self.position.to_le_bytes());
            self.hasher.update(piece);
        }
    }
}

impl Checksum {
    /// Hashes a file of `size` bytes on disk without reading its holes.
    pub(crate) fn of_file(file: &File, size: u64) -> io::Result<Self> {
        let mut hasher = ChecksumHasher::new();
        let mut buffer = vec![0; CHUNK.min(usize::try_from(size).unwrap_or(CHUNK).max(1))];
        let mut at = 0;
        while at < size {
            // A small file is read at once anyway: asking for its holes would cost more.
            let data = if size > CHUNK as u64 {
                next_data(file, at)?
            } else {
                Some(at)
            };
            match data {
                None => break,
                Some(data) if data > at => {
                    at = data.min(size);
                    hasher.skip_to(at);
                    continue;
                }
                Some(_) => {}
            }
            let count = file.read_at(&mut buffer, at)?;
            if count == 0 {
                break;
            }
            hasher.add(&buffer[..count]);
            at += count as u64;
        }
        Ok(hasher.finish(size.max(at)))
    }

    /// Hashes the contents that `read` passes on, of a file with these data segments.
    pub(super) fn of_entry(
        segments: Option<&[(u64, u64)]>,
        size: u64,
        read: impl FnOnce(&mut dyn FnMut(&[u8]) -> Result<(), EntryFault>) -> Result<(), EntryFault>,
    ) -> Result<Self, EntryFault> {
        let mut hasher = ChecksumHasher::new();
        let whole = [(0, size)];
        let mut segments = segments.unwrap_or(&whole).iter();
        let mut left = 0;
        read(&mut |mut piece| {
            while !piece.is_empty() {
                while left == 0 {
                    let (offset, length) = segments.next().ok_or(EntryFault::Sparse)?;
                    hasher.skip_to(*offset);
                    left = *length;
                }
                let fits = usize::try_from(left).map_or(piece.len(), |left| left.min(piece.len()));
                let (now, later) = piece.split_at(fits);
                hasher.add(now);
                left -= fits as u64;
                piece = later;
            }
            Ok(())
        })?;
        Ok(hasher.finish(size))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(bytes: &[u8], step: usize) -> Checksum {
        let mut hasher = ChecksumHasher::new();
        bytes.chunks(step).for_each(|part| hasher.add(part));
        hasher.finish(bytes.len() as u64)
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
        for segments in [
            &[(0, 1), (4095, 2), (12_000, 289), (40_959, 1), (49_999, 1)][..],
            &[(0, 5000), (11_000, 3000), (40_000, 10_000)],
        ] {
            let mut hasher = ChecksumHasher::new();
            for (offset, length) in segments {
                hasher.skip_to(*offset as u64);
                hasher.add(&bytes[*offset..offset + length]);
            }
            assert_eq!(hasher.finish(50_000), sum);
        }
        bytes[30_000] = 1;
        assert_ne!(whole(&bytes, 4096), sum);
        bytes[30_000] = 0;
        bytes.swap(0, 4097);
        assert_ne!(whole(&bytes, 4096), sum);
        assert_eq!(whole(&[0; 9000], 100), ChecksumHasher::new().finish(9000));
    }
}
