//! A connection for ureq, whose request can be sent before its response is needed.
//!
//! ureq sends a request and waits for its response in one step. To send a request only, the
//! connection itself supplies a response, which never touches the network, and goes back to ureq's
//! pool. When the same request is made again, there is nothing left to send, and the response is
//! the server's.

use super::channel::Channel;
use super::deadline::Deadline;
use super::interim::InterimFilter;
use crate::registry::tls::stream::TlsStream;
use std::fmt;
use std::io::{Read as _, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant};
use ureq::unversioned::transport::{Buffers, LazyBuffers, NextTimeout, Transport};

/// The response supplied in place of the server's. It has no body, or ureq would close the
/// connection.
const PENDING: &[u8] = b"HTTP/1.1 204 Pending\r\n\r\n";
/// The same, once the server has responded.
const ANSWERED: &[u8] = b"HTTP/1.1 204 Answered\r\nIs-Answered: yes\r\n\r\n";

/// The header that says that the server's response has arrived, or never will.
pub(super) const IS_ANSWERED: &str = "is-answered";

/// How long to wait at least for a response whose request was sent ahead.
const LEAST_WAIT: Duration = Duration::from_millis(200);

/// How long an idle connection is kept for the next request: extracting a layer takes a while.
const IDLE: Duration = Duration::from_secs(60);

/// How the requests of a pool are sent. There is one thread, but ureq requires `Sync`.
#[derive(Clone, Debug, Default)]
pub(super) struct SendMode(Arc<AtomicU8>);

/// How long a request waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WaitUntil {
    /// Until the server responds.
    Answered,
    /// Until the request is sent.
    Sent,
    /// Not at all: it only checks whether the server has responded.
    Now,
}

impl SendMode {
    /// Sets the mode of the requests that follow.
    pub(super) fn set(&self, until: WaitUntil) {
        self.0.store(until as u8, Ordering::Relaxed);
    }

    pub(super) fn is(&self, until: WaitUntil) -> bool {
        self.0.load(Ordering::Relaxed) == until as u8
    }
}

/// A connection to a server, or to a proxy itself.
pub(super) struct Connection {
    stream: Stream,
    buffers: LazyBuffers,
    interim: InterimFilter,
    deadline: Deadline,
    mode: SendMode,
    /// Whether the next request that ureq makes was sent already.
    is_sent: bool,
    /// When something was last sent or received.
    used: Instant,
    /// Whether nothing has been received of a response since its request was sent ahead.
    is_pending: bool,
    /// The length of that request, in bytes.
    size: usize,
    /// Whether a part of its response has been received.
    is_answered: bool,
    /// The supplied response, while ureq reads it.
    substitute: Option<LazyBuffers>,
}

/// The stream that HTTP is spoken over.
pub(super) enum Stream {
    /// http.
    Plain(Box<Channel>),
    /// https.
    Tls(Box<TlsStream<Channel>>),
}

impl Connection {
    /// A connection over `stream`, with these sizes of input and output buffers, in bytes.
    pub(super) fn new(
        stream: Stream,
        buffers: (usize, usize),
        mode: SendMode,
        deadline: Deadline,
    ) -> Self {
        Self {
            stream,
            buffers: LazyBuffers::new(buffers.0, buffers.1),
            interim: InterimFilter::default(),
            deadline,
            mode,
            is_sent: false,
            used: Instant::now(),
            is_pending: false,
            size: 0,
            is_answered: false,
            substitute: None,
        }
    }

    /// Receives what has arrived, or waits for it; false at the end.
    fn receive(&mut self, timeout: NextTimeout) -> Result<bool, ureq::Error> {
        self.stream.channel().set_timeout(timeout);
        let room = self.buffers.input_append_buf();
        let count = match &mut self.stream {
            Stream::Plain(channel) => channel.read(room),
            Stream::Tls(tls) => tls.read(room),
        }?;
        (self.used, self.is_pending) = (Instant::now(), false);
        self.buffers.input_appended(count);
        self.interim.drop_interim(&mut self.buffers)?;
        Ok(count > 0)
    }

    /// Receives a part of the server's response, before its deadline.
    fn await_response(&mut self, timeout: NextTimeout) -> Result<bool, ureq::Error> {
        let mut timeout = self.deadline.limit(timeout)?;
        if self.is_pending {
            // It could have responded since the request was sent: several silent connections do not add up.
            let left = timeout.after.saturating_sub(self.used.elapsed());
            timeout.after = left.max(LEAST_WAIT).into();
        }
        let before = self.buffers.input().len();
        let has_more = self.receive(timeout)?;
        let now = self.buffers.input().len();
        self.deadline.count(now.saturating_sub(before));
        Ok(has_more)
    }

    /// Whether the server has responded, or never will.
    fn check_answered(&mut self) -> bool {
        let now = NextTimeout {
            after: Duration::ZERO.into(),
            ..NextTimeout::default()
        };
        if !self.is_answered {
            match self.receive(now) {
                // Only an interim response has arrived.
                Ok(true) if self.buffers.input().is_empty() => return false,
                Ok(has_more) => self.is_answered = has_more,
                Err(ureq::Error::Timeout(_)) => return false,
                Err(_) => {}
            }
        }
        true
    }

    /// Makes ureq read `response` in place of the server's.
    fn supply(&mut self, response: &[u8]) {
        let mut buffers = LazyBuffers::new(response.len(), 1);
        buffers.input_append_buf().copy_from_slice(response);
        buffers.input_appended(response.len());
        self.substitute = Some(buffers);
    }
}

impl Transport for Connection {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.substitute.as_mut().unwrap_or(&mut self.buffers)
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), ureq::Error> {
        if !self.is_sent {
            self.size += amount;
            self.used = Instant::now();
            self.interim.expect_head();
            self.stream.channel().set_timeout(timeout);
            let output = self.buffers.output().get(..amount).unwrap_or_default();
            match &mut self.stream {
                Stream::Plain(channel) => channel.write_all(output),
                Stream::Tls(tls) => tls.write_all(output).and_then(|()| tls.flush()),
            }?;
        } else if self.mode.is(WaitUntil::Answered) {
            self.size = self.size.saturating_sub(amount);
            self.is_sent = self.size > 0;
            // ureq does not wait for input that it knows to be buffered.
            self.is_answered &= !self.buffers.can_use_input();
        }
        Ok(())
    }

    /// True if anything has arrived, even if all of it was dropped: ureq then keeps waiting.
    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, ureq::Error> {
        if self.mode.is(WaitUntil::Answered) {
            if std::mem::take(&mut self.is_answered) {
                return Ok(true);
            }
            return self.await_response(timeout);
        }
        let is_answered = self.mode.is(WaitUntil::Now) && self.check_answered();
        self.is_sent = true;
        self.is_pending = !is_answered;
        self.supply(if is_answered { ANSWERED } else { PENDING });
        Ok(true)
    }

    /// Called before each request and after each response.
    fn is_open(&mut self) -> bool {
        self.substitute = None;
        if self.is_sent {
            return true;
        }
        self.size = 0;
        let has_tls = self.is_tls();
        self.used.elapsed() < IDLE && self.stream.channel().is_open(has_tls)
    }

    fn is_tls(&self) -> bool {
        matches!(self.stream, Stream::Tls(_))
    }
}

impl Stream {
    fn channel(&mut self) -> &mut Channel {
        match self {
            Self::Plain(channel) => channel,
            Self::Tls(tls) => tls.channel(),
        }
    }
}

impl fmt::Debug for Connection {
    /// Omits what is sent, which may contain credentials.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").finish_non_exhaustive()
    }
}
