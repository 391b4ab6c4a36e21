//! An answer on its way through the socket, whole or with a mishap.

use super::gate::Gate;
use super::http::{self, Response};
use std::io::{self, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

/// How an answer is delivered.
#[derive(Default)]
pub(super) struct Delivery {
    pub(super) instead: Option<Instead>,
    pub(super) interim: Vec<u8>,
    pub(super) framing: Framing,
    pub(super) end: End,
    pub(super) trickle: Option<(usize, Duration)>,
    pub(super) close: bool,
    pub(super) is_old: bool,
}

/// What comes in place of a response.
pub(super) enum Instead {
    Raw(Vec<u8>),
    Reset,
    Hang,
    EndlessHead,
    EndlessInterim,
}

/// How the client learns where the body ends.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Framing {
    /// Content-Length, so far off the truth.
    Length(i64),
    Chunked,
    Close,
}

impl Default for Framing {
    fn default() -> Self {
        Self::Length(0)
    }
}

/// How far the body gets.
#[derive(Default, Clone, Copy)]
pub(super) enum End {
    #[default]
    Whole,
    Cut(usize),
    Reset(usize),
    Stall(usize),
    Hold(usize),
    Endless,
    Trailers,
    Extension,
}

impl Delivery {
    /// Answers the request of which `unread` bytes are still in the socket; says whether another may follow.
    pub(super) fn send(
        &self,
        stream: &TcpStream,
        unread: usize,
        head_only: bool,
        response: &Response,
        gate: &Gate,
    ) -> io::Result<bool> {
        if !matches!(
            (&self.instead, self.end),
            (Some(Instead::Reset), _) | (_, End::Reset(_))
        ) {
            http::consume(stream, unread)?;
        }
        match &self.instead {
            Some(Instead::Raw(bytes)) => (&*stream).write_all(bytes).map(|()| false),
            Some(Instead::Reset) => Ok(false),
            Some(Instead::Hang) => silence(stream),
            Some(Instead::EndlessHead) => {
                (&*stream).write_all(b"HTTP/1.1 200 OK\r\n")?;
                flood(stream, b"X-Filler: without end\r\n")
            }
            Some(Instead::EndlessInterim) => flood(stream, b"HTTP/1.1 103 Early Hints\r\n\r\n"),
            None => self.send_response(stream, head_only, response, gate),
        }
    }

    fn send_response(
        &self,
        mut stream: &TcpStream,
        head_only: bool,
        response: &Response,
        gate: &Gate,
    ) -> io::Result<bool> {
        let body = &response.body[..];
        stream.write_all(&[self.interim.clone(), self.head(response)].concat())?;
        if head_only {
            return Ok(!self.close);
        }
        match self.end {
            End::Whole => self.send_body(stream, body)?,
            End::Hold(bytes) => {
                // A body that is shorter is held before its last byte: a test that counts on the gate must
                // never go on without it.
                let (first, rest) = body.split_at(bytes.min(body.len().saturating_sub(1)));
                self.send_body(stream, first)?;
                gate.wait();
                self.send_body(stream, rest)?;
            }
            End::Endless => {
                self.send_body(stream, body)?;
                return flood(stream, &[0]);
            }
            End::Trailers => {
                self.send_body(stream, body)?;
                stream.write_all(b"0\r\n")?;
                return flood(stream, b"X-Filler: without end\r\n");
            }
            End::Extension => {
                stream.write_all(format!("{:x};x=", body.len()).as_bytes())?;
                return flood(stream, b"x");
            }
            End::Cut(bytes) | End::Reset(bytes) => {
                self.send_body(stream, &body[..bytes.min(body.len())])?;
                return Ok(false);
            }
            End::Stall(bytes) => {
                self.send_body(stream, &body[..bytes.min(body.len())])?;
                return silence(stream);
            }
        }
        match self.framing {
            Framing::Chunked => stream.write_all(b"0;last\r\nX-Trailer: yes\r\n\r\n")?,
            Framing::Close => return Ok(false),
            Framing::Length(delta) if delta > 0 => return Ok(false),
            Framing::Length(_) => {}
        }
        Ok(!self.close)
    }

    fn head(&self, response: &Response) -> Vec<u8> {
        let version = if self.is_old { "1.0" } else { "1.1" };
        let mut head = format!(
            "HTTP/{version} {} {}\r\n",
            response.status,
            http::reason(response.status)
        );
        for (name, value) in &response.headers {
            head += &format!("{name}: {value}\r\n");
        }
        let own_length = response
            .headers
            .iter()
            .any(|(name, _)| name.eq_ignore_ascii_case("content-length"));
        match self.framing {
            Framing::Length(_) if own_length => {}
            Framing::Length(delta) => {
                let length = i64::try_from(response.body.len()).unwrap_or(i64::MAX) + delta;
                head += &format!("Content-Length: {}\r\n", length.max(0));
            }
            Framing::Chunked => head += "Transfer-Encoding: chunked\r\n",
            Framing::Close => head += "Connection: close\r\n",
        }
        (head + "\r\n").into_bytes()
    }

    fn send_body(&self, mut stream: &TcpStream, body: &[u8]) -> io::Result<()> {
        let (size, pause) = self.trickle.unwrap_or((64 * 1024, Duration::ZERO));
        for piece in body.chunks(size) {
            std::thread::sleep(pause);
            if self.framing == Framing::Chunked {
                stream.write_all(format!("{:x};extension=\"1\"\r\n", piece.len()).as_bytes())?;
                stream.write_all(piece)?;
                stream.write_all(b"\r\n")?;
            } else {
                stream.write_all(piece)?;
            }
        }
        Ok(())
    }
}

/// Sends the same over and over until the client, or the end of the test, closes the connection.
fn flood(mut stream: &TcpStream, bytes: &[u8]) -> io::Result<bool> {
    let bytes = bytes.repeat(1024);
    loop {
        stream.write_all(&bytes)?;
    }
}

/// Keeps the connection open until the client, or the end of the test, closes it.
fn silence(mut stream: &TcpStream) -> io::Result<bool> {
    while stream.read(&mut [0; 1024])? > 0 {}
    Ok(false)
}
