//! A request that is sent before its answer is wanted.
//!
//! ureq sends a request and waits for its answer in one step. Where nobody wants to wait yet, the
//! connection answers by itself, without a word on the wire, and goes back to ureq's pool. Asked the
//! same once more, it has nothing left to send, and the answer is the server's.

use super::proxy::is_to_proxy;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, LazyBuffers, NextTimeout, Transport,
};

/// How long it takes to see whether there is an answer: the least that a socket can wait.
const LOOK: Duration = Duration::from_millis(1);

/// What is answered in place of the server. Without a body, or ureq would close the connection.
const LATER: &[u8] = b"HTTP/1.1 204 Later\r\n\r\n";
const NOW: &[u8] = b"HTTP/1.1 204 Now\r\nIs-Answered: yes\r\n\r\n";

/// The header that says that the server's answer is there, or never will be.
pub(super) const IS_ANSWERED: &str = "is-answered";

/// What becomes of requests. There is one thread; ureq wants what several could share.
#[derive(Clone, Debug, Default)]
pub(super) struct Early(Arc<AtomicU8>);

/// How long a request takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wait {
    /// Until the server answers.
    Answer,
    /// Until it is sent.
    Sent,
    /// Until it is seen whether the server has answered.
    Look,
}

/// Makes connections that can answer by themselves.
#[derive(Debug)]
pub(super) struct Starter {
    pub(super) early: Early,
    /// Whether they lead through a proxy.
    pub(super) has_proxy: bool,
}

/// A connection that can answer by itself.
#[derive(Debug)]
pub(super) struct Line<In> {
    inner: In,
    early: Early,
    /// Whether the next request has been sent already.
    is_sent: bool,
    /// How long it is, in bytes.
    size: usize,
    /// Whether some of the answer was read when it was looked for.
    is_begun: bool,
    /// Its own answer, while it is read.
    own: Option<LazyBuffers>,
}

impl Early {
    /// From here on.
    pub(super) fn set(&self, wait: Wait) {
        self.0.store(wait as u8, Ordering::Relaxed);
    }

    fn is(&self, wait: Wait) -> bool {
        self.0.load(Ordering::Relaxed) == wait as u8
    }
}

impl<In: Transport> Connector<In> for Starter {
    type Out = Line<In>;

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        chained: Option<In>,
    ) -> Result<Option<Self::Out>, ureq::Error> {
        // ureq has to wait for what a proxy says.
        let early = (!is_to_proxy(self.has_proxy, details)).then(|| self.early.clone());
        Ok(chained.map(|inner| Line {
            inner,
            early: early.unwrap_or_default(),
            is_sent: false,
            size: 0,
            is_begun: false,
            own: None,
        }))
    }
}

impl<In: Transport> Line<In> {
    /// Whether the server has answered, or never will.
    fn is_answered(&mut self) -> bool {
        let look = NextTimeout {
            after: LOOK.into(),
            ..NextTimeout::default()
        };
        if !self.is_begun {
            match self.inner.await_input(look) {
                Ok(is_there) => self.is_begun = is_there,
                Err(ureq::Error::Timeout(_)) => return false,
                Err(_) => {}
            }
        }
        true
    }

    fn answer(&mut self, answer: &[u8]) {
        let mut own = LazyBuffers::new(answer.len(), 1);
        own.input_append_buf().copy_from_slice(answer);
        own.input_appended(answer.len());
        self.own = Some(own);
    }
}

impl<In: Transport> Transport for Line<In> {
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
            // ureq does not wait for what it knows to be there.
            self.is_begun &= !self.inner.buffers().can_use_input();
        }
        Ok(())
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, ureq::Error> {
        if self.early.is(Wait::Answer) {
            return match std::mem::take(&mut self.is_begun) {
                true => Ok(true),
                false => self.inner.await_input(timeout),
            };
        }
        let is_answered = self.early.is(Wait::Look) && self.is_answered();
        self.is_sent = true;
        self.answer(if is_answered { NOW } else { LATER });
        Ok(true)
    }

    /// Asked before each request and after each answer.
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
