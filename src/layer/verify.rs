//! Readers that check the bytes read through them against a digest.

use crate::error::{Error, ImageError, Part};
use crate::oci::{Descriptor, Digest, Hasher};
use std::io::{self, BufRead, Read};

/// A blob's bytes: if digest or size do not match, reading fails instead of ending.
pub struct Verifier<R> {
    inner: R,
    expected: Digest,
    /// Taken when the end has been checked.
    hasher: Option<Hasher>,
    size: u64,
    seen: u64,
}

impl<R: Read> Verifier<R> {
    /// Checks `inner` against `blob`.
    pub fn new(blob: &Descriptor, inner: R) -> Self {
        let hasher = Some(Hasher::new(blob.digest.algorithm()));
        Self {
            inner,
            expected: blob.digest.clone(),
            hasher,
            size: blob.size,
            seen: 0,
        }
    }

    /// Reads to the end, where digest and size are checked.
    pub fn drain(&mut self) -> Result<(), Error> {
        io::copy(self, &mut io::sink())
            .map(drop)
            .map_err(|e| Error::in_stream(&self.expected, e))
    }

    /// The wrapped reader.
    pub fn into_inner(self) -> R {
        self.inner
    }

    fn size_mismatch(&self) -> Error {
        ImageError::SizeMismatch {
            digest: self.expected.clone(),
            expected: self.size,
            actual: self.seen,
        }
        .into()
    }

    fn check_end(&mut self) -> Result<(), Error> {
        let Some(hasher) = self.hasher.take() else {
            return Ok(());
        };
        if self.seen != self.size {
            return Err(self.size_mismatch());
        }
        Error::unless_equal(Part::Blob, &self.expected, hasher.finish())
    }
}

impl<R: Read> Read for Verifier<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        Error::unless_stopped().map_err(io::Error::other)?;
        let count = self.inner.read(buffer)?;
        if count == 0 && !buffer.is_empty() {
            self.check_end().map_err(io::Error::other)?;
            return Ok(0);
        }
        self.seen += count as u64;
        // An endless body is refused at the first excess byte.
        if self.seen > self.size {
            self.hasher = None;
            return Err(io::Error::other(self.size_mismatch()));
        }
        if let Some(hasher) = &mut self.hasher {
            hasher.update(&buffer[..count]);
        }
        Ok(count)
    }
}

/// The uncompressed bytes of a layer, buffered in large chunks to avoid copying, and checked
/// against the DiffID at the end.
pub(super) struct Contents<R> {
    inner: R,
    expected: Digest,
    hasher: Option<Hasher>,
    buffer: Box<[u8]>,
    filled: usize,
    taken: usize,
}

impl<R: Read> Contents<R> {
    /// Checks `inner` against `diff_id`, `chunk` bytes at a time.
    pub(super) fn new(diff_id: &Digest, inner: R, chunk: usize) -> Self {
        Self {
            inner,
            expected: diff_id.clone(),
            hasher: Some(Hasher::new(diff_id.algorithm())),
            buffer: vec![0; chunk].into_boxed_slice(),
            filled: 0,
            taken: 0,
        }
    }

    /// Reads to the end, where the DiffID is checked.
    pub(super) fn drain(&mut self) -> io::Result<()> {
        loop {
            match self.fill_buf()?.len() {
                0 => return Ok(()),
                count => self.consume(count),
            }
        }
    }

    /// The wrapped reader.
    pub(super) fn into_inner(self) -> R {
        self.inner
    }
}

impl<R: Read> BufRead for Contents<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.taken == self.filled {
            (self.taken, self.filled) = (0, 0);
            // A few compressed bytes may expand so far that the reader below sees no call for a
            // long time.
            Error::unless_stopped().map_err(io::Error::other)?;
            // Decoders return whatever they have; small pieces are combined, or each would cost a
            // write of its own.
            while self.filled < self.buffer.len() {
                match self.inner.read(&mut self.buffer[self.filled..]) {
                    Ok(0) => break,
                    Ok(count) => self.filled += count,
                    Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                    Err(e) => return Err(e),
                }
            }
            match &mut self.hasher {
                Some(hasher) if self.filled > 0 => hasher.update(&self.buffer[..self.filled]),
                hasher => {
                    if let Some(hasher) = hasher.take() {
                        Error::unless_equal(Part::Contents, &self.expected, hasher.finish())
                            .map_err(io::Error::other)?;
                    }
                }
            }
        }
        Ok(&self.buffer[self.taken..self.filled])
    }

    fn consume(&mut self, count: usize) {
        self.taken = (self.taken + count).min(self.filled);
    }
}

/// Required by `BufRead`; the tar reader uses whole buffers.
impl<R: Read> Read for Contents<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(buffer)?;
        self.consume(count);
        Ok(count)
    }
}
