//! The records of a pax extended header: `LENGTH KEY=VALUE\n` (POSIX, pax, "Extended Header").
//!
//! The crate's reader splits at newlines, which attribute values may contain, and skips what it
//! cannot parse; skipped records make readers disagree about an archive (RUSTSEC-2026-0066).

use super::xattrs::XattrRecords;
use crate::error::EntryFault;
use crate::sys::Time;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use std::ffi::CString;

/// The values in extended headers; `None` if the header's own value applies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Records {
    pub(super) path: Option<Vec<u8>>,
    pub(super) link_path: Option<Vec<u8>>,
    pub(super) size: Option<u64>,
    pub(super) uid: Option<u64>,
    pub(super) gid: Option<u64>,
    pub(super) mtime: Option<Time>,
    pub(super) xattrs: XattrRecords,
    pub(super) sparse: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Records {
    /// Adds the records of one extended header, each replacing earlier ones.
    pub(super) fn read(&mut self, mut bytes: &[u8]) -> Result<(), EntryFault> {
        while !bytes.is_empty() {
            let (key, value, rest) = record(bytes).ok_or(EntryFault::Pax)?;
            self.set(key, value)?;
            bytes = rest;
        }
        Ok(())
    }

    /// Sets a record. An empty value deletes it (POSIX: "shall delete").
    fn set(&mut self, key: &[u8], value: &[u8]) -> Result<(), EntryFault> {
        match key {
            b"path" => self.path = text(value)?,
            b"linkpath" => self.link_path = text(value)?,
            b"size" => self.size = decimal(value)?,
            b"uid" => self.uid = decimal(value)?,
            b"gid" => self.gid = decimal(value)?,
            b"mtime" => self.mtime = time(value)?,
            _ if key.starts_with(b"GNU.sparse.") => {
                self.sparse.push((key.to_vec(), value.to_vec()));
            }
            _ => {
                if let Some(name) = key.strip_prefix(b"SCHILY.xattr.") {
                    self.set_xattr(name, value.to_vec())?;
                } else if let Some(name) = key.strip_prefix(b"LIBARCHIVE.xattr.") {
                    let value = STANDARD
                        .decode(value)
                        .or_else(|_| STANDARD_NO_PAD.decode(value));
                    self.set_xattr(&percent_decoded(name)?, value.map_err(|_| EntryFault::Pax)?)?;
                }
                // Access times, user names, comments and vendor keys do not affect the tree.
            }
        }
        Ok(())
    }

    /// Sets an attribute. A header may have both spellings; they mean the same.
    fn set_xattr(&mut self, name: &[u8], value: Vec<u8>) -> Result<(), EntryFault> {
        let name = CString::new(name).ok().filter(|name| !name.is_empty());
        self.xattrs.set(name.ok_or(EntryFault::Pax)?, value)
    }
}

/// The first record and the rest after it.
fn record(bytes: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let blank = bytes.iter().take(20).position(|&b| b == b' ')?;
    let length: usize = digits(&bytes[..blank])?;
    let rest = bytes.get(length..)?;
    let body = bytes.get(blank + 1..length)?.strip_suffix(b"\n")?;
    let equals = body.iter().position(|&b| b == b'=').filter(|&at| at > 0)?;
    Some((&body[..equals], &body[equals + 1..], rest))
}

/// A number of decimal digits only.
pub(super) fn digits<N: std::str::FromStr>(bytes: &[u8]) -> Option<N> {
    let plain = !bytes.is_empty() && bytes.iter().all(u8::is_ascii_digit);
    std::str::from_utf8(bytes)
        .ok()
        .filter(|_| plain)?
        .parse()
        .ok()
}

fn text(value: &[u8]) -> Result<Option<Vec<u8>>, EntryFault> {
    if value.contains(&0) {
        return Err(EntryFault::NulInName);
    }
    Ok((!value.is_empty()).then(|| value.to_vec()))
}

/// A number that fits a signed 64-bit integer, as in other tools.
fn decimal(value: &[u8]) -> Result<Option<u64>, EntryFault> {
    if value.is_empty() {
        return Ok(None);
    }
    let number: i64 = digits(value).ok_or(EntryFault::Pax)?;
    u64::try_from(number).map(Some).map_err(|_| EntryFault::Pax)
}

