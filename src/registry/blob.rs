//! A blob being downloaded: after a broken connection it resumes, transparently to the reader.
//!
//! ```text
//! request the rest      206 from that offset      continue
//!                       200                       whole blob: skip what was read already
//!                       206 from another offset,
//!                       416                       request the whole blob, and skip
//! ```
//! Whether the segments belong together is not checked here: the digest covers all of them.

use super::FetchMode;
use super::http::client::Client;
use super::http::response::{Response, ResponseBody};
use super::http::retry::Backoff;
use super::prefetch::path;
use super::repository::Repository;
use super::upstreams::{PendingBlob, Upstreams};
use crate::error::{Error, ImageError, RegistryError};
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
    blob: Descriptor,
    segment: Segment,
    /// The offset that the reader has reached.
    position: u64,
    backoff: Backoff,
    /// The offset at which the connection last broke.
    broke_at: u64,
    /// Whether it was prefetched and its connection has not broken since.
    was_prefetched: bool,
    /// Whether everything has arrived and the connection then failed: another read would only wait
    /// again.
    ended: bool,
}

/// The part of a blob that one response delivers.
struct Segment {
    repository: Rc<Repository>,
    /// The prefetch connection that delivers it, if any, which stays reserved meanwhile.
    _client: Option<Rc<Client>>,
    stream: ResponseBody,
    /// How many of the next bytes the reader already has.
    to_skip: u64,
}

impl Blob {
    pub(super) fn open(
        upstreams: Rc<Upstreams>,
        blob: &Descriptor,
        from: u64,
        mode: FetchMode,
        pending: Option<PendingBlob>,
    ) -> Result<Self, Error> {
        let retries = |most| if mode == FetchMode::Demand { most } else { 0 };
        let now = || {
            upstreams.try_each(|repository, most| request(repository, blob, from, retries(most)))
        };
        let segment = match pending.map(|pending| pending.whole(blob)) {
            Some(Err(_)) if mode == FetchMode::Demand => now()?,
            Some(segment) => segment?,
            None => now()?,
        };
        Ok(Self {
            backoff: Backoff::new(upstreams.retries()),
            upstreams,
            blob: blob.clone(),
            segment,
            position: from,
            broke_at: from,
            was_prefetched: mode == FetchMode::Prefetch,
            ended: false,
        })
    }

