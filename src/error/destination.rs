//! Why a tree or file cannot be at a path, and what to do about it.

use super::sentence::{escaped, path_of};
use crate::sys::DirUser;
use std::fmt::{self, Display, Formatter};
use std::path::PathBuf;

/// What stands in the way of a tree, or of a file beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DestinationFault {
    /// DEST is there, and no folder.
    NotAFolder,
    /// A folder where a file is to be written.
    NotAFile,
    /// A file of another kind where an archive is to be written.
    NotAnArchive,
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
    /// There is something that no pull has made where `--keep-old` is to put the old tree.
    KeptExists,
    /// `--keep-old` is to put the old tree into itself.
    KeptInside,
    /// The place of the old tree is the folder in which the new one grows.
    KeptInStaging,
    /// The place of the old tree is that of a file that starts the new one.
    KeptInStartFile,
    /// What is there has a record that is not confirmed: anybody can have copied it there.
    KeptUnconfirmed,
    /// `--keep-old` is to put the old tree in the place of a folder that it is in.
    KeptAbove,
    /// `--keep-old` is to put the old tree where no rename gets it.
    KeptFar,
    /// systemd would look for the settings of DEST under another name.
    NotAMachine,
    /// DEST is not named as a service can be.
    NotAService,
    /// A unit of systemd cannot have the path of DEST.
    NotForUnits,
    /// The settings of DEST are somebody else's.
    ForeignSettings,
    /// They are no file, or a link, which would have them written elsewhere.
    SettingsNotAFile,
    /// The folder in which a tree grows is somebody else's.
    ForeignFolder,
    /// The file in which an archive grows is somebody else's.
    ForeignFile,
    /// A symlink on the way is another user's, in a folder like /tmp.
    ForeignLink,
    /// A fifo of another user, who may never read it.
    ForeignFifo,
    /// DEST is another folder than the one that was checked.
    Exchanged,
    /// It has come, or was replaced, while an archive for this path was written.
    Appeared,
}

impl Display for DestinationFault {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotAFolder => "it is not a folder",
            Self::NotAFile => "it is a folder",
            Self::NotAnArchive => "it exists, and is not an archive of images",
            Self::SystemRoot => "the root of this system is no place for a tree",
            Self::BelowSystemRoot => "a folder directly below / is not replaced",
            Self::InCache => "it is in the cache, which purge sweeps",
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
            Self::KeptFar => "it is on another file system than the old tree",
            Self::NotAMachine => "not a valid systemd machine name",
            Self::NotAService => "not a valid name for a systemd service",
            Self::NotForUnits => "systemd does not accept this path in a unit",
            Self::ForeignSettings => "it is not written by roots",
            Self::SettingsNotAFile => "it is not a plain file",
            Self::ForeignFolder => "in the way: not a folder that a pull has left",
            Self::ForeignFile => "in the way: not a file that roots has left",
            Self::ForeignLink => "a symlink of another user in a folder that all may write to",
            Self::ForeignFifo => "it is a fifo of another user",
            Self::Exchanged => "another process has replaced it since this pull began",
            Self::Appeared => "another process has put it there while the archive was written",
        })
    }
}

impl DestinationFault {
    /// For what is full and would not even be replaced with `--force`.
    pub(super) fn hint_if_full(self) -> &'static str {
        match self {
            Self::MountPoint | Self::WorkingDirectory => "empty it, or choose another folder",
            Self::BelowSystemRoot => "choose another folder",
            other => other.hint(),
        }
    }

    pub(super) fn hint(self) -> &'static str {
        match self {
            Self::NotAFolder => "name a folder",
            Self::SystemRoot | Self::HoldsCache | Self::HoldsImage => "choose another folder",
            Self::BelowSystemRoot => {
                "choose another folder, or leave --force away if there is nothing in it"
            }
            Self::NotAFile => "name a file in it, like FOLDER/image.tar",
            Self::NotAnArchive => "name another file, or add --force to replace it",
            Self::InCache => "choose another folder, or another cache with --cache",
            Self::MountPoint => {
                "choose another folder, or empty it and leave --force away: it is filled in place then"
            }
            Self::WorkingDirectory => "change into another folder first",
            Self::MountInside => "unmount it first, or choose another folder",
            Self::KeptExists => "name a place that is free",
            Self::KeptUnconfirmed => "remove it if nobody needs it, or name a place that is free",
            Self::KeptInside
            | Self::KeptInStaging
            | Self::KeptInStartFile
            | Self::KeptAbove
            | Self::KeptFar => "name a place beside the tree",
            Self::NotAMachine => {
                "the name of a machine is letters and digits, with . or - between them, 64 at most"
            }
            Self::NotAService => {
                "the name of a service consists of letters, digits, and : _ . or -, 247 at most"
            }
            Self::NotForUnits => "choose a folder whose path is plain text",
            Self::ForeignSettings => "move it away; --force would replace it, and DEST",
            Self::ForeignFolder => {
                "look into it before it is removed: a pull of another user may have left the old tree there"
            }
            Self::SettingsNotAFile | Self::ForeignFile => "remove it if nobody needs it",
            Self::ForeignLink => "name the place that it leads to, if that is what you mean",
            Self::ForeignFifo => "name a file, or a fifo of your own",
            Self::Exchanged => "look into it, and pull again",
            Self::Appeared => "look into it, and save again",
        }
    }
}

/// Why the record of a tree does not lead to its image.
pub enum RecordFault {
    /// The folder has no record.
    Missing,
    /// It may be forged, and names this on this machine.
    Unconfirmed(String),
    /// The image came from this, which gives it once.
    Spent(String),
}

/// A tree that would be removed, and who uses it.
pub struct TreeInUse {
    /// DEST, or the place of `--keep-old`.
    pub path: PathBuf,
    /// Who uses it.
    pub user: DirUser,
    /// Whether it is the place of `--keep-old`.
    pub is_kept: bool,
}

impl Display for TreeInUse {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} is in use", path_of(&self.path))?;
        match &self.user {
            // A process chooses its own name.
            DirUser::Process(user) => write!(f, " by {} ({})", escaped(&user.name), user.pid),
            DirUser::Mount(point) => write!(f, ": it is mounted at {}", path_of(point)),
            DirUser::Lock(file, None) => write!(f, ": {} is locked", path_of(file)),
            // The lock of a name outlives the tree that had it: the holder may run in another tree.
            DirUser::Lock(file, Some(holder)) => write!(
                f,
                ": {} ({}) holds systemd's lock on it, {}",
                escaped(&holder.name),
                holder.pid,
                path_of(file)
            ),
        }
    }
}

impl TreeInUse {
    pub(super) fn hint(&self) -> &'static str {
        match (&self.user, self.is_kept) {
            (DirUser::Mount(_), false) => "unmount it, or keep its tree with --keep-old PATH",
            (DirUser::Mount(_), true) => "unmount it, or name another place",
            (_, false) => {
                "stop it, or keep its tree with --keep-old PATH and restart it afterwards"
            }
            (_, true) => "restart it, which has it use the newer tree, or name another place",
        }
    }
}
