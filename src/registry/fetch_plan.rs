//! What a pull needs from the network: ranges of blobs, in the order in which they are consumed. Several
//! are in flight at once, and a single thread reads them one after the other.
//!
//! ```text
//! blob A                            blob B           C   D
//! ├────────────┼──────┼──────┼──────┼──────┼─────────┼───┼───┤
//!   current      sent   sent   sent   unsent
//!   read now     their responses are  sent once a connection
//!                read ahead           and memory are free
//! ```
//! Large blobs begin on one connection, in one response, of which the rest may then be left unread. As long as the network is the slower side,
//! connections are added, and large blobs are split into ranges. Small blobs are requested several at a
//! time from the start, over as many connections, so that they do not cost a round trip each.
//!
//! ```text
//! a range fails                     it is requested again when it is needed, the others stay
//! any other status                  no more than one connection from now on
//! 200 in place of 206,
//! Accept-Ranges: none               blobs are not split any more
//! another ETag                      this blob is not split any more
//! ```

use super::byte_range::ByteRange;
use super::connection_limit::ConnectionLimit;
use super::repository::Repository;
use super::sent_range::{Arrived, SentRange};
use super::transport::Traffic;
use super::upstreams::Upstreams;
use crate::error::{Error, ErrorKind};
use crate::oci::{Descriptor, Digest};
use crate::progress::Progress;
use std::cell::RefCell;
use std::collections::{HashSet, VecDeque};
use std::rc::Rc;
use std::time::{Duration, Instant};

/// How long a range of a large blob is, in bytes.
const RANGE: u64 = 4 << 20;

/// How many bytes may precede a small blob that is requested before it is needed. More take longer to
/// download than the request takes, and servers close idle connections.
const BEFORE: u64 = 4 << 20;

/// How often pending responses are looked at.
const CHECK: Duration = Duration::from_millis(10);

/// The ranges that are still needed.
pub(super) struct FetchPlan {
    upstreams: Rc<Upstreams>,
    progress: Progress,
    state: RefCell<PlanState>,
}

struct PlanState {
    sent: VecDeque<SentRange>,
    unsent: VecDeque<ByteRange>,
    limit: ConnectionLimit,
    /// Whether the servers honour `Range`.
    may_split: bool,
    /// The blob that is not split any more, because its ranges did not belong together.
    unsplit: Option<Digest>,
    /// The blobs that several responses delivered.
    split: HashSet<Digest>,
    /// When the pending responses were last looked at.
    checked: Instant,
}

impl FetchPlan {
    pub(super) fn new(
        upstreams: Rc<Upstreams>,
        connections: Option<usize>,
        progress: Progress,
    ) -> Self {
        Self {
            upstreams,
            progress,
            state: RefCell::new(PlanState {
                sent: VecDeque::new(),
                unsent: VecDeque::new(),
                limit: ConnectionLimit::new(connections, Traffic::new(Instant::now())),
                may_split: true,
                unsplit: None,
                split: HashSet::new(),
                checked: Instant::now(),
            }),
        }
    }

    /// Plans the blobs that come after the current one.
    pub(super) fn plan_prefetch(
        &self,
        current: &Descriptor,
        upcoming: &mut dyn Iterator<Item = &Descriptor>,
    ) {
        let mut state = self.state.borrow_mut();
        let PlanState {
            sent,
            unsent,
            may_split,
            ..
        } = &mut *state;
        let upcoming: Vec<_> = upcoming.collect();
        // Another pull may have put a blob into the cache since it was requested.
        sent.retain(|sent| {
            let blob = &sent.range.blob.digest;
            *blob == current.digest || upcoming.iter().any(|upcoming| upcoming.digest == *blob)
        });
        unsent.retain(|range| range.blob.digest == current.digest);
        for blob in upcoming {
            let is_known = |range: &ByteRange| range.blob.digest == blob.digest;
            if unsent.iter().any(is_known) {
                continue;
            }
            let known = sent.iter().filter(|sent| is_known(&sent.range));
            let from = known.map(|sent| sent.range.to).max().unwrap_or(0);
            if (from == 0 || *may_split) && from < blob.size {
                unsent.push_back(ByteRange {
                    blob: blob.clone(),
                    from,
                    to: blob.size,
                });
            }
        }
    }

    /// Sends what may be sent now, while the current blob is read from the cache.
    pub(super) fn send_from_registry(&self, blob: &Descriptor) {
        if let Some(repository) = self.upstreams.host_to_send_to(None) {
            self.send(blob, &repository, 0);
        }
    }

    /// The request for `blob` from offset `from` on, if it was sent; else nothing more is planned of this
    /// blob. What was sent before it is not needed any more.
    pub(super) fn take(&self, blob: &Descriptor, from: u64) -> Option<SentRange> {
        let mut state = self.state.borrow_mut();
        let matches = |range: &ByteRange| range.blob.digest == blob.digest && range.from == from;
        let Some(position) = state.sent.iter().position(|sent| matches(&sent.range)) else {
            state.forget(&blob.digest);
            return None;
        };
        drop(state.sent.drain(..position));
        state.sent.pop_front()
    }

    /// Whether `blob` was delivered in several ranges.
    pub(super) fn was_split(&self, blob: &Digest) -> bool {
        self.state.borrow().split.contains(blob)
    }

