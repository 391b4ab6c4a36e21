//! Decompression, chosen by the first bytes: media types lie (Docker labels zstd layers gzip).

use flate2::bufread::MultiGzDecoder;
use std::io::{self, BufRead, Chain, Cursor, Read};
use zstd::stream::read::Decoder as ZstdDecoder;

/// The largest zstd window that is decoded, as a power of two: 128 MiB, the limit of the reference decoder.
/// A frame can ask for more memory than this machine has.
const ZSTD_WINDOW: u32 = 27;

/// A blob whose first bytes were read, and put back in front.
pub type Peeked<R> = Chain<Cursor<Vec<u8>>, R>;

/// Why a blob cannot be decoded.
#[derive(Debug)]
pub enum Undecodable {
    /// The compression with this name, which is not supported.
    Unknown(&'static str),
    /// The first bytes cannot be read.
    Unread(io::Error),
}

/// The uncompressed bytes of a blob.
///
/// gzip may have many members (pigz, eStargz), and zstd many frames, some of them skippable
/// (zstd:chunked).
pub enum Decoder<R: BufRead> {
    /// Not compressed.
    Plain(Peeked<R>),
    /// RFC 1952.
    Gzip(Box<MultiGzDecoder<Peeked<R>>>),
    /// RFC 8878.
    Zstd(Box<ZstdDecoder<'static, Peeked<R>>>),
}

impl<R: BufRead> Decoder<R> {
    /// Chooses a decoder by the first bytes of `blob`.
    pub fn new(mut blob: R) -> Result<Self, Undecodable> {
        let mut start = Vec::new();
        let looked = blob.by_ref().take(6).read_to_end(&mut start);
        looked.map_err(Undecodable::Unread)?;
        match start[..] {
            [0x1f, 0x8b, ..] => Ok(Self::Gzip(Box::new(MultiGzDecoder::new(unread(
                start, blob,
            ))))),
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => {
                let mut decoder =
                    ZstdDecoder::with_buffer(unread(start, blob)).map_err(Undecodable::Unread)?;
                let limited = decoder.window_log_max(ZSTD_WINDOW);
                limited.map_err(Undecodable::Unread)?;
                Ok(Self::Zstd(Box::new(decoder)))
            }
            [b'B', b'Z', b'h', ..] => Err(Undecodable::Unknown("bzip2")),
            [0xfd, b'7', b'z', b'X', b'Z', 0] => Err(Undecodable::Unknown("xz")),
            _ => Ok(Self::Plain(unread(start, blob))),
        }
    }

    /// Whether the blob is not compressed.
    pub fn is_plain(&self) -> bool {
        matches!(self, Self::Plain(_))
    }

    /// The compressed blob, after what was decoded.
    pub fn into_inner(self) -> R {
        let looked = match self {
            Self::Plain(inner) => inner,
            Self::Gzip(decoder) => decoder.into_inner(),
            Self::Zstd(decoder) => decoder.finish(),
        };
        looked.into_inner().1
    }
}

/// Whether a blob with these first bytes is certainly not compressed. With fewer than six bytes, that is
/// certain only if there are none.
pub fn is_plain(start: &[u8]) -> bool {
    match start {
        [] => true,
        [0x1f, 0x8b, ..] | [0x28, 0xb5, 0x2f, 0xfd, ..] | [b'B', b'Z', b'h', ..] => false,
        [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] | [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => false,
        start => start.len() >= 6,
    }
}

/// Puts the first bytes back in front.
fn unread<R: BufRead>(start: Vec<u8>, rest: R) -> Peeked<R> {
    Cursor::new(start).chain(rest)
}

impl<R: BufRead> Read for Decoder<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(inner) => inner.read(buffer),
            Self::Gzip(decoder) => decoder.read(buffer),
            Self::Zstd(decoder) => decoder.read(buffer),
        }
    }
}
