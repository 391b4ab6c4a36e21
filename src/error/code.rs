//! Exit codes: the table in README.

use super::{Error, LayoutFault, TlsFault};

/// What `--exit-code` makes of a pull that had nothing to do, which is no error.
pub const UNCHANGED: u8 = 10;

impl Error {
    /// What the process exits with. README's table is tested against this.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Suggesting(_, error) => error.exit_code(),
            Self::Usage(_) | Self::Reference { .. } | Self::Platform { .. } => 2,
            Self::Credentials { .. } => 2,
            Self::Configuration { why, .. } if why.is_disk() => 6,
            Self::Configuration { .. } => 2,
            Self::Certificate { .. } | Self::Proxy(..) => 2,
            Self::NotFound { .. } | Self::NoPlatform { .. } | Self::NotWhatItWas { .. } => 3,
            Self::NoRecord(..) | Self::Offline { .. } | Self::Include { .. } => 3,
            Self::NoIndex(_) | Self::NoRepository(..) => 3,
            Self::Layout { why, .. } if why.is_malformed() => 5,
            Self::Layout {
                why: LayoutFault::OutOfOrder,
                ..
            } => 2,
            Self::Layout {
                why: LayoutFault::Unusable(_),
                ..
            } => 6,
            Self::Layout { .. } => 3,
            // A 401 that cannot be answered is a denial, too.
            Self::Denied { .. } | Self::Blocked(_) | Self::Challenge { .. } => 4,
            Self::Manifest { .. }
            | Self::DigestMismatch { .. }
            | Self::Locked { .. }
            | Self::SizeMismatch { .. }
            | Self::Corrupt { .. }
            | Self::Compression { .. } => 5,
            Self::Entry { why, .. } if why.is_disk() => 6,
            Self::Entry { .. } => 5,
            Self::Tree { .. }
            | Self::DestinationNotEmpty { .. }
            | Self::DestinationRefused { .. }
            | Self::DestinationBusy(_)
            | Self::DestinationInUse(_)
            | Self::NotACache { .. }
            | Self::NoRoom(..)
            | Self::Disk { .. } => 6,
            // `roots digest IMAGE >FILE`: the disk of FILE is full, as that of DEST can be.
            Self::Output(source) if is_full(source) => 6,
            Self::Network { .. } | Self::CacheSpoiled { .. } => 75,
            // A machine that has just booted may not know the time yet.
            Self::Tls {
                why: TlsFault::NotYetValid { .. },
                ..
            } => 75,
            // Asking again helps against no other certificate.
            Self::Tls { .. } => 1,
            Self::ProxyRefused {
                status: 401 | 403 | 407,
                ..
            } => 4,
            Self::ProxyRefused {
                status: 408 | 429 | 500..=599,
                ..
            } => 75,
            Self::ProxyRefused { .. } => 1,
            Self::Stopped(signal) => signal.exit_code(),
            Self::Registry { status: 404, .. } => 3,
            Self::Registry {
                status: 401 | 403, ..
            } => 4,
            Self::Registry {
                status: 408 | 429 | 500..=599,
                ..
            } => 75,
            Self::Registry { .. }
            | Self::Redirect { .. }
            | Self::Answer { .. }
            | Self::Output(_) => 1,
        }
    }
}

fn is_full(source: &std::io::Error) -> bool {
    use std::io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
    matches!(source.kind(), StorageFull | QuotaExceeded | FileTooLarge)
}
