//! Standard output, which may be a pipe that is not read for a long time.

use crate::error::Error;
use crate::sys::{check_stdout, wait_to_write};
use std::io::{self, StdoutLock, Write};

/// Standard output. A signal ends a write that waits for the reader.
pub struct Stdout(StdoutLock<'static>);

impl Stdout {
    /// Locks standard output for this process.
    pub fn lock() -> Self {
        Self(io::stdout().lock())
    }
}

impl Write for Stdout {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        check_stdout()?;
        // Other errors come again from the write.
        if wait_to_write(&self.0).is_err() {
            Error::unless_stopped().map_err(io::Error::other)?;
        }
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}
