//! Sparse files, in the four formats of tar (GNU tar, "Sparse Formats").
//!
//! | written by | map | name and size |
//! |---|---|---|
//! | old GNU | type `S`: in the header and blocks after it | in the header |
//! | pax 0.0 | `GNU.sparse.offset` and `.numbytes` alternate | `GNU.sparse.size` |
//! | pax 0.1 | `GNU.sparse.map` | `GNU.sparse.name`, `.size` |
//! | pax 1.0 | lines before the contents | `GNU.sparse.name`, `.realsize` |
//!
//! A map that does not fit its contents is refused: readers that accept it disagree about the
//! result.

use super::pax::digits;
use crate::error::EntryFault;
use std::fs::File;
use std::io::{Seek as _, SeekFrom, Write as _};

/// How many segments one file may have: they take 2 MiB.
pub(super) const MAX_SEGMENTS: usize = 1 << 17;

/// The positions of a sparse file's stored contents.
#[derive(Debug, PartialEq, Eq)]
pub struct SparseMap {
    /// Offset and length in bytes, in order, not overlapping, within `size`.
    segments: Vec<(u64, u64)>,
    size: u64,
}

impl SparseMap {
    /// A map of a file of `size` bytes, of which `stored` are in the archive.
    pub(super) fn new(
        segments: Vec<(u64, u64)>,
        size: u64,
        stored: u64,
    ) -> Result<Self, EntryFault> {
        let mut end = 0;
        let mut total = 0u64;
        for &(offset, length) in &segments {
            let next = offset.checked_add(length).filter(|_| offset >= end);
            end = next
                .filter(|&next| next <= size)
                .ok_or(EntryFault::Sparse)?;
            total += length; // no more than `end`
        }
        if total != stored || i64::try_from(size).is_err() || segments.len() > MAX_SEGMENTS {
            return Err(EntryFault::Sparse);
        }
        Ok(Self { segments, size })
    }

    /// Offset and length of each stored segment, in order.
    pub fn segments(&self) -> &[(u64, u64)] {
        &self.segments
    }

    /// The size of the file with its holes, in bytes.
    pub fn size(&self) -> u64 {
        self.size
    }
}

/// Writes the contents of a sparse file to their positions.
pub struct SparseWriter<'f> {
    file: &'f mut File,
    segments: std::slice::Iter<'f, (u64, u64)>,
    /// How many bytes of the current segment are still missing.
    left: u64,
}

impl<'f> SparseWriter<'f> {
    /// Sets the size of the empty `file`, and prepares to fill it.
    pub fn new(file: &'f mut File, map: &'f SparseMap) -> Result<Self, EntryFault> {
        file.set_len(map.size)
            .map_err(|e| EntryFault::io("write", e))?;
        Ok(Self {
            file,
            segments: map.segments.iter(),
            left: 0,
        })
    }

    /// Writes the next bytes of the contents.
    pub fn write(&mut self, mut piece: &[u8]) -> Result<(), EntryFault> {
        let failed = |e| EntryFault::io("write", e);
        while !piece.is_empty() {
            while self.left == 0 {
                let (offset, length) = self.segments.next().ok_or(EntryFault::Sparse)?;
                self.file.seek(SeekFrom::Start(*offset)).map_err(failed)?;
                self.left = *length;
            }
            let fits = usize::try_from(self.left).map_or(piece.len(), |left| left.min(piece.len()));
            let (now, later) = piece.split_at(fits);
            self.file.write_all(now).map_err(failed)?;
            self.left -= fits as u64;
            piece = later;
        }
        Ok(())
    }
}

/// The pax records of a sparse file.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct PaxMap {
    /// The file's name; that in the header is meant for readers without support for sparse files.
    pub(super) name: Option<Vec<u8>>,
    pub(super) size: u64,
    /// None if the map precedes the contents.
    pub(super) segments: Option<Vec<(u64, u64)>>,
}

