//! A TCP connection. It replaces ureq's, which cannot take a connected socket and which keeps
//! reading after a signal.

use std::fmt;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;
use ureq::unversioned::transport::{Buffers, LazyBuffers, NextTimeout, Transport};

/// A connection to a server or proxy.
pub(super) struct Socket {
    stream: TcpStream,
    buffers: LazyBuffers,
    /// The current socket time-outs for reads and writes: setting one is a system call.
    read_time: Option<Duration>,
    write_time: Option<Duration>,
}

impl Socket {
    /// A connection with these sizes of input and output buffers, in bytes.
    pub(super) fn new(stream: TcpStream, buffers: (usize, usize)) -> Self {
        Self {
            stream,
            buffers: LazyBuffers::new(buffers.0, buffers.1),
            read_time: None,
            write_time: None,
        }
    }
}

impl Transport for Socket {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    /// Requests are small: they are buffered in the kernel, so writes hardly ever block.
    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), ureq::Error> {
        let timeout = timeout.for_write();
        let time = timeout.not_zero().map(|time| *time);
        if self.write_time != time {
            self.stream.set_write_timeout(time)?;
            self.write_time = time;
        }
        let output = self.buffers.output().get(..amount).unwrap_or_default();
        self.stream.write_all(output).map_err(|e| match e.kind() {
            ErrorKind::WouldBlock => ureq::Error::Timeout(timeout.reason),
            _ => e.into(),
        })
    }

    /// A signal ends the wait early: with a time-out set, the kernel does not restart the read.
    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, ureq::Error> {
        let timeout = timeout.for_read();
        let time = timeout.not_zero().map(|time| *time);
        if self.read_time != time {
            self.stream.set_read_timeout(time)?;
            self.read_time = time;
        }
        let read = self.stream.read(self.buffers.input_append_buf());
        let count = read.map_err(|e| match e.kind() {
            ErrorKind::WouldBlock | ErrorKind::Interrupted => ureq::Error::Timeout(timeout.reason),
            _ => e.into(),
        })?;
        self.buffers.input_appended(count);
        Ok(count > 0)
    }

    /// False if the server has closed the connection or sent something unsolicited.
    fn is_open(&mut self) -> bool {
        let peeked = self.stream.set_nonblocking(true);
        let peeked = peeked.and_then(|()| self.stream.peek(&mut [0]));
        let is_quiet = peeked.is_err_and(|e| e.kind() == ErrorKind::WouldBlock);
        is_quiet && self.stream.set_nonblocking(false).is_ok()
    }
}

impl fmt::Debug for Socket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.stream.fmt(f)
    }
}
