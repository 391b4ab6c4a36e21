//! The record of a pull, in an extended attribute of DEST: it moves with the tree, and neither the tree
//! nor its parent gets another file.

use crate::record::Record;
use crate::sys::{Dir, Handle as _};
use std::ffi::CStr;

/// JSON, so that `getfattr` shows it. Layers cannot set it: see `extract/xattr.rs`.
const ATTRIBUTE: &CStr = c"user.roots.image";

/// Where the record of a new tree is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RecordPlace {
    /// The inode of the root of the tree.
    pub(crate) inode: u64,
    /// Whether the tree has it.
    pub(crate) in_tree: bool,
}

/// Writes the record. False if that is not possible: some file systems have no user attributes (NFS before
/// Linux 5.9, tmpfs before 6.6, vfat), and ext4 has little space for them.
pub(super) fn write(dir: &Dir, record: &Record) -> bool {
    let line = record.to_line();
    dir.set_xattr(ATTRIBUTE, line.as_bytes()).is_ok()
}

/// Reads the record. A malformed one counts as none.
pub(super) fn read(dir: &Dir) -> Option<Record> {
    Record::parse(&dir.xattr(ATTRIBUTE).ok()?)
}

/// Removes the record. If this fails, there was none, or none can be written either.
pub(super) fn remove(dir: &Dir) {
    let _ = dir.remove_xattr(ATTRIBUTE);
}
