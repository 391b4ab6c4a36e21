//! A file of certificates or keys cannot be used: `--ca-file`, or one below certs.d.

use super::ConfigurationError;
use crate::error::Error;
use crate::error::text::{escaped, os_reason};
use std::fmt::{self, Display, Formatter};
use std::io;
use std::path::PathBuf;

#[derive(Debug)]
pub enum CertificateFault {
    Unreadable(io::Error),
    NoCertificate,
    NoKey,
    Malformed,
    /// The file with the other half of the pair, in the same folder, is missing.
    MissingHalf(String),
    KeyMismatch,
    /// The key is of a kind that cannot sign here.
    UnsupportedKey,
}

impl CertificateFault {
    /// This fault of the file at `path`.
    pub fn at(self, path: impl Into<PathBuf>) -> Error {
        let (path, reason) = (path.into(), self);
        ConfigurationError::Certificate { path, reason }.into()
    }

    pub(super) fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::NoCertificate => {
                "a certificate is PEM: it begins with -----BEGIN CERTIFICATE-----"
            }
            Self::NoKey => "a key is PEM and not encrypted",
            _ => return None,
        })
    }
}

impl Display for CertificateFault {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(source) => write!(f, "cannot read: {}", os_reason(source)),
            Self::NoCertificate => f.write_str("no certificate in it"),
            Self::NoKey => f.write_str("no private key in it"),
            Self::Malformed => f.write_str("a certificate in it is malformed"),
            Self::MissingHalf(other) => {
                write!(f, "{}, which belongs to it, is missing", escaped(other))
            }
            Self::UnsupportedKey => f.write_str("its key is not RSA, P-256, P-384 or Ed25519"),
            Self::KeyMismatch => f.write_str("not the key of the certificate beside it"),
        }
    }
}
