//! How many connections a pull uses at once: one at first, and twice as many as long as the network is the
//! slower side and each of the last ones made it faster.
//!
//! ```text
//! window       opening                 window
//! ├───────────┼───────────────────────┼───────────┼── ...
//!  rate before until all connections   rate now: faster by a tenth for each that was added?
//!              deliver
//! ```

use super::transport::Traffic;
use std::time::{Duration, Instant};

/// The most connections to one host without `--connections`; skopeo uses as many.
const MOST: usize = 6;

/// How long the traffic is measured before a decision, at least.
const WINDOW: Duration = Duration::from_millis(100);

/// The same as a multiple of the time that the last connection took to open: a new connection needs some
/// round trips until it is at its full speed (RFC 5681, slow start).
const OPENINGS: u32 = 3;

/// How much of that time must go by in waiting for bytes, in percent: else the network is fast enough.
const WAITED_PERCENT: u32 = 30;

/// How much faster each connection that was added must make it, in percent.
const GAIN_PERCENT: u64 = 10;

/// How long a connection that breaks is a part of the same incident as the one before: a restart of the
/// registry breaks all of them.
const INCIDENT: Duration = Duration::from_secs(1);

/// How many responses must begin without a failure until one more connection is allowed again.
const SUCCESSES: usize = 16;

/// The number of connections, and what it rests on.
pub(super) struct ConnectionLimit {
    current: usize,
    max: usize,
    /// The number that the user asked for.
    fixed: Option<usize>,
    /// The limit as long as no connection breaks.
    highest: usize,
    /// When a connection last broke.
    lowered: Option<Instant>,
    /// How many responses have begun since.
    successes: usize,
    /// How many connections were added last.
    added: usize,
    /// Whether some of these have not delivered anything yet.
    is_opening: bool,
    /// When the window began in which traffic is measured.
    begun: Instant,
    /// The length of the window.
    length: Duration,
    /// The traffic before the window.
    traffic: Traffic,
    /// Bytes per second before the last ones were added.
    rate_before: u64,
}

/// Connections were added.
pub(super) struct Added {
    /// How many there are now.
    pub(super) connections: usize,
    /// Bytes per second that arrived before.
    pub(super) rate: u64,
}

impl ConnectionLimit {
    /// Uses `fixed` connections, if given.
    pub(super) fn new(fixed: Option<usize>, traffic: Traffic) -> Self {
        Self {
            current: fixed.unwrap_or(1),
            max: fixed.unwrap_or(MOST),
            fixed,
            highest: fixed.unwrap_or(MOST),
            lowered: None,
            successes: 0,
            added: 0,
            is_opening: false,
            begun: traffic.now,
            length: WINDOW,
            traffic,
            rate_before: 0,
        }
    }

    /// How many connections may be used now.
    pub(super) fn current(&self) -> usize {
        self.current
    }

    /// The upper limit. Small blobs are requested over this many from the start.
    pub(super) fn max(&self) -> usize {
        self.max
    }

    /// A connection broke: one fewer is used, for a server or a router that allows no more. Several that
    /// break at once are one incident.
    pub(super) fn lower(&mut self, now: Instant) {
        let since = self.lowered.replace(now);
        self.successes = 0;
        if since.is_some_and(|since| now.saturating_duration_since(since) < INCIDENT) {
            return;
        }
        if self.current > 1 {
            self.current -= 1;
            self.max = self.current;
        } else {
            self.max = self.max.saturating_sub(1).max(1);
        }
        self.forget_rates();
    }

    /// Discards the measured rates, which belong to another number of connections.
    fn forget_rates(&mut self) {
        (self.rate_before, self.added, self.length) = (0, 0, WINDOW);
        self.is_opening = false;
    }

    /// A response has begun: after some of them, one more connection is allowed again.
    pub(super) fn raise(&mut self) {
        self.successes += 1;
        if self.successes >= SUCCESSES && self.max < self.highest {
            self.successes = 0;
            self.max += 1;
            self.forget_rates();
            self.current = self
                .current
                .max(self.fixed.unwrap_or_default().min(self.max));
        }
    }

    /// Another connection could not be opened: one is used, until enough responses have begun.
    pub(super) fn use_one(&mut self) {
        (self.current, self.max, self.successes) = (1, 1, 0);
        self.forget_rates();
    }

    /// A request over an additional connection was refused: only one is used from now on.
    pub(super) fn stop(&mut self) {
        self.use_one();
        self.highest = 1;
    }

    /// When the window began.
    pub(super) fn begun(&self) -> Instant {
        self.begun
    }

    /// Starts a new window: what is measured has changed.
    pub(super) fn restart(&mut self, traffic: Traffic) {
        self.begun = traffic.now;
        self.traffic = traffic;
    }

