//! DEST cannot be written, replaced or read: it, or what lies beside it, is in the way.

mod fault;
mod in_use;

pub use fault::DestinationFault;
pub use in_use::TreeInUse;

use super::io::DISK_FULL;
use super::text::{around, escaped, path_of};
use super::{Category, Error, Subject};
use std::fmt::{self, Display, Formatter};
use std::path::PathBuf;

#[derive(Debug)]
pub enum DestinationError {
    NotFound(PathBuf),
    NotEmpty {
        path: PathBuf,
        replaceable: Replaceable,
    },
    /// Nothing can be written there, whatever is pulled.
    Refused {
        /// DEST, or a path beside it.
        path: PathBuf,
        reason: DestinationFault,
    },
    /// Another roots holds the lock.
    Busy(PathBuf),
    InUse(TreeInUse),
    NoSpace {
        path: PathBuf,
        /// At least this many bytes are missing.
        missing: u64,
    },
    /// The record of the tree does not lead to its image.
    NoRecord {
        path: PathBuf,
        reason: RecordFault,
    },
}

/// Whether a tree that is not empty may be replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replaceable {
    /// Not even with `--force`.
    Never(DestinationFault),
    WithForce,
    /// With `--force`, or with `--update`, as the tree has a record.
    Recorded,
    /// With `--force` but not with `--update`, which needs a record.
    Unrecorded,
}

#[derive(Debug)]
pub enum RecordFault {
    Missing,
    /// Another user may have forged it: it names this image on disk, and the cache does not confirm that.
    Unconfirmed(String),
    /// The image came from a pipe.
    Spent(String),
}

impl Display for DestinationError {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let path = match self {
            Self::InUse(tree) => return tree.fmt(f),
            Self::NotFound(path)
            | Self::NotEmpty { path, .. }
            | Self::Refused { path, .. }
            | Self::Busy(path)
            | Self::NoSpace { path, .. }
            | Self::NoRecord { path, .. } => path,
        };
        write!(f, "{}: ", path_of(path))?;
        match self {
            Self::NotFound(_) => f.write_str("no such folder"),
            Self::NotEmpty {
                replaceable: Replaceable::Never(reason),
                ..
            } => {
                // "Refusing to" is no clause that could follow "and".
                let joint = match reason {
                    DestinationFault::BelowSystemRoot => ";",
                    _ => ", and",
                };
                write!(f, "it is not empty{joint} {reason}")
            }
            Self::NotEmpty { .. } => f.write_str("it is not empty"),
            Self::Refused { reason, .. } => reason.fmt(f),
            Self::Busy(_) => f.write_str("another roots process is using it"),
            Self::InUse(_) => Ok(()),
            Self::NoSpace { missing, .. } => write!(
                f,
                "no space left on device: at least {missing} more bytes needed"
            ),
            Self::NoRecord { reason, .. } => reason.fmt(f),
        }
    }
}

impl RecordFault {
    /// This fault of the record of the tree at `path`.
    pub fn at(self, path: impl Into<PathBuf>) -> Error {
        let (path, reason) = (path.into(), self);
        DestinationError::NoRecord { path, reason }.into()
    }
}

impl Display for RecordFault {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("no record of a pull"),
            Self::Spent(origin) => write!(
                f,
                "its image came from {}, which cannot be read again",
                escaped(origin)
            ),
            Self::Unconfirmed(image) => write!(
                f,
                "its record, which the cache does not confirm, names {}",
                escaped(image)
            ),
        }
    }
}

impl Subject for DestinationError {
    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::NotFound(_) => return None,
            Self::NotEmpty { replaceable, .. } => match replaceable {
                Replaceable::Never(reason) => reason.hint_if_full(),
                Replaceable::WithForce => "add --force to replace it",
                Replaceable::Recorded => {
                    "add --force to replace it, or --update to do so if the image has changed"
                }
                Replaceable::Unrecorded => {
                    "it has no record of a pull; add --force to replace it all the same"
                }
            },
            Self::Refused { reason, .. } => reason.hint(),
            Self::Busy(_) => "wait until it has finished, or choose another place",
            Self::InUse(tree) => tree.hint(),
            Self::NoSpace { .. } => DISK_FULL,
            Self::NoRecord { path, .. } => {
                let before = "to compare it with an image all the same: roots verify ";
                return around(before, &path_of(path), " IMAGE");
            }
        };
        Some(hint.to_owned())
    }

    fn category(&self) -> Category {
        match self {
            Self::NotFound(_) | Self::NoRecord { .. } => Category::NotFound,
            _ => Category::Destination,
        }
    }
}
