//! HTTP/1.1 as a server needs it: one request head at a time, RFC 9112.

use std::io::{self, Read as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// A request as it came in.
#[derive(Clone, Debug)]
pub struct Request {
    pub method: String,
    /// The target as sent: path, query, escapes and all.
    pub target: String,
    pub headers: Vec<(String, String)>,
    /// The Host header.
    pub host: String,
    pub body: Vec<u8>,
}

/// An answer before anything goes wrong on its way.
#[derive(Clone, Debug)]
pub struct Response {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Request {
    /// The value of a header; several of one name are joined by `, ` as RFC 9110 5.3 says.
    pub fn header(&self, name: &str) -> Option<String> {
        let values = self
            .headers
            .iter()
            .filter(|(key, _)| key.eq_ignore_ascii_case(name));
        let values: Vec<_> = values.map(|(_, value)| value.as_str()).collect();
        (!values.is_empty()).then(|| values.join(", "))
    }

    /// Method and target, which is what faults and counts look at.
    pub fn line(&self) -> String {
        format!("{} {}", self.method, self.target)
    }

    /// The path without query and escapes.
    pub fn path(&self) -> String {
        let target = self.origin_form();
        unescape(target.split('?').next().unwrap_or_default())
    }

    /// Every value of a query parameter.
    pub fn query(&self, name: &str) -> Vec<String> {
        form(
            self.target.split_once('?').map_or("", |(_, query)| query),
            name,
        )
    }

    /// Every value of a field of a form in the body.
    pub fn form(&self, name: &str) -> Vec<String> {
        form(&String::from_utf8_lossy(&self.body), name)
    }

    /// Forgets a header.
    pub(super) fn remove_header(&mut self, name: &str) {
        self.headers
            .retain(|(key, _)| !key.eq_ignore_ascii_case(name));
    }

    /// Servers must accept the absolute form, too (RFC 9112 3.2.2): with it a registry can play the proxy.
    fn origin_form(&self) -> &str {
        let Some(rest) = self.target.strip_prefix("http://") else {
            return &self.target;
        };
        rest.find('/').map_or("/", |slash| &rest[slash..])
    }
}

impl Response {
    /// An answer with a body of a media type.
    pub fn new(status: u16, media_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: body.into(),
        }
        .with("Content-Type", media_type)
    }

    /// The error document of the distribution spec.
    pub fn error(status: u16, code: &str, message: &str) -> Self {
        let body = serde_json::json!({"errors": [{"code": code, "message": message}]});
        Self::new(status, "application/json", body.to_string())
    }

    /// The answer with one more header.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Where in a blob the body begins.
    pub(super) fn first_byte(&self) -> usize {
        let range = self
            .headers
            .iter()
            .find(|(name, _)| name == "Content-Range");
        let first = range.and_then(|(_, range)| range.strip_prefix("bytes ")?.split_once('-'));
        first.and_then(|(first, _)| first.parse().ok()).unwrap_or(0)
    }

    /// Replaces a header, or adds it.
    pub(super) fn set(&mut self, name: &str, value: &str) {
        self.remove(name);
        self.headers.push((name.to_owned(), value.to_owned()));
    }

    pub(super) fn remove(&mut self, name: &str) {
        self.headers
            .retain(|(key, _)| !key.eq_ignore_ascii_case(name));
    }
}

/// The next request on a connection, or nothing if the client hung up between two.
///
/// A request without a body is only peeked at: with bytes unread, the kernel closes a connection by RST (RFC 1122
/// 4.2.2.13), which is how `Fault::Reset` is done without unsafe code. The number is what `consume` has to take away.
pub(super) fn receive(stream: &TcpStream) -> io::Result<Option<(Request, usize)>> {
    let Some(head) = peek_head(stream)? else {
        return Ok(None);
    };
    let mut request = parse(&head).ok_or_else(|| io::Error::other("not a request"))?;
    let length = request
        .header("content-length")
        .and_then(|value| value.parse().ok())
        .unwrap_or(0);
    if length == 0 {
        return Ok(Some((request, head.len())));
    }
    consume(stream, head.len())?;
    request.body = vec![0; length];
    (&*stream).read_exact(&mut request.body)?;
    Ok(Some((request, 0)))
}

/// Takes a peeked request off the connection.
pub(super) fn consume(mut stream: &TcpStream, bytes: usize) -> io::Result<()> {
    stream.read_exact(&mut vec![0; bytes])
}

/// The words that go with a status code.
pub(super) fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        206 => "Partial Content",
        307 => "Temporary Redirect",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        416 => "Range Not Satisfiable",
        429 => "Too Many Requests",
        503 => "Service Unavailable",
        _ => "Status",
    }
}

fn peek_head(stream: &TcpStream) -> io::Result<Option<Vec<u8>>> {
    let mut buffer = vec![0; 64 * 1024];
    let mut deadline = None;
    loop {
        let seen = stream.peek(&mut buffer)?;
        if seen == 0 {
            return Ok(None);
        }
        if let Some(end) = buffer[..seen]
            .windows(4)
            .position(|four| four == b"\r\n\r\n")
        {
            buffer.truncate(end + 4);
            return Ok(Some(buffer));
        }
        // Peeking at half a head returns at once, so this waits for the rest, but not for ever.
        let deadline = deadline.get_or_insert_with(|| Instant::now() + Duration::from_secs(30));
        if seen == buffer.len() || Instant::now() > *deadline {
            return Err(io::Error::other("a head without an end"));
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Strict on purpose: what is not a clean request gets no answer.
fn parse(head: &[u8]) -> Option<Request> {
    let head = std::str::from_utf8(head).ok()?.strip_suffix("\r\n\r\n")?;
    let mut lines = head.split("\r\n");
    let mut words = lines.next()?.split(' ');
    let (method, target, version) = (words.next()?, words.next()?, words.next()?);
    if words.next().is_some() || version != "HTTP/1.1" {
        return None;
    }
    let headers: Option<Vec<_>> = lines
        .map(|line| {
            let (name, value) = line.split_once(':')?;
            let clean = !name.is_empty() && !name.contains(char::is_whitespace);
            clean.then(|| (name.to_owned(), value.trim().to_owned()))
        })
        .collect();
    let mut request = Request {
        method: method.to_owned(),
        target: target.to_owned(),
        headers: headers?,
        host: String::new(),
        body: Vec::new(),
    };
    request.host = request.header("host")?;
    Some(request)
}

fn form(text: &str, name: &str) -> Vec<String> {
    let pairs = text.split('&').filter_map(|pair| pair.split_once('='));
    pairs
        .filter(|(key, _)| unescape(key) == name)
        .map(|(_, value)| unescape(&value.replace('+', " ")))
        .collect()
}

fn unescape(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let code = match rest {
            [b'%', high, low, ..] => std::str::from_utf8(&[*high, *low])
                .ok()
                .and_then(|hex| u8::from_str_radix(hex, 16).ok()),
            _ => None,
        };
        bytes.push(code.unwrap_or(*first));
        rest = if code.is_some() { &rest[3..] } else { tail };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
