//! The record of a pull in an extended attribute of DEST itself: it moves and goes with the tree, and
//! no file has to be put into an image's tree or beside it.

use crate::record::Record;
use crate::sys::{Dir, Handle as _};
use std::ffi::CStr;

/// JSON, so that `getfattr` shows it as well. Layers cannot set it: see `extract/xattr.rs`.
const ATTRIBUTE: &CStr = c"user.roots.image";

/// Where the record of a new tree is to be found.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TreePlace {
    /// The number of the inode of the tree's root.
    pub(crate) inode: u64,
    /// Whether the tree itself has it.
    pub(crate) in_tree: bool,
}

/// Writes it; whether that could be done. Not every file system has such attributes (NFS before Linux
/// 5.9, tmpfs before 6.6, vfat), and ext4 has little room for them.
pub(super) fn write(dir: &Dir, record: &Record) -> bool {
    let line = record.to_line();
    dir.set_xattr(ATTRIBUTE, line.as_bytes()).is_ok()
}

/// Reads it. What is no record is none.
pub(super) fn read(dir: &Dir) -> Option<Record> {
    Record::parse(&dir.xattr(ATTRIBUTE).ok()?)
}

/// Removes it. Where this fails there was none, or nobody may write one either.
pub(super) fn remove(dir: &Dir) {
    let _ = dir.remove_xattr(ATTRIBUTE);
}
