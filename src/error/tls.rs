//! No TLS connection to a server can be made.

use super::text::{around, escaped, list};
use super::{Category, Error, Subject};
use crate::calendar::date;
use std::fmt::{self, Display, Formatter};

/// A wrong clock is more likely than a certificate that expired this many days ago.
const ABSURD: u64 = 3650;

const SECONDS_IN_DAY: u64 = 24 * 60 * 60;

/// How many names of a certificate are listed: there can be thousands.
const MAX_NAMES: usize = 8;

#[derive(Debug)]
pub struct TlsError {
    /// The server, with its port if that was given; for plain http, the URL.
    pub host: String,
    pub reason: TlsFault,
}

#[derive(Debug, PartialEq, Eq)]
pub enum TlsFault {
    UnknownAuthority,
    /// The names that the certificate is for.
    WrongName(Vec<String>),
    Expired {
        /// Since then.
        days: u64,
        /// In seconds since 1970.
        end: u64,
    },
    NotYetValid {
        /// Until then.
        days: u64,
    },
    /// The name of the signature's algorithm, in the certificate or in one above it.
    UnsupportedAlgorithm(String),
    /// The bits of an RSA key, in the certificate or in one above it.
    WeakKey(usize),
    InvalidCertificate(&'static str),
    /// The server only speaks TLS 1.1 or older.
    UnsupportedVersion,
    /// The server found no cipher or type of key that both sides support.
    HandshakeFailure,
    UnrecognizedName,
    /// RFC 8446, section 6.
    Alert(u8),
    NotTls,
    ProxyNotTls,
    /// The response over plain http is not HTTP: the server may expect TLS.
    NotPlainHttp,
    ClientCertificateRequired,
    ClientCertificateRefused,
    Other(&'static str),
}

impl TlsFault {
    /// This fault of the server `host`.
    pub fn of(self, host: &str) -> Error {
        let (host, reason) = (host.to_owned(), self);
        TlsError { host, reason }.into()
    }
}

impl Display for TlsError {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.host, self.reason)
    }
}

impl Subject for TlsError {
    fn hint(&self) -> Option<String> {
        self.reason.hint(&self.host)
    }

    fn category(&self) -> Category {
        match self.reason {
            // A machine that has just booted may not know the time yet.
            TlsFault::NotYetValid { .. } => Category::Temporary,
            // No retry brings another certificate.
            _ => Category::Other,
        }
    }
}

impl Display for TlsFault {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownAuthority => f.write_str("certificate signed by unknown authority"),
            Self::WrongName(names) if names.is_empty() => {
                f.write_str("its certificate has no subject alternative name")
            }
            Self::WrongName(names) => {
                f.write_str("its certificate is for ")?;
                list(
                    f,
                    names.iter().take(MAX_NAMES).map(|name| escaped(name)),
                    "no host by name",
                )?;
                if names.len() > MAX_NAMES {
                    write!(f, " and {} more", names.len() - MAX_NAMES)?;
                }
                Ok(())
            }
            Self::Expired { days, end } => {
                // Without the time of day, which is of no use.
                let (year, month, day) = date((*end / SECONDS_IN_DAY).cast_signed());
                let days = in_days(*days);
                write!(
                    f,
                    "its certificate expired on {year}-{month:02}-{day:02}, {days} ago by this machine's clock"
                )
            }
            Self::NotYetValid { days } => write!(
                f,
                "its certificate is not yet valid: it will be in {} by this machine's clock",
                in_days(*days)
            ),
            Self::UnsupportedAlgorithm(name) => write!(
                f,
                "its certificate is signed with {}, which is not supported",
                escaped(name)
            ),
            Self::WeakKey(bits) => write!(
                f,
                "its certificate depends on an RSA key of {bits} bits, which is too weak"
            ),
            Self::InvalidCertificate(reason) => write!(f, "invalid certificate: {reason}"),
            Self::UnsupportedVersion => f.write_str("it supports neither TLS 1.2 nor 1.3"),
            Self::HandshakeFailure => {
                f.write_str("TLS handshake failure: no cipher or kind of key in common with it")
            }
            Self::UnrecognizedName => f.write_str("TLS handshake failed: unrecognized name"),
            Self::Alert(alert) => write!(f, "TLS handshake failed: alert {alert}"),
            Self::NotTls => f.write_str("it does not speak TLS"),
            Self::ProxyNotTls => f.write_str("the proxy does not speak TLS"),
            Self::NotPlainHttp => f.write_str("not an HTTP response; the server may expect https"),
            Self::ClientCertificateRequired => f.write_str("client certificate required"),
            Self::ClientCertificateRefused => f.write_str("it refuses the client certificate"),
            Self::Other(reason) => write!(f, "TLS handshake failed: {reason}"),
        }
    }
}

impl TlsFault {
    fn hint(&self, host: &str) -> Option<String> {
        let hint = match self {
            Self::UnknownAuthority => {
                "if it is yours, pass its authority's certificate with --ca-file FILE"
            }
            Self::NotYetValid { .. } | Self::Expired { days: ABSURD.., .. } => {
                "check this machine's clock"
            }
            Self::NotTls => "for a registry over plain http, pass --plain-http",
            Self::ProxyNotTls => "write http:// before it in the variable that names the proxy",
            Self::NotPlainHttp => {
                "leave out --plain-http; localhost is always reached over plain http, \
                 so use another name for it"
            }
            Self::ClientCertificateRequired => {
                let folder = "put client.cert and client.key into ~/.config/containers/certs.d/";
                return around(folder, host, "");
            }
            Self::Expired { .. } => {
                "have it renewed; --insecure accepts any, on a network that you trust"
            }
            Self::WrongName(names) if names.is_empty() => {
                "a common name does not count: it has to get a new one with a subjectAltName"
            }
            Self::UnsupportedAlgorithm(_) | Self::WeakKey(_) => {
                "it has to get one with RSA of 2048 bits or more, or ECDSA, and SHA-256 or more"
            }
            Self::HandshakeFailure => {
                "it needs a key of RSA, ECDSA (P-521 in TLS 1.3 alone) or Ed25519, and a cipher of forward secrecy"
            }
            Self::WrongName(_) => {
                "name the registry as its certificate does, or check who answers for it"
            }
            Self::ClientCertificateRefused
            | Self::InvalidCertificate(_)
            | Self::UnsupportedVersion
            | Self::UnrecognizedName
            | Self::Alert(_)
            | Self::Other(_) => return None,
        };
        Some(hint.to_owned())
    }
}

fn in_days(days: u64) -> String {
    match days {
        0 => "less than a day".to_owned(),
        1 => "1 day".to_owned(),
        _ => format!("{days} days"),
    }
}
