//! A connection whose request can be sent before its response is needed.
//!
//! ureq sends a request and waits for its response in one step. To send a request only, the
//! connection itself supplies a response, which never touches the network, and goes back to ureq's
//! pool. When the same request is made again, there is nothing left to send, and the response is
//! the server's.

use super::deadline::Deadline;
use super::proxy::is_to_proxy;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, LazyBuffers, NextTimeout, Transport,
};

/// How long to check for a response: the shortest time-out of a socket.
const LOOK: Duration = Duration::from_millis(1);

/// The response supplied in place of the server's. It has no body, or ureq would close the
/// connection.
const LATER: &[u8] = b"HTTP/1.1 204 Later\r\n\r\n";
const NOW: &[u8] = b"HTTP/1.1 204 Now\r\nIs-Answered: yes\r\n\r\n";

/// The header that says that the server's response has arrived, or never will.
pub(super) const IS_ANSWERED: &str = "is-answered";

/// How requests are handled. There is one thread, but ureq requires `Sync`.
#[derive(Clone, Debug, Default)]
pub(super) struct AnswerMode(Arc<AtomicU8>);

/// How long a request waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wait {
    /// Until the server responds.
    Answer,
    /// Until it is sent.
    Sent,
    /// Until it is known whether the server has responded.
    Look,
}

/// Makes connections that can supply a response themselves.
#[derive(Debug)]
pub(super) struct ConnectionStarter {
    pub(super) early: AnswerMode,
    /// When responses must be complete.
    pub(super) deadline: Deadline,
    /// Whether connections go through a proxy.
    pub(super) has_proxy: bool,
}

/// A connection that can supply a response itself.
#[derive(Debug)]
pub(super) struct Connection<In> {
    inner: In,
    early: AnswerMode,
    deadline: Deadline,
    /// Whether the next request was sent already.
    is_sent: bool,
    /// The length of that request, in bytes.
    size: usize,
    /// Whether checking for the response has read part of it.
    is_begun: bool,
    /// The supplied response, while it is read.
    own: Option<LazyBuffers>,
}

impl AnswerMode {
    /// Sets the mode of the requests that follow.
    pub(super) fn set(&self, wait: Wait) {
        self.0.store(wait as u8, Ordering::Relaxed);
    }

    fn is(&self, wait: Wait) -> bool {
        self.0.load(Ordering::Relaxed) == wait as u8
    }
}

impl<In: Transport> Connector<In> for ConnectionStarter {
    type Out = Connection<In>;

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        chained: Option<In>,
    ) -> Result<Option<Self::Out>, ureq::Error> {
        // ureq must wait for the response of a proxy.
        let early = (!is_to_proxy(self.has_proxy, details)).then(|| self.early.clone());
        Ok(chained.map(|inner| Connection {
            inner,
            early: early.unwrap_or_default(),
            deadline: self.deadline.clone(),
            is_sent: false,
            size: 0,
            is_begun: false,
            own: None,
        }))
    }
}

impl<In: Transport> Connection<In> {
    /// Whether the server has responded, or never will.
    fn is_answered(&mut self) -> bool {
        let look = NextTimeout {
            after: LOOK.into(),
            ..NextTimeout::default()
        };
        if !self.is_begun {
            match self.inner.await_input(look) {
                // Only an interim response has arrived.
                Ok(true) if self.inner.buffers().input().is_empty() => return false,
                Ok(is_there) => self.is_begun = is_there,
                Err(ureq::Error::Timeout(_)) => return false,
                Err(_) => {}
            }
        }
        true
    }

    /// Waits for the server, as long as the response may take.
    fn await_server(&mut self, timeout: NextTimeout) -> Result<bool, ureq::Error> {
        let timeout = self.deadline.limit(timeout)?;
        let before = self.inner.buffers().input().len();
        let is_there = self.inner.await_input(timeout)?;
        let now = self.inner.buffers().input().len();
        self.deadline.count(now.saturating_sub(before));
        Ok(is_there)
    }

    fn response(&mut self, response: &[u8]) {
        let mut own = LazyBuffers::new(response.len(), 1);
        own.input_append_buf().copy_from_slice(response);
        own.input_appended(response.len());
        self.own = Some(own);
    }
}

