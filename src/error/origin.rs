//! Converts errors of the standard library and of other rooms.

use super::{Error, Part};
use crate::oci::Digest;
use crate::sys::received_signal;
use std::io;

impl Error {
    /// What failed in the middle of a stream: errors of ours travel through `std::io` wrapped, and
    /// come out as they were; what is left is a decoder's complaint.
    pub fn in_stream(digest: &Digest, error: io::Error) -> Self {
        match error.downcast::<Self>() {
            Ok(ours) => ours,
            Err(error) => Self::Corrupt {
                digest: digest.clone(),
                why: error.to_string(),
            },
        }
    }

    /// Whether what was read is what was named.
    pub fn unless_equal(part: Part, wanted: &Digest, got: Digest) -> Result<(), Self> {
        match got == *wanted {
            true => Ok(()),
            false => Err(Self::DigestMismatch {
                part,
                wanted: wanted.clone(),
                got,
            }),
        }
    }

    /// Whether the process may go on: no signal has asked it to end.
    pub fn unless_stopped() -> Result<(), Self> {
        match received_signal() {
            None => Ok(()),
            Some(signal) => Err(Self::Stopped(signal)),
        }
    }
}
