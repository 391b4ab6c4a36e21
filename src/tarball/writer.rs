//! Writes a tar whose bytes depend only on its contents: no times, no owners.

use super::{BLOCK, padding};
use std::io::{self, BufRead, Write};
use tar::{EntryType, Header};

/// How much of an overlong name is put into the header, in bytes.
const SHORT: usize = 100;

/// Writes a tar.
pub struct Writer<W> {
    out: W,
}

/// Why a member could not be written.
#[derive(Debug)]
pub enum Unwritten {
    /// Its contents could not be read, or did not have the announced size.
    Read(io::Error),
    /// The tar could not be written.
    Write(io::Error),
}

impl<W: Write> Writer<W> {
    /// A tar that is written to `out`.
    pub fn new(out: W) -> Self {
        Self { out }
    }

    /// Adds a directory; its name ends with a slash.
    pub fn directory(&mut self, name: &str) -> Result<(), Unwritten> {
        let head = head(name, EntryType::Directory, 0o755, 0)?;
        self.out.write_all(&head).map_err(Unwritten::Write)
    }

    /// Adds a file with `size` bytes of `contents`.
    pub fn file(
        &mut self,
        name: &str,
        size: u64,
        contents: &mut dyn BufRead,
    ) -> Result<(), Unwritten> {
        let head = head(name, EntryType::Regular, 0o644, size)?;
        let mut left = size;
        let mut before: &[u8] = &head;
        loop {
            self.out.write_all(before).map_err(Unwritten::Write)?;
            // Longer or different contents are an error of the reader, which verifies them.
            let piece = contents.fill_buf().map_err(Unwritten::Read)?;
            let length = usize::try_from(left).map_or(piece.len(), |left| left.min(piece.len()));
            self.out
                .write_all(&piece[..length])
                .map_err(Unwritten::Write)?;
            contents.consume(length);
            left -= length as u64;
            before = &[];
            if length == 0 {
                break;
            }
        }
        if left > 0 {
            return Err(Unwritten::Read(io::ErrorKind::UnexpectedEof.into()));
        }
        self.out.write_all(zeros(size)).map_err(Unwritten::Write)
    }

    /// Ends the tar with two blocks of zeros, without which it would count as truncated.
    pub fn finish(mut self) -> Result<W, Unwritten> {
        let end = self.out.write_all(&[0; 2 * BLOCK]);
        let flushed = end.and_then(|()| self.out.flush());
        flushed.map_err(Unwritten::Write)?;
        Ok(self.out)
    }
}

/// The header of a member, preceded by a pax extended header if the name does not fit.
fn head(name: &str, kind: EntryType, mode: u32, size: u64) -> Result<Vec<u8>, Unwritten> {
    if let Ok(header) = header(name, kind, mode, size) {
        return Ok(header.as_bytes().to_vec());
    }
    let path = record("path", name);
    let length = path.len() as u64;
    let before = header("pax", EntryType::XHeader, 0o644, length).map_err(Unwritten::Write)?;
    // To readers without pax support, the member has the end of its name.
    let short = name.rsplit('/').next().and_then(|last| last.get(..SHORT));
    let own = header(short.unwrap_or("long"), kind, mode, size).map_err(Unwritten::Write)?;
    let parts: [&[u8]; 4] = [before.as_bytes(), &path, zeros(length), own.as_bytes()];
    Ok(parts.concat())
}

/// Numbers of 8 GiB and more are written in binary, as GNU tar does.
fn header(name: &str, kind: EntryType, mode: u32, size: u64) -> io::Result<Header> {
    let mut header = Header::new_ustar();
    header.set_path(name)?;
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header.set_size(size);
    header.set_cksum();
    Ok(header)
}

/// A pax record: its length, which includes its own digits, a key and a value.
fn record(key: &str, value: &str) -> Vec<u8> {
    let rest = key.len() + value.len() + " =\n".len();
    let with_digits = |length: usize| rest + length.to_string().len();
    // Adding the digits makes the record longer, which can take one more digit, but not two.
    let length = with_digits(with_digits(rest));
    format!("{length} {key}={value}\n").into_bytes()
}

/// The zeros that pad the last block.
fn zeros(size: u64) -> &'static [u8] {
    const ZEROS: &[u8; BLOCK] = &[0; BLOCK];
    &ZEROS[..usize::try_from(padding(size)).unwrap_or_default()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    #[test]
    fn a_member_is_as_long_as_was_said() {
        let write = |size| {
            let mut tar = Writer::new(Vec::new());
            tar.directory("d/").unwrap();
            tar.file("d/f", size, &mut Cursor::new(b"hello".to_vec()))?;
            tar.finish().map(|bytes| bytes.len())
        };
        assert_eq!(write(5).unwrap(), 512 + 512 + 512 + 1024);
        assert!(matches!(write(6), Err(Unwritten::Read(_))));
        let huge = header("x", EntryType::Regular, 0o644, 1 << 40).unwrap();
        assert_eq!(huge.size().unwrap(), 1 << 40);
    }

    #[test]
    fn a_record_counts_its_own_digits() {
        for length in 1..1200 {
            let record = record("path", &"x".repeat(length));
            let said = String::from_utf8(record.clone()).unwrap();
            let (said, _) = said.split_once(' ').unwrap();
            assert_eq!(said.parse(), Ok(record.len()));
        }
    }

    #[test]
    fn a_name_of_any_length_is_there() {
        for length in [1, 99, 100, 101, 141, 300] {
            let name = format!("d/{}", "n".repeat(length));
            let mut tar = Writer::new(Vec::new());
            tar.file(&name, 5, &mut Cursor::new(b"hello".to_vec()))
                .unwrap();
            let bytes = tar.finish().unwrap();
            let mut archive = tar::Archive::new(bytes.as_slice());
            let mut entries = archive.entries().unwrap();
            let entry = entries.next().unwrap().unwrap();
            assert_eq!(entry.path_bytes(), name.as_bytes());
            assert_eq!(entry.size(), 5);
            assert!(entries.next().is_none());
        }
    }
}
