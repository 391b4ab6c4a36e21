//! A layer is malformed, or an entry of it cannot be put on this disk.

mod entry;

pub use entry::EntryFault;

use super::image::BROKEN;
use super::io::is_full;
use super::text::escaped;
use super::{Category, Error, Subject};
use crate::oci::Digest;
use std::fmt::{self, Display, Formatter};
use std::io;

#[derive(Debug)]
pub enum LayerError {
    Entry {
        /// The DiffID, or the digest of the blob once that is known.
        layer: Digest,
        /// The name in the archive, escaped; empty if it is not known.
        name: String,
        reason: EntryFault,
    },
    /// The bytes match the digest, but cannot be decompressed.
    Corrupt {
        digest: Digest,
        /// In the words of the decoder.
        reason: String,
    },
    Compression {
        digest: Digest,
        name: &'static str,
    },
}

impl LayerError {
    pub(super) fn is_full_disk(&self) -> bool {
        matches!(
            self,
            Self::Entry {
                reason: EntryFault::Io { source, .. },
                ..
            } if is_full(source)
        )
    }
}

impl Error {
    /// An error in the middle of a layer. Our own errors pass through `std::io` wrapped, and are unwrapped
    /// here; all others come from a decoder.
    pub fn in_stream(digest: &Digest, error: io::Error) -> Self {
        error.downcast::<Self>().unwrap_or_else(|error| {
            LayerError::Corrupt {
                digest: digest.clone(),
                reason: error.to_string(),
            }
            .into()
        })
    }
}

impl Display for LayerError {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Entry {
                layer,
                name,
                reason,
            } => {
                let malformed = match reason.category() {
                    Category::BadImage => "malformed layer: ",
                    _ => "",
                };
                match name.as_str() {
                    "" => write!(f, "{layer}: {malformed}{reason}"),
                    name => write!(f, "{name}: {malformed}{reason} (layer {layer})"),
                }
            }
            Self::Corrupt { digest, reason } => {
                write!(f, "{digest}: corrupt layer: {}", escaped(reason))
            }
            Self::Compression { digest, name } => write!(
                f,
                "{digest}: {name}-compressed layers are not allowed by the image spec"
            ),
        }
    }
}

impl Subject for LayerError {
    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Entry { reason, .. } => reason.hint()?,
            Self::Corrupt { .. } => BROKEN,
            Self::Compression { .. } => "have it pushed again, compressed with gzip or zstd",
        };
        Some(hint.to_owned())
    }

    fn category(&self) -> Category {
        match self {
            Self::Entry { reason, .. } => reason.category(),
            Self::Corrupt { .. } | Self::Compression { .. } => Category::BadImage,
        }
    }
}