impl<In: Transport> Transport for Connection<In> {
    fn buffers(&mut self) -> &mut dyn Buffers {
        match &mut self.own {
            Some(own) => own,
            None => self.inner.buffers(),
        }
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), ureq::Error> {
        if !self.is_sent {
            self.size += amount;
            return self.inner.transmit_output(amount, timeout);
        }
        if self.early.is(Wait::Answer) {
            self.size = self.size.saturating_sub(amount);
            self.is_sent = self.size > 0;
            // ureq does not wait for input that it knows to be buffered.
            self.is_begun &= !self.inner.buffers().can_use_input();
        }
        Ok(())
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, ureq::Error> {
        if self.early.is(Wait::Answer) {
            return match std::mem::take(&mut self.is_begun) {
                true => Ok(true),
                false => self.await_server(timeout),
            };
        }
        let is_answered = self.early.is(Wait::Look) && self.is_answered();
        self.is_sent = true;
        self.response(if is_answered { NOW } else { LATER });
        Ok(true)
    }

    /// Called before each request and after each response.
    fn is_open(&mut self) -> bool {
        self.own = None;
        if self.is_sent {
            return true;
        }
        self.size = 0;
        self.inner.is_open()
    }

    fn is_tls(&self) -> bool {
        self.inner.is_tls()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;
    use ureq::Timeout;

    thread_local! {
        static CLOCK: Cell<Duration> = const { Cell::new(Duration::ZERO) };
    }

    fn pass(seconds: u64) {
        CLOCK.set(CLOCK.get() + Duration::from_secs(seconds));
    }

    /// A server that sends one byte every few seconds.
    #[derive(Debug)]
    struct Dripping {
        buffers: LazyBuffers,
        seconds: u64,
    }

    impl Transport for Dripping {
        fn buffers(&mut self) -> &mut dyn Buffers {
            &mut self.buffers
        }

        fn transmit_output(&mut self, _: usize, _: NextTimeout) -> Result<(), ureq::Error> {
            Ok(())
        }

        fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, ureq::Error> {
            if *timeout.after < Duration::from_secs(self.seconds) {
                pass(timeout.after.as_secs());
                return Err(ureq::Error::Timeout(timeout.reason));
            }
            pass(self.seconds);
            self.buffers.input_append_buf()[0] = b'x';
            self.buffers.input_appended(1);
            Ok(true)
        }

        fn is_open(&mut self) -> bool {
            true
        }
    }

    /// How many bytes of a response arrive, read as ureq reads it.
    fn came(timeout: u64, seconds: u64, has_bytes: bool) -> usize {
        let deadline = Deadline::by(Duration::from_secs(timeout), |_| CLOCK.get());
        let mut line = Connection {
            inner: Dripping {
                buffers: LazyBuffers::new(4096, 1),
                seconds,
            },
            early: AnswerMode::default(),
            deadline: deadline.clone(),
            is_sent: false,
            size: 0,
            is_begun: false,
            own: None,
        };
        for count in 0..1000 {
            // The time-out that ureq passes for each read of a body.
            let timeout = NextTimeout {
                after: Duration::from_secs(3).into(),
                reason: Timeout::PerRead,
                ..NextTimeout::default()
            };
            match line.await_input(timeout) {
                Ok(true) if has_bytes => deadline.restart(),
                Ok(true) => {}
                Err(ureq::Error::Timeout(reason)) => {
                    assert_eq!(reason, Timeout::PerCall);
                    return count;
                }
                other => panic!("{other:?}"),
            }
        }
        1000
    }

    /// A response that is never silent for long, but takes for ever, is refused.
    #[test]
    fn a_byte_every_two_seconds_ends_after_a_minute() {
        assert_eq!(came(3, 2, false), 30);
        assert_eq!(came(7, 2, false), 35);
        // Each byte just within the time-out of a read.
        assert_eq!(came(3, 3, false), 20);
        // A blob may arrive at any speed.
        assert_eq!(came(3, 2, true), 1000);
    }
}