impl PaxMap {
    /// Parses the `GNU.sparse.` records of an entry, in their order; None if there are none.
    pub(super) fn new(records: Vec<(Vec<u8>, Vec<u8>)>) -> Result<Option<Self>, EntryFault> {
        if records.is_empty() {
            return Ok(None);
        }
        let mut numbers = PaxNumbers::default();
        for (key, value) in records {
            numbers.take(&key, value)?;
        }
        numbers.into_map().map(Some)
    }
}

/// The parsed records.
#[derive(Default)]
struct PaxNumbers {
    version: (Option<u64>, Option<u64>),
    name: Option<Vec<u8>>,
    size: Option<u64>,
    real_size: Option<u64>,
    blocks: Option<u64>,
    map: Option<Vec<u64>>,
    pairs: Vec<u64>,
}

impl PaxNumbers {
    fn take(&mut self, key: &[u8], value: Vec<u8>) -> Result<(), EntryFault> {
        let number = || digits::<u64>(&value).ok_or(EntryFault::Sparse);
        match key.strip_prefix(b"GNU.sparse.").unwrap_or_default() {
            b"major" => self.version.0 = Some(number()?),
            b"minor" => self.version.1 = Some(number()?),
            b"size" => self.size = Some(number()?),
            b"realsize" => self.real_size = Some(number()?),
            b"numblocks" => self.blocks = Some(number()?),
            // Offsets and lengths alternate.
            b"offset" if self.pairs.len().is_multiple_of(2) => self.pairs.push(number()?),
            b"numbytes" if !self.pairs.len().is_multiple_of(2) => self.pairs.push(number()?),
            b"map" => {
                let numbers = value.split(|&b| b == b',').map(digits);
                self.map = Some(numbers.collect::<Option<_>>().ok_or(EntryFault::Sparse)?);
            }
            b"name" if !value.contains(&0) => self.name = Some(value),
            _ => return Err(EntryFault::Sparse),
        }
        Ok(())
    }

    fn into_map(self) -> Result<PaxMap, EntryFault> {
        let before_contents = match self.version {
            (Some(1), Some(0)) => true,
            (None | Some(0), None | Some(0 | 1)) => false,
            _ => return Err(EntryFault::Sparse),
        };
        let size = self.real_size.or(self.size).ok_or(EntryFault::Sparse)?;
        if before_contents {
            let other_map = self.map.is_some() || !self.pairs.is_empty();
            return if other_map {
                Err(EntryFault::Sparse)
            } else {
                Ok(PaxMap {
                    name: self.name,
                    size,
                    segments: None,
                })
            };
        }
        let numbers = self.map.unwrap_or(self.pairs);
        let segments = pairs(&numbers).ok_or(EntryFault::Sparse)?;
        if self
            .blocks
            .is_some_and(|blocks| blocks != segments.len() as u64)
        {
            return Err(EntryFault::Sparse);
        }
        Ok(PaxMap {
            name: self.name,
            size,
            segments: Some(segments),
        })
    }
}

/// The decimal lines of a pax 1.0 map: the number of segments, then offset and length of each.
#[derive(Default)]
pub(super) struct Numbers {
    /// How many numbers follow the first one.
    count: Option<usize>,
    numbers: Vec<u64>,
    /// The start of a line that continues in the next block.
    line: Vec<u8>,
}

impl Numbers {
    pub(super) fn is_complete(&self) -> bool {
        self.count.is_some_and(|count| self.numbers.len() == count)
    }

    /// Reads one block; whatever follows the last number is padding.
    pub(super) fn read(&mut self, block: &[u8]) -> Result<(), EntryFault> {
        for &byte in block {
            if self.is_complete() {
                break;
            }
            if byte != b'\n' {
                self.line.push(byte);
                continue;
            }
            let number: u64 = digits(&self.line).ok_or(EntryFault::Sparse)?;
            self.line.clear();
            if self.count.is_some() {
                self.numbers.push(number);
            } else {
                let segments = usize::try_from(number).ok().filter(|&n| n <= MAX_SEGMENTS);
                self.count = Some(segments.ok_or(EntryFault::Sparse)? * 2);
            }
        }
        // No number has that many digits.
        if self.line.len() > 20 {
            Err(EntryFault::Sparse)
        } else {
            Ok(())
        }
    }