/// Parses `[-]SECONDS[.FRACTION]`; digits beyond nanoseconds are rounded down, towards the past.
fn time(value: &[u8]) -> Result<Option<Time>, EntryFault> {
    if value.is_empty() {
        return Ok(None);
    }
    let (negative, value) = match value.strip_prefix(b"-") {
        Some(value) => (true, value),
        None => (false, value),
    };
    let mut parts = value.splitn(2, |&b| b == b'.');
    let seconds: i64 = parts.next().and_then(digits).ok_or(EntryFault::Pax)?;
    let fraction = parts.next().unwrap_or_default();
    if !fraction.iter().all(u8::is_ascii_digit) {
        return Err(EntryFault::Pax);
    }
    let nanoseconds = (0..9).fold(0u32, |nanoseconds, at| {
        nanoseconds * 10 + fraction.get(at).map_or(0, |digit| u32::from(digit - b'0'))
    });
    Ok(Some(match (negative, nanoseconds) {
        (false, _) => Time {
            seconds,
            nanoseconds,
        },
        (true, 0) => Time {
            seconds: -seconds,
            nanoseconds,
        },
        (true, _) => Time {
            seconds: -seconds - 1,
            nanoseconds: 1_000_000_000 - nanoseconds,
        },
    }))
}

/// Decodes `%XX`, with which libarchive encodes attribute names.
fn percent_decoded(name: &[u8]) -> Result<Vec<u8>, EntryFault> {
    let mut decoded = Vec::with_capacity(name.len());
    let mut rest = name;
    while let [first, tail @ ..] = rest {
        if *first == b'%' {
            let hex = tail.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
            let byte = hex.filter(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit()));
            let byte = byte.and_then(|hex| u8::from_str_radix(hex, 16).ok());
            decoded.push(byte.ok_or(EntryFault::Pax)?);
            rest = &tail[2..];
        } else {
            decoded.push(*first);
            rest = tail;
        }
    }
    Ok(decoded)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tarball::xattrs::Xattrs;
    use std::ffi::CStr;

    fn read(bytes: &[u8]) -> Result<Records, EntryFault> {
        let mut records = Records::default();
        records.read(bytes)?;
        Ok(records)
    }

    /// A record with its correct length.
    fn written(key: &str, value: &[u8]) -> Vec<u8> {
        let body = [b" ", key.as_bytes(), b"=", value, b"\n"].concat();
        let length = (body.len()..)
            .find(|n| n.to_string().len() + body.len() == *n)
            .unwrap();
        [length.to_string().as_bytes(), &body].concat()
    }

    #[test]
    fn reads_records_by_length() {
        let records = [
            written("path", b"a/b"),
            written("SCHILY.xattr.user.x", b"\n=\n\0y"),
            written("SCHILY.xattr.user.z", b""),
            written("LIBARCHIVE.xattr.user.a%20b", b"aGVsbG8="),
            written("comment", b"9 path=x\n"),
        ];
        let records = read(&records.concat()).unwrap();
        assert_eq!(records.path.as_deref(), Some(&b"a/b"[..]));
        let xattrs = Xattrs::new(records.xattrs, &XattrRecords::default()).unwrap();
        let xattrs: Vec<_> = xattrs.iter().collect();
        let wanted: [(&CStr, &[u8]); 3] = [
            (c"user.a b", b"hello"),
            (c"user.x", b"\n=\n\0y"),
            (c"user.z", b""),
        ];
        assert_eq!(xattrs, wanted);
    }

    #[test]
    fn malformed_records_are_refused() {
        for bad in [
            &b"12 path=a/b"[..],
            b"11 path=a/b\n",
            b"13 path=a/b\n",
            b"999999999999999999999 path=a\n",
            b"0 path=a/b\n",
            b"-1 path=a/b\n",
            b"+12 path=a/b\n",
            b"path=a/b\n",
            b"8 path/\n",
            b"6 =a/\n",
            b"12 path=a\0b\n",
            b"11 size=-1\n",
            b"11 size=+1\n",
            b"13 size=0x10\n",
            b"28 size=9223372036854775808\n",
            b"12 mtime=1.x\n",
            b"10 mtime=\xff\n",
            b"19 SCHILY.xattr.=x\n",
            b"\n",
        ] {
            assert!(read(bad).is_err(), "{:?}", String::from_utf8_lossy(bad));
        }
    }

    #[test]
    fn times_keep_their_sign_and_fraction() {
        let time = |text: &str| time(text.as_bytes()).unwrap().unwrap();
        assert_eq!(
            time("1.5"),
            Time {
                seconds: 1,
                nanoseconds: 500_000_000
            }
        );
        assert_eq!(
            time("-1.5"),
            Time {
                seconds: -2,
                nanoseconds: 500_000_000
            }
        );
        assert_eq!(
            time("-3"),
            Time {
                seconds: -3,
                nanoseconds: 0
            }
        );
        assert_eq!(
            time("7.1234567899"),
            Time {
                seconds: 7,
                nanoseconds: 123_456_789
            }
        );
        assert_eq!(
            time("-0.000000001"),
            Time {
                seconds: -1,
                nanoseconds: 999_999_999
            }
        );
    }
}