    /// Reads bytes that the reader does not have yet, as they arrive; 0 at the end.
    fn advance(&mut self, buffer: &mut [u8]) -> Result<usize, Error> {
        while !self.ended {
            let (outcome, why) = match self.segment.stream.read(buffer) {
                // A signal is not the mirror's fault.
                Err(error @ Error::Stopped(_)) => return Err(error),
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
                Ok(count) if count > 0 => match self.segment.skip(&mut buffer[..count]) {
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
            let (blob, from) = (&self.blob, self.position);
            self.segment = self
                .upstreams
                .try_each(|repository, retries| request(repository, blob, from, retries))?;
        }
        Ok(0)
    }

    /// Whether the body ended too early. An end that the server announced is accepted: the digest
    /// decides.
    fn is_cut(&self) -> bool {
        !self.segment.stream.has_end && self.position < self.blob.size
    }

    /// Whether to request the rest after the connection broke. Waits first where that may help.
    fn is_worth_another(&mut self, why: &str) -> Result<bool, Error> {
        let had = self.position - self.broke_at;
        self.broke_at = self.position;
        // Servers close idle connections: prefetching caused this, so it does not count.
        if std::mem::take(&mut self.was_prefetched) {
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

impl Segment {
    /// The segment that `response` delivers: `blob` from byte `begins` on, of which the reader
    /// needs those from `from` on.
    fn new(
        repository: &Rc<Repository>,
        response: Response,
        blob: &Descriptor,
        (begins, from): (u64, u64),
    ) -> Result<Self, Error> {
        must_fit(repository, &response, blob, begins)?;
        Ok(Self {
            repository: Rc::clone(repository),
            _client: None,
            stream: response.stream(),
            to_skip: from - begins,
        })
    }

    /// Drops the bytes that the reader already has, and returns how many are left.
    fn skip(&mut self, bytes: &mut [u8]) -> usize {
        let had = self.to_skip.min(bytes.len() as u64) as usize;
        self.to_skip -= had as u64;
        bytes.copy_within(had.., 0);
        bytes.len() - had
    }
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

/// Requests `blob` from offset `from` on, always at the registry's own URL: the storage server that it
/// redirects to needs a fresh signature.
fn request(
    repository: &Rc<Repository>,
    blob: &Descriptor,
    from: u64,
    retries: u32,
) -> Result<Segment, Error> {
    let what = path(&blob.digest);
    // Range support shows only in the response: six of eight large registries support it without
    // announcing it.
    if from > 0 && from < blob.size {
        let range = format!("bytes={from}-");
        let response = repository.send("GET", &what, &[("range", &range)], retries)?;
        let begins = response
            .header("content-range")
            .is_some_and(|range| is_rest(range, from, blob.size));
        match response.status {
            206 if begins => return Segment::new(repository, response, blob, (from, from)),
            200 => return Segment::new(repository, response, blob, (0, from)),
            206 | 416 => response.discard(),
            _ => return Err(refused(repository, response)),
        }
    }
    let response = repository.send("GET", &what, &[], retries)?;
    whole(repository, response, blob, from)
}

/// The whole blob, of which the reader already has the bytes up to `from`.
fn whole(
    repository: &Rc<Repository>,
    response: Response,
    blob: &Descriptor,
    from: u64,
) -> Result<Segment, Error> {
    match response.status {
        200 => Segment::new(repository, response, blob, (0, from)),
        _ => Err(refused(repository, response)),
    }
}

impl PendingBlob {
    /// The whole blob, as prefetched.
    fn whole(self, blob: &Descriptor) -> Result<Segment, Error> {
        let (repository, client) = (&self.repository, &self.client);
        let response = repository.send_over(client, "GET", &path(&blob.digest), &[], 0)?;
        Ok(Segment {
            _client: Some(Rc::clone(client)),
            ..whole(repository, response, blob, 0)?
        })
    }
}

/// Rejects a mirror's response whose length is not the blob's: a login page, for example. The
/// registry itself may send it, as no other host is left, and the digest decides.
fn must_fit(
    repository: &Repository,
    response: &Response,
    blob: &Descriptor,
    begins: u64,
) -> Result<(), Error> {
    let announced = response.header("content-length").map(str::parse);
    match announced {
        Some(Ok(length)) if repository.is_mirror() && length != blob.size - begins => {
            Err(ImageError::SizeMismatch {
                digest: blob.digest.clone(),
                expected: blob.size,
                actual: begins.saturating_add(length),
            }
            .into())
        }
        _ => Ok(()),
    }
}

/// Whether `Content-Range` covers `from` to the end: RFC 9110, section 14.4.
fn is_rest(range: &str, from: u64, size: u64) -> bool {
    let wanted = format!("{from}-{}/", size - 1);
    let range = range.trim().strip_prefix("bytes").map(str::trim_start);
    range
        .and_then(|range| range.strip_prefix(&wanted))
        .is_some_and(|total| total == "*" || total.parse() == Ok(size))
}

fn refused(repository: &Repository, response: Response) -> Error {
    if response.status != 404 {
        return repository.refused(response);
    }
    // The image exists, but one of its blobs does not.
    let (url, status) = (response.url.to_string(), response.status);
    RegistryError::Status {
        url,
        status,
        message: response.error_body().message,
        retry_after: None,
    }
    .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_rest_is_the_rest() {
        for (range, good) in [
            ("bytes 10-99/100", true),
            ("bytes 10-99/*", true),
            ("bytes  10-99/100 ", true),
            ("bytes 11-99/100", false),
            ("bytes 9-99/100", false),
            ("bytes 10-98/100", false),
            ("bytes 10-99/101", false),
            ("bytes 10-99", false),
            ("bytes */100", false),
            ("10-99/100", false),
            ("", false),
        ] {
            assert_eq!(is_rest(range, 10, 100), good, "{range}");
        }
    }
}
