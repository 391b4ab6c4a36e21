//! Reports a connection on which nothing arrives, and ends it at a signal, by splitting a blocking
//! read into short waits.

use crate::error::Error;
use crate::progress::Progress;
use std::io;
use std::time::{Duration, Instant};
use ureq::unversioned::transport::{Buffers, ConnectionDetails, Connector, NextTimeout, Transport};

/// How long one of these waits is.
const MOMENT: Duration = Duration::from_millis(200);

/// Makes connections report stalls.
#[derive(Debug)]
pub(super) struct StallReporter(Progress);

/// A connection that reports stalls.
#[derive(Debug)]
pub(super) struct StallReporting<In> {
    inner: In,
    host: String,
    progress: Progress,
}

impl StallReporter {
    pub(super) fn new(progress: Progress) -> Self {
        Self(progress)
    }
}

impl<In: Transport> Connector<In> for StallReporter {
    type Out = StallReporting<In>;

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        chained: Option<In>,
    ) -> Result<Option<Self::Out>, ureq::Error> {
        Ok(chained.map(|inner| StallReporting {
            inner,
            host: details.uri.host().unwrap_or_default().to_owned(),
            progress: self.0,
        }))
    }
}

impl<In: Transport> Transport for StallReporting<In> {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.inner.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), ureq::Error> {
        self.inner.transmit_output(amount, timeout)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, ureq::Error> {
        let whole = timeout.for_read();
        let begun = Instant::now();
        loop {
            let left = whole.after.saturating_sub(begun.elapsed());
            let piece = NextTimeout {
                after: left.min(MOMENT).into(),
                per_read: None,
                ..whole
            };
            match self.inner.await_input(piece) {
                Err(ureq::Error::Timeout(_)) if left > MOMENT => {
                    Error::unless_stopped().map_err(io::Error::other)?;
                    self.progress.stalled(&self.host, begun.elapsed());
                }
                other => return other,
            }
        }
    }

    fn is_open(&mut self) -> bool {
        self.inner.is_open()
    }

    fn is_tls(&self) -> bool {
        self.inner.is_tls()
    }
}
