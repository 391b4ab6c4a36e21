//! The bytes to and from a server, below TLS: over a socket, or through a proxy. Splits each read
//! into short waits, to report a silent server.

use super::socket::Socket;
use crate::error::Error;
use crate::progress::Progress;
use std::io::{self, Read, Write};
use std::time::{Duration, Instant};
use ureq::unversioned::transport::{NextTimeout, TransportAdapter};

/// The length of one short wait.
const MOMENT: Duration = Duration::from_millis(200);

/// A channel to a server, or to a proxy itself.
pub(super) struct Channel {
    carrier: Carrier,
    host: String,
    progress: Progress,
    /// The time-out of the next reads and writes together, and when it began.
    timeout: NextTimeout,
    begun: Instant,
}

/// What carries the bytes.
pub(super) enum Carrier {
    /// A connection to the server or proxy.
    Socket(Socket),
    /// What a proxy passes on after a CONNECT.
    Tunnel(Box<TransportAdapter>),
}

impl Channel {
    /// A channel to `host`.
    pub(super) fn new(carrier: Carrier, host: &str, progress: Progress) -> Self {
        Self {
            carrier,
            host: host.to_owned(),
            progress,
            timeout: NextTimeout::default(),
            begun: Instant::now(),
        }
    }

    /// Sets the time-out of the next reads and writes together, which begins now.
    pub(super) fn set_timeout(&mut self, timeout: NextTimeout) {
        self.timeout = timeout;
        self.begun = Instant::now();
    }

    /// False if the other side has closed the connection or sent something unsolicited.
    pub(super) fn is_open(&mut self, has_tls: bool) -> bool {
        match &mut self.carrier {
            Carrier::Socket(socket) => socket.is_open(has_tls),
            Carrier::Tunnel(tunnel) => tunnel.get_mut().is_open(),
        }
    }

    /// The rest of the time-out.
    fn timeout_left(&self) -> NextTimeout {
        let left = self.timeout.after.saturating_sub(self.begun.elapsed());
        NextTimeout {
            after: left.into(),
            ..self.timeout
        }
    }
}

impl Carrier {
    fn set_timeout(&mut self, timeout: NextTimeout) {
        match self {
            Self::Socket(socket) => socket.set_timeout(timeout),
            Self::Tunnel(tunnel) => tunnel.set_timeout(timeout),
        }
    }

    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Socket(socket) => socket.read(buffer),
            Self::Tunnel(tunnel) => tunnel.read(buffer),
        }
    }
}

impl Read for Channel {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let whole = self.timeout_left().for_read();
        let begun = Instant::now();
        loop {
            let left = whole.after.saturating_sub(begun.elapsed());
            self.carrier.set_timeout(NextTimeout {
                after: left.min(MOMENT).into(),
                per_read: None,
                ..whole
            });
            match self.carrier.read(buffer) {
                Err(e) if left > MOMENT && is_timeout(&e) => {
                    Error::unless_stopped().map_err(io::Error::other)?;
                    self.progress.stalled(&self.host, begun.elapsed());
                }
                other => return other,
            }
        }
    }
}

impl Write for Channel {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let timeout = self.timeout_left();
        self.carrier.set_timeout(timeout);
        match &mut self.carrier {
            Carrier::Socket(socket) => socket.write(bytes),
            Carrier::Tunnel(tunnel) => tunnel.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn is_timeout(error: &io::Error) -> bool {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref());
    matches!(inner, Some(ureq::Error::Timeout(_)))
}
