//! Waits for a lock that another process holds, up to `--timeout`: anyone who can open a file can
//! hold its lock, and so can a hung process.

use super::{Cache, TryLock};
use crate::error::Error;
use crate::sys::pause;
use std::cell::Cell;
use std::fs::TryLockError;
use std::time::{Duration, Instant};

/// The first and the longest pause between two attempts to lock.
const PAUSES: (Duration, Duration) = (Duration::from_millis(1), Duration::from_millis(50));

/// How long this process waits in all, while holders make progress, as a multiple of the timeout.
const TIMES: u32 = 10;

/// The limits for waiting for locks.
pub(super) struct Timeout {
    /// For a holder that makes no progress.
    each: Duration,
    /// What is left for all waits of this process.
    left: Cell<Duration>,
}

impl Timeout {
    pub(super) fn new(each: Duration) -> Self {
        Self {
            each,
            left: Cell::new(each.saturating_mul(TIMES)),
        }
    }
}

impl Cache {
    /// Tries to `lock` until that works, and returns true. Returns false if `size`, the number of bytes that
    /// the holder has written, has not changed for the timeout, or if all waits of this process add up to ten
    /// times as long: an attacker who holds a lock may write a little now and then. A signal ends the wait.
    pub(super) fn wait(
        &self,
        holder: &str,
        lock: impl Fn() -> TryLock,
        size: impl Fn() -> u64,
    ) -> Result<bool, Error> {
        let (mut step, longest) = PAUSES;
        let (mut last, mut since) = (size(), Instant::now());
        self.progress.waiting_for(holder);
        loop {
            // Before the attempt: a lock may be free for a moment, and taken again.
            let left = self.timeout.left.get();
            let silence = since.elapsed();
            if left.is_zero() || silence >= self.timeout.each {
                return Ok(false);
            }
            self.progress.stalled(holder, silence);
            let begun = Instant::now();
            pause(step.min(left));
            Error::unless_stopped()?;
            step = longest.min(step * 2);
            self.timeout.left.set(left.saturating_sub(begun.elapsed()));
            match lock() {
                Ok(()) => return Ok(true),
                Err(TryLockError::Error(e)) => return Err(self.failed("lock", e)),
                Err(TryLockError::WouldBlock) => {}
            }
            let now = size();
            if now != last {
                (last, since) = (now, Instant::now());
            }
        }
    }

    /// The timeout, for messages.
    pub(crate) fn shown_timeout(&self) -> String {
        let seconds = self.timeout.each.as_secs();
        format!("{seconds} s")
    }
}
