//! Decompression, chosen by the first bytes: media types lie (Docker labels zstd layers gzip).

use crate::error::Error;
use crate::oci::Digest;
use flate2::bufread::MultiGzDecoder;
use std::io::{self, BufRead, Chain, Cursor, Read};
use zstd::stream::read::Decoder as ZstdDecoder;

/// The largest zstd window that is decoded, as a power of two: 128 MiB, the reference decoder's own
/// bound. A frame can ask for more memory than this machine has.
const ZSTD_WINDOW: u32 = 27;

/// A blob whose first bytes have been looked at.
type Looked<R> = Chain<Cursor<Vec<u8>>, R>;

/// The uncompressed bytes of a blob.
///
/// gzip may have many members (pigz, eStargz) and zstd many frames and skippable ones
/// (zstd:chunked); each is one stream.
pub(super) enum Decoder<R: BufRead> {
    /// Not compressed.
    Plain(Looked<R>),
    /// RFC 1952.
    Gzip(Box<MultiGzDecoder<Looked<R>>>),
    /// RFC 8878.
    Zstd(Box<ZstdDecoder<'static, Looked<R>>>),
}

impl<R: BufRead> Decoder<R> {
    /// Looks at the first bytes of `blob`, which `digest` names in messages.
    pub(super) fn new(digest: &Digest, mut blob: R) -> Result<Self, Error> {
        let mut start = Vec::new();
        let looked = blob.by_ref().take(6).read_to_end(&mut start);
        looked.map_err(|e| Error::in_stream(digest, e))?;
        let unknown = |name| {
            Err(Error::Compression {
                digest: digest.clone(),
                name,
            })
        };
        match start[..] {
            [0x1f, 0x8b, ..] => Ok(Self::Gzip(Box::new(MultiGzDecoder::new(again(
                start, blob,
            ))))),
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => {
                let decoder =
                    ZstdDecoder::with_buffer(again(start, blob)).and_then(|mut decoder| {
                        decoder.window_log_max(ZSTD_WINDOW)?;
                        Ok(decoder)
                    });
                Ok(Self::Zstd(Box::new(
                    decoder.map_err(|e| Error::in_stream(digest, e))?,
                )))
            }
            [b'B', b'Z', b'h', ..] => unknown("bzip2"),
            [0xfd, b'7', b'z', b'X', b'Z', 0] => unknown("xz"),
            _ => Ok(Self::Plain(again(start, blob))),
        }
    }

    /// The reader below.
    pub(super) fn into_inner(self) -> R {
        let looked = match self {
            Self::Plain(inner) => inner,
            Self::Gzip(decoder) => decoder.into_inner(),
            Self::Zstd(decoder) => decoder.finish(),
        };
        looked.into_inner().1
    }
}

/// Puts the first bytes back in front.
fn again<R: BufRead>(start: Vec<u8>, rest: R) -> Looked<R> {
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
