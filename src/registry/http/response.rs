//! An HTTP response: status, headers, and a body to read.

use super::retry::retry_after;
use super::url::{Url, location};
use crate::error::{Error, ResponseFault};
use crate::progress::Progress;
use crate::registry::error_body::ErrorBody;
use crate::registry::transport::{Deadline, Failure};
use std::borrow::Cow;
use std::io::{self, Read};
use std::time::Duration;
use ureq::Body;
use ureq::http;

/// Bodies of redirects and errors up to this size, in bytes, are read so that the connection can be
/// reused.
const MAX_DISCARDED: u64 = 64 << 10;

/// The longest error body that is read, in bytes.
const MAX_ERROR_BODY: u64 = 64 << 10;

/// A response: its status, its headers, and a body that may not have been read yet.
pub(crate) struct Response {
    /// The URL that it came from, after redirects.
    pub(crate) url: Url,
    pub(crate) status: u16,
    response: http::Response<Body>,
    /// The body, if it was read already.
    gathered: Option<Vec<u8>>,
    /// Redacts secrets that the server may echo.
    progress: Progress,
    deadline: Deadline,
}

impl Response {
    /// The response from `url`, and the deadline for its body.
    pub(crate) fn new(
        url: Url,
        response: http::Response<Body>,
        deadline: Deadline,
        progress: Progress,
    ) -> Self {
        Self {
            url,
            status: response.status().as_u16(),
            response,
            gathered: None,
            progress,
            deadline,
        }
    }

    /// The value of a header, if present and readable.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.response.headers().get(name)?.to_str().ok()
    }

    /// The value of `Location`.
    pub(crate) fn location(&self) -> Option<String> {
        let value = self.response.headers().get("location")?;
        Some(location(value.as_bytes()))
    }

    /// All values of a header that holds text for people, in whatever encoding.
    pub(crate) fn headers(&self, name: &str) -> impl Iterator<Item = Cow<'_, str>> {
        let values = self.response.headers().get_all(name).iter();
        values.map(|value| String::from_utf8_lossy(value.as_bytes()))
    }

    /// Reads the body up to `limit` bytes; a longer body is an error.
    pub(crate) fn bytes(self, limit: u64) -> Result<Vec<u8>, Error> {
        let url = self.url.to_string();
        match self.gather(Some(limit))?.gathered {
            Some(bytes) if bytes.len() as u64 <= limit => Ok(bytes),
            _ => Err(ResponseFault::TooLong(limit).at(&url)),
        }
    }

    /// Reads the body of a successful response into memory, up to one byte beyond `whole`.
    pub(crate) fn gather(mut self, whole: Option<u64>) -> Result<Self, Error> {
        let whole = whole.filter(|_| self.status == 200 && self.gathered.is_none());
        if let Some(limit) = whole {
            let mut bytes = Vec::new();
            let body = self.deadline.watch(self.response.body_mut().as_reader());
            let read = body.take(limit + 1).read_to_end(&mut bytes);
            read.map_err(|e| Failure::of_body(e).of(&self.url))?;
            self.gathered = Some(bytes);
        }
        Ok(self)
    }

    /// The error body, without secrets.
    pub(crate) fn error_body(self) -> ErrorBody {
        let progress = self.progress;
        ErrorBody::read(&self.start_of_body(MAX_ERROR_BODY), progress)
    }

    fn start_of_body(self, limit: u64) -> Vec<u8> {
        let mut bytes = Vec::new();
        // An error body that breaks off is used as far as it goes.
        let body = self.response.into_body().into_reader();
        let body = self.deadline.watch(body);
        let _ = body.take(limit).read_to_end(&mut bytes);
        bytes
    }

    /// The body as a stream.
    pub(crate) fn stream(self) -> ResponseBody {
        let is_chunked = |value: &str| value.to_ascii_lowercase().contains("chunked");
        let has_end = self.header("content-length").is_some()
            || self.header("transfer-encoding").is_some_and(is_chunked);
        ResponseBody {
            has_end,
            url: self.url,
            deadline: self.deadline,
            body: Box::new(self.response.into_body().into_reader()),
        }
    }

    /// The value of `Retry-After`: how long to wait before the next request.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        retry_after(self.header("retry-after")?, self.header("date"))
    }

    pub(crate) fn discard(self) {
        drop(self.start_of_body(MAX_DISCARDED));
    }
}

/// A body that is being received.
pub(crate) struct ResponseBody {
    pub(crate) url: Url,
    /// Whether the server announced where the body ends. If not, an end may be a broken connection.
    pub(crate) has_end: bool,
    deadline: Deadline,
    body: Box<dyn Read>,
}

impl ResponseBody {
    pub(crate) fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Error> {
        loop {
            // A blob may take any time as long as bytes keep arriving.
            self.deadline.restart();
            match self.body.read(buffer) {
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                other => return other.map_err(|e| Failure::of_body(e).of(&self.url)),
            }
        }
    }
}
