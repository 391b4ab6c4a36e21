//! A name in a layout or archive leads to no file.

use crate::error::text::escaped;
use std::fmt::{self, Display, Formatter};

#[derive(Debug, PartialEq, Eq)]
pub enum Absence {
    Missing(String),
    NotAFile(String),
    NotAFolder(String),
    Link {
        name: String,
        /// The target; in a chain of links, that of the last one.
        target: String,
        reason: LinkFault,
    },
}

/// Why a symlink leads to no file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkFault {
    Dangling,
    /// The target is not in the archive.
    Outside,
    NotAFile,
    NotAFolder,
    TooMany,
}

impl Display for Absence {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(name) => write!(f, "{} is missing", escaped(name)),
            Self::NotAFile(name) => write!(f, "{} is not a regular file", escaped(name)),
            Self::NotAFolder(name) => write!(f, "{} is not a folder", escaped(name)),
            Self::Link {
                name,
                target,
                reason,
            } => {
                let (name, target) = (escaped(name), escaped(target));
                let reason = match reason {
                    LinkFault::Dangling => "which is missing",
                    LinkFault::Outside => "which is outside the archive",
                    LinkFault::NotAFile => "which is not a regular file",
                    LinkFault::NotAFolder => "which is not a folder",
                    LinkFault::TooMany => "and there are too many links",
                };
                write!(f, "{name} is a link to {target}, {reason}")
            }
        }
    }
}
