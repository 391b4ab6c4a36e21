//! When to draw, and how fast bytes arrive. Pure: the caller passes the time in microseconds.

use std::sync::atomic::{AtomicU64, Ordering};

/// Microseconds per second.
pub(super) const SECOND: u64 = 1_000_000;

/// The shortest time over which a rate is measured.
const SAMPLE: u64 = SECOND / 2;

/// How far back a rate reaches.
const MEMORY: f64 = 4.0 * SECOND as f64;

/// A number shared with connections, which ureq requires to be `Send`. There is one thread.
#[derive(Debug, Default)]
pub(super) struct Counter(AtomicU64);

/// Limits how often something is shown.
#[derive(Debug)]
pub(super) struct Throttle {
    next: Counter,
    step: u64,
    /// How much before its time something urgent may be shown; None if it must wait.
    slack: Option<u64>,
}

/// What happens if something is not shown now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Urgency {
    /// It is shown with the next bytes.
    Calm,
    /// It is shown a little later, if it still applies.
    Urgent,
    /// Nothing can be shown until it is over.
    Blocking,
}

/// The current rate in bytes per second.
#[derive(Debug, Default)]
pub(super) struct Rate {
    rate: Counter,
    since: Counter,
    bytes: Counter,
}

impl Counter {
    pub(super) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    pub(super) fn set(&self, value: u64) {
        self.0.store(value, Ordering::Relaxed);
    }

    pub(super) fn add(&self, more: u64) {
        self.set(self.get().saturating_add(more));
    }
}

impl Throttle {
    /// For a terminal: five times a second, and urgent changes at once, up to eight times in all.
    /// Blocking work is always shown; it occurs twice at the end of a pull, which makes ten.
    pub(super) fn of_terminal() -> Self {
        Self {
            next: Counter::default(),
            step: SECOND / 5,
            slack: Some(SECOND / 5 * 2),
        }
    }

    /// For a program: once a second, and nothing that takes less.
    pub(super) fn of_program() -> Self {
        let throttle = Self {
            next: Counter::default(),
            step: SECOND,
            slack: None,
        };
        throttle.next.set(SECOND);
        throttle
    }

    /// Whether to show something now; if so, the interval starts again.
    pub(super) fn allows(&self, now: u64, urgency: Urgency) -> bool {
        let next = self.next.get();
        let is_time = match (urgency, self.slack) {
            (Urgency::Calm, _) | (_, None) => now >= next,
            (Urgency::Urgent, Some(slack)) => now.saturating_add(slack) >= next,
            (Urgency::Blocking, Some(_)) => true,
        };
        if is_time {
            self.next.set(next.max(now) + self.step);
        }
        is_time
    }
}

impl Rate {
    /// Restarts the measurement.
    pub(super) fn restart(&self, now: u64, bytes: u64) {
        self.rate.set(0);
        self.since.set(now);
        self.bytes.set(bytes);
    }

    /// The rate after `bytes` bytes; 0 if not known yet.
    pub(super) fn at(&self, now: u64, bytes: u64) -> u64 {
        let time = now.saturating_sub(self.since.get());
        if time < SAMPLE {
            return self.rate.get();
        }
        let more = bytes.saturating_sub(self.bytes.get());
        let sample = more as f64 / time as f64 * SECOND as f64;
        let rate = match self.rate.get() {
            0 => sample,
            before => {
                let weight = time as f64 / (time as f64 + MEMORY);
                before as f64 + (sample - before as f64) * weight
            }
        };
        self.restart(now, bytes);
        self.rate.set(rate as u64);
        self.rate.get()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The maximum shown in any one second, if something could be shown at each of `times`.
    fn most(throttle: &Throttle, times: impl Iterator<Item = (u64, Urgency)>) -> usize {
        let said: Vec<_> = times
            .filter(|(now, urgency)| throttle.allows(*now, *urgency))
            .map(|(now, _)| now)
            .collect();
        let within = |start: &u64| {
            let later = said
                .iter()
                .filter(|at| (*start..start + SECOND).contains(at));
            later.count()
        };
        said.iter().map(within).max().unwrap_or_default()
    }

    #[test]
    fn a_terminal_is_drawn_on_ten_times_a_second_at_most() {
        let each_ms = || (0..5000).map(|ms| ms * 1000);
        let calm = most(
            &Throttle::of_terminal(),
            each_ms().map(|now| (now, Urgency::Calm)),
        );
        assert_eq!(calm, 5);
        let urgent = most(
            &Throttle::of_terminal(),
            each_ms().map(|now| (now, Urgency::Urgent)),
        );
        assert!((6..=8).contains(&urgent), "{urgent}");
        let late = each_ms().map(|now| match now {
            ..=990_000 => (now, Urgency::Calm),
            1_800_000 | 1_801_000 => (now, Urgency::Blocking),
            _ => (now, Urgency::Urgent),
        });
        let late = most(&Throttle::of_terminal(), late);
        assert!((6..=10).contains(&late), "{late}");
        let program = most(
            &Throttle::of_program(),
            each_ms().map(|now| (now, Urgency::Urgent)),
        );
        assert_eq!(program, 1);
    }

    #[test]
    fn what_is_urgent_is_said_at_once() {
        let throttle = Throttle::of_terminal();
        assert!(throttle.allows(0, Urgency::Calm));
        assert!(!throttle.allows(1, Urgency::Calm));
        assert!((0..2).all(|_| throttle.allows(1, Urgency::Urgent)));
        assert!(!throttle.allows(1, Urgency::Urgent));
        assert!(throttle.allows(1, Urgency::Blocking));
        for urgency in [Urgency::Urgent, Urgency::Blocking] {
            assert!(!Throttle::of_program().allows(SECOND - 1, urgency));
        }
    }

    #[test]
    fn a_rate_is_that_of_late() {
        let rate = Rate::default();
        assert_eq!(rate.at(SECOND / 4, 1000), 0);
        assert_eq!(rate.at(SECOND, 1000), 1000);
        // Nothing new yet.
        assert_eq!(rate.at(SECOND + 1, 999_999), 1000);
        // Ten times as fast from now on: after half a minute, the rate has followed.
        let after = |seconds: u64| rate.at(SECOND * (1 + seconds), 1000 + 10_000 * seconds);
        let first = after(1);
        assert!((2000..4000).contains(&first), "{first}");
        let last = (2..30).map(after).last().unwrap_or_default();
        assert!((9900..=10_000).contains(&last), "{last}");
        rate.restart(SECOND * 40, 0);
        assert_eq!(rate.at(SECOND * 40, 0), 0);
    }
}
