//! Drops interim responses (1xx). A server may send any number before each response: RFC 9110,
//! section 15.2. ureq drops them too, but first compares all received bytes with its limit for
//! headers: a 103 that arrives together with the body of the response would exceed it. It also
//! rejects a 100 that has headers.

use ureq::unversioned::transport::Buffers;

/// How many bytes of interim responses are dropped before one response: 1,000 with a header each.
const MAX_INTERIM: usize = 128 << 10;

/// The length of a status line up to its code, in bytes: `HTTP/1.1 103`.
const UP_TO_CODE: usize = 12;

/// Drops the interim responses to one request.
#[derive(Debug, Default)]
pub(super) struct InterimFilter {
    /// Whether the header section of a response comes next.
    awaits_head: bool,
    /// How many bytes were dropped since the last request.
    dropped: usize,
}

/// The start of a response.
#[derive(Debug, PartialEq, Eq)]
enum ResponseStart {
    /// An interim response of this many bytes.
    Interim(usize),
    /// Too short to tell, or an incomplete interim response.
    Partial,
    /// Anything else.
    Final,
}

impl InterimFilter {
    /// A request is sent, so a header section comes next.
    pub(super) fn expect_head(&mut self) {
        self.awaits_head = true;
        self.dropped = 0;
    }

    /// Drops the interim responses at the start of the input.
    pub(super) fn drop_interim(&mut self, buffers: &mut dyn Buffers) -> Result<(), ureq::Error> {
        while self.awaits_head {
            match start(buffers.input()) {
                ResponseStart::Interim(size) => {
                    self.dropped += size;
                    if self.dropped > MAX_INTERIM {
                        let error = ureq::Error::LargeResponseHeader(self.dropped, MAX_INTERIM);
                        return Err(error);
                    }
                    buffers.input_consume(size);
                }
                ResponseStart::Final if is_complete(buffers.input()) => self.awaits_head = false,
                ResponseStart::Partial | ResponseStart::Final => {
                    // Tells ureq that nothing can be parsed yet. ureq does so itself, except when
                    // it waits for the response to a CONNECT: there it would parse the same partial
                    // headers for ever.
                    buffers.input_consume(0);
                    break;
                }
            }
        }
        Ok(())
    }
}

/// Parses a status line: RFC 9112, section 4. A 101 is final: it answers an Upgrade, which we never
/// send.
fn start(input: &[u8]) -> ResponseStart {
    let pattern = b"HTTP/1.# 1##";
    let is_interim = input
        .iter()
        .zip(pattern)
        .all(|(byte, wanted)| match wanted {
            b'#' => byte.is_ascii_digit(),
            _ => byte == wanted,
        });
    if !is_interim {
        return ResponseStart::Final;
    }
    match input.get(UP_TO_CODE - 3..UP_TO_CODE) {
        None => ResponseStart::Partial,
        Some(b"101") => ResponseStart::Final,
        Some(_) => head_size(input).map_or(ResponseStart::Partial, ResponseStart::Interim),
    }
}

/// Whether the header section of a response is complete.
fn is_complete(input: &[u8]) -> bool {
    head_size(input).is_some()
}

/// The length of a header section, with the empty line that ends it. Lines may end without a CR:
/// section 2.2.
fn head_size(input: &[u8]) -> Option<usize> {
    let mut size = 0;
    for line in input.split_inclusive(|byte| *byte == b'\n') {
        size += line.len();
        if matches!(line, b"\r\n" | b"\n") {
            return Some(size);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_interim_responses_are_dropped() {
        for (input, wanted) in [
            ("", ResponseStart::Partial),
            ("HTTP/1.", ResponseStart::Partial),
            ("HTTP/1.1 1", ResponseStart::Partial),
            ("HTTP/1.1 10", ResponseStart::Partial),
            ("HTTP/1.1 103 Early", ResponseStart::Partial),
            (
                "HTTP/1.1 103 Early Hints\r\nLink: x\r\n",
                ResponseStart::Partial,
            ),
            ("HTTP/1.1 100\r\n\r\n", ResponseStart::Interim(16)),
            (
                "HTTP/1.1 100 Continue\r\nA: b\r\n\r\nHTTP",
                ResponseStart::Interim(31),
            ),
            (
                "HTTP/1.0 102 x\n\nHTTP/1.1 200 OK",
                ResponseStart::Interim(16),
            ),
            ("HTTP/1.1 199 \r\n\r\n\r\n", ResponseStart::Interim(17)),
            (
                "HTTP/1.1 101 Switching Protocols\r\n\r\n",
                ResponseStart::Final,
            ),
            ("HTTP/1.1 2", ResponseStart::Final),
            ("HTTP/1.1 200 OK\r\n\r\n", ResponseStart::Final),
            ("HTTP/2 103\r\n\r\n", ResponseStart::Final),
            ("SSH-2.0-x\r\n", ResponseStart::Final),
            ("\u{16}\u{3}\u{1}", ResponseStart::Final),
        ] {
            assert_eq!(start(input.as_bytes()), wanted, "{input:?}");
        }
    }
}
