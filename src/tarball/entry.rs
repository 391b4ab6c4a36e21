//! One entry of a layer, combined from its header and extended headers.

use super::header::Fields;
use super::path::LayerPath;
use super::pax::Records;
use super::sparse::SparseMap;
use super::xattrs::Xattrs;
use crate::error::EntryFault;
use crate::sys::{Owner, Time};
use std::ffi::CString;

/// One entry.
#[derive(Debug)]
pub struct Entry {
    /// The path in the tree.
    pub path: LayerPath,
    /// The type of the entry.
    pub kind: EntryKind,
    /// Permissions with setuid, setgid and the sticky bit.
    pub mode: u32,
    /// The owner.
    pub owner: Owner,
    /// The modification time.
    pub mtime: Time,
    /// The extended attributes.
    pub xattrs: Xattrs,
}

/// The type of an entry.
#[derive(Debug)]
pub enum EntryKind {
    /// A directory.
    Directory,
    /// A file of `size` bytes; `holes` maps its contents if it is sparse.
    File {
        /// In bytes, holes included.
        size: u64,
        /// The positions of the stored contents.
        holes: Option<SparseMap>,
    },
    /// A symbolic link.
    Symlink {
        /// The target, as stored.
        target: CString,
    },
    /// A hard link.
    HardLink {
        /// The path of the existing file.
        target: LayerPath,
    },
    /// A named pipe.
    Fifo,
    /// A device.
    Device {
        /// Whether it is a block device.
        block: bool,
        /// Major and minor number.
        number: (u32, u32),
    },
}

/// The extended headers that precede an entry's header.
#[derive(Debug, Default)]
pub(super) struct Extensions {
    /// pax records.
    pub(super) records: Records,
    /// GNU's `L`.
    pub(super) long_name: Option<Vec<u8>>,
    /// GNU's `K`.
    pub(super) long_link: Option<Vec<u8>>,
}

/// Whether contents follow a header of this type.
pub(super) fn has_contents(kind: u8, name: &[u8]) -> bool {
    // Only files have contents. Old writers also put sizes into the headers of links and
    // directories, and no other tool reads contents there.
    matches!(kind, b'0' | b'7' | b'S') || (kind == 0 && !name.ends_with(b"/"))
}

impl Entry {
    /// Combines a header with its extended headers: pax takes precedence over GNU, GNU over the
    /// header, and the entry's own pax records over the `global` ones.
    pub(super) fn new(
        fields: Fields,
        extensions: Extensions,
        global: &Records,
        name: &[u8],
        contents: (u64, Option<SparseMap>),
    ) -> Result<Self, EntryFault> {
        let Extensions {
            records, long_link, ..
        } = extensions;
        let link_name = records.link_path.or(long_link).unwrap_or(fields.link_name);
        let kind = match fields.kind {
            kind if has_contents(kind, name) => EntryKind::File {
                size: contents.0,
                holes: contents.1,
            },
            // v7 had no type for directories: a name that ends in a slash was one.
            0 | b'5' => EntryKind::Directory,
            b'1' => EntryKind::HardLink {
                target: LayerPath::parse(&link_name)?,
            },
            b'2' => EntryKind::Symlink {
                target: CString::new(link_name).map_err(|_| EntryFault::NulInName)?,
            },
            b'3' | b'4' => EntryKind::Device {
                block: fields.kind == b'4',
                number: fields.device.ok_or(EntryFault::Number("device number"))?,
            },
            b'6' => EntryKind::Fifo,
            other => return Err(EntryFault::UnknownType(other)),
        };
        let xattrs = Xattrs::new(records.xattrs, &global.xattrs)?;
        let mtime = match records.mtime.or(global.mtime) {
            Some(mtime) => mtime,
            None => {
                let seconds =
                    i64::try_from(fields.mtime).map_err(|_| EntryFault::Number("mtime"))?;
                Time {
                    seconds,
                    nanoseconds: 0,
                }
            }
        };
        let owner = Owner {
            uid: id(records.uid.or(global.uid), fields.uid, "uid")?,
            gid: id(records.gid.or(global.gid), fields.gid, "gid")?,
        };
        Ok(Self {
            path: LayerPath::parse(name)?,
            kind,
            mode: fields.mode,
            owner,
            mtime,
            xattrs,
        })
    }

    /// Whether it is a symbolic link.
    pub fn is_symlink(&self) -> bool {
        matches!(self.kind, EntryKind::Symlink { .. })
    }
}

/// A user or group ID. chown takes the highest number as "unchanged", and larger ones would be
/// truncated.
fn id(record: Option<u64>, header: i128, field: &'static str) -> Result<u32, EntryFault> {
    let id = record.map_or(header, i128::from);
    u32::try_from(id)
        .ok()
        .filter(|&id| id != u32::MAX)
        .ok_or(EntryFault::Number(field))
}
