//! The words for kinds of files.

use super::inode::InodeKind;
use crate::sys::{FileKind, Special, Stat};

/// What a thing of the image is.
pub(super) fn word(kind: &InodeKind) -> &'static str {
    match kind {
        InodeKind::Directory(_) => "directory",
        InodeKind::File { .. } => "file",
        InodeKind::Symlink(_) => "symlink",
        InodeKind::Fifo => "fifo",
        InodeKind::Device { block: true, .. } => "block device",
        InodeKind::Device { block: false, .. } => "character device",
    }
}

/// What stat says it is.
pub(super) fn word_of(found: &Stat) -> &'static str {
    match (found.kind, found.special) {
        (FileKind::Directory, _) => "directory",
        (FileKind::File, _) => "file",
        (FileKind::Symlink, _) => "symlink",
        (FileKind::Special, Some(Special::Fifo)) => "fifo",
        (FileKind::Special, Some(Special::Block(_))) => "block device",
        (FileKind::Special, Some(Special::Character(_))) => "character device",
        (FileKind::Special, _) => "socket",
    }
}
