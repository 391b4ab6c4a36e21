//! A request that is sent before its answer is wanted.
//!
//! ureq sends a request and waits for its answer in one step. Where nobody wants to wait yet, an
//! error cuts that step short, and the connection is put by before ureq closes it. Asked the same
//! once more, ureq gets that connection, and what it sends there again goes nowhere.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, LazyBuffers, NextTimeout, Transport,
};

/// How long it takes to see whether there is an answer: the least that a socket can wait.
const LOOK: Duration = Duration::from_millis(1);

/// What the connections of one kind are to do. There is one thread; ureq wants what several could
/// share.
#[derive(Clone, Debug, Default)]
pub(super) struct Early(Arc<Mutex<State>>);

#[derive(Debug, Default)]
enum State {
    /// What is asked is waited for.
    #[default]
    Usual,
    /// What is asked next is not waited for.
    Sending,
    /// It was sent on this connection.
    Sent(Box<dyn Transport>),
    /// It is asked once more, and nothing is sent.
    Resuming,
}

/// Makes connections that can be put by.
#[derive(Debug)]
pub(super) struct Starter<C> {
    connector: C,
    early: Early,
}

/// A connection that can be put by.
#[derive(Debug)]
pub(super) struct Line {
    /// Nothing once it has been put by.
    inner: Option<Box<dyn Transport>>,
    early: Early,
    /// What it has then.
    none: LazyBuffers,
}

impl Early {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn swap(&self, state: State) -> State {
        std::mem::replace(&mut *self.state(), state)
    }

    /// Has the next request not waited for.
    pub(super) fn begin(&self) {
        self.swap(State::Sending);
    }

    /// Whether a request was sent and has not been taken up again.
    pub(super) fn is_sent(&self) -> bool {
        matches!(*self.state(), State::Sent(_))
    }

    /// Whether what was sent has an answer, or will never have one.
    pub(super) fn is_answered(&self) -> bool {
        let State::Sent(line) = &mut *self.state() else {
            return true;
        };
        let look = NextTimeout {
            after: LOOK.into(),
            ..NextTimeout::default()
        };
        has_input(line.as_mut()) || !matches!(line.await_input(look), Err(ureq::Error::Timeout(_)))
    }

    /// Has everything waited for again. What was sent and not taken up is given up.
    pub(super) fn end(&self) {
        self.swap(State::Usual);
    }

    /// The connection of what was sent, to be taken up.
    fn resume(&self) -> Option<Box<dyn Transport>> {
        match self.swap(State::Usual) {
            State::Sent(line) => {
                self.swap(State::Resuming);
                Some(line)
            }
            other => {
                self.swap(other);
                None
            }
        }
    }
}

impl<C> Starter<C> {
    pub(super) fn new(connector: C, early: Early) -> Self {
        Self { connector, early }
    }
}

impl<C: Connector<()>> Connector<()> for Starter<C> {
    type Out = Line;

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        chained: Option<()>,
    ) -> Result<Option<Self::Out>, ureq::Error> {
        let made = match self.early.resume() {
            Some(line) => Some(line),
            None => {
                let made = self.connector.connect(details, chained)?;
                made.map(|made| -> Box<dyn Transport> { Box::new(made) })
            }
        };
        Ok(made.map(|inner| Line {
            inner: Some(inner),
            early: self.early.clone(),
            none: LazyBuffers::new(1, 1),
        }))
    }
}

impl Line {
    fn inner(&mut self) -> Result<&mut dyn Transport, ureq::Error> {
        let gone = || ureq::Error::Io(io::ErrorKind::NotConnected.into());
        self.inner.as_deref_mut().ok_or_else(gone)
    }
}

impl Transport for Line {
    fn buffers(&mut self) -> &mut dyn Buffers {
        match &mut self.inner {
            Some(inner) => inner.buffers(),
            None => &mut self.none,
        }
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), ureq::Error> {
        if matches!(*self.early.state(), State::Resuming) {
            return Ok(());
        }
        self.inner()?.transmit_output(amount, timeout)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, ureq::Error> {
        match self.early.swap(State::Usual) {
            State::Sending => {
                let sent = self.inner.take().map(State::Sent);
                self.early.swap(sent.unwrap_or_default());
            }
            // It came when it was looked for.
            State::Resuming if has_input(self.inner()?) => return Ok(true),
            _ => {}
        }
        self.inner()?.await_input(timeout)
    }

    fn is_open(&mut self) -> bool {
        self.inner().is_ok_and(Transport::is_open)
    }

    fn is_tls(&self) -> bool {
        self.inner.as_ref().is_some_and(|inner| inner.is_tls())
    }
}

fn has_input(line: &mut dyn Transport) -> bool {
    !line.buffers().input().is_empty()
}
