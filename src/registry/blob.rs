//! A blob on its way: when the wire breaks, the rest is asked for, and nobody above notices.
//!
//! ```text
//! ask for the rest      206 from there on     goes on
//!                       200                   all of it once more: what was had is passed over
//!                       206 from elsewhere,
//!                       416                   asked again for all of it, and passed over
//! ```
//! Whether the pieces belong together is not asked here: the digest is over all of them.

use super::FetchMode;
use super::ahead::path;
use super::answer::{Response, ResponseBody};
use super::endpoint::Repository;
use super::endpoints::{PendingBlob, Upstreams};
use super::http::Client;
use super::retry::Backoff;
use crate::error::Error;
use crate::oci::Descriptor;
use std::io::{self, Read};
use std::rc::Rc;

/// How much has to come before a broken wire is forgiven, in bytes. A server that cuts every answer
/// at the same byte is given up; one that gives a little more each time is, too.
const PROGRESS: u64 = 1 << 20;

/// What is said of a body that just ends.
const CUT: &str = "the connection ended in the middle of a blob";

/// The bytes of one blob, from an offset on.
pub struct Blob {
    endpoints: Rc<Upstreams>,
    blob: Descriptor,
    piece: Segment,
    /// Where the reader above is.
    position: u64,
    patience: Backoff,
    /// Where the wire broke last.
    broke_at: u64,
    /// Whether it was asked for ahead of time, and has not broken since.
    waited: bool,
    /// Whether all has come, and then nothing: the next read would wait for the same nothing.
    ended: bool,
}

/// As much of a blob as one host sends.
struct Segment {
    endpoint: Rc<Repository>,
    /// The lane that it comes over, if it does, which takes no other question meanwhile.
    _lane: Option<Rc<Client>>,
    stream: ResponseBody,
    /// How many bytes of the stream the reader above has had already.
    surplus: u64,
}

impl Blob {
    pub(super) fn open(
        endpoints: Rc<Upstreams>,
        blob: &Descriptor,
        from: u64,
        asked: FetchMode,
        begun: Option<PendingBlob>,
    ) -> Result<Self, Error> {
        let retries = |retries| if asked == FetchMode::Demand { retries } else { 0 };
        let first = || endpoints.first(|endpoint, most| ask(endpoint, blob, from, retries(most)));
        let piece = match begun {
            Some(begun) => match begun.whole(blob) {
                Err(_) if asked == FetchMode::Demand => first()?,
                piece => piece?,
            },
            None => first()?,
        };
        Ok(Self {
            patience: Backoff::new(endpoints.retries()),
            endpoints,
            blob: blob.clone(),
            piece,
            position: from,
            broke_at: from,
            waited: asked == FetchMode::Prefetch,
            ended: false,
        })
    }

    /// Bytes that the reader above has not had, as many as come; none at the end.
    fn advance(&mut self, buffer: &mut [u8]) -> Result<usize, Error> {
        while !self.ended {
            let (outcome, why) = match self.piece.stream.read(buffer) {
                // Not even a mirror is to blame.
                Err(error @ Error::Stopped(_)) => return Err(error),
                // All of it has come, whatever else the server had announced: the digest will tell.
                Err(error) if error.may_pass() && self.position == self.blob.size => {
                    self.ended = true;
                    return Ok(0);
                }
                Ok(0) if self.is_cut() => (Ok(0), CUT.to_owned()),
                Err(error) if error.may_pass() || self.piece.endpoint.is_mirror() => {
                    let why = error.to_string();
                    (Err(error), why)
                }
                Ok(count) if count > 0 => match self.piece.skip(&mut buffer[..count]) {
                    0 => continue,
                    count => {
                        self.position += count as u64;
                        return Ok(count);
                    }
                },
                other => return other,
            };
            // Where patience ends, what happened last is what happened.
            if !self.is_worth_another(&why)? {
                return outcome;
            }
            let (blob, from) = (&self.blob, self.position);
            let asked = self
                .endpoints
                .first(|endpoint, retries| ask(endpoint, blob, from, retries));
            self.piece = asked?;
        }
        Ok(0)
    }

    /// Whether an end comes too early. One that the server announced is its word: the digest will
    /// tell what that is worth.
    fn is_cut(&self) -> bool {
        !self.piece.stream.has_end && self.position < self.blob.size
    }

    /// Whether the rest is to be asked for after the wire broke; waits, where that may help.
    fn is_worth_another(&mut self, why: &str) -> Result<bool, Error> {
        let had = self.position - self.broke_at;
        self.broke_at = self.position;
        // Servers end connections that nobody reads from: that was our doing.
        if std::mem::take(&mut self.waited) {
            return Ok(true);
        }
        if had >= PROGRESS {
            self.patience.reset();
        } else if self.endpoints.leave(&self.piece.endpoint, &why) {
            // Patience is for where there is no other place to ask.
            return Ok(true);
        }
        let Some(pause) = self.patience.next(None) else {
            return Ok(self.endpoints.leave(&self.piece.endpoint, &why));
        };
        let then = format!("going on at byte {}", self.position);
        self.endpoints.wait(why, &then, pause)?;
        Ok(true)
    }
}

