//! Reads the entries of a tar in order.
//!
//! All dialects are supported: v7, ustar, GNU and pax. Malformed data is refused and never skipped:
//! a reader that continues sees another archive than the one that was inspected.

use super::budget::Budget;
use super::entry::{Entry, Extensions, has_contents};
use super::header::{BLOCK, Fields, padding, sparse_extension, until_nul};
use super::pax::Records;
use super::sparse::{Numbers, PaxMap, SparseMap};
use crate::error::EntryFault;
use std::io::{self, BufRead};

/// The longest extended header that is read, in bytes: the limit of Go's reader, and so of other
/// tools. A header can claim terabytes, so memory is allocated only as data arrives.
const MAX_EXTENSION: u64 = 1 << 20;

/// Reads entries from a stream.
pub struct Entries<'s> {
    stream: &'s mut dyn BufRead,
    /// How many bytes of the current entry's contents are unread.
    left: u64,
    /// How many bytes pad its last block.
    padding: u64,
    /// Records of `g` headers, which apply to all later entries.
    global: Records,
    /// The name of the current entry, for messages.
    name: Vec<u8>,
    /// The remaining budget of the image, if limited.
    budget: Option<&'s mut Budget>,
}

impl<'s> Entries<'s> {
    /// Reads entries from the current position of `stream`.
    pub fn new(stream: &'s mut dyn BufRead) -> Self {
        Self {
            stream,
            left: 0,
            padding: 0,
            global: Records::default(),
            name: Vec::new(),
            budget: None,
        }
    }

    /// The same for a layer of an image with this budget.
    pub fn within(stream: &'s mut dyn BufRead, budget: &'s mut Budget) -> Self {
        Self {
            budget: Some(budget),
            ..Self::new(stream)
        }
    }

    /// Counts path components resolved for an entry.
    pub fn step(&mut self, steps: u64) -> Result<(), EntryFault> {
        match &mut self.budget {
            Some(budget) => budget.step(steps),
            None => Ok(()),
        }
    }

    /// Consumes bytes that were read from the buffer.
    fn consume(&mut self, length: usize) -> Result<(), EntryFault> {
        self.stream.consume(length);
        match &mut self.budget {
            Some(budget) => budget.unpack(length as u64),
            None => Ok(()),
        }
    }

    /// The name of the current entry, as stored in the archive.
    pub fn name(&self) -> &[u8] {
        &self.name
    }

    /// The next entry, or None at the end. Skips unread contents of the previous one.
    pub fn advance(&mut self) -> Result<Option<Entry>, EntryFault> {
        let mut extensions = Extensions::default();
        let mut pending = false;
        loop {
            if self.skip(self.left)? > 0 {
                return Err(EntryFault::Truncated);
            }
            // `umoci insert` does not pad the last block. Whatever follows must still be aligned.
            self.skip(self.padding)?;
            (self.left, self.padding) = (0, 0);
            let Some(fields) = self.header()? else {
                return if pending {
                    Err(EntryFault::Dangling)
                } else {
                    Ok(None)
                };
            };
            match fields.kind {
                b'x' => {
                    extensions.records = Records::default();
                    extensions.records.read(&self.extension(fields.size)?)?;
                }
                b'g' => {
                    self.global_records(fields.size)?;
                    continue;
                }
                b'L' => extensions.long_name = Some(self.long_name(fields.size)?),
                b'K' => extensions.long_link = Some(self.long_name(fields.size)?),
                _ => return self.entry(fields, extensions).map(Some),
            }
            pending = true;
        }
    }

    /// Passes the contents of the current file to a callback, piece by piece.
    pub fn contents(
        &mut self,
        mut take: impl FnMut(&[u8]) -> Result<(), EntryFault>,
    ) -> Result<(), EntryFault> {
        while self.left > 0 {
            let piece = self.stream.fill_buf().map_err(EntryFault::Stream)?;
            if piece.is_empty() {
                return Err(EntryFault::Truncated);
            }
            let length =
                usize::try_from(self.left).map_or(piece.len(), |left| left.min(piece.len()));
            take(&piece[..length])?;
            self.consume(length)?;
            self.left -= length as u64;
        }
        Ok(())
    }

    /// Reads to the end of the stream: padding, data after the end-of-archive marker, and the
    /// trailing checksums of the compression.
    pub fn drain(&mut self) -> Result<(), EntryFault> {
        loop {
            match self.stream.fill_buf().map(<[u8]>::len) {
                Ok(0) => return Ok(()),
                Ok(length) => self.consume(length)?,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(EntryFault::Stream(e)),
            }
        }
    }

