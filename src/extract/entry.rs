//! The entries of a tar, one after the other, each parsed once into an [`Entry`].
//!
//! Every dialect is read: v7, ustar, GNU and pax. What is malformed is refused and never skipped:
//! a reader that goes on sees another archive than the one that was looked over.

use super::header::{BLOCK, Fields, until_nul};
use super::path::LayerPath;
use super::pax::Records;
use crate::error::EntryFault;
use crate::sys::{Owner, Time};
use std::ffi::CString;
use std::io::{self, BufRead};

/// The longest extended header that is read, in bytes: what Go's reader, and so every peer, takes.
/// A header can claim terabytes; what is claimed here is not allocated before it has arrived.
const MAX_EXTENSION: u64 = 1 << 20;

/// One entry.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) path: LayerPath,
    pub(super) kind: EntryKind,
    pub(super) mode: u32,
    pub(super) owner: Owner,
    pub(super) mtime: Time,
    pub(super) xattrs: Vec<Xattr>,
}

/// What an entry makes.
#[derive(Debug)]
pub(super) enum EntryKind {
    Directory,
    File { size: u64 },
    Symlink { target: CString },
    HardLink { target: LayerPath },
    Fifo,
    Device { block: bool, number: (u32, u32) },
}

/// An extended attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Xattr {
    pub(super) name: CString,
    pub(super) value: Vec<u8>,
}

impl Entry {
    pub(super) fn is_symlink(&self) -> bool {
        matches!(self.kind, EntryKind::Symlink { .. })
    }
}

/// Reads entries off a stream.
pub(super) struct Entries<'s> {
    stream: &'s mut dyn BufRead,
    /// Bytes of the current entry's contents that have not been read.
    left: u64,
    /// Bytes that fill its last block.
    padding: u64,
    /// Records of `g` headers, which hold for all that follows.
    global: Records,
    /// The name of the entry at hand, for messages.
    name: Vec<u8>,
}

impl<'s> Entries<'s> {
    pub(super) fn new(stream: &'s mut dyn BufRead) -> Self {
        Self {
            stream,
            left: 0,
            padding: 0,
            global: Records::default(),
            name: Vec::new(),
        }
    }

    /// The name of the entry at hand, as it stands in the archive.
    pub(super) fn name(&self) -> &[u8] {
        &self.name
    }

    /// The next entry, or nothing at the end. What was not read of the one before is passed over.
    pub(super) fn next(&mut self) -> Result<Option<Entry>, EntryFault> {
        let mut extended: Option<Records> = None;
        let mut long_name: Option<Vec<u8>> = None;
        let mut long_link: Option<Vec<u8>> = None;
        loop {
            self.skip(self.left + self.padding)?;
            (self.left, self.padding) = (0, 0);
            let Some(fields) = self.header()? else {
                let pending = extended.is_some() || long_name.is_some() || long_link.is_some();
                return if pending {
                    Err(EntryFault::Dangling)
                } else {
                    Ok(None)
                };
            };
            match fields.kind {
                b'x' => {
                    let mut records = Records::default();
                    records.read(&self.extension(fields.size)?)?;
                    extended = Some(records);
                }
                b'g' => {
                    let records = self.extension(fields.size)?;
                    self.global.read(&records)?;
                    // These would give every later entry the same name or length.
                    let one = (&self.global.path, &self.global.link_path, self.global.size);
                    if !matches!(one, (None, None, None)) || !self.global.sparse.is_empty() {
                        return Err(EntryFault::Pax);
                    }
                }
                b'L' => long_name = Some(until_nul(&self.extension(fields.size)?).to_vec()),
                b'K' => long_link = Some(until_nul(&self.extension(fields.size)?).to_vec()),
                _ => {
                    let records = extended.unwrap_or_default();
                    return self.entry(fields, records, long_name, long_link).map(Some);
                }
            }
        }
    }

