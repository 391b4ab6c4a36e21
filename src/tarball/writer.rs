//! A tar whose bytes depend on nothing but what is in it: no times, no owners.

use super::BLOCK;
use std::io::{self, BufRead, Write};
use tar::{EntryType, Header};

/// Writes a tar.
pub struct Writer<W> {
    out: W,
}

/// Why a member could not be written.
#[derive(Debug)]
pub enum Unwritten {
    /// Its contents could not be read, or were not as long as was said.
    Read(io::Error),
    /// The tar could not be written.
    Write(io::Error),
}

impl<W: Write> Writer<W> {
    /// A tar that goes to `out`.
    pub fn new(out: W) -> Self {
        Self { out }
    }

    /// Adds a directory; its name ends with a slash.
    pub fn directory(&mut self, name: &str) -> Result<(), Unwritten> {
        let header = header(name, EntryType::Directory, 0o755, 0)?;
        self.out
            .write_all(header.as_bytes())
            .map_err(Unwritten::Write)
    }

    /// Adds a file of `size` bytes, which `contents` has.
    pub fn file(
        &mut self,
        name: &str,
        size: u64,
        contents: &mut dyn BufRead,
    ) -> Result<(), Unwritten> {
        let header = header(name, EntryType::Regular, 0o644, size)?;
        let mut left = size;
        let mut head: &[u8] = header.as_bytes();
        loop {
            self.out.write_all(head).map_err(Unwritten::Write)?;
            // What is longer or another thing than was said, whoever reads it says.
            let piece = contents.fill_buf().map_err(Unwritten::Read)?;
            let length = usize::try_from(left).map_or(piece.len(), |left| left.min(piece.len()));
            self.out
                .write_all(&piece[..length])
                .map_err(Unwritten::Write)?;
            contents.consume(length);
            left -= length as u64;
            head = &[];
            if length == 0 {
                break;
            }
        }
        if left > 0 {
            return Err(Unwritten::Read(io::ErrorKind::UnexpectedEof.into()));
        }
        let padding = size.wrapping_neg() % BLOCK as u64;
        let zeros = [0; BLOCK];
        self.out
            .write_all(&zeros[..usize::try_from(padding).unwrap_or_default()])
            .map_err(Unwritten::Write)
    }

    /// Ends the tar: two blocks of zeros. Without them, it is one that was cut.
    pub fn finish(mut self) -> Result<W, Unwritten> {
        let end = self.out.write_all(&[0; 2 * BLOCK]);
        let flushed = end.and_then(|()| self.out.flush());
        flushed.map_err(Unwritten::Write)?;
        Ok(self.out)
    }
}

/// Numbers of 8 GiB and more are written in binary, as GNU tar does.
fn header(name: &str, kind: EntryType, mode: u32, size: u64) -> Result<Header, Unwritten> {
    let mut header = Header::new_ustar();
    header.set_path(name).map_err(Unwritten::Write)?;
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header.set_size(size);
    header.set_cksum();
    Ok(header)
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
}
