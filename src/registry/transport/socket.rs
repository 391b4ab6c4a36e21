//! A TCP connection on which a signal ends every wait. ureq's own keeps reading after a signal, and
//! cannot take over a socket that is already connected.

use super::sockets::SocketSet;
use crate::error::Error;
use crate::sys::is_writable_within;
use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use ureq::unversioned::transport::NextTimeout;

/// A connection to a server or proxy.
pub(super) struct Socket {
    set: SocketSet,
    id: u64,
    timeout: NextTimeout,
}

impl Socket {
    /// A connection over `stream`, which must not block. It is read ahead while others of `set` are
    /// waited for.
    pub(super) fn new(stream: TcpStream, set: SocketSet) -> Self {
        Self {
            id: set.add(stream),
            set,
            timeout: NextTimeout::default(),
        }
    }

    /// Sets the time-out of each read and write.
    pub(super) fn set_timeout(&mut self, timeout: NextTimeout) {
        self.timeout = timeout;
    }

    /// False if the server has closed the connection or sent something unsolicited, other than with TLS.
    pub(super) fn is_open(&self, has_tls: bool) -> bool {
        self.set.is_open(self.id, has_tls)
    }
}

impl Read for Socket {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let timeout = self.timeout.for_read();
        let read = self.set.read(self.id, buffer, *timeout.after)?;
        read.ok_or_else(|| ureq::Error::Timeout(timeout.reason).into_io())
    }
}

impl Write for Socket {
    /// Requests are small: they fit into the kernel's buffer, so writes hardly ever wait.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let timeout = self.timeout.for_write();
        self.set.with(self.id, |mut stream| {
            loop {
                match stream.write(bytes) {
                    Err(e) if e.kind() == ErrorKind::WouldBlock => {}
                    other => return other,
                }
                let is_ready = is_writable_within(stream, *timeout.after);
                Error::unless_stopped().map_err(io::Error::other)?;
                if !is_ready? {
                    return Err(ureq::Error::Timeout(timeout.reason).into_io());
                }
            }
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.set.remove(self.id);
    }
}
