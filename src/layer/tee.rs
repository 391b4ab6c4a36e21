//! Copies everything that is read to a second place.

use std::io::{self, Read, Write};

/// A reader that copies what passes through it.
pub(super) struct Tee<R, W> {
    inner: R,
    copy: io::Result<Option<W>>,
}

impl<R: Read, W: Write> Tee<R, W> {
    /// Copies what is read from `inner` to `copy`, if there is one.
    pub(super) fn new(inner: R, copy: Option<W>) -> Self {
        Self {
            inner,
            copy: Ok(copy),
        }
    }

    /// The copy, which has all that was read, or why it was given up: a copy that cannot be kept
    /// (a full disk) does not spoil what it is a copy of.
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
