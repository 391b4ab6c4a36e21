//! The part of a blob that one response delivers.
//!
//! ```text
//! request from an offset   206 from that offset      continue
//!                          200                       whole blob: skip what was read already
//!                          206 from another offset,
//!                          416, and for a part of a
//!                          blob any other refusal    request the whole blob, and skip
//! ```

use super::byte_range::ByteRange;
use super::http::client::Client;
use super::http::response::{Response, ResponseBody};
use super::http::url::Url;
use super::repository::Repository;
use crate::error::{Error, ImageError, RegistryError};
use crate::oci::{Descriptor, Digest};
use std::rc::Rc;

/// A response, and which part of the blob is read from it.
pub(super) struct Segment {
    pub(super) repository: Rc<Repository>,
    /// The response, and the client that receives it, which stays reserved meanwhile. None at the end.
    body: Option<(ResponseBody, Rc<Client>)>,
    url: Url,
    /// Whether the server says that it does not honour `Range`: RFC 9110, section 14.3.
    pub(super) has_no_ranges: bool,
    /// Identifies the version of the blob that the server has.
    etag: Option<String>,
    /// How many of the next bytes the reader already has.
    to_skip: u64,
    /// The offset up to which it is read.
    pub(super) to: u64,
    /// The offset at which the response ends.
    pub(super) end: u64,
    /// Whether it was requested before it was needed, and its connection has not broken since.
    pub(super) was_sent_ahead: bool,
}

impl Segment {
    /// The part of `range` that `response` delivers: from `begins` up to `end`.
    pub(super) fn new(
        repository: &Rc<Repository>,
        client: Rc<Client>,
        response: Response,
        range: &ByteRange,
        (begins, end): (u64, u64),
    ) -> Result<Self, Error> {
        must_fit(repository, &response, &range.blob, (begins, end))?;
        Ok(Self {
            repository: Rc::clone(repository),
            has_no_ranges: response.header("accept-ranges") == Some("none"),
            etag: response.header("etag").map(str::to_owned),
            url: response.url.clone(),
            body: Some((response.stream(), client)),
            to_skip: range.from - begins,
            to: end,
            end,
            was_sent_ahead: false,
        })
    }

    /// Requests `range`, always from the registry: the storage server it redirects to needs a fresh
    /// signature. A range of a blob that `was_split` need not be possible.
    pub(super) fn request(
        repository: &Rc<Repository>,
        range: &ByteRange,
        was_split: bool,
        retries: u32,
    ) -> Result<Self, Error> {
        let (what, client) = (path(&range.blob.digest), repository.free_client());
        // Range support shows only in the response: six of eight large registries support it without
        // announcing it.
        if let Some(header) = range.header().filter(|_| range.from < range.to) {
            let headers = [("range", header.as_str())];
            let response = repository.send_over(&client, "GET", &what, &headers, retries)?;
            match response.status {
                206 if range.is_sent_by(&response) => {
                    let ends = (range.from, range.to);
                    return Self::new(repository, client, response, range, ends);
                }
                200 => return Self::whole(repository, client, response, range),
                206 | 416 => response.discard(),
                // It may be the range that is refused: the user asked for the whole blob.
                _ if was_split => response.discard(),
                _ => return Err(refused(repository, response)),
            }
        }
        let response = repository.send_over(&client, "GET", &what, &[], retries)?;
        Self::whole(repository, client, response, range)
    }

    /// The whole blob, of which the reader already has the bytes before `range`.
    pub(super) fn whole(
        repository: &Rc<Repository>,
        client: Rc<Client>,
        response: Response,
        range: &ByteRange,
    ) -> Result<Self, Error> {
        match response.status {
            200 => Self::new(repository, client, response, range, (0, range.blob.size)),
            _ => Err(refused(repository, response)),
        }
    }

    /// Whether `next` is known to be a part of another version of the blob.
    pub(super) fn differs_from(&self, next: &Self) -> bool {
        // Other hosts have other tags.
        self.url.same_origin(&next.url)
            && matches!((&self.etag, &next.etag), (Some(own), Some(other)) if own != other)
    }

    /// As much of `buffer` as may be read from `position` on: beyond `to`, another segment is read. At the
    /// end of the blob, the server may send too much, which the digest's reader refuses.
    pub(super) fn room<'b>(
        &self,
        position: u64,
        blob: &Descriptor,
        buffer: &'b mut [u8],
    ) -> &'b mut [u8] {
        let left = if self.to < blob.size {
            (self.to - position).saturating_add(self.to_skip)
        } else {
            u64::MAX
        };
        let count = usize::try_from(left).unwrap_or(usize::MAX);
        let count = buffer.len().min(count);
        &mut buffer[..count]
    }

    /// Drops the bytes that the reader already has, and returns how many are left.
    pub(super) fn skip(&mut self, bytes: &mut [u8]) -> usize {
        let had = self.to_skip.min(bytes.len() as u64) as usize;
        self.to_skip -= had as u64;
        bytes.copy_within(had.., 0);
        bytes.len() - had
    }

    /// Reads bytes of the response as they arrive; 0 at its end.
    pub(super) fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Error> {
        match &mut self.body {
            Some((body, _)) => body.read(buffer),
            None => Ok(0),
        }
    }

    /// Whether the server announced where the response ends.
    pub(super) fn has_end(&self) -> bool {
        let body = self.body.as_ref();
        body.is_some_and(|(body, _)| body.has_end)
    }

    /// Gives the connection back, so that it can be used again, after the end of the response. A response
    /// that goes on is dropped, and its connection closed.
    pub(super) fn close(&mut self, position: u64) {
        if let Some((mut body, _)) = self.body.take()
            && position == self.end
        {
            let _ = body.read(&mut [0]);
        }
    }
}

/// Rejects a mirror's response whose length is not the blob's: a login page, for example. The
/// registry itself may send it, as no other host is left, and the digest decides.
fn must_fit(
    repository: &Repository,
    response: &Response,
    blob: &Descriptor,
    (begins, end): (u64, u64),
) -> Result<(), Error> {
    let announced = response.header("content-length").map(str::parse);
    match announced {
        Some(Ok(length)) if repository.is_mirror() && length != end - begins => {
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

/// The path of a blob in its repository.
pub(super) fn path(digest: &Digest) -> String {
    format!("blobs/{digest}")
}

/// The error for an unexpected response.
pub(super) fn refused(repository: &Repository, response: Response) -> Error {
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