    /// Splits the part of `blob` from `position` up to `to`, if more connections help. Returns where the first
    /// range of it ends.
    pub(super) fn split(&self, blob: &Descriptor, position: u64, to: u64) -> u64 {
        let mut state = self.state.borrow_mut();
        let is_long = to.saturating_sub(position) >= 3 * RANGE;
        if !is_long || !state.may_split(&blob.digest) || !state.sent.is_empty() {
            return to;
        }
        state.split.insert(blob.digest.clone());
        let from = position + RANGE;
        let blob = blob.clone();
        state.unsent.push_front(ByteRange { blob, from, to });
        from
    }

    /// The rest of `blob` is read from one response: it is not the same everywhere.
    pub(super) fn stop_splitting(&self, blob: &Digest) {
        let mut state = self.state.borrow_mut();
        state.unsplit = Some(blob.clone());
        state.forget(blob);
    }

    /// All blobs are read from one response each: the server does not honour `Range`.
    pub(super) fn stop_splitting_all(&self) {
        self.state.borrow_mut().stop_splitting_from(0);
    }

    /// A response has begun.
    pub(super) fn note_success(&self) {
        self.state.borrow_mut().limit.raise();
    }

    /// The response to a request that was sent ahead cannot be used. A connection that breaks may do so
    /// again or not; a server that refuses will do so again, or needs a rest.
    pub(super) fn note_failure(&self, error: &Error) {
        self.progress.detail(error);
        let limit = &mut self.state.borrow_mut().limit;
        match error.kind() {
            ErrorKind::Network(_) => limit.lower(Instant::now()),
            _ => limit.stop(),
        }
    }

    /// A response is read that was not requested ahead: what was measured before has nothing to do with it.
    pub(super) fn restart(&self, repository: &Repository) {
        let limit = &mut self.state.borrow_mut().limit;
        limit.restart(repository.traffic(limit.begun()));
    }

    /// Sends what may be sent now, while `repository` delivers the current `blob`, of which `left` bytes are
    /// still to be read.
    pub(super) fn send(&self, blob: &Descriptor, repository: &Rc<Repository>, left: u64) {
        let mut state = self.state.borrow_mut();
        let state = &mut *state;
        let traffic = repository.traffic(state.limit.begun());
        if state.unsent.is_empty() && left < 3 * RANGE {
            // Another connection would have nothing to do.
            state.limit.restart(traffic);
        } else if let Some(added) = state.limit.observe(traffic) {
            self.progress.connection(added.connections, added.rate);
        }
        repository.http().read_ahead_for(state.limit.current());
        state.look_at_responses();
        let sent = state.sent.iter().map(|sent| sent.range.length());
        let mut before = left.saturating_add(sent.sum());
        while let Some(next) = state.unsent.front() {
            let (in_flight, limit) = (state.sent.len() + 1, state.limit.current());
            let is_current = next.blob.digest == blob.digest;
            let is_small = !is_current && before <= BEFORE && in_flight < state.limit.max();
            let fits = in_flight < limit && before <= RANGE * limit as u64;
            if !is_small && !fits {
                break;
            }
            let mut range = next.clone();
            if range.length() >= 2 * RANGE && state.may_split(&range.blob.digest) {
                range.to = range.from + RANGE;
                state.split.insert(range.blob.digest.clone());
            }
            let from = self
                .upstreams
                .host_to_send_to(is_current.then_some(repository));
            let Some(repository) = from else {
                break;
            };
            let (length, to) = (range.length(), range.to);
            let Some(sent) = SentRange::send(repository, range) else {
                // Errors surface when the response is needed.
                state.limit.use_one();
                break;
            };
            before = before.saturating_add(length);
            if to == next.to {
                state.unsent.pop_front();
            } else if let Some(next) = state.unsent.front_mut() {
                next.from = to;
            }
            state.sent.push_back(sent);
        }
        if state.sent.len() + 1 < state.limit.current() {
            // There is not enough to do for all connections: this measures nothing.
            state.limit.restart(traffic);
        }
    }
}

impl PlanState {
    /// Whether `blob` may be split into ranges.
    fn may_split(&self, blob: &Digest) -> bool {
        self.may_split && self.limit.current() > 1 && self.unsplit.as_ref() != Some(blob)
    }

    /// Plans nothing more of `blob`.
    fn forget(&mut self, blob: &Digest) {
        self.sent.retain(|sent| sent.range.blob.digest != *blob);
        self.unsent.retain(|range| range.blob.digest != *blob);
    }

    /// Looks at the responses that have arrived: redirects are followed, and a server that refuses one gets
    /// one request at a time. What was sent to a mirror that was given up is dropped.
    fn look_at_responses(&mut self) {
        if self.checked.elapsed() < CHECK {
            return;
        }
        self.checked = Instant::now();
        self.sent.retain(|sent| !sent.repository.is_given_up.get());
        let arrived: Vec<_> = self.sent.iter().map(SentRange::check).collect();
        if arrived.contains(&Arrived::Refusal) {
            self.limit.stop();
        }
        if let Some(first) = arrived.iter().position(|it| *it == Arrived::OtherRange) {
            self.stop_splitting_from(first);
        }
    }

    /// Plans no more ranges, and drops those that were sent from this one on; whole blobs stay.
    fn stop_splitting_from(&mut self, first: usize) {
        self.may_split = false;
        let mut number = 0;
        self.sent.retain(|sent| {
            number += 1;
            number <= first || sent.range.header().is_none()
        });
        // The next call of `plan_prefetch` plans the blobs again of which only the rest is left here.
        self.unsent.retain(|range| range.from == 0);
    }
}