    pub(super) fn into_segments(self) -> Vec<(u64, u64)> {
        pairs(&self.numbers).unwrap_or_default()
    }
}

fn pairs(numbers: &[u64]) -> Option<Vec<(u64, u64)>> {
    let (pairs, rest) = numbers.as_chunks::<2>();
    rest.is_empty().then(|| {
        pairs
            .iter()
            .map(|&[offset, length]| (offset, length))
            .collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_fit_their_contents_or_are_refused() {
        assert!(SparseMap::new(vec![(0, 1), (10, 5), (15, 0)], 20, 6).is_ok());
        assert!(SparseMap::new(vec![], 1 << 40, 0).is_ok());
        for (segments, size, stored) in [
            (vec![(0, 2), (1, 2)], 10, 4),
            (vec![(5, 1), (0, 1)], 10, 2),
            (vec![(0, 11)], 10, 11),
            (vec![(0, 1)], 10, 2),
            (vec![(0, 2)], 10, 1),
            (vec![(u64::MAX, 2)], u64::MAX, 2),
            (vec![(1 << 62, 1 << 62), (1 << 63, 0)], u64::MAX, 1 << 62),
            (vec![], u64::MAX, 0),
        ] {
            assert!(
                SparseMap::new(segments.clone(), size, stored).is_err(),
                "{segments:?}"
            );
        }
    }

    #[test]
    fn reads_maps_across_blocks() {
        let text = b"2\n0\n1024\n4096\n12\n";
        for cut in 0..text.len() {
            let mut numbers = Numbers::default();
            numbers.read(&text[..cut]).unwrap();
            numbers
                .read(&[&text[cut..], &b"\0rest"[..]].concat())
                .unwrap();
            assert!(numbers.is_complete());
            assert_eq!(numbers.into_segments(), [(0, 1024), (4096, 12)]);
        }
        for bad in [
            &b"x\n"[..],
            b"\n",
            b"1000000000000\n",
            b"1\n-1\n",
            b"000000000000000000000000",
        ] {
            assert!(Numbers::default().read(bad).is_err());
        }
    }

    #[test]
    fn pax_records_of_each_version() {
        let read = |records: &[(&str, &str)]| {
            PaxMap::new(
                records
                    .iter()
                    .map(|(k, v)| (format!("GNU.sparse.{k}").into(), (*v).into()))
                    .collect(),
            )
        };
        let segments = Some(vec![(0, 1), (8, 2)]);
        let zero = read(&[
            ("size", "10"),
            ("numblocks", "2"),
            ("offset", "0"),
            ("numbytes", "1"),
            ("offset", "8"),
            ("numbytes", "2"),
        ]);
        assert_eq!(
            zero.unwrap().unwrap(),
            PaxMap {
                name: None,
                size: 10,
                segments: segments.clone()
            }
        );
        let one = read(&[
            ("name", "f"),
            ("size", "10"),
            ("numblocks", "2"),
            ("map", "0,1,8,2"),
        ]);
        assert_eq!(
            one.unwrap().unwrap(),
            PaxMap {
                name: Some(b"f".to_vec()),
                size: 10,
                segments
            }
        );
        let new = read(&[
            ("major", "1"),
            ("minor", "0"),
            ("name", "f"),
            ("realsize", "10"),
        ]);
        assert_eq!(
            new.unwrap().unwrap(),
            PaxMap {
                name: Some(b"f".to_vec()),
                size: 10,
                segments: None
            }
        );
        for bad in [
            &[("size", "10"), ("map", "0,1,8")][..],
            &[("size", "10"), ("map", "0,1"), ("numblocks", "2")],
            &[("size", "10"), ("map", "")],
            &[("map", "0,1")],
            &[("size", "10"), ("numbytes", "1")],
            &[("size", "10"), ("offset", "1"), ("offset", "1")],
            &[("size", "10"), ("surprise", "1")],
            &[("major", "2"), ("minor", "0"), ("realsize", "1")],
            &[
                ("major", "1"),
                ("minor", "0"),
                ("realsize", "1"),
                ("map", "0,1"),
            ],
            &[("name", "f")],
        ] {
            assert!(read(bad).is_err(), "{bad:?}");
        }
    }
}
