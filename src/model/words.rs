//! What kinds of things are called.

use super::node::NodeKind;
use crate::sys::{Kind, Special, Stat};

/// What a thing of the image is.
pub(super) fn word(kind: &NodeKind) -> &'static str {
    match kind {
        NodeKind::Directory(_) => "directory",
        NodeKind::File { .. } => "file",
        NodeKind::Symlink(_) => "symlink",
        NodeKind::Fifo => "fifo",
        NodeKind::Device { block: true, .. } => "block device",
        NodeKind::Device { block: false, .. } => "character device",
    }
}

/// What stat says it is.
pub(super) fn word_of(found: &Stat) -> &'static str {
    match (found.kind, found.special) {
        (Kind::Directory, _) => "directory",
        (Kind::File, _) => "file",
        (Kind::Symlink, _) => "symlink",
        (Kind::Special, Some(Special::Fifo)) => "fifo",
        (Kind::Special, Some(Special::Block(_))) => "block device",
        (Kind::Special, Some(Special::Character(_))) => "character device",
        (Kind::Special, _) => "socket",
    }
}
