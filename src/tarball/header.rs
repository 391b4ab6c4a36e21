//! Reads one 512-byte tar header block, strictly. Only this file and `writer.rs` use the tar crate.
//!
//! The crate provides the layout of the fields. Their values are parsed here, because the crate's
//! own parsers take base-256 numbers modulo 2^64, drop their sign, and know only one of the two
//! checksums (POSIX ustar, GNU tar's "Basic Tar Format", Go's archive/tar as the common ground of
//! other tools). Its iterator over entries is not used: it splits pax records at newlines, and
//! skips those it cannot parse.

use super::sparse::MAX_SEGMENTS;
use crate::error::EntryFault;
use tar::{GnuExtSparseHeader, GnuSparseHeader, Header};

/// The size of a block, the unit of a tar, in bytes.
pub const BLOCK: usize = 512;

/// How many bytes pad the last block of contents of `size` bytes.
pub fn padding(size: u64) -> u64 {
    size.wrapping_neg() % BLOCK as u64
}

/// The fields of a header, before extended headers are applied.
pub(super) struct Fields {
    pub(super) kind: u8,
    pub(super) name: Vec<u8>,
    pub(super) link_name: Vec<u8>,
    pub(super) size: u64,
    pub(super) mode: u32,
    pub(super) uid: i128,
    pub(super) gid: i128,
    pub(super) mtime: i128,
    pub(super) device: Option<(u32, u32)>,
    pub(super) sparse: Option<OldSparse>,
}

/// The map in the header of an old GNU sparse file.
pub(super) struct OldSparse {
    pub(super) segments: Vec<(u64, u64)>,
    /// Whether extension blocks with more segments follow the header.
    pub(super) more: bool,
    pub(super) size: u64,
}

impl Fields {
    /// Parses a block that is not all zeros.
    pub(super) fn read(block: &[u8; BLOCK]) -> Result<Self, EntryFault> {
        check_sum(block)?;
        let header = Header::from_byte_slice(block);
        let old = header.as_old();
        let kind = old.linkflag[0];
        let field = |bytes: &[u8], what| number(bytes).ok_or(EntryFault::Number(what));
        let size = field(&old.size, "size")?;
        let mode = field(&old.mode, "mode")?;
        Ok(Self {
            kind,
            name: name(header),
            link_name: until_nul(&old.linkname).to_vec(),
            // Other tools read sizes as signed 64-bit numbers and refuse negative ones.
            size: i64::try_from(size)
                .ok()
                .and_then(|size| u64::try_from(size).ok())
                .ok_or(EntryFault::Number("size"))?,
            // The higher bits are the file type, which old writers also stored.
            mode: u32::try_from(mode & 0o7777).map_err(|_| EntryFault::Number("mode"))?,
            uid: field(&old.uid, "uid")?,
            gid: field(&old.gid, "gid")?,
            mtime: field(&old.mtime, "mtime")?,
            device: device(header, kind)?,
            sparse: if kind == b'S' {
                Some(old_sparse(header)?)
            } else {
                None
            },
        })
    }
}

/// The name, after the prefix if the header has one.
fn name(header: &Header) -> Vec<u8> {
    let name = until_nul(&header.as_old().name);
    let prefix = if is_ustar(header.as_bytes()) {
        ustar_prefix(header.as_bytes())
    } else {
        misplaced_prefix(header).unwrap_or_default()
    };
    if prefix.is_empty() {
        name.to_vec()
    } else {
        [prefix, b"/", name].concat()
    }
}

/// The prefix field of ustar. In star's format it has only 131 bytes: times follow.
fn ustar_prefix(block: &[u8; BLOCK]) -> &[u8] {
    let is_star = block.ends_with(b"tar\0");
    until_nul(&block[345..345 + if is_star { 131 } else { 155 }])
}

