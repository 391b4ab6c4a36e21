//! Limits how much an archive may decompress to, over all passes: a megabyte of zstd can become
//! gigabytes of zeros, and an archive with members out of order is read more than once.

use super::input::RawInput;
use crate::compression::Decoder;
use crate::error::{Error, LayoutFault};
use crate::tarball::is_explained;
use std::cell::Cell;
use std::io::{self, BufReader, Read};
use std::path::PathBuf;
use std::rc::Rc;

/// How much of an archive was read and decompressed.
#[derive(Default)]
pub(super) struct Inflation {
    /// The furthest position read, in compressed bytes.
    compressed: Cell<u64>,
    /// The decompressed bytes of all passes.
    inflated: Cell<u64>,
}

impl Inflation {
    /// Records that the archive was read up to `position`.
    pub(super) fn reach(&self, position: u64) {
        self.compressed.set(self.compressed.get().max(position));
    }

    fn add(&self, bytes: u64) -> bool {
        let inflated = self.inflated.get().saturating_add(bytes);
        self.inflated.set(inflated);
        is_explained(inflated, self.compressed.get())
    }
}

/// The decompressed bytes of an archive.
pub(super) struct Inflated {
    pub(super) path: PathBuf,
    pub(super) bytes: Decoder<BufReader<RawInput>>,
    pub(super) inflation: Rc<Inflation>,
}

impl Read for Inflated {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        // Finding a member may take long.
        Error::unless_stopped().map_err(io::Error::other)?;
        let count = self.bytes.read(buffer)?;
        if !self.bytes.is_plain() && !self.inflation.add(count as u64) {
            return Err(io::Error::other(LayoutFault::Bomb.at(&self.path)));
        }
        Ok(count)
    }
}
