//! One entry: its header, its contents, and the pax or GNU headers for what the header has no room for.

use super::MTIME;
use super::header::{BLOCK, NAME, fits, header, number, pax_record, seal};
use std::rc::Rc;

/// A change to the raw bytes of a header.
pub(super) type Patch = Rc<dyn Fn(&mut [u8; BLOCK])>;

/// All that goes into one entry.
#[derive(Clone)]
pub(super) struct Entry {
    pub(super) kind: u8,
    pub(super) path: Vec<u8>,
    pub(super) link: Vec<u8>,
    pub(super) contents: Vec<u8>,
    pub(super) mode: u32,
    pub(super) owner: (u64, u64),
    pub(super) mtime: i64,
    pub(super) device: (u32, u32),
    pub(super) pax: Vec<(Vec<u8>, Vec<u8>)>,
    pub(super) gnu: bool,
    pub(super) patches: Vec<Patch>,
    pub(super) sealed_patches: Vec<Patch>,
}

impl Entry {
    pub(super) fn new(kind: u8, path: &[u8]) -> Self {
        Self {
            kind,
            path: path.to_vec(),
            link: Vec::new(),
            contents: Vec::new(),
            mode: 0o644,
            owner: (0, 0),
            mtime: MTIME,
            device: (0, 0),
            pax: Vec::new(),
            gnu: false,
            patches: Vec::new(),
            sealed_patches: Vec::new(),
        }
    }

    /// Appends the entry, with the extension headers that it needs before it.
    pub(super) fn write(&self, tar: &mut Vec<u8>) {
        let mut pax = Vec::new();
        let mut long = |key: &str, kind: u8, value: &[u8]| {
            if value.len() <= NAME {
                return;
            }
            if self.gnu {
                write_blocks(
                    tar,
                    &header(kind, b"././@LongLink", value.len() + 1),
                    &[value, b"\0"].concat(),
                );
            } else {
                pax.extend(pax_record(key.as_bytes(), value));
            }
        };
        long("linkpath", b'K', &self.link);
        long("path", b'L', &self.path);
        for (key, value, field) in self.numbers() {
            if !self.gnu && !fits(value, field) {
                pax.extend(pax_record(key.as_bytes(), value.to_string().as_bytes()));
            }
        }
        for (key, value) in &self.pax {
            pax.extend(pax_record(key, value));
        }
        if !pax.is_empty() {
            write_blocks(tar, &header(b'x', b"PaxHeaders.0/entry", pax.len()), &pax);
        }
        write_blocks(tar, &self.header(), &self.contents);
    }

    /// The numbers that may be too large for their field of that many bytes, by their pax names.
    fn numbers(&self) -> [(&'static str, i128, usize); 3] {
        [
            ("uid", self.owner.0.into(), 8),
            ("gid", self.owner.1.into(), 8),
            ("mtime", self.mtime.into(), 12),
        ]
    }

    fn header(&self) -> [u8; BLOCK] {
        let mut block = header(self.kind, &self.path, self.contents.len());
        let [(_, uid, _), (_, gid, _), (_, mtime, _)] = self.numbers();
        number(&mut block[100..108], self.mode.into(), self.gnu);
        number(&mut block[108..116], uid, self.gnu);
        number(&mut block[116..124], gid, self.gnu);
        number(&mut block[136..148], mtime, self.gnu);
        let link = &self.link[..self.link.len().min(NAME)];
        block[157..157 + link.len()].copy_from_slice(link);
        if self.gnu {
            block[257..265].copy_from_slice(b"ustar  \0");
        }
        if matches!(self.kind, b'3' | b'4') {
            number(&mut block[329..337], self.device.0.into(), self.gnu);
            number(&mut block[337..345], self.device.1.into(), self.gnu);
        }
        self.patches.iter().for_each(|patch| patch(&mut block));
        seal(&mut block);
        self.sealed_patches
            .iter()
            .for_each(|patch| patch(&mut block));
        block
    }
}

fn write_blocks(tar: &mut Vec<u8>, header: &[u8; BLOCK], contents: &[u8]) {
    tar.extend(header);
    tar.extend(contents);
    tar.resize(tar.len().next_multiple_of(BLOCK), 0);
}
