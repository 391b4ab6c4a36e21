//! A part of a blob, and whether a response delivers it.

use super::http::response::Response;
use crate::oci::Descriptor;

/// The bytes of a blob from offset `from` up to `to`, exclusively.
#[derive(Clone, Debug)]
pub(super) struct ByteRange {
    pub(super) blob: Descriptor,
    pub(super) from: u64,
    pub(super) to: u64,
}

impl ByteRange {
    /// How many bytes it has.
    pub(super) fn length(&self) -> u64 {
        self.to - self.from
    }

    /// The value of a `Range` header: RFC 9110, section 14.1.2. None for a whole blob, which any server
    /// can send.
    pub(super) fn header(&self) -> Option<String> {
        match (self.from, self.to == self.blob.size) {
            (0, true) => None,
            (from, true) => Some(format!("bytes={from}-")),
            (from, false) => Some(format!("bytes={from}-{}", self.to - 1)),
        }
    }

    /// Whether a 206 delivers this range of the blob: RFC 9110, section 14.4.
    pub(super) fn is_sent_by(&self, response: &Response) -> bool {
        let header = response.header("content-range");
        header.is_some_and(|header| self.is_in(header))
    }

    fn is_in(&self, content_range: &str) -> bool {
        let wanted = format!("{}-{}/", self.from, self.to - 1);
        let range = content_range
            .trim()
            .strip_prefix("bytes")
            .map(str::trim_start);
        range
            .and_then(|range| range.strip_prefix(&wanted))
            .is_some_and(|total| total == "*" || total.parse() == Ok(self.blob.size))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oci::{Algorithm, Digest};

    fn range(from: u64, to: u64) -> ByteRange {
        let blob = Descriptor::new(String::new(), Digest::of(Algorithm::Sha256, b""), 100);
        ByteRange { blob, from, to }
    }

    #[test]
    fn a_range_is_delivered_by_its_own_content_range() {
        for (header, good) in [
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
            assert_eq!(range(10, 100).is_in(header), good, "{header}");
        }
        assert!(range(10, 20).is_in("bytes 10-19/100"));
        assert!(!range(10, 20).is_in("bytes 10-20/100"));
    }

    #[test]
    fn the_end_is_named_only_if_it_is_not_the_blobs() {
        assert_eq!(range(0, 100).header(), None);
        assert_eq!(range(10, 100).header().as_deref(), Some("bytes=10-"));
        assert_eq!(range(0, 10).header().as_deref(), Some("bytes=0-9"));
        assert_eq!(range(10, 11).header().as_deref(), Some("bytes=10-10"));
    }
}
