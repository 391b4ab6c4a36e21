//! An entry of a layer is malformed, or cannot be put on this disk.

use super::LayerError;
use crate::error::io::tree_hint;
use crate::error::text::{escaped, os_reason};
use crate::error::{Category, Error};
use crate::oci::Digest;
use std::fmt::{self, Display, Formatter};
use std::io;

/// Why an entry is not applied. The pull fails: a tree that lacks an entry is a wrong tree.
#[derive(Debug)]
pub enum EntryFault {
    Climbs,
    NulInName,
    NameTooLong,
    TooDeep,
    LinkLoop,
    TooManySteps,
    ParentIsFile,
    RootIsNoDirectory,
    /// It hides nothing, its own directory or the parent, or is in the middle of a path.
    Whiteout,
    EmptyLink,
    LinkTargetMissing,
    LinkToDirectory,
    Sparse,
    UnknownType(u8),
    Checksum,
    /// A field of the header.
    Number(&'static str),
    Pax,
    HeaderTooLong,
    Xattrs,
    /// An extended attribute, by its name, that Linux never takes.
    InvalidXattr(String),
    /// More than `roots verify` keeps in memory.
    XattrsOfTree,
    Dangling,
    LoneZeroBlock,
    Truncated,
    UnmappedOwner {
        uid: u32,
        gid: u32,
    },
    /// An owner that `--uid-shift` would take beyond the highest id.
    Shifted(u32),
    /// The tree would exceed this many bytes.
    OverLimit(u64),
    /// The layers unpack to far more than a tree of this many bytes.
    Inflated(u64),
    /// The image causes more work than its size explains.
    Bomb,
    /// The kernel refused an action.
    Io {
        action: &'static str,
        source: io::Error,
    },
    /// The stream below the archive failed.
    Stream(io::Error),
}

impl EntryFault {
    /// The kernel refused to do `action`.
    pub fn io(action: &'static str, source: io::Error) -> Self {
        Self::Io { action, source }
    }

    /// Whether the kernel refused an action with EPERM or EACCES.
    pub fn is_not_permitted(&self) -> bool {
        matches!(self, Self::Io { source, .. } if source.kind() == io::ErrorKind::PermissionDenied)
    }

    /// This fault of the entry `name` of a layer.
    pub fn in_layer(self, diff_id: &Digest, name: &[u8]) -> Error {
        match self {
            Self::Stream(error) => Error::in_stream(diff_id, error),
            reason => {
                let name = escaped(&String::from_utf8_lossy(name));
                LayerError::Entry {
                    layer: diff_id.clone(),
                    name,
                    reason,
                }
                .into()
            }
        }
    }

    /// This fault of the tree as a whole, after all entries.
    pub fn in_tree(self) -> Error {
        match self {
            Self::Io { action, source } => Error::tree(action, source),
            Self::UnmappedOwner { .. } => Error::tree(
                "set the owner",
                io::Error::other("no such ids in this user namespace"),
            ),
            _ => Error::tree("finish it", io::ErrorKind::Other.into()),
        }
    }

    pub(super) fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::Io { action, source } => return tree_hint(action, source),
            Self::OverLimit(_) | Self::Inflated(_) => {
                "allow more with --max-size if you trust the image"
            }
            Self::UnmappedOwner { .. } => {
                "pass --strip-owner, or map more ids into this user namespace (/etc/subuid, /etc/subgid)"
            }
            Self::Bomb => "if you trust the image, pull it with a --max-size that is large enough",
            Self::Shifted(_) => "pass a lower --uid-shift",
            _ => return None,
        })
    }

    pub(super) fn category(&self) -> Category {
        match self {
            // The image is good: it does not fit this machine, or what the user allows.
            Self::Io { .. }
            | Self::UnmappedOwner { .. }
            | Self::Shifted(_)
            | Self::OverLimit(_)
            | Self::Inflated(_) => Category::Destination,
            _ => Category::BadImage,
        }
    }
}

impl Display for EntryFault {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Climbs => "its name climbs with `..`",
            Self::NulInName => "its name has a NUL byte",
            Self::NameTooLong => "its name has a component of more than 255 bytes",
            Self::TooDeep => "it lies more than 4096 directories deep",
            Self::LinkLoop => "its parents lead through more than 255 symlinks",
            Self::TooManySteps => "its parents lead through symlinks of more than 16384 steps",
            Self::ParentIsFile => "one of its parents is not a directory",
            Self::RootIsNoDirectory => "the root of the tree must be a directory",
            Self::Whiteout => "invalid whiteout name",
            Self::EmptyLink => "link without a target",
            Self::LinkTargetMissing => "hard link target not found",
            Self::LinkToDirectory => "a hard link to a directory",
            Self::Sparse => "its sparse map does not fit it",
            Self::Checksum => "its header has a wrong checksum",
            Self::Pax => "its pax header is malformed",
            Self::HeaderTooLong => "its extended header is longer than 1 MiB",
            Self::Xattrs => {
                "more extended attributes than Linux takes: 64 KiB of names, 64 KiB a value, and 1 MiB in pax headers"
            }
            Self::XattrsOfTree => "more than 16 MiB of extended attributes in one tree are not verified",
            Self::Bomb => "a decompression bomb: the image unpacks to far more than its size explains",
            Self::Dangling => "an extended header at the end of the archive",
            Self::LoneZeroBlock => "a lone block of zeros in mid-archive",
            Self::Truncated => "unexpected end of archive",
            Self::UnknownType(kind) => {
                return write!(
                    f,
                    "unknown entry type {}",
                    escaped(&char::from(*kind).to_string())
                );
            }
            Self::OverLimit(limit) => {
                return write!(f, "the tree exceeds the limit of {limit} B");
            }
            Self::Inflated(limit) => {
                return write!(f, "its layer unpacks to far more than the {limit} B allowed");
            }
            Self::InvalidXattr(name) => {
                return write!(f, "its extended attribute {} is not valid", escaped(name));
            }
            Self::Number(field) => return write!(f, "its {field} is not a valid number"),
            Self::UnmappedOwner { uid, gid } => {
                return write!(
                    f,
                    "cannot give it to {uid}:{gid}: no such ids in this user namespace"
                );
            }
            Self::Shifted(id) => {
                return write!(
                    f,
                    "its owner {id} cannot be shifted that far: ids end at 4294967294"
                );
            }
            Self::Io { action, source } => return write!(f, "cannot {action}: {}", os_reason(source)),
            Self::Stream(source) => return write!(f, "{}", os_reason(source)),
        })
    }
}