    /// Decides, at the end of each window, whether to add connections.
    pub(super) fn observe(&mut self, traffic: Traffic) -> Option<Added> {
        let time = traffic.now.saturating_duration_since(self.begun);
        if self.current >= self.max {
            self.restart(traffic);
            return None;
        }
        if self.is_opening {
            if traffic.receiving >= self.current {
                self.is_opening = false;
                self.length = WINDOW.max(time * OPENINGS);
                self.restart(traffic);
            }
            return None;
        }
        if time < self.length {
            return None;
        }
        let bytes = traffic.bytes.saturating_sub(self.traffic.bytes);
        let waited = traffic.waited.saturating_sub(self.traffic.waited);
        let millis = u64::try_from(time.as_millis()).unwrap_or(u64::MAX).max(1);
        let rate = bytes.saturating_mul(1000) / millis;
        self.restart(traffic);
        if waited * 100 < time * WAITED_PERCENT {
            return None;
        }
        let percent = 100 + GAIN_PERCENT * self.added as u64;
        if rate < self.rate_before.saturating_mul(percent) / 100 {
            // Over a longer window, a gain may show that fluctuations hid.
            self.length *= 2;
            return None;
        }
        self.rate_before = rate;
        self.added = self.current.min(self.max - self.current);
        self.current += self.added;
        self.is_opening = true;
        Some(Added {
            connections: self.current,
            rate,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A network that delivers so many bytes per millisecond over each connection, and no more than `total`
    /// over all, to a reader that waits for it `waited` percent of the time.
    struct Network {
        limit: ConnectionLimit,
        traffic: Traffic,
        each: u64,
        total: u64,
        waited: u32,
    }

    impl Network {
        fn new(each: u64, total: u64, waited: u32) -> Self {
            let traffic = Traffic::new(Instant::now());
            Self {
                limit: ConnectionLimit::new(None, traffic),
                traffic,
                each,
                total,
                waited,
            }
        }

        /// How many connections there are after so many milliseconds.
        fn after(&mut self, millis: u64) -> usize {
            for _ in 0..millis {
                let connections = self.limit.current();
                self.traffic.now += Duration::from_millis(1);
                self.traffic.bytes += (self.each * connections as u64).min(self.total);
                self.traffic.waited += Duration::from_micros(10) * self.waited;
                // A new connection delivers after a while.
                let opening = self.traffic.now - self.limit.begun();
                let is_open = opening >= Duration::from_millis(40);
                self.traffic.receiving = if is_open { connections } else { 1 };
                self.limit.observe(self.traffic);
            }
            self.limit.current()
        }
    }

    #[test]
    fn they_are_doubled_as_long_as_each_makes_it_faster() {
        let mut network = Network::new(10_000, u64::MAX, 100);
        assert_eq!(network.after(90), 1);
        assert_eq!(network.after(20), 2);
        assert_eq!(network.after(200), 4);
        assert_eq!(network.after(10_000), MOST);
    }

    #[test]
    fn a_line_that_is_full_gets_one_more_at_most() {
        assert_eq!(Network::new(10_000, 10_000, 100).after(60_000), 2);
        assert_eq!(Network::new(10_000, 10_900, 100).after(60_000), 2);
        assert_eq!(Network::new(10_000, 23_000, 100).after(60_000), 4);
    }

    #[test]
    fn a_reader_that_is_slower_than_the_network_gets_none() {
        assert_eq!(Network::new(100_000, u64::MAX, 20).after(60_000), 1);
    }

    #[test]
    fn a_server_that_breaks_connections_gets_fewer() {
        let mut network = Network::new(10_000, u64::MAX, 100);
        network.after(10_000);
        for left in [5, 4, 3, 2, 1, 1] {
            // All at once.
            for _ in 0..3 {
                network.limit.lower(network.traffic.now);
            }
            assert_eq!(network.after(10_000), left);
        }
        // And more again, when nothing breaks.
        for _ in 0..1000 {
            network.limit.raise();
        }
        assert_eq!(network.after(10_000), MOST);
        let mut network = Network::new(10_000, u64::MAX, 100);
        network.limit.stop();
        for _ in 0..1000 {
            network.limit.raise();
        }
        assert_eq!(network.after(10_000), 1);
        assert_eq!(network.limit.max(), 1);
    }

    #[test]
    fn as_many_as_the_user_wants_are_used_again() {
        let traffic = Traffic::new(Instant::now());
        let mut limit = ConnectionLimit::new(Some(9), traffic);
        assert_eq!((limit.current(), limit.max()), (9, 9));
        limit.lower(traffic.now);
        assert_eq!((limit.current(), limit.max()), (8, 8));
        (0..SUCCESSES).for_each(|_| limit.raise());
        assert_eq!((limit.current(), limit.max()), (9, 9));
    }
}
