//! Bytes that arrive in small pieces, as they do from a network.

use crate::support::Random;
use std::io::{self, BufRead, Read};

/// A reader that hands out at most so many bytes at a time, and sometimes is interrupted.
pub(super) struct Pieces<'b> {
    left: &'b [u8],
    /// How much of `left` has arrived.
    here: usize,
    largest: usize,
    random: Random,
}

impl<'b> Pieces<'b> {
    pub(super) fn new(bytes: &'b [u8], largest: usize, seed: u64) -> Self {
        Self {
            left: bytes,
            here: 0,
            largest,
            random: Random::new(seed),
        }
    }
}

impl BufRead for Pieces<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.here == 0 {
            self.here = (1 + self.random.below(self.largest)).min(self.left.len());
        }
        Ok(&self.left[..self.here])
    }

    fn consume(&mut self, count: usize) {
        assert!(count <= self.here, "more taken than there was");
        self.left = &self.left[count..];
        self.here -= count;
    }
}

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.random.percent(2) {
            return Err(io::Error::from(io::ErrorKind::Interrupted));
        }
        let count = self.fill_buf()?.read(buffer)?;
        self.consume(count);
        Ok(count)
    }
}
