//! What can be wrong with an entry of a layer, or with putting it on disk.

use super::{Error, escaped};
use crate::oci::Digest;
use std::io;

/// Why an entry is not applied. The pull fails: a tree that lacks an entry is a wrong tree.
#[derive(Debug)]
pub enum EntryFault {
    /// A `..` in the name.
    Climbs,
    /// A NUL in a name.
    NulInName,
    /// A component of more than 255 bytes.
    NameTooLong,
    /// More components than 4,096.
    TooDeep,
    /// More than 255 symlinks on the way.
    LinkLoop,
    /// A file stands where a directory is on the way.
    ParentIsFile,
    /// The root described as anything but a directory.
    RootIsNoDirectory,
    /// A whiteout of nothing, of its own directory or of the parent, or one in mid-path.
    Whiteout,
    /// A link that points to nothing at all.
    EmptyLink,
    /// A hard link to what is not in the tree.
    LinkTargetMissing,
    /// A hard link to a directory.
    LinkToDirectory,
    /// A map of holes that does not fit the file.
    Sparse,
    /// A type that no tar has.
    UnknownType(u8),
    /// A header's sum does not hold.
    Checksum,
    /// A field is no number, or one that cannot be.
    Number(&'static str),
    /// A pax header breaks its grammar.
    Pax,
    /// An extended header of more than 1 MiB.
    HeaderTooLong,
    /// An extended header that nothing follows.
    Dangling,
    /// A block of zeros that is not the end.
    LoneZeroBlock,
    /// The archive ends in the middle of an entry.
    Truncated,
    /// An owner that this user namespace has no number for.
    UnmappedOwner {
        /// User id.
        uid: u32,
        /// Group id.
        gid: u32,
    },
    /// A user or group that `--uid-shift` would take beyond the highest there can be.
    Shifted(u32),
    /// The tree would be larger than this many bytes, which is what was allowed.
    OverLimit(u64),
    /// The disk.
    Io {
        /// What was tried.
        action: &'static str,
        /// How it failed.
        source: io::Error,
    },
    /// The stream below the archive failed.
    Stream(io::Error),
}

impl EntryFault {
    /// A failure to do `action`.
    pub fn io(action: &'static str, source: io::Error) -> Self {
        Self::Io { action, source }
    }

    /// Whether the disk is to blame and not the image.
    pub fn is_disk(&self) -> bool {
        matches!(
            self,
            Self::Io { .. } | Self::UnmappedOwner { .. } | Self::Shifted(_) | Self::OverLimit(_)
        )
    }

    /// Whether the kernel does not let this process do it.
    pub fn is_not_permitted(&self) -> bool {
        matches!(self, Self::Io { source, .. } if source.kind() == io::ErrorKind::PermissionDenied)
    }

    /// This fault at the entry `name` of a layer.
    pub fn in_layer(self, diff_id: &Digest, name: &[u8]) -> Error {
        match self {
            Self::Stream(error) => Error::in_stream(diff_id, error),
            why => {
                let name = escaped(&String::from_utf8_lossy(name));
                Error::Entry {
                    diff_id: diff_id.clone(),
                    name,
                    why,
                }
            }
        }
    }

    /// This fault after all entries.
    pub fn in_tree(self) -> Error {
        match self {
            Self::Io { action, source } => Error::Tree { action, source },
            Self::UnmappedOwner { .. } => Error::Tree {
                action: "set the owner of",
                source: io::Error::other("no such ids in this user namespace"),
            },
            _ => Error::Tree {
                action: "finish",
                source: io::Error::from(io::ErrorKind::Other),
            },
        }
    }
}