/// The prefix that Go before 1.8 wrote into GNU headers in place of atime and ctime (golang.org
/// issues 12594 and 21005): images pushed by old versions of Docker have such entries. This follows
/// Go, containerd and moby: a field that begins with NUL is unused, and if one of the two is not a
/// number, the bytes up to the first NUL are a prefix if they are ASCII. A number is taken for a
/// time, so a prefix of such digits is lost here too.
fn misplaced_prefix(header: &Header) -> Option<&[u8]> {
    let gnu = header.as_gnu()?;
    let is_time = |field: &[u8]| field[0] == 0 || number(until_nul(field)).is_some();
    if is_time(&gnu.atime) && is_time(&gnu.ctime) {
        return None;
    }
    let prefix = until_nul(&header.as_bytes()[345..500]);
    prefix.is_ascii().then_some(prefix)
}

/// The crate also checks the version after the magic, which other tools do not.
fn is_ustar(block: &[u8; BLOCK]) -> bool {
    block[257..263] == *b"ustar\0"
}

/// The numbers of a device. Linux has 12 bits for the major number and 20 for the minor; larger
/// ones are refused, because truncation would create another device.
fn device(header: &Header, kind: u8) -> Result<Option<(u32, u32)>, EntryFault> {
    if !matches!(kind, b'3' | b'4') {
        return Ok(None);
    }
    let block = header.as_bytes();
    let part = |field: &[u8], bits: u32| {
        let has_field = is_ustar(block) || header.as_gnu().is_some();
        let number = number(field).filter(|number| has_field && (0..1 << bits).contains(number));
        number
            .and_then(|n| u32::try_from(n).ok())
            .ok_or(EntryFault::Number("device number"))
    };
    Ok(Some((
        part(&block[329..337], 12)?,
        part(&block[337..345], 20)?,
    )))
}

fn old_sparse(header: &Header) -> Result<OldSparse, EntryFault> {
    let gnu = header.as_gnu().ok_or(EntryFault::Sparse)?;
    let mut segments = Vec::new();
    read_segments(&gnu.sparse, &mut segments)?;
    let more = is_extended(gnu.isextended[0])?;
    Ok(OldSparse {
        segments,
        more,
        size: length(&gnu.realsize)?,
    })
}

/// Reads a block of further segments. True if another such block follows.
pub(super) fn sparse_extension(
    block: &[u8; BLOCK],
    segments: &mut Vec<(u64, u64)>,
) -> Result<bool, EntryFault> {
    if segments.len() > MAX_SEGMENTS {
        return Err(EntryFault::Sparse);
    }
    let mut extension = GnuExtSparseHeader::new();
    extension.as_mut_bytes().copy_from_slice(block);
    read_segments(extension.sparse(), segments)?;
    is_extended(extension.isextended[0])
}

/// Reads segments up to the first empty field.
fn read_segments(
    fields: &[GnuSparseHeader],
    segments: &mut Vec<(u64, u64)>,
) -> Result<(), EntryFault> {
    for field in fields.iter().take_while(|field| field.offset[0] != 0) {
        segments.push((length(&field.offset)?, length(&field.numbytes)?));
    }
    Ok(())
}

fn is_extended(flag: u8) -> Result<bool, EntryFault> {
    match flag {
        0 | b'0' => Ok(false),
        1 | b'1' => Ok(true),
        _ => Err(EntryFault::Sparse),
    }
}

fn length(field: &[u8]) -> Result<u64, EntryFault> {
    number(field)
        .and_then(|number| u64::try_from(number).ok())
        .ok_or(EntryFault::Sparse)
}

/// Parses a number field: octal digits between blanks and NULs, or base-256 if the first bit is
/// set. A blank field is 0. `None` if it is neither.
fn number(bytes: &[u8]) -> Option<i128> {
    match bytes.first()? {
        first if first & 0x80 != 0 => base_256(bytes),
        _ => {
            let blank = |b: &u8| matches!(b, b' ' | 0);
            let Some(start) = bytes.iter().position(|b| !blank(b)) else {
                return Some(0);
            };
            let digits = bytes[start..].split(blank).next()?;
            // Only blanks may follow the digits.
            if !bytes[start + digits.len()..].iter().all(blank) {
                return None;
            }
            digits.iter().try_fold(0i128, |number, digit| match digit {
                b'0'..=b'7' => Some(number << 3 | i128::from(digit - b'0')),
                _ => None,
            })
        }
    }
}