    /// Hands out the contents of the file at hand in pieces as they come.
    pub(super) fn contents(
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
            self.stream.consume(length);
            self.left -= length as u64;
        }
        Ok(())
    }

    /// A header block, or nothing at the end of the archive: two blocks of zeros, or the stream's
    /// own end at the edge of a block, with or without one block of zeros before it.
    fn header(&mut self) -> Result<Option<Fields>, EntryFault> {
        match self.block()? {
            None => Ok(None),
            Some(block) if block == [0; BLOCK] => match self.block()? {
                None => Ok(None),
                Some(block) if block == [0; BLOCK] => Ok(None),
                Some(_) => Err(EntryFault::LoneZeroBlock),
            },
            Some(block) => {
                self.name = until_nul(&block[..100]).to_vec();
                Fields::read(&block).map(Some)
            }
        }
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
            self.stream.consume(length);
            filled += length;
        }
        Ok(Some(block))
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

    /// Sets out on contents of `size` bytes.
    fn begin(&mut self, size: u64) {
        self.left = size;
        self.padding = size.wrapping_neg() % BLOCK as u64;
    }

    fn skip(&mut self, mut count: u64) -> Result<(), EntryFault> {
        while count > 0 {
            let piece = self.stream.fill_buf().map_err(EntryFault::Stream)?.len();
            if piece == 0 {
                return Err(EntryFault::Truncated);
            }
            let length = usize::try_from(count).map_or(piece, |count| count.min(piece));
            self.stream.consume(length);
            count -= length as u64;
        }
        Ok(())
    }

    /// Joins a header with what extended headers said of it: pax over GNU over the header itself,
    /// its own pax records over global ones.
    fn entry(
        &mut self,
        fields: Fields,
        records: Records,
        long_name: Option<Vec<u8>>,
        long_link: Option<Vec<u8>>,
    ) -> Result<Entry, EntryFault> {
        let global = &self.global;
        let is_slashed = |name: &[u8]| name.last() == Some(&b'/');
        let name = records.path.or(long_name).unwrap_or(fields.name);
        let link_name = records.link_path.or(long_link).unwrap_or(fields.link_name);
        self.name.clone_from(&name);
        if !records.sparse.is_empty() {
            return Err(EntryFault::Sparse);
        }
        let path = LayerPath::parse(&name)?;
        let size = records.size.unwrap_or(fields.size);
        let kind = match fields.kind {
            // v7 knew no directories: a name with a slash at its end was one.
            0 if is_slashed(&name) => EntryKind::Directory,
            0 | b'0' | b'7' => EntryKind::File { size },
            b'1' => EntryKind::HardLink {
                target: LayerPath::parse(&link_name)?,
            },
            b'2' => EntryKind::Symlink {
                target: CString::new(link_name).map_err(|_| EntryFault::NulInName)?,
            },
            b'3' | b'4' => EntryKind::Device {
                block: fields.kind == b'4',
                number: fields.device.ok_or(EntryFault::Number("device number"))?,
            },
            b'5' => EntryKind::Directory,
            b'6' => EntryKind::Fifo,
            b'S' => return Err(EntryFault::Sparse),
            other => return Err(EntryFault::UnknownType(other)),
        };
        let mut xattrs = global.xattrs.clone();
        xattrs.retain(|xattr| records.xattrs.iter().all(|own| own.name != xattr.name));
        xattrs.extend(records.xattrs);
        let mtime = match records.mtime.or(global.mtime) {
            Some(mtime) => mtime,
            None => Time {
                seconds: i64::try_from(fields.mtime).map_err(|_| EntryFault::Number("mtime"))?,
                nanoseconds: 0,
            },
        };
        let id = |own: Option<u64>, global: Option<u64>, header: i128, what| {
            let id = own.or(global).map_or(header, i128::from);
            // The highest number means "leave it" to chown.
            u32::try_from(id)
                .ok()
                .filter(|&id| id != u32::MAX)
                .ok_or(EntryFault::Number(what))
        };
        let owner = Owner {
            uid: id(records.uid, global.uid, fields.uid, "uid")?,
            gid: id(records.gid, global.gid, fields.gid, "gid")?,
        };
        // Only files have contents. Old writers put sizes into the headers of links and
        // directories too, and no peer reads contents there.
        self.begin(if let EntryKind::File { size } = kind {
            size
        } else {
            0
        });
        Ok(Entry {
            path,
            kind,
            mode: fields.mode,
            owner,
            mtime,
            xattrs,
        })
    }

    /// Reads on to the end of the stream: padding, what writers leave behind the end marker, and
    /// the checksums of the compression, which stand last.
    pub(super) fn drain(&mut self) -> Result<(), EntryFault> {
        loop {
            match self.stream.fill_buf().map(<[u8]>::len) {
                Ok(0) => return Ok(()),
                Ok(length) => self.stream.consume(length),
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(EntryFault::Stream(e)),
            }
        }
    }
}