impl Segment {
    /// What `answer` brings of `blob` from byte `begins` on, of which `from` is wanted.
    fn new(
        endpoint: &Rc<Repository>,
        answer: Response,
        blob: &Descriptor,
        (begins, from): (u64, u64),
    ) -> Result<Self, Error> {
        must_fit(endpoint, &answer, blob, begins)?;
        Ok(Self {
            endpoint: Rc::clone(endpoint),
            _lane: None,
            stream: answer.stream(),
            surplus: from - begins,
        })
    }

    /// Drops what the reader above has had from what has come, and says how much is left.
    fn skip(&mut self, bytes: &mut [u8]) -> usize {
        let had = self.surplus.min(bytes.len() as u64) as usize;
        self.surplus -= had as u64;
        bytes.copy_within(had.., 0);
        bytes.len() - had
    }
}

impl Read for Blob {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match buffer.is_empty() {
            true => Ok(0),
            false => self.advance(buffer).map_err(io::Error::other),
        }
    }
}

/// Asks for `blob` from offset `from` on, always at the registry: the storage server that it leads
/// to wants a fresh signature.
fn ask(
    endpoint: &Rc<Repository>,
    blob: &Descriptor,
    from: u64,
    retries: u32,
) -> Result<Segment, Error> {
    let what = path(&blob.digest);
    // Whether a server takes ranges is seen when it is asked: six of eight large ones do without
    // saying so.
    if from > 0 && from < blob.size {
        let range = format!("bytes={from}-");
        let answer = endpoint.ask("GET", &what, &[("range", &range)], retries)?;
        let begins = answer
            .header("content-range")
            .is_some_and(|range| is_rest(range, from, blob.size));
        match answer.status {
            206 if begins => return Segment::new(endpoint, answer, blob, (from, from)),
            200 => return Segment::new(endpoint, answer, blob, (0, from)),
            206 | 416 => answer.discard(),
            _ => return Err(refused(endpoint, answer)),
        }
    }
    let answer = endpoint.ask("GET", &what, &[], retries)?;
    whole(endpoint, answer, blob, from)
}

/// All of a blob, of which the reader above has had the first bytes up to `from`.
fn whole(
    endpoint: &Rc<Repository>,
    answer: Response,
    blob: &Descriptor,
    from: u64,
) -> Result<Segment, Error> {
    match answer.status {
        200 => Segment::new(endpoint, answer, blob, (0, from)),
        _ => Err(refused(endpoint, answer)),
    }
}

impl PendingBlob {
    /// All of the blob that was asked for.
    fn whole(self, blob: &Descriptor) -> Result<Segment, Error> {
        let (endpoint, lane) = (&self.endpoint, &self.lane);
        let answer = endpoint.ask_over(lane, "GET", &path(&blob.digest), &[], 0)?;
        Ok(Segment {
            _lane: Some(Rc::clone(lane)),
            ..whole(endpoint, answer, blob, 0)?
        })
    }
}

/// Refuses what a mirror announces to be longer or shorter than the blob: a login page, say. The
/// registry itself may send it, for there is nobody else to ask, and the digest will tell.
fn must_fit(
    endpoint: &Repository,
    answer: &Response,
    blob: &Descriptor,
    begins: u64,
) -> Result<(), Error> {
    let announced = answer.header("content-length").map(str::parse);
    match announced {
        Some(Ok(length)) if endpoint.is_mirror() && length != blob.size - begins => {
            Err(Error::SizeMismatch {
                digest: blob.digest.clone(),
                wanted: blob.size,
                got: begins.saturating_add(length),
            })
        }
        _ => Ok(()),
    }
}

/// Whether `Content-Range` says "from there to the end": RFC 9110, section 14.4.
fn is_rest(range: &str, from: u64, size: u64) -> bool {
    let wanted = format!("{from}-{}/", size - 1);
    let range = range.trim().strip_prefix("bytes").map(str::trim_start);
    range
        .and_then(|range| range.strip_prefix(&wanted))
        .is_some_and(|total| total == "*" || total.parse() == Ok(size))
}

fn refused(endpoint: &Repository, answer: Response) -> Error {
    if answer.status != 404 {
        return endpoint.refused(answer);
    }
    // The image is there, a part of it is not.
    let (url, status) = (answer.url.to_string(), answer.status);
    Error::Registry {
        url,
        status,
        said: answer.fault().said,
        again: None,
    }
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
