//! Why a tree, or a file beside it, cannot be written to a path.

use crate::error::{DestinationError, Error};
use std::fmt::{self, Display, Formatter};
use std::path::PathBuf;

/// Why a path is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DestinationFault {
    NotAFolder,
    /// An archive is to be written, and the path is a folder.
    NotAFile,
    NotAnArchive,
    SystemRoot,
    /// `/usr` or the like, and not empty.
    BelowSystemRoot,
    InCache,
    MountPoint,
    /// DEST is the working directory, or above it.
    WorkingDirectory,
    MountInside,
    HoldsCache,
    HoldsImage,
    KeptExists,
    KeptInside,
    KeptInStaging,
    KeptInStartFile,
    /// Anybody may have copied a record there.
    KeptUnconfirmed,
    KeptAbove,
    /// A rename does not cross file systems.
    KeptOnOtherFileSystem,
    InvalidMachineName,
    InvalidServiceName,
    InvalidUnitPath,
    /// A `.nspawn` or `.service` file that another program has written.
    ForeignStartFile,
    /// A symlink in its place would have the file written elsewhere.
    StartFileNotAFile,
    ForeignFolder,
    ForeignFile,
    /// A symlink of another user in a folder like /tmp, which can lead anywhere.
    ForeignLink,
    /// A fifo of another user, who may never read from it.
    ForeignFifo,
    /// DEST is not the folder that was checked.
    Replaced,
    Appeared,
}

impl Display for DestinationFault {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotAFolder => "it is not a folder",
            Self::NotAFile => "it is a folder",
            Self::NotAnArchive => "it exists, and is not an archive of images",
            Self::SystemRoot => "refusing to replace the root directory",
            Self::BelowSystemRoot => "refusing to replace a folder directly below /",
            Self::InCache => "it is in the cache, where purge would remove it",
            Self::MountPoint => "it is a mount point",
            Self::WorkingDirectory => "it holds the working directory",
            Self::MountInside => "something is mounted inside it",
            Self::HoldsCache => "it holds the cache",
            Self::HoldsImage => "it holds the image that is pulled",
            Self::KeptExists => "it exists, and is not a tree that roots has pulled",
            Self::KeptInside => "it is inside the tree that is to be kept",
            Self::KeptInStaging => "it is where the new tree is made",
            Self::KeptInStartFile => "it is where the .nspawn or .service file is written",
            Self::KeptUnconfirmed => {
                "it exists, and the cache does not confirm that roots has pulled it"
            }
            Self::KeptAbove => "it holds the tree that is to be kept",
            Self::KeptOnOtherFileSystem => "it is on another file system than the old tree",
            Self::InvalidMachineName => "not a valid systemd machine name",
            Self::InvalidServiceName => "not a valid name for a systemd service",
            Self::InvalidUnitPath => "systemd does not accept this path in a unit",
            Self::ForeignStartFile => "it was not written by roots",
            Self::StartFileNotAFile => "it is not a plain file",
            Self::ForeignFolder => "in the way: not a folder that a pull has left",
            Self::ForeignFile => "in the way: not a file that roots has left",
            Self::ForeignLink => "a symlink of another user in a world-writable folder",
            Self::ForeignFifo => "it is a fifo of another user",
            Self::Replaced => "another process has replaced it since this pull began",
            Self::Appeared => "another process has put it there while the archive was written",
        })
    }
}

impl DestinationFault {
    /// This fault of `path`.
    pub fn at(self, path: impl Into<PathBuf>) -> Error {
        let (path, reason) = (path.into(), self);
        DestinationError::Refused { path, reason }.into()
    }

    /// The hint for a folder that is not empty, and that even `--force` would not replace.
    pub(in crate::error) fn hint_if_full(self) -> &'static str {
        match self {
            Self::MountPoint | Self::WorkingDirectory => "empty it, or choose another folder",
            Self::BelowSystemRoot => "choose another folder",
            other => other.hint(),
        }
    }

    pub(in crate::error) fn hint(self) -> &'static str {
        match self {
            Self::NotAFolder => "name a folder",
            Self::SystemRoot | Self::HoldsCache | Self::HoldsImage => "choose another folder",
            Self::BelowSystemRoot => {
                "choose another folder, or omit --force if there is nothing in it"
            }
            Self::NotAFile => "name a file in it, like FOLDER/image.tar",
            Self::NotAnArchive => "name another file, or add --force to replace it",
            Self::InCache => "choose another folder, or another cache with --cache",
            Self::MountPoint => {
                "choose another folder, or empty it and omit --force: it is filled in place then"
            }
            Self::WorkingDirectory => "change into another folder first",
            Self::MountInside => "unmount it first, or choose another folder",
            Self::KeptExists => "name a place that is free",
            Self::KeptUnconfirmed => "remove it if nobody needs it, or name a place that is free",
            Self::KeptInside
            | Self::KeptInStaging
            | Self::KeptInStartFile
            | Self::KeptAbove
            | Self::KeptOnOtherFileSystem => "name a place beside the tree",
            Self::InvalidMachineName => {
                "the name of a machine is letters and digits, with . or - between them, 64 at most"
            }
            Self::InvalidServiceName => {
                "the name of a service consists of letters, digits, and : _ . or -, 247 at most"
            }
            Self::InvalidUnitPath => "choose a folder whose path is plain text",
            Self::ForeignStartFile => "move it away; --force would replace it, and DEST",
            Self::ForeignFolder => {
                "look into it before it is removed: a pull of another user may have left the old tree there"
            }
            Self::StartFileNotAFile | Self::ForeignFile => "remove it if nobody needs it",
            Self::ForeignLink => "name the place that it leads to, if that is what you mean",
            Self::ForeignFifo => "name a file, or a fifo of your own",
            Self::Replaced => "look into it, and pull again",
            Self::Appeared => "look into it, and save again",
        }
    }
}
