//! A TCP connection on which a signal ends every wait. ureq's own keeps reading after a signal, and
//! cannot take over a socket that is already connected.

use crate::error::Error;
use crate::sys::{is_readable_within, is_writable_within};
use std::fmt;
use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;
use ureq::unversioned::transport::NextTimeout;

/// A connection to a server or proxy.
pub(super) struct Socket {
    stream: TcpStream,
    timeout: NextTimeout,
}

impl Socket {
    /// A connection over `stream`, which does not block.
    pub(super) fn new(stream: TcpStream) -> Self {
        Self {
            stream,
            timeout: NextTimeout::default(),
        }
    }

    /// Sets the time-out of each read and write.
    pub(super) fn set_timeout(&mut self, timeout: NextTimeout) {
        self.timeout = timeout;
    }

    /// False if the server has closed the connection or sent something unsolicited.
    pub(super) fn is_open(&self) -> bool {
        let peeked = self.stream.peek(&mut [0]);
        peeked.is_err_and(|e| e.kind() == ErrorKind::WouldBlock)
    }

    /// Waits until the socket is ready, by calling `is_ready` with the time to wait.
    fn wait(
        &self,
        timeout: NextTimeout,
        is_ready: impl Fn(&TcpStream, Duration) -> io::Result<bool>,
    ) -> io::Result<()> {
        let is_ready = is_ready(&self.stream, *timeout.after);
        Error::unless_stopped().map_err(io::Error::other)?;
        if is_ready? {
            Ok(())
        } else {
            Err(ureq::Error::Timeout(timeout.reason).into_io())
        }
    }
}

impl Read for Socket {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.stream.read(buffer) {
                Err(e) if e.kind() == ErrorKind::WouldBlock => {
                    self.wait(self.timeout.for_read(), is_readable_within)?;
                }
                other => return other,
            }
        }
    }
}

impl Write for Socket {
    /// Requests are small: they fit into the kernel's buffer, so writes hardly ever wait.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        loop {
            match self.stream.write(bytes) {
                Err(e) if e.kind() == ErrorKind::WouldBlock => {
                    self.wait(self.timeout.for_write(), is_writable_within)?;
                }
                other => return other,
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl fmt::Debug for Socket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.stream.fmt(f)
    }
}
