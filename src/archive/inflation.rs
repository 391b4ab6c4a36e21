//! Bounds how much an archive may inflate to, over all passes: a megabyte of zstd can be gigabytes
//! of zeros, and an archive whose members are out of order is read more than once.

use super::input::{RawInput, fault};
use crate::compression::Decoder;
use crate::error::{Error, LayoutFault};
use crate::tarball::is_explained;
use std::cell::Cell;
use std::io::{self, BufReader, Read};
use std::path::PathBuf;
use std::rc::Rc;

/// What has been read of one archive.
#[derive(Default)]
pub(super) struct Inflation {
    /// As far as it was read, in compressed bytes.
    compressed: Cell<u64>,
    /// What came of that, each time.
    inflated: Cell<u64>,
}

impl Inflation {
    /// The archive has been read up to here.
    pub(super) fn reach(&self, position: u64) {
        self.compressed.set(self.compressed.get().max(position));
    }

    fn add(&self, bytes: u64) -> bool {
        let inflated = self.inflated.get().saturating_add(bytes);
        self.inflated.set(inflated);
        is_explained(inflated, self.compressed.get())
    }
}

/// The uncompressed bytes of an archive.
pub(super) struct Inflated {
    pub(super) path: PathBuf,
    pub(super) bytes: Decoder<BufReader<RawInput>>,
    pub(super) inflation: Rc<Inflation>,
}

impl Read for Inflated {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        // Looking for a member may take long.
        Error::unless_stopped().map_err(io::Error::other)?;
        let count = self.bytes.read(buffer)?;
        if !self.bytes.is_plain() && !self.inflation.add(count as u64) {
            return Err(io::Error::other(fault(&self.path, LayoutFault::Bomb)));
        }
        Ok(count)
    }
}
