//! Copies everything that is read to a second writer.

use std::io::{self, Read, Write};

/// A reader that copies all bytes read through it.
pub(super) struct Tee<R, W> {
    inner: R,
    copy: io::Result<Option<W>>,
}

impl<R: Read, W: Write> Tee<R, W> {
    /// Copies what is read from `inner` to `copy`, if given.
    pub(super) fn new(inner: R, copy: Option<W>) -> Self {
        Self {
            inner,
            copy: Ok(copy),
        }
    }

    /// The copy of everything that was read, or the error for which it was given up: a failed copy
    /// (on a full disk, for example) does not affect reading.
    pub(super) fn into_copy(self) -> io::Result<Option<W>> {
        self.copy
    }
}

impl<R: Read, W: Write> Read for Tee<R, W> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        if let Ok(Some(copy)) = &mut self.copy
            && let Err(e) = copy.write_all(&buffer[..count])
        {
            self.copy = Err(e);
        }
        Ok(count)
    }
}
