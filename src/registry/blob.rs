//! A blob being downloaded: the responses that deliver it, one after the other. After a broken
//! connection it resumes, transparently to the reader.
//!
//! ```text
//! advance ── keep_plan ── next ──── receive   the segment that was requested ahead
//!    │                      └────── request   else the one from here on, now
//!    └────── read, or after a broken connection: request the rest of the segment
//! ```
//! Whether the segments belong together is not decided here: the digest covers all of them.

use super::byte_range::ByteRange;
use super::fetch_plan::FetchPlan;
use super::http::retry::Backoff;
use super::segment::Segment;
use super::sent_range::Unusable;
use super::upstreams::Upstreams;
use crate::error::Error;
use crate::oci::Descriptor;
use std::io::{self, Read};
use std::rc::Rc;

/// How much must arrive before another broken connection is tolerated, in bytes. This gives up on a
/// server that cuts every response at the same byte, or that sends a little more each time.
const PROGRESS: u64 = 1 << 20;

/// The error for a body that ends early.
const CUT: &str = "the connection ended in the middle of a blob";

/// The bytes of one blob, from an offset on.
pub struct Blob {
    upstreams: Rc<Upstreams>,
    plan: Rc<FetchPlan>,
    blob: Descriptor,
    segment: Segment,
    /// The offset that the reader has reached.
    position: u64,
    backoff: Backoff,
    /// The offset at which the connection last broke.
    broke_at: u64,
    /// Whether everything has arrived and the connection then failed: another read would only wait
    /// again.
    ended: bool,
}

impl Blob {
    pub(super) fn open(
        upstreams: Rc<Upstreams>,
        plan: Rc<FetchPlan>,
        blob: &Descriptor,
        from: u64,
    ) -> Result<Self, Error> {
        let segment = match next(&plan, blob, from, None) {
            Ok(segment) => segment,
            Err(to) => request(&upstreams, &plan, blob, (from, to))?,
        };
        Ok(Self {
            backoff: Backoff::new(upstreams.retries()),
            upstreams,
            plan,
            blob: blob.clone(),
            segment,
            position: from,
            broke_at: from,
            ended: false,
        })
    }

    /// Reads bytes that the reader does not have yet, as they arrive; 0 at the end.
    fn advance(&mut self, buffer: &mut [u8]) -> Result<usize, Error> {
        while !self.ended {
            self.keep_plan()?;
            let room = self.segment.room(self.position, &self.blob, buffer);
            let (outcome, why) = match self.segment.read(room) {
                // A signal is not the mirror's fault.
                Err(error) if error.is_stopped() => return Err(error),
                // Everything has arrived, whatever else the server announced: the digest decides.
                Err(error) if error.is_transient() && self.position == self.blob.size => {
                    self.ended = true;
                    return Ok(0);
                }
                Ok(0) if self.is_cut() => (Ok(0), CUT.to_owned()),
                Err(error) if error.is_transient() || self.segment.repository.is_mirror() => {
                    let why = error.to_string();
                    (Err(error), why)
                }
                Ok(count) if count > 0 => match self.segment.skip(&mut room[..count]) {
                    0 => continue,
                    count => {
                        self.position += count as u64;
                        return Ok(count);
                    }
                },
                other => return other,
            };
            // When retries are exhausted, report the last failure.
            if !self.is_worth_another(&why)? {
                return outcome;
            }
            self.request(self.segment.to)?;
        }
        Ok(0)
    }

    /// Sends what may be sent by now, and goes on to the next segment at the end of this one.
    fn keep_plan(&mut self) -> Result<(), Error> {
        let (plan, segment) = (&self.plan, &mut self.segment);
        segment.to = plan.split(&self.blob, self.position, segment.to);
        let left = segment.to.saturating_sub(self.position);
        plan.send(&self.blob, &segment.repository, left);
        if left > 0 || segment.to >= self.blob.size {
            return Ok(());
        }
        match next(plan, &self.blob, self.position, Some(segment)) {
            Ok(next) => std::mem::replace(segment, next).close(self.position),
            // The whole blob was requested at first, and is still on its way.
            Err(to) if segment.end > self.position => segment.to = to.min(segment.end),
            Err(to) => self.request(to)?,
        }
        Ok(())
    }

