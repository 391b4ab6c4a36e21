//! What can go wrong between a registry and its client, to order.

use super::delivery::{Delivery, End, Framing, Instead};
use super::http::{Request, Response};
use std::io::Write as _;
use std::time::Duration;

/// For faults that never get better.
pub const ALWAYS: usize = usize::MAX;

/// One fault of one answer.
///
/// `Status`, `Redirect`, `Raw`, `Reset`, `Hang`, `EndlessHead` and `EndlessInterim` come in place of whatever the answer would have been.
/// All others spoil successful answers (2xx) only, and are not used up by a 401 or a redirect before it. Where bytes are
/// counted, the body of that answer is meant: of a 206 only the part that was asked for.
#[derive(Clone, Debug)]
pub enum Fault {
    /// Another status with headers and a body; `Fault::status` and `Fault::status_with` make one.
    Status(u16, Vec<(String, String)>, Vec<u8>),
    /// 307 to this Location, as it is.
    Redirect(String),
    /// These bytes in place of an HTTP response; then the connection is closed.
    Raw(Vec<u8>),
    /// The connection is reset before anything was sent.
    Reset,
    /// Not even a status line, and the connection stays open.
    Hang,
    /// Headers without end.
    EndlessHead,
    /// Closes the connection after so many bytes of the body.
    CutBody(usize),
    /// Closes the connection at this byte of the blob, from wherever a range begins.
    CutAt(usize),
    /// Resets the connection after so many bytes of the body.
    ResetBody(usize),
    /// Goes silent after so many bytes of the body, and keeps the connection open.
    Stall(usize),
    /// Waits after so many bytes of the body, at the latest before its last one, until `Registry::release`, then
    /// sends the rest.
    Hold(usize),
    /// After the body come zeros without end; how long it is was not said.
    EndlessBody,
    /// Behind the body, in chunks, come trailers without end.
    EndlessTrailers,
    /// In front of the body comes a chunk extension without end.
    EndlessExtension,
    /// Interim answers (103) without end in place of one.
    EndlessInterim,
    /// These interim responses (1xx) before the response.
    Interim(Vec<u8>),
    /// Sends the body in pieces of so many bytes with a pause before each.
    Trickle(usize, Duration),
    /// Flips all bits of the byte at this offset.
    Corrupt(usize),
    /// More body than there is; Content-Length counts it.
    Append(Vec<u8>),
    /// A Content-Length that differs by so much from what is sent. If it is too low the connection stays open.
    WrongContentLength(i64),
    /// No Content-Length: the body ends when the connection does.
    NoContentLength,
    /// HTTP/1.0, which closes the connection after each answer.
    Http10,
    /// Transfer-Encoding: chunked, with a chunk extension and a trailer. Cut, it lacks the last chunk.
    Chunked,
    /// Closes the connection after the answer, without having said so.
    CloseAfter,
    /// Sets a header, in place of the right one if there is one.
    Header(String, String),
    /// Leaves a header out.
    WithoutHeader(String),
    /// Labels the body `Content-Encoding: gzip` and sends it as it is.
    ContentEncodingGzip,
    /// Answers a request for a range with everything; other requests do not use this one up.
    IgnoreRange,
    /// Answers a request for a range from this byte on, and says so; other requests do not use this one up.
    RangeFrom(usize),
    /// A fault of requests for ranges; other requests do not use it up.
    OfRange(Box<Self>),
    /// A fault of requests for a range that begins at this byte; other requests do not use it up.
    OfRangeAt(u64, Box<Self>),
    /// Several at once.
    All(Vec<Self>),
}

impl Fault {
    /// A bare status with an error document that says as much.
    pub fn status(code: u16) -> Self {
        Self::status_with(
            code,
            &[],
            "{\"errors\":[{\"code\":\"UNKNOWN\",\"message\":\"a fault\"}]}",
        )
    }

    /// A status with headers and a body.
    pub fn status_with(code: u16, headers: &[(&str, &str)], body: impl AsRef<[u8]>) -> Self {
        let own = |&(name, value): &(&str, &str)| (name.to_owned(), value.to_owned());
        Self::Status(
            code,
            headers.iter().map(own).collect(),
            body.as_ref().to_vec(),
        )
    }

    /// A header of a successful answer.
    pub fn header(name: &str, value: &str) -> Self {
        Self::Header(name.to_owned(), value.to_owned())
    }

    /// A fault of requests for ranges.
    pub fn of_range(fault: Self) -> Self {
        Self::OfRange(Box::new(fault))
    }

    /// A fault of requests for a range that begins at `byte`.
    pub fn of_range_at(byte: u64, fault: Self) -> Self {
        Self::OfRangeAt(byte, Box::new(fault))
    }

