//! The names of file types in messages.

use crate::sys::{FileKind, Special, Stat};
use crate::tree::InodeKind;

/// The type in the image.
pub(super) fn expected_type(kind: &InodeKind) -> &'static str {
    match kind {
        InodeKind::Directory(_) => "directory",
        InodeKind::File { .. } => "file",
        InodeKind::Symlink(_) => "symlink",
        InodeKind::Fifo => "fifo",
        InodeKind::Device { block: true, .. } => "block device",
        InodeKind::Device { block: false, .. } => "character device",
    }
}

/// The type on disk.
pub(super) fn actual_type(stat: &Stat) -> &'static str {
    match (stat.kind, stat.special) {
        (FileKind::Directory, _) => "directory",
        (FileKind::File, _) => "file",
        (FileKind::Symlink, _) => "symlink",
        (FileKind::Special, Some(Special::Fifo)) => "fifo",
        (FileKind::Special, Some(Special::Block(_))) => "block device",
        (FileKind::Special, Some(Special::Character(_))) => "character device",
        (FileKind::Special, _) => "socket",
    }
}
