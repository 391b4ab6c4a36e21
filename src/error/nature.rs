//! The category of an error, for code that can still react to it.

use super::io::is_full;
use super::{EntryFault, Error, LayoutFault, NetworkFault};

impl Error {
    /// Whether the same may succeed a moment later.
    pub fn may_pass(&self) -> bool {
        matches!(
            self,
            Self::Network { may_pass: true, .. }
                | Self::ProxyRefused {
                    status: 502..=504,
                    ..
                }
        )
    }

    /// Whether a server has used up the time that it has for one answer.
    pub fn is_endless(&self) -> bool {
        matches!(
            self,
            Self::Network {
                why: NetworkFault::Endless,
                ..
            }
        )
    }

    /// Whether there was no room for what was to be written.
    pub fn is_full_disk(&self) -> bool {
        match self {
            Self::Entry {
                why: EntryFault::Io { source, .. },
                ..
            } => is_full(source),
            Self::Io(error) => error.is_full_disk(),
            _ => false,
        }
    }

    /// Whether there are images for other platforms than the one that is wanted.
    pub fn is_other_platform(&self) -> bool {
        match self {
            Self::Layout(error) => matches!(error.reason, LayoutFault::Incomplete(_)),
            other => matches!(other, Self::NoPlatform { .. }),
        }
    }
}
