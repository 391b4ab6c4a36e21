//! A configuration file, option or variable cannot be used.

mod certificate;
mod credentials;
mod registries_conf;

pub use certificate::CertificateFault;
pub use credentials::CredentialsFault;
pub use registries_conf::RegistriesFault;

use super::text::{escaped, os_reason, path_of};
use super::{Category, Error, KeyFault, SignatureFault, Subject};
use std::fmt::{self, Display, Formatter};
use std::io::{self, ErrorKind};
use std::path::PathBuf;

#[derive(Debug)]
pub enum ConfigurationError {
    /// `registries.conf`, or the file of `--locked`, `--signed-by`, `--bundle` or `--trusted-root`.
    File {
        path: PathBuf,
        reason: ConfigurationFault,
    },
    /// registries.conf blocks this image.
    Blocked(String),
    /// A file of certificates or keys.
    Certificate {
        path: PathBuf,
        reason: CertificateFault,
    },
    /// The value of `--auth`.
    Credentials {
        /// Where it comes from; never the value itself, which may be a password.
        origin: String,
        reason: CredentialsFault,
    },
    Proxy {
        variable: &'static str,
        reason: ProxyFault,
    },
}

#[derive(Debug)]
pub enum ConfigurationFault {
    /// A line of registries.conf; the first is 1.
    Line(usize, RegistriesFault),
    /// A line of a lock file that is not `REFERENCE@DIGEST`.
    LockLine(usize),
    /// A line of a lock file that contradicts an earlier one.
    LockedTwice(usize),
    Key(KeyFault),
    /// Of bundles, or of a trusted root.
    Sigstore(SignatureFault),
    Unreadable(io::Error),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProxyFault {
    Socks,
    NotAnAddress,
}

impl ConfigurationFault {
    /// This fault of the file at `path`.
    pub fn at(self, path: impl Into<PathBuf>) -> Error {
        let (path, reason) = (path.into(), self);
        ConfigurationError::File { path, reason }.into()
    }

    fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Line(_, reason) => Some(reason.hint()),
            Self::LockLine(_) => {
                Some("a line is REFERENCE@DIGEST, as `roots digest --lock IMAGE` prints it")
            }
            Self::LockedTwice(_) => Some("keep the line whose digest you trust"),
            Self::Key(KeyFault::NotPem) => {
                Some("a public key is PEM: it begins with -----BEGIN PUBLIC KEY-----")
            }
            Self::Key(_) | Self::Sigstore(_) | Self::Unreadable(_) => None,
        }
    }

    fn category(&self) -> Category {
        match self {
            // Unlike a wrong name or wrong contents, this is not for the user to correct.
            Self::Unreadable(e)
                if !matches!(e.kind(), ErrorKind::NotFound | ErrorKind::InvalidData) =>
            {
                Category::Destination
            }
            _ => Category::Usage,
        }
    }
}

impl Display for ConfigurationError {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { path, reason } => write!(f, "{}: {reason}", path_of(path)),
            Self::Blocked(image) => write!(f, "{image}: blocked by registries.conf"),
            Self::Certificate { path, reason } => write!(f, "{}: {reason}", path_of(path)),
            Self::Credentials { origin, reason } => write!(f, "{}: {reason}", escaped(origin)),
            Self::Proxy { variable, reason } => write!(f, "{variable}: {reason}"),
        }
    }
}

impl Display for ConfigurationFault {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(number, reason @ RegistriesFault::Syntax(_)) => {
                write!(f, "line {number} is malformed: {reason}")
            }
            Self::Line(number, reason) => write!(f, "line {number}: {reason}"),
            Self::LockLine(number) => write!(f, "line {number} is malformed"),
            Self::LockedTwice(number) => write!(
                f,
                "line {number} locks an image that an earlier line locks to another digest"
            ),
            Self::Key(reason) => write!(f, "{reason}"),
            Self::Sigstore(reason) => write!(f, "{reason}"),
            Self::Unreadable(source) => write!(f, "cannot read: {}", os_reason(source)),
        }
    }
}

impl Display for ProxyFault {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Socks => "socks proxies are not supported",
            Self::NotAnAddress => "not a proxy URL",
        })
    }
}

impl Subject for ConfigurationError {
    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::File { reason, .. } => reason.hint()?,
            Self::Blocked(_) => return None,
            Self::Certificate { reason, .. } => reason.hint()?,
            Self::Credentials { .. } => {
                "--auth takes user:password, a Google key file, a file that holds either, or - for stdin"
            }
            Self::Proxy { .. } => {
                "a proxy is written like http://proxy:3128 or http://user:password@proxy:3128, \
                 with %40 for an @ in the password"
            }
        };
        Some(hint.to_owned())
    }

    fn category(&self) -> Category {
        match self {
            Self::File { reason, .. } => reason.category(),
            Self::Blocked(_) => Category::Denied,
            Self::Certificate { .. } | Self::Credentials { .. } | Self::Proxy { .. } => {
                Category::Usage
            }
        }
    }
}