    /// Whether the fault is for requests like this one.
    pub(super) fn concerns(&self, request: &Request) -> bool {
        match self {
            Self::IgnoreRange | Self::RangeFrom(_) | Self::OfRange(_) => {
                request.header("range").is_some()
            }
            Self::OfRangeAt(byte, _) => {
                let range = request.header("range").unwrap_or_default();
                range.starts_with(&format!("bytes={byte}-"))
            }
            Self::All(faults) => faults.iter().all(|fault| fault.concerns(request)),
            _ => true,
        }
    }

    /// Whether it comes in place of the answer.
    pub(super) fn replaces(&self) -> bool {
        match self {
            Self::Status(..) | Self::Redirect(_) | Self::Raw(_) => true,
            Self::Reset | Self::Hang | Self::EndlessHead | Self::EndlessInterim => true,
            Self::OfRange(fault) | Self::OfRangeAt(_, fault) => fault.replaces(),
            Self::All(faults) => faults.iter().any(Self::replaces),
            _ => false,
        }
    }

    /// What has to be known before the answer is looked up.
    pub(super) fn apply_to_request(&self, request: &mut Request) {
        match self {
            Self::IgnoreRange => request.remove_header("range"),
            Self::RangeFrom(byte) => {
                request.remove_header("range");
                let range = ("range".to_owned(), format!("bytes={byte}-"));
                request.headers.push(range);
            }
            Self::OfRange(fault) | Self::OfRangeAt(_, fault) => fault.apply_to_request(request),
            Self::All(faults) => faults
                .iter()
                .for_each(|fault| fault.apply_to_request(request)),
            _ => {}
        }
    }

    /// Spoils an answer, or how it is delivered.
    pub(super) fn apply(&self, response: &mut Response, delivery: &mut Delivery) {
        match self {
            Self::Status(status, headers, body) => {
                *response = Response {
                    status: *status,
                    headers: headers.clone(),
                    body: body.clone(),
                };
            }
            Self::Redirect(location) => {
                *response = Response::new(307, "text/html", "").with("Location", location)
            }
            Self::Raw(bytes) => delivery.instead = Some(Instead::Raw(bytes.clone())),
            Self::Reset => delivery.instead = Some(Instead::Reset),
            Self::Hang => delivery.instead = Some(Instead::Hang),
            Self::EndlessHead => delivery.instead = Some(Instead::EndlessHead),
            Self::EndlessInterim => delivery.instead = Some(Instead::EndlessInterim),
            Self::EndlessTrailers => {
                delivery.framing = Framing::Chunked;
                delivery.end = End::Trailers;
            }
            Self::EndlessExtension => {
                delivery.framing = Framing::Chunked;
                delivery.end = End::Extension;
            }
            Self::CutBody(bytes) => delivery.end = End::Cut(*bytes),
            Self::CutAt(byte) => {
                delivery.end = End::Cut(byte.saturating_sub(response.first_byte()));
            }
            Self::ResetBody(bytes) => delivery.end = End::Reset(*bytes),
            Self::Stall(bytes) => delivery.end = End::Stall(*bytes),
            Self::Hold(bytes) => delivery.end = End::Hold(*bytes),
            Self::EndlessBody => {
                delivery.framing = Framing::Close;
                delivery.end = End::Endless;
            }
            Self::Interim(bytes) => delivery.interim = bytes.clone(),
            Self::Trickle(bytes, pause) => delivery.trickle = Some((*bytes, *pause)),
            Self::Corrupt(offset) => {
                let size = response.body.len();
                let byte = response.body.get_mut(*offset);
                *byte.unwrap_or_else(|| {
                    panic!("no byte {offset} to corrupt in a body of {size}")
                }) ^= 0xff;
            }
            Self::Append(bytes) => response.body.extend(bytes),
            Self::WrongContentLength(delta) => delivery.framing = Framing::Length(*delta),
            Self::NoContentLength => delivery.framing = Framing::Close,
            Self::Chunked => delivery.framing = Framing::Chunked,
            Self::CloseAfter => delivery.close = true,
            Self::Http10 => (delivery.is_old, delivery.close) = (true, true),
            Self::Header(name, value) => response.set(name, value),
            Self::WithoutHeader(name) => response.remove(name),
            Self::ContentEncodingGzip => response.set("Content-Encoding", "gzip"),
            Self::IgnoreRange | Self::RangeFrom(_) => {}
            Self::OfRange(fault) | Self::OfRangeAt(_, fault) => fault.apply(response, delivery),
            Self::All(faults) => faults
                .iter()
                .for_each(|fault| fault.apply(response, delivery)),
        }
    }
}

/// A response to write down byte by byte for `Fault::Raw`: the head's lines, then the body.
pub fn raw_response(head: &[&str], body: impl AsRef<[u8]>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for line in head {
        write!(bytes, "{line}\r\n").unwrap();
    }
    bytes.extend(b"\r\n");
    bytes.extend(body.as_ref());
    bytes
}
