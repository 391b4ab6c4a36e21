//! Waits for a lock that another process holds, up to `--timeout`: anyone who can open a file can
//! hold its lock, and so can a hung process.

use super::{Cache, TryLock};
use crate::error::Error;
use crate::sys::pause;
use std::cell::Cell;
use std::fs::TryLockError;
use std::time::{Duration, Instant};

/// The first pause between two looks at a lock, and the longest.
const PAUSES: (Duration, Duration) = (Duration::from_millis(1), Duration::from_millis(50));

/// How often the time-out is waited in all, while the holder seems to be at work.
const TIMES: u32 = 10;

/// How long locks are waited for.
pub(super) struct Timeout {
    /// How long nothing may change.
    each: Duration,
    /// How much is left of the time that this process waits in all.
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
    /// Tries to `lock` until that works, which is told by true. Gives up when `size`, what the holder
    /// has written by then, has not changed for as long as a server may be silent: who holds a lock
    /// to be in the way writes nothing, or so little that all the waiting of this process comes to
    /// ten times as long. A signal ends it.
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
            // First of all: one that is free for a moment, and taken again, is waited for, too.
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

    /// How long nothing may change, for messages.
    pub(crate) fn waited(&self) -> String {
        let seconds = self.timeout.each.as_secs();
        format!("{seconds} s")
    }
}
