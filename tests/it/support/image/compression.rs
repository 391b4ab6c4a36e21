//! The ways in which layers come compressed: RFC 1952 (gzip members), RFC 8878 (zstd frames and skippable frames).

use flate2::write::GzEncoder;
use std::io::Write as _;

/// How a layer is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    None,
    Gzip,
    /// So many gzip members, split anywhere (pigz -i, eStargz, BGZF); with an empty one in the middle.
    GzipMembers(usize),
    Zstd,
    /// So many zstd frames.
    ZstdFrames(usize),
    /// A skippable frame, then the data: the first magic bytes are not zstd's own.
    ZstdSkippableFirst,
    /// Two frames with a skippable one between them, and one at the end, as zstd:chunked has it.
    ZstdSkippableWithin,
}

impl Compression {
    /// What media types append: OCI after a `+`, Docker after a `.`.
    pub fn suffix(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Gzip | Self::GzipMembers(_) => "gzip",
            _ => "zstd",
        }
    }

    /// Compresses; deterministic gzip has stored blocks only, zstd is the same everywhere by itself.
    pub fn compress(self, bytes: &[u8], deterministic: bool) -> Vec<u8> {
        let level = if deterministic {
            flate2::Compression::none()
        } else {
            flate2::Compression::default()
        };
        match self {
            Self::None => bytes.to_vec(),
            Self::Gzip => gzip_level(bytes, level),
            Self::GzipMembers(count) => {
                let mut members: Vec<_> = parts(bytes, count)
                    .map(|part| gzip_level(part, level))
                    .collect();
                members.insert(members.len() / 2, gzip_level(b"", level));
                members.concat()
            }
            Self::Zstd => zstd(bytes),
            Self::ZstdFrames(count) => parts(bytes, count).flat_map(zstd).collect(),
            Self::ZstdSkippableFirst => [skippable_frame(b"first"), zstd(bytes)].concat(),
            Self::ZstdSkippableWithin => {
                let mut frames: Vec<_> = parts(bytes, 2).map(zstd).collect();
                frames.insert(1, skippable_frame(b"within"));
                frames.push(skippable_frame(b"the table of contents"));
                frames.concat()
            }
        }
    }
}

/// One gzip member.
pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    gzip_level(bytes, flate2::Compression::default())
}

/// One zstd frame with a checksum.
pub fn zstd(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = zstd::Encoder::new(Vec::new(), 3).unwrap();
    encoder.include_checksum(true).unwrap();
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A zstd frame that decoders skip (magic 0x184D2A50).
pub fn skippable_frame(contents: &[u8]) -> Vec<u8> {
    let size = u32::try_from(contents.len()).unwrap();
    [
        &0x184D_2A50_u32.to_le_bytes(),
        &size.to_le_bytes(),
        contents,
    ]
    .concat()
}

fn gzip_level(bytes: &[u8], level: flate2::Compression) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), level);
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Cuts into about so many parts, at places that mean nothing to tar.
fn parts(bytes: &[u8], count: usize) -> impl Iterator<Item = &[u8]> {
    bytes.chunks((bytes.len() / count + 1).max(1))
}

mod tests {
    use super::*;
    use std::io::Read as _;

    #[test]
    fn every_compression_can_be_undone() {
        let bytes: Vec<u8> = (0..5000_u32).flat_map(u32::to_le_bytes).collect();
        for compression in [Compression::Gzip, Compression::GzipMembers(7)] {
            for deterministic in [true, false] {
                let mut back = Vec::new();
                let blob = compression.compress(&bytes, deterministic);
                flate2::read::MultiGzDecoder::new(&blob[..])
                    .read_to_end(&mut back)
                    .unwrap();
                assert_eq!(back, bytes);
            }
        }
        use Compression::{Zstd, ZstdFrames, ZstdSkippableFirst, ZstdSkippableWithin};
        for compression in [Zstd, ZstdFrames(5), ZstdSkippableFirst, ZstdSkippableWithin] {
            let blob = compression.compress(&bytes, false);
            assert_eq!(
                zstd::decode_all(&blob[..]).unwrap(),
                bytes,
                "{compression:?}"
            );
        }
    }
}
