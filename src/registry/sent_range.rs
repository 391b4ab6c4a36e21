//! A part of a blob that was requested before it is needed.

use super::byte_range::ByteRange;
use super::http::client::Client;
use super::repository::Repository;
use super::segment::{Segment, path, refused};
use crate::error::Error;
use std::rc::Rc;

/// A range that was requested, and whose response is pending.
pub(super) struct SentRange {
    pub(super) range: ByteRange,
    pub(super) repository: Rc<Repository>,
    /// The client that will receive it.
    client: Rc<Client>,
}

/// What is known of a response before it is needed.
#[derive(PartialEq, Eq)]
pub(super) enum Arrived {
    /// It delivers another range.
    OtherRange,
    /// An error: the server may not want so many requests.
    Refusal,
    /// It may be good, or has not arrived.
    NothingBad,
}

/// Why a response to a request that was sent ahead is not read.
pub(super) enum Unusable {
    /// It delivers another range than the requested one: the server does not honour `Range`.
    OtherRange,
    /// The request failed, or the server answered with an error.
    Failed(Error),
}

impl SentRange {
    /// Requests `range` without waiting for the response; None if the request cannot be sent.
    pub(super) fn send(repository: Rc<Repository>, range: ByteRange) -> Option<Self> {
        let client = repository.send_ahead(&path(&range.blob.digest), range.header())?;
        Some(Self {
            range,
            repository,
            client,
        })
    }

    /// Receives the response if it has arrived, and follows a redirect.
    pub(super) fn check(&self) -> Arrived {
        match self.client.check_pending() {
            Some(200) if self.range.from > 0 => Arrived::OtherRange,
            // A token that has expired is renewed when the response is needed.
            Some(status) if status >= 400 && status != 401 => Arrived::Refusal,
            _ => Arrived::NothingBad,
        }
    }

    /// Waits for the response.
    pub(super) fn receive(self) -> Result<Segment, Unusable> {
        let Self {
            range,
            repository,
            client,
        } = self;
        let (what, header) = (path(&range.blob.digest), range.header());
        let headers = header.as_deref().map(|header| ("range", header));
        let response = repository
            .send_over(&client, "GET", &what, headers.as_slice(), 0)
            .map_err(Unusable::Failed)?;
        let mut segment = match response.status {
            206 if range.is_sent_by(&response) => {
                let ends = (range.from, range.to);
                Segment::new(&repository, client, response, &range, ends)
            }
            // A server that ignores the header delivers the range, and what follows.
            200 if range.from == 0 => Segment::whole(&repository, client, response, &range),
            200 | 206 | 416 => return Err(Unusable::OtherRange),
            _ => Err(refused(&repository, response)),
        };
        if let Ok(segment) = &mut segment {
            segment.was_sent_ahead = true;
        }
        segment.map_err(Unusable::Failed)
    }
}
