//! The category of an error, for code that can still react to it.

use super::io::is_full;
use super::{EntryFault, Error, ImageError, LayerError, LayoutFault};

impl Error {
    /// Whether a retry may succeed at once.
    pub fn may_pass(&self) -> bool {
        matches!(self, Self::Network(error) if error.may_pass())
    }

    /// Whether a server has used up the time for one response, so that a retry would take as long again.
    pub fn is_endless(&self) -> bool {
        matches!(self, Self::Network(error) if error.is_endless())
    }

    /// Whether the file system has no space left, or the quota is used up.
    pub fn is_full_disk(&self) -> bool {
        match self {
            Self::Layer(LayerError::Entry {
                reason: EntryFault::Io { source, .. },
                ..
            }) => is_full(source),
            Self::Io(error) => error.is_full_disk(),
            _ => false,
        }
    }

    /// Whether there are images, but only for other platforms.
    pub fn is_other_platform(&self) -> bool {
        match self {
            Self::Layout(error) => matches!(error.reason, LayoutFault::Incomplete(_)),
            other => matches!(other, Self::Image(ImageError::NoPlatform { .. })),
        }
    }
}
