//! Why there can be no tree or file at a path, and what to do about it.

use std::fmt::{self, Display, Formatter};

/// What stands in the way of a tree, or of a file beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DestinationFault {
    /// DEST is there, and no folder.
    NotAFolder,
    /// What is to be a file is there, and none.
    NotAFile,
    /// DEST is `/`.
    SystemRoot,
    /// DEST is `/usr` or the like, and full.
    BelowSystemRoot,
    /// It is in the cache, which purge sweeps.
    InCache,
    /// DEST is a mount point.
    MountPoint,
    /// DEST is the working directory, or above it.
    WorkingDirectory,
    /// There is a mount point in DEST.
    MountInside,
    /// The cache is in DEST.
    HoldsCache,
    /// The layout or archive that is pulled is in DEST.
    HoldsImage,
    /// There is something where `--keep-old` is to put the old tree.
    KeptExists,
    /// `--keep-old` is to put the old tree into itself.
    KeptInside,
    /// `--keep-old` is to put the old tree where no rename gets it.
    KeptFar,
    /// systemd would look for the settings of DEST under another name.
    NotAMachine,
    /// The settings of DEST are somebody else's.
    ForeignSettings,
    /// The folder in which a tree grows is somebody else's.
    ForeignFolder,
    /// The file in which an archive grows is somebody else's.
    ForeignFile,
}

impl Display for DestinationFault {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotAFolder => "it is not a folder",
            Self::NotAFile => "it is not a file",
            Self::SystemRoot => "the root of this system is no place for a tree",
            Self::BelowSystemRoot => "a folder directly below / is not replaced",
            Self::InCache => "it is in the cache, which purge sweeps",
            Self::MountPoint => "it is a mount point",
            Self::WorkingDirectory => "it holds the working directory",
            Self::MountInside => "something is mounted inside it",
            Self::HoldsCache => "it holds the cache",
            Self::HoldsImage => "it holds the image that is pulled",
            Self::KeptExists => "it exists, and --keep-old replaces nothing",
            Self::KeptInside => "it is inside the tree that is to be kept",
            Self::KeptFar => "it is on another file system than the old tree",
            Self::NotAMachine => "no machine of systemd can be called so",
            Self::ForeignSettings => "it is not written by roots",
            Self::ForeignFolder => "in the way: not a folder that a pull has left",
            Self::ForeignFile => "in the way: not a file that roots has left",
        })
    }
}

impl DestinationFault {
    pub(super) fn hint(self) -> &'static str {
        match self {
            Self::NotAFolder
            | Self::SystemRoot
            | Self::BelowSystemRoot
            | Self::HoldsCache
            | Self::HoldsImage => "choose another folder",
            Self::NotAFile => "choose another name, or remove it",
            Self::InCache => "choose another folder, or another cache with --cache",
            Self::MountPoint => "an empty one is filled in place, without --force and --update",
            Self::WorkingDirectory => "change into another folder first",
            Self::MountInside => "unmount it first, or choose another folder",
            Self::KeptExists => "name a place that is free",
            Self::KeptInside | Self::KeptFar => "name a place beside the tree",
            Self::NotAMachine => "machines are called by letters, digits, dots and - in between",
            Self::ForeignSettings => "add --force to replace it",
            Self::ForeignFolder | Self::ForeignFile => "remove it if nobody needs it",
        }
    }
}