/// Two's complement over all bytes of the field; the topmost bit only marks the encoding and the
/// one below it is the sign. `None` beyond 64 bits.
fn base_256(bytes: &[u8]) -> Option<i128> {
    let negative = bytes[0] & 0x40 != 0;
    // Replace the mark in the topmost bit with a copy of the sign below it.
    let first = if negative { bytes[0] } else { bytes[0] & 0x7f };
    let start = i128::from(first) - if negative { 256 } else { 0 };
    bytes[1..].iter().try_fold(start, |number, &byte| {
        let number = number << 8 | i128::from(byte);
        i64::try_from(number).is_ok().then_some(number)
    })
}

/// Checks the sum over the block with its own field as blanks, of unsigned bytes, or of signed ones
/// as old writers computed it. The latter is computed only if the former does not match.
fn check_sum(block: &[u8; BLOCK]) -> Result<(), EntryFault> {
    let stored = number(&block[148..156]).ok_or(EntryFault::Checksum)?;
    let mut block = *block;
    block[148..156].fill(b' ');
    let signed = || block.iter().map(|&b| i128::from(b.cast_signed())).sum();
    if stored == unsigned_sum(&block).into() || stored == signed() {
        Ok(())
    } else {
        Err(EntryFault::Checksum)
    }
}

/// Eight bytes at a time: with single bytes, this would take most of the time of reading a header.
fn unsigned_sum(block: &[u8; BLOCK]) -> u64 {
    const EVERY_OTHER: u64 = 0x00ff_00ff_00ff_00ff;
    let (words, _) = block.as_chunks::<8>();
    let words = words.iter().map(|&word| u64::from_ne_bytes(word));
    let pairs = words.map(|word| (word & EVERY_OTHER) + (word >> 8 & EVERY_OTHER));
    // Four 16-bit sums, which 64 times 510 cannot overflow.
    let sums: u64 = pairs.sum();
    (0..4).map(|sum| sums >> (16 * sum) & 0xffff).sum()
}

/// The contents of a text field, which ends at its first NUL or fills its space.
pub(super) fn until_nul(bytes: &[u8]) -> &[u8] {
    bytes.split(|&b| b == 0).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_of_the_highest_bytes_is_summed() {
        assert_eq!(unsigned_sum(&[255; BLOCK]), 512 * 255);
        let bytes: [u8; BLOCK] = std::array::from_fn(|n| (n * 7 % 256) as u8);
        let sum: u64 = bytes.iter().map(|&byte| u64::from(byte)).sum();
        assert_eq!(unsigned_sum(&bytes), sum);
    }

    #[test]
    fn numbers_are_octal_or_base_256() {
        for (bytes, meant) in [
            (&b"0000644\0"[..], Some(0o644)),
            (b"  644 \0\0", Some(0o644)),
            (b"777777777777", Some(0o777_777_777_777)),
            (b"\0\0\0\0\0\0\0\0", Some(0)),
            (b"        ", Some(0)),
            (b"64 4\0\0\0\0", None),
            (b"0000648\0", None),
            (b"-000644\0", None),
            (b"0x00644\0", None),
            (b"\x80\0\0\0\0\0\0\x01", Some(1)),
            (b"\x80\0\0\0\0\x20\0\0", Some(1 << 21)),
            (b"\xff\xff\xff\xff\xff\xff\xff\xff", Some(-1)),
            (
                b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xfe",
                Some(-2),
            ),
            (
                b"\x80\0\0\0\x7f\xff\xff\xff\xff\xff\xff\xff",
                Some(i64::MAX as i128),
            ),
            (b"\x80\0\0\0\x80\0\0\0\0\0\0\0", None),
            (b"\x80\x01\0\0\0\0\0\0\0\0\0\0", None),
            (b"\xbf\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", None),
        ] {
            assert_eq!(number(bytes), meant, "{bytes:?}");
        }
    }
}
