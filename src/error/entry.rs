//! Errors of one entry of a layer: malformed, or impossible to put on this disk.

use super::Error;
use super::sentence::{escaped, os_reason};
use crate::oci::Digest;
use std::fmt::{self, Display, Formatter};
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
    /// More steps on the way than 16,384, as its symlinks say.
    LongWay,
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
    /// More extended attributes than Linux can hold, or global ones of more than 1 MiB.
    Xattrs,
    /// More extended attributes in the whole tree than `roots verify` keeps in memory.
    XattrsOfTree,
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
    /// The layers unpack to far more than a tree of this many bytes, which is what was allowed.
    Inflated(u64),
    /// The image makes more work than its size explains.
    Bomb,
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
            Self::Io { .. }
                | Self::UnmappedOwner { .. }
                | Self::Shifted(_)
                | Self::OverLimit(_)
                | Self::Inflated(_)
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
                    layer: diff_id.clone(),
                    name,
                    why,
                }
            }
        }
    }

    /// This fault after all entries.
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
}

impl Display for EntryFault {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Climbs => "its name climbs with `..`",
            Self::NulInName => "its name has a NUL byte",
            Self::NameTooLong => "its name has a component of more than 255 bytes",
            Self::TooDeep => "it lies more than 4096 directories deep",
            Self::LinkLoop => "its parents lead through more than 255 symlinks",
            Self::LongWay => "its parents lead through symlinks of more than 16384 steps",
            Self::ParentIsFile => "one of its parents is not a directory",
            Self::RootIsNoDirectory => "the root of the tree must be a directory",
            Self::Whiteout => "not a name that a whiteout can have",
            Self::EmptyLink => "a link to nothing",
            Self::LinkTargetMissing => "a hard link to what is not there",
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
            Self::Truncated => "the archive ends in the middle of it",
            Self::UnknownType(kind) => {
                return write!(
                    f,
                    "unknown entry type {}",
                    escaped(&char::from(*kind).to_string())
                );
            }
            Self::OverLimit(limit) => {
                return write!(f, "with it the tree is larger than the {limit} B allowed");
            }
            Self::Inflated(limit) => {
                return write!(f, "its layer unpacks to far more than the {limit} B allowed");
            }
            Self::Number(field) => return write!(f, "its {field} is not a number that it can be"),
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
