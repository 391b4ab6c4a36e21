//! Errors of certificates, those of servers and those of the user.

use super::sentence::{around, escaped, list};
use std::fmt::{self, Display, Formatter};

/// How many days a certificate must have been expired for the clock to be the likelier culprit.
const ABSURD: u64 = 3650;

/// How many names of a certificate are told: there can be thousands.
const MAX_NAMES: usize = 8;

/// Why there is no secure connection to a server.
#[derive(Debug, PartialEq, Eq)]
pub enum TlsFault {
    /// Nobody who is trusted has signed its certificate.
    UnknownAuthority,
    /// Its certificate is for these names.
    WrongName(Vec<String>),
    /// Its certificate was good until then.
    Expired {
        /// How long ago that was.
        days: u64,
        /// When that was, in seconds since 1970.
        end: u64,
    },
    /// Its certificate will be good.
    NotYetValid {
        /// How long that takes.
        days: u64,
    },
    /// Its certificate, or one above it, is signed with this algorithm, which is not supported.
    Algorithm(String),
    /// Its certificate, or one above it, has an RSA key of so few bits.
    WeakKey(usize),
    /// Its certificate is wrong in another way.
    Certificate(&'static str),
    /// It speaks only versions of TLS before 1.2.
    OldVersion,
    /// It found no cipher or kind of key that both sides know.
    NothingInCommon,
    /// It serves no host of this name.
    UnknownName,
    /// It ended the handshake with this alert: RFC 8446, section 6.
    Alert(u8),
    /// What it speaks is not TLS.
    NotTls,
    /// The same of a proxy.
    ProxyNotTls,
    /// What it speaks is not plain http, and may well be TLS, which it was not asked in.
    NotPlain,
    /// It asked for a client certificate, and there is none.
    ClientCertificateWanted,
    /// It was shown a client certificate, and does not like it.
    ClientCertificateRefused,
    /// Whatever else can go wrong.
    Other(&'static str),
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
                match names.len() > MAX_NAMES {
                    true => write!(f, " and {} more", names.len() - MAX_NAMES),
                    false => Ok(()),
                }
            }
            Self::Expired { days, end } => {
                // The time of day is of no use.
                let end = date(*end);
                let days = in_days(*days);
                write!(
                    f,
                    "its certificate has expired on {end}, {days} ago by this machine's clock"
                )
            }
            Self::NotYetValid { days } => write!(
                f,
                "its certificate is not valid before {} from now by this machine's clock",
                in_days(*days)
            ),
            Self::Algorithm(name) => write!(
                f,
                "its certificate is signed with {}, which is not supported",
                escaped(name)
            ),
            Self::WeakKey(bits) => write!(
                f,
                "its certificate depends on an RSA key of {bits} bits, which is too weak"
            ),
            Self::Certificate(why) => write!(f, "its certificate is wrong: {why}"),
            Self::OldVersion => f.write_str("it speaks no TLS 1.2 or 1.3"),
            Self::NothingInCommon => {
                f.write_str("TLS handshake failure: no cipher or kind of key in common with it")
            }
            Self::UnknownName => f.write_str("TLS: it serves no host of this name"),
            Self::Alert(alert) => write!(f, "it ends the TLS handshake with alert {alert}"),
            Self::NotTls => f.write_str("it does not speak TLS"),
            Self::ProxyNotTls => f.write_str("the proxy does not speak TLS"),
            Self::NotPlain => f.write_str("not an HTTP response; the server may expect https"),
            Self::ClientCertificateWanted => f.write_str("it wants a client certificate"),
            Self::ClientCertificateRefused => f.write_str("it refuses the client certificate"),
            Self::Other(why) => write!(f, "no TLS with it: {why}"),
        }
    }
}

impl TlsFault {
    pub(super) fn hint(&self, host: &str) -> Option<String> {
        let hint = match self {
            Self::UnknownAuthority => {
                "if it is yours, pass its authority's certificate with --ca-file FILE"
            }
            Self::NotYetValid { .. } | Self::Expired { days: ABSURD.., .. } => {
                "check this machine's clock"
            }
            Self::NotTls => "for a registry over plain http, pass --plain-http",
            Self::ProxyNotTls => "write http:// before it in the variable that names the proxy",
            Self::NotPlain => {
                "leave out --plain-http; localhost is always reached over plain http, \
                 so use another name for it"
            }
            Self::ClientCertificateWanted => {
                let folder = "put client.cert and client.key into ~/.config/containers/certs.d/";
                return around(folder, host, "");
            }
            Self::Expired { .. } => {
                "it has to get a new one; --insecure takes any, if you know the way to it"
            }
            Self::WrongName(names) if names.is_empty() => {
                "a common name does not count: it has to get a new one with a subjectAltName"
            }
            Self::Algorithm(_) | Self::WeakKey(_) => {
                "it has to get one with RSA of 2048 bits or more, or ECDSA, and SHA-256 or more"
            }
            Self::NothingInCommon => {
                "it needs a key of RSA, ECDSA (P-521 in TLS 1.3 alone) or Ed25519, and a cipher of forward secrecy"
            }
            Self::WrongName(_) => {
                "name the registry as its certificate does, or check who answers for it"
            }
            Self::ClientCertificateRefused
            | Self::Certificate(_)
            | Self::OldVersion
            | Self::UnknownName
            | Self::Alert(_)
            | Self::Other(_) => return None,
        };
        around(hint, "", "")
    }
}

/// The day of a time in seconds since 1970: Howard Hinnant, "chrono-compatible low-level date algorithms".
fn date(seconds: u64) -> String {
    let days = seconds / (24 * 60 * 60) + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 {
        from_march + 3
    } else {
        from_march - 9
    };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    format!("{year}-{month:02}-{day:02}")
}

fn in_days(days: u64) -> String {
    match days {
        0 => "less than a day".to_owned(),
        1 => "1 day".to_owned(),
        _ => format!("{days} days"),
    }
}
