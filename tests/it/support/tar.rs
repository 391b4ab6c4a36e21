//! A tar writer that writes what it is told, also what no honest tool writes: the tar crate's builder is too polite.
//!
//! Sources: POSIX pax (ustar header block), GNU tar manual "Basic Tar Format".

use entry::Entry;
use std::rc::Rc;

mod entry;
mod header;

#[cfg(test)]
mod tests;

pub use header::{BLOCK, header, pax_record, seal};

/// The default mtime: a Tuesday in 2023, far from now, so that a test notices times that were not set.
pub const MTIME: i64 = 1_700_000_000;

/// One layer: entries in the order of the calls. Modifiers change the entry made last.
#[derive(Clone, Default)]
pub struct Layer {
    pieces: Vec<Piece>,
}

#[derive(Clone)]
enum Piece {
    Entry(Box<Entry>),
    Raw(Vec<u8>),
}

impl Layer {
    /// A layer without entries.
    pub fn new() -> Self {
        Self::default()
    }

    /// An entry of any type flag, its name written exactly as given (a directory gets no slash here).
    pub fn entry(mut self, kind: u8, path: impl AsRef<[u8]>) -> Self {
        self.pieces
            .push(Piece::Entry(Box::new(Entry::new(kind, path.as_ref()))));
        self
    }

    /// A directory; the slash at the end is added where it is missing, as every tar does.
    pub fn dir(self, path: impl AsRef<[u8]>, mode: u32) -> Self {
        let mut path = path.as_ref().to_vec();
        if !path.ends_with(b"/") {
            path.push(b'/');
        }
        self.entry(b'5', path).mode(mode)
    }

    /// A regular file.
    pub fn file(self, path: impl AsRef<[u8]>, mode: u32, contents: impl AsRef<[u8]>) -> Self {
        self.entry(b'0', path).mode(mode).contents(contents)
    }

    /// A symbolic link.
    pub fn symlink(self, path: impl AsRef<[u8]>, target: impl AsRef<[u8]>) -> Self {
        self.entry(b'2', path).mode(0o777).target(target)
    }

    /// A hard link; the target is a path from the root of the image.
    pub fn hardlink(self, path: impl AsRef<[u8]>, target: impl AsRef<[u8]>) -> Self {
        self.entry(b'1', path).target(target)
    }

    /// A named pipe.
    pub fn fifo(self, path: impl AsRef<[u8]>, mode: u32) -> Self {
        self.entry(b'6', path).mode(mode)
    }

    /// A character device.
    pub fn char_device(self, path: impl AsRef<[u8]>, mode: u32, major: u32, minor: u32) -> Self {
        self.entry(b'3', path).mode(mode).device(major, minor)
    }

    /// A block device.
    pub fn block_device(self, path: impl AsRef<[u8]>, mode: u32, major: u32, minor: u32) -> Self {
        self.entry(b'4', path).mode(mode).device(major, minor)
    }

    /// The marker that deletes `path` of the layers below: `a/b` becomes the empty file `a/.wh.b`.
    pub fn whiteout(self, path: impl AsRef<[u8]>) -> Self {
        let path = path.as_ref();
        let cut = path
            .iter()
            .rposition(|&byte| byte == b'/')
            .map_or(0, |slash| slash + 1);
        self.file([&path[..cut], b".wh.", &path[cut..]].concat(), 0, "")
    }

    /// The marker that deletes everything the layers below have in `dir` (`""` is the root).
    pub fn opaque(self, dir: impl AsRef<[u8]>) -> Self {
        let dir = dir.as_ref();
        let slash: &[u8] = if dir.is_empty() || dir.ends_with(b"/") {
            b""
        } else {
            b"/"
        };
        self.file([dir, slash, b".wh..wh..opq"].concat(), 0, "")
    }

    /// A pax global header with one record.
    pub fn global_pax(self, key: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> Self {
        self.entry(b'g', "pax_global_header")
            .contents(pax_record(key.as_ref(), value.as_ref()))
    }

    /// Bytes between two entries, as they are; pad them to blocks if the rest shall stay readable.
    pub fn raw(mut self, bytes: impl AsRef<[u8]>) -> Self {
        self.pieces.push(Piece::Raw(bytes.as_ref().to_vec()));
        self
    }

    /// Sets the permission bits.
    pub fn mode(self, mode: u32) -> Self {
        self.change(|entry| entry.mode = mode)
    }

    /// Sets the contents (of any entry: a symlink with contents is a test, too).
    pub fn contents(self, contents: impl AsRef<[u8]>) -> Self {
        self.change(|entry| entry.contents = contents.as_ref().to_vec())
    }

    /// Sets the link target.
    pub fn target(self, target: impl AsRef<[u8]>) -> Self {
        self.change(|entry| entry.link = target.as_ref().to_vec())
    }

    /// Sets the device numbers.
    pub fn device(self, major: u32, minor: u32) -> Self {
        self.change(|entry| entry.device = (major, minor))
    }

    /// Sets the owner; ids above 2097151 do not fit the header and go into pax (base-256 with `gnu`).
    pub fn owner(self, uid: u64, gid: u64) -> Self {
        self.change(|entry| entry.owner = (uid, gid))
    }

    /// Sets the time in seconds; negative ones go into pax (base-256 with `gnu`). Fractions: `.pax("mtime", "1.5")`.
    pub fn mtime(self, seconds: i64) -> Self {
        self.change(|entry| entry.mtime = seconds)
    }

    /// Adds a record to the entry's pax header; records of the same key are all written, in order.
    pub fn pax(self, key: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> Self {
        self.change(|entry| {
            entry
                .pax
                .push((key.as_ref().to_vec(), value.as_ref().to_vec()))
        })
    }

    /// Adds an extended attribute the way GNU tar, Go and Docker write it.
    pub fn xattr(self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.pax(format!("SCHILY.xattr.{name}"), value)
    }

    /// Writes the entry in GNU format: its magic, L and K entries for long names, base-256 for large numbers.
    pub fn gnu(self) -> Self {
        self.change(|entry| entry.gnu = true)
    }

    /// Patches the entry's header before its checksum is computed.
    pub fn raw_header(self, patch: impl Fn(&mut [u8; BLOCK]) + 'static) -> Self {
        self.change(|entry| entry.patches.push(Rc::new(patch)))
    }

    /// Patches the entry's header after its checksum was computed: the way to a wrong one.
    pub fn sealed_header(self, patch: impl Fn(&mut [u8; BLOCK]) + 'static) -> Self {
        self.change(|entry| entry.sealed_patches.push(Rc::new(patch)))
    }

    /// The tar, with its end marker of two zero blocks.
    pub fn tar(&self) -> Vec<u8> {
        let mut tar = self.unended();
        tar.extend([0; 2 * BLOCK]);
        tar
    }

    /// The tar without an end marker.
    pub fn unended(&self) -> Vec<u8> {
        let mut tar = Vec::new();
        for piece in &self.pieces {
            match piece {
                Piece::Entry(entry) => entry.write(&mut tar),
                Piece::Raw(bytes) => tar.extend(bytes),
            }
        }
        tar
    }

    fn change(mut self, change: impl FnOnce(&mut Entry)) -> Self {
        match self.pieces.last_mut() {
            Some(Piece::Entry(entry)) => change(entry),
            _ => panic!("a modifier needs an entry before it"),
        }
        self
    }
}
