//! Members that were passed and may be needed later: small ones in memory, large ones in an unnamed
//! file.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufRead, Cursor, Read, Write as _};
use std::os::unix::fs::FileExt as _;
use std::rc::Rc;

/// The largest member that is kept in memory, in bytes: most manifests and configs are smaller.
const SMALL: u64 = 1 << 20;

/// How much of small members is kept in memory in total, in bytes.
const MAX_SMALL: u64 = 4 << 20;

/// How much of larger documents is kept in memory in total where there is no file: an index and a manifest of the
/// largest size.
const MAX_DOCUMENTS: u64 = 16 << 20;

/// The spooled members.
pub(super) struct Spool {
    file: Option<Rc<File>>,
    end: u64,
    /// How many bytes of small members are in memory.
    small: u64,
    /// How many bytes of larger documents are in memory.
    documents: u64,
    kept: HashMap<String, SpooledMember>,
}

enum SpooledMember {
    InMemory(Vec<u8>),
    At(u64, u64),
}

impl Spool {
    /// An empty spool. Without a file, it holds only small members and documents.
    pub(super) fn new(file: Option<File>) -> Self {
        Self {
            file: file.map(Rc::new),
            end: 0,
            small: 0,
            documents: 0,
            kept: HashMap::new(),
        }
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.kept.contains_key(name)
    }

    /// Whether a member of this size fits into memory.
    pub(super) fn is_small(&self, size: u64) -> bool {
        size <= SMALL && self.small + size <= MAX_SMALL
    }

    /// Whether a document of this size can be kept.
    pub(super) fn fits_document(&self, size: u64) -> bool {
        self.is_small(size) || self.has_file() || self.documents + size <= MAX_DOCUMENTS
    }

    /// Whether there is a file for larger members.
    pub(super) fn has_file(&self) -> bool {
        self.file.is_some()
    }

    /// Stores `size` bytes of `tar` under a name.
    pub(super) fn keep(
        &mut self,
        name: &str,
        size: u64,
        tar: &mut dyn BufRead,
    ) -> Result<(), SpoolFailure> {
        let mut contents = tar.take(size);
        let kept = match &self.file {
            Some(file) if !self.is_small(size) => {
                let mut file: &File = file;
                let mut written = 0;
                loop {
                    let piece = contents.fill_buf().map_err(SpoolFailure::Read)?;
                    if piece.is_empty() {
                        break;
                    }
                    file.write_all(piece).map_err(SpoolFailure::Write)?;
                    let count = piece.len();
                    written += count as u64;
                    contents.consume(count);
                }
                let at = self.end;
                self.end += written;
                SpooledMember::At(at, written)
            }
            _ => {
                let mut bytes = Vec::new();
                contents
                    .read_to_end(&mut bytes)
                    .map_err(SpoolFailure::Read)?;
                let kept_of_kind = if self.is_small(size) {
                    &mut self.small
                } else {
                    &mut self.documents
                };
                *kept_of_kind += bytes.len() as u64;
                SpooledMember::InMemory(bytes)
            }
        };
        self.kept.insert(name.to_owned(), kept);
        Ok(())
    }

    pub(super) fn size(&self, name: &str) -> Option<u64> {
        Some(match self.kept.get(name)? {
            SpooledMember::InMemory(bytes) => bytes.len() as u64,
            SpooledMember::At(_, size) => *size,
        })
    }

    /// Opens a spooled member as a stream.
    pub(super) fn open(&self, name: &str) -> Option<Box<dyn Read>> {
        match self.kept.get(name)? {
            SpooledMember::InMemory(bytes) => Some(Box::new(Cursor::new(bytes.clone()))),
            SpooledMember::At(offset, size) => Some(Box::new(Slice {
                file: Rc::clone(self.file.as_ref()?),
                offset: *offset,
                left: *size,
            })),
        }
    }
}

/// Why a member could not be spooled.
pub(super) enum SpoolFailure {
    /// It could not be read.
    Read(io::Error),
    /// The spool file could not be written.
    Write(io::Error),
}

/// A part of the spool file.
struct Slice {
    file: Rc<File>,
    offset: u64,
    left: u64,
}

impl Read for Slice {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.left).map_or(buffer.len(), |left| left.min(buffer.len()));
        let count = self.file.read_at(&mut buffer[..most], self.offset)?;
        self.offset += count as u64;
        self.left -= count as u64;
        Ok(count)
    }
}