    /// The entry that starts with this header.
    fn entry(
        &mut self,
        mut fields: Fields,
        mut extensions: Extensions,
    ) -> Result<Entry, EntryFault> {
        let sparse = PaxMap::new(std::mem::take(&mut extensions.records.sparse))?;
        let records = &mut extensions.records;
        let name = sparse.as_ref().and_then(|sparse| sparse.name.clone());
        let name = name.or(records.path.take()).or(extensions.long_name.take());
        let name = name.unwrap_or(std::mem::take(&mut fields.name));
        self.name.clone_from(&name);
        let stored = records.size.unwrap_or(fields.size);
        let is_file = has_contents(fields.kind, &name);
        let holes = match (sparse, fields.sparse.take()) {
            (Some(_), _) if !is_file => return Err(EntryFault::Sparse),
            (Some(pax), None) => {
                self.begin(stored);
                let segments = match pax.segments {
                    Some(segments) => segments,
                    None => self.map_before_contents()?,
                };
                Some(SparseMap::new(segments, pax.size, self.left)?)
            }
            (None, Some(mut old)) => {
                while old.more {
                    let block = self.block()?.ok_or(EntryFault::Truncated)?;
                    old.more = sparse_extension(&block, &mut old.segments)?;
                }
                self.begin(stored);
                Some(SparseMap::new(old.segments, old.size, stored)?)
            }
            (Some(_), Some(_)) => return Err(EntryFault::Sparse),
            (None, None) => {
                self.begin(if is_file { stored } else { 0 });
                None
            }
        };
        let size = holes.as_ref().map_or(stored, SparseMap::size);
        let entry = Entry::new(fields, extensions, &self.global, &name, (size, holes))?;
        if let Some(budget) = &mut self.budget {
            budget.add(&entry)?;
        }
        Ok(entry)
    }

    /// The map that pax 1.0 stores before the contents of a sparse file: decimal lines in whole
    /// blocks.
    fn map_before_contents(&mut self) -> Result<Vec<(u64, u64)>, EntryFault> {
        let mut numbers = Numbers::default();
        while !numbers.is_complete() {
            let block = self.block()?.ok_or(EntryFault::Truncated)?;
            self.left = self
                .left
                .checked_sub(BLOCK as u64)
                .ok_or(EntryFault::Sparse)?;
            numbers.read(&block)?;
        }
        Ok(numbers.into_segments())
    }

    /// Reads records that apply to all later entries.
    fn global_records(&mut self, size: u64) -> Result<(), EntryFault> {
        let records = self.extension(size)?;
        self.global.read(&records)?;
        let Records {
            path,
            link_path,
            size,
            sparse,
            ..
        } = &self.global;
        // These would give all later entries the same name, size or holes.
        let individual =
            path.is_some() || link_path.is_some() || size.is_some() || !sparse.is_empty();
        if individual {
            Err(EntryFault::Pax)
        } else {
            Ok(())
        }
    }

    fn long_name(&mut self, size: u64) -> Result<Vec<u8>, EntryFault> {
        Ok(until_nul(&self.extension(size)?).to_vec())
    }

    /// The contents of an extended header.
    fn extension(&mut self, size: u64) -> Result<Vec<u8>, EntryFault> {
        if size > MAX_EXTENSION {
            return Err(EntryFault::HeaderTooLong);
        }
        self.begin(size);
        let mut bytes = Vec::new();
        self.contents(|piece| {
            bytes.extend_from_slice(piece);
            Ok(())
        })?;
        Ok(bytes)
    }

    /// A header block, or None at the end of the archive: two blocks of zeros, or the end of the
    /// stream at a block boundary, with or without one block of zeros before it.
    fn header(&mut self) -> Result<Option<Fields>, EntryFault> {
        let Some(block) = self.block()? else {
            return Ok(None);
        };
        if block == [0; BLOCK] {
            return match self.block()? {
                Some(block) if block != [0; BLOCK] => Err(EntryFault::LoneZeroBlock),
                _ => Ok(None),
            };
        }
        self.name = until_nul(&block[..100]).to_vec();
        Fields::read(&block).map(Some)
    }

    fn block(&mut self) -> Result<Option<[u8; BLOCK]>, EntryFault> {
        let mut block = [0; BLOCK];
        let mut filled = 0;
        while filled < BLOCK {
            let piece = self.stream.fill_buf().map_err(EntryFault::Stream)?;
            if piece.is_empty() {
                return if filled == 0 {
                    Ok(None)
                } else {
                    Err(EntryFault::Truncated)
                };
            }
            let length = piece.len().min(BLOCK - filled);
            block[filled..filled + length].copy_from_slice(&piece[..length]);
            self.consume(length)?;
            filled += length;
        }
        Ok(Some(block))
    }

    /// Starts contents of `size` bytes.
    fn begin(&mut self, size: u64) {
        self.left = size;
        self.padding = padding(size);
    }

    /// Skips `count` bytes, and returns how many of them the stream lacks.
    fn skip(&mut self, mut count: u64) -> Result<u64, EntryFault> {
        while count > 0 {
            let piece = self.stream.fill_buf().map_err(EntryFault::Stream)?.len();
            if piece == 0 {
                break;
            }
            let length = usize::try_from(count).map_or(piece, |count| count.min(piece));
            self.consume(length)?;
            count -= length as u64;
        }
        Ok(count)
    }
}