    /// Requests the bytes from the reader's position up to `to` now, over the same connection if it is
    /// still good: a server may allow no other.
    fn request(&mut self, to: u64) -> Result<(), Error> {
        self.segment.close(self.position);
        let ends = (self.position, to);
        self.segment = request(&self.upstreams, &self.plan, &self.blob, ends)?;
        Ok(())
    }

    /// Whether the body ended too early. An end that the server announced is accepted at the end of the
    /// blob: the digest decides.
    fn is_cut(&self) -> bool {
        let segment = &self.segment;
        self.position < segment.to && (!segment.has_end() || segment.to < self.blob.size)
    }

    /// Whether to request the rest after the connection broke. Waits first where that may help.
    fn is_worth_another(&mut self, why: &str) -> Result<bool, Error> {
        let had = self.position - self.broke_at;
        self.broke_at = self.position;
        // Servers close idle connections: sending ahead caused this, so it does not count.
        if std::mem::take(&mut self.segment.was_sent_ahead) {
            return Ok(true);
        }
        if had >= PROGRESS {
            self.backoff.reset();
        } else if self.upstreams.give_up(&self.segment.repository, &why) {
            // Back off only where there is no other host to ask.
            return Ok(true);
        }
        let Some(pause) = self.backoff.next(None) else {
            return Ok(self.upstreams.give_up(&self.segment.repository, &why));
        };
        let then = format!("going on at byte {}", self.position);
        self.upstreams.wait(why, &then, pause)?;
        Ok(true)
    }
}

/// Returns the segment that starts at `from`, after the `last` one, if it was requested ahead; otherwise the
/// offset up to which to request it now.
fn next(
    plan: &FetchPlan,
    blob: &Descriptor,
    from: u64,
    last: Option<&Segment>,
) -> Result<Segment, u64> {
    let Some(sent) = plan.take(blob, from) else {
        return Err(blob.size);
    };
    let to = sent.range.to;
    if sent.repository.is_given_up.get() {
        return Err(to);
    }
    match sent.receive() {
        Ok(next) if last.is_some_and(|last| last.differs_from(&next)) => {
            plan.stop_splitting(&blob.digest);
            Err(blob.size)
        }
        Ok(next) => {
            plan.note_success();
            if next.end > to || next.has_no_ranges {
                plan.stop_splitting_all();
            }
            Ok(next)
        }
        Err(Unusable::OtherRange) => {
            plan.stop_splitting_all();
            Err(blob.size)
        }
        Err(Unusable::Failed(error)) => {
            plan.note_failure(&error);
            Err(to)
        }
    }
}

/// Requests the bytes of `blob` between two offsets, which were not requested ahead: only the first of them if
/// the blob is to be split.
fn request(
    upstreams: &Upstreams,
    plan: &FetchPlan,
    blob: &Descriptor,
    (from, to): (u64, u64),
) -> Result<Segment, Error> {
    let (blob, to) = (blob.clone(), plan.split(blob, from, to));
    let range = ByteRange { blob, from, to };
    let was_split = plan.was_split(&range.blob.digest);
    let segment = upstreams
        .try_each(|repository, retries| Segment::request(repository, &range, was_split, retries))?;
    plan.restart(&segment.repository);
    plan.note_success();
    if segment.end > to || segment.has_no_ranges {
        plan.stop_splitting_all();
        plan.stop_splitting(&range.blob.digest);
    }
    Ok(segment)
}

impl Read for Blob {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            Ok(0)
        } else {
            self.advance(buffer).map_err(io::Error::other)
        }
    }
}
