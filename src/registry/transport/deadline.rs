//! The deadline of a response. `--timeout` bounds silence only: a server that sends one byte every
//! few seconds, or endless headers, trailers or chunk extensions, is not silent.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use ureq::Timeout;
use ureq::unversioned::transport::NextTimeout;

/// The shortest time for a response, however short the time-out.
const LEAST: Duration = Duration::from_secs(60);

/// The time for a response as a multiple of the time-out, if that is longer.
const TIMEOUTS: u32 = 10;

/// How many bytes may arrive without one byte of a body: headers, trailers, and the framing of
/// chunks.
const MAX_FRAMING: u64 = 1 << 20;

/// The time left for the current response, and how much of its framing has arrived. There is one
/// thread, but ureq requires `Sync`.
#[derive(Clone, Debug)]
pub(in crate::registry) struct Deadline(Arc<State>);

#[derive(Debug)]
struct State {
    timeout: Duration,
    begun: Instant,
    /// The time elapsed since an instant.
    clock: fn(Instant) -> Duration,
    /// The deadline, in milliseconds since `begun`.
    until: AtomicU64,
    /// Bytes received since the last byte of a body.
    framing: AtomicU64,
}

/// A body whose reads reset the count of framing bytes.
pub(in crate::registry) struct Watched<R> {
    body: R,
    deadline: Deadline,
}

/// How long a response may take in all; for a blob, how long its next byte may take.
fn time_for_response(timeout: Duration) -> Duration {
    LEAST.max(timeout.saturating_mul(TIMEOUTS))
}

impl Deadline {
    /// A deadline for servers that may be silent for `timeout`.
    pub(super) fn new(timeout: Duration) -> Self {
        Self::with_clock(timeout, |begun| begun.elapsed())
    }

    /// The same with another clock, which returns the time elapsed since an instant.
    pub(super) fn with_clock(timeout: Duration, clock: fn(Instant) -> Duration) -> Self {
        let deadline = Self(Arc::new(State {
            timeout,
            begun: Instant::now(),
            clock,
            until: AtomicU64::default(),
            framing: AtomicU64::default(),
        }));
        deadline.restart();
        deadline
    }

    /// A new deadline of the same length.
    pub(super) fn fresh(&self) -> Self {
        Self::with_clock(self.0.timeout, self.0.clock)
    }

    /// Starts over with the whole time.
    pub(in crate::registry) fn restart(&self) {
        let time = time_for_response(self.0.timeout);
        let until = millis(self.now().saturating_add(time));
        self.0.until.store(until, Ordering::Relaxed);
        self.resume();
    }

    /// Resets the count of framing bytes: a byte of a body was read, or the next request is sent.
    pub(super) fn resume(&self) {
        self.0.framing.store(0, Ordering::Relaxed);
    }

    /// Reads a body that must arrive before the deadline.
    pub(in crate::registry) fn watch<R: Read>(&self, body: R) -> Watched<R> {
        Watched {
            body,
            deadline: self.clone(),
        }
    }

    /// The given time-out, or the time left if that is shorter.
    pub(super) fn limit(&self, timeout: NextTimeout) -> Result<NextTimeout, ureq::Error> {
        let until = self.0.until.load(Ordering::Relaxed);
        let left = until.saturating_sub(millis(self.now()));
        if left == 0 || self.0.framing.load(Ordering::Relaxed) > MAX_FRAMING {
            return Err(ureq::Error::Timeout(Timeout::PerCall));
        }
        let left = Duration::from_millis(left).into();
        Ok(if left < timeout.after {
            NextTimeout {
                after: left,
                reason: Timeout::PerCall,
                ..timeout
            }
        } else {
            timeout
        })
    }

    /// Counts bytes received from the network.
    pub(super) fn count(&self, bytes: usize) {
        self.0.framing.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    fn now(&self) -> Duration {
        (self.0.clock)(self.0.begun)
    }
}

impl<R: Read> Read for Watched<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.deadline.resume();
        self.body.read(buffer)
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    thread_local! {
        static CLOCK: Cell<Duration> = const { Cell::new(Duration::ZERO) };
    }

    fn pass(seconds: u64) {
        CLOCK.set(CLOCK.get() + Duration::from_secs(seconds));
    }

    #[test]
    fn an_answer_has_a_minute_or_ten_time_outs() {
        for (timeout, time) in [(1, 60), (6, 60), (7, 70), (30, 300), (86_400, 864_000)] {
            let time = Duration::from_secs(time);
            assert_eq!(time_for_response(Duration::from_secs(timeout)), time);
        }
        assert_eq!(time_for_response(Duration::MAX), Duration::MAX);
        Deadline::new(Duration::MAX)
            .limit(NextTimeout::default())
            .unwrap();
    }

    #[test]
    fn a_time_out_is_no_longer_than_what_is_left() {
        let deadline = Deadline::with_clock(Duration::from_secs(1), |_| CLOCK.get());
        let after = |deadline: &Deadline| {
            let endless = NextTimeout::default();
            deadline.limit(endless).ok().map(|left| *left.after)
        };
        assert_eq!(after(&deadline), Some(Duration::from_secs(60)));
        pass(59);
        assert_eq!(after(&deadline), Some(Duration::from_secs(1)));
        let short = NextTimeout {
            after: Duration::from_millis(1).into(),
            ..NextTimeout::default()
        };
        assert_eq!(deadline.limit(short).unwrap(), short);
        pass(1);
        assert_eq!(after(&deadline), None);
        deadline.restart();
        assert_eq!(after(&deadline), Some(Duration::from_secs(60)));
        deadline.count(MAX_FRAMING as usize);
        assert!(after(&deadline).is_some());
        deadline.count(1);
        assert_eq!(after(&deadline), None);
        deadline.watch(io::empty()).read_exact(&mut []).unwrap();
        let _ = deadline.watch(io::empty()).read(&mut [0]);
        assert!(after(&deadline).is_some());
    }

    /// How many bytes of a response arrive, one every few seconds, read as a connection reads it.
    fn received(timeout: u64, seconds: u64, are_of_body: bool) -> usize {
        let deadline = Deadline::with_clock(Duration::from_secs(timeout), |_| CLOCK.get());
        for count in 0..1000 {
            // The time-out that ureq passes for each read of a body.
            let per_read = NextTimeout {
                after: Duration::from_secs(3).into(),
                reason: Timeout::PerRead,
                ..NextTimeout::default()
            };
            let Ok(limited) = deadline.limit(per_read) else {
                return count;
            };
            if *limited.after < Duration::from_secs(seconds) {
                assert_eq!(limited.reason, Timeout::PerCall);
                return count;
            }
            pass(seconds);
            deadline.count(1);
            if are_of_body {
                deadline.restart();
            }
        }
        1000
    }

    /// A response that is never silent for long, but takes for ever, is refused.
    #[test]
    fn a_byte_every_two_seconds_ends_after_a_minute() {
        assert_eq!(received(3, 2, false), 30);
        assert_eq!(received(7, 2, false), 35);
        // Each byte just within the time-out of a read.
        assert_eq!(received(3, 3, false), 20);
        // A blob may arrive at any speed.
        assert_eq!(received(3, 2, true), 1000);
    }
}
