//! The value of `--auth` is not credentials.

use super::ConfigurationError;
use crate::error::Error;
use std::fmt::{self, Display, Formatter};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CredentialsFault {
    Unknown,
    Unreadable,
    NotAGoogleKey,
    NoColon,
    NoUser,
    /// No header may have control characters.
    ControlCharacter,
}

impl CredentialsFault {
    /// This fault of the credentials from `origin`: a file or an option, never their text.
    pub fn of(self, origin: &str) -> Error {
        let (origin, reason) = (origin.to_owned(), self);
        ConfigurationError::Credentials { origin, reason }.into()
    }
}

impl Display for CredentialsFault {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unknown => "neither user:password nor an existing file",
            Self::Unreadable => "cannot be read as text",
            Self::NotAGoogleKey => "JSON, but not a Google service-account key",
            Self::NoColon => "neither user:password nor a Google key",
            Self::NoUser => "there is no user name before the colon",
            Self::ControlCharacter => "has control characters",
        })
    }
}
