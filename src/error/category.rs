//! The kinds of failure that a script tells apart by the exit code: the table in README.

use crate::sys::Signal;

/// The exit code of a pull with `--exit-code` that found DEST up to date, which is no error.
pub const UNCHANGED: u8 = 10;

/// A kind of failure. Retries, the cache and the exit code depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Category {
    /// Any failure that a script cannot react to, such as an untrusted certificate.
    Other,
    /// The command line, or a file or variable that the user has set, is invalid.
    Usage,
    /// The image, a part of it, or a record does not exist.
    NotFound,
    /// The registry or a proxy wants credentials, or other ones.
    Denied,
    /// The image is malformed, or is not the one that a digest or a lock names.
    BadImage,
    /// DEST, the cache or a disk cannot take what is to be written.
    Destination,
    /// The same command may succeed later.
    Temporary,
    /// A signal has asked the process to end.
    Stopped(Signal),
}

impl Category {
    /// README's table is tested against this.
    pub(super) fn exit_code(self) -> u8 {
        match self {
            Self::Other => 1,
            Self::Usage => 2,
            Self::NotFound => 3,
            Self::Denied => 4,
            Self::BadImage => 5,
            Self::Destination => 6,
            // EX_TEMPFAIL of sysexits.h.
            Self::Temporary => 75,
            Self::Stopped(signal) => signal.exit_code(),
        }
    }
}
