//! The cache cannot be used, or does not have what is needed.

use super::text::{list, path_of};
use super::{Category, Subject};
use crate::oci::Digest;
use std::fmt::{self, Display, Formatter};
use std::path::PathBuf;

#[derive(Debug)]
pub enum CacheError {
    NotACache {
        path: PathBuf,
        /// Whether it was to be purged: then naming an empty folder would not help.
        is_purged: bool,
    },
    /// The bytes of a cached blob do not match its name. It has been removed, so that another attempt
    /// fetches it.
    CorruptBlob(Digest),
    /// With `--offline`, the image or a part of it is missing.
    Offline {
        image: String,
        /// Empty if the cache does not know the digest of the image.
        missing: Vec<Digest>,
    },
}

impl Display for CacheError {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotACache { path, .. } => write!(f, "{}: not a cache of roots", path_of(path)),
            Self::CorruptBlob(digest) => {
                write!(f, "{digest}: the cached blob is corrupt and is not used")
            }
            Self::Offline { image, missing } if missing.is_empty() => {
                write!(f, "{image}: the cache has no digest for this name")
            }
            Self::Offline { image, missing } => {
                write!(f, "{image}: not in the cache: ")?;
                list(f, missing, "nothing")
            }
        }
    }
}

impl Subject for CacheError {
    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::NotACache {
                is_purged: true, ..
            } => "pass the --cache of your pulls; there is none before the first pull",
            Self::NotACache { .. } => {
                "name another folder with --cache: a new one, or an empty one"
            }
            Self::CorruptBlob(_) => "run it again: it will be fetched again",
            Self::Offline { .. } => "pull it once without --offline",
        };
        Some(hint.to_owned())
    }

    fn category(&self) -> Category {
        match self {
            Self::NotACache { .. } => Category::Destination,
            Self::CorruptBlob(_) => Category::Temporary,
            Self::Offline { .. } => Category::NotFound,
        }
    }
}
