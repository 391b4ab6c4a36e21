//! Turns errors of ureq into our own.

use crate::error::{Error, NetworkError, NetworkFault, ResponseFault, TlsFault};
use crate::registry::http::url::Url;
use std::io;
use ureq::{Proxy, Timeout};

/// Why there is no response, or only part of one.
#[derive(Debug)]
pub(in crate::registry) enum Failure {
    /// An error that describes itself.
    Known(Error),
    /// The proxy refused, with this status.
    Refused { proxy: String, status: u16 },
    /// The response is invalid, and would be again on a retry.
    InvalidResponse(ResponseFault),
    /// A network failure.
    Network {
        /// The kind of failure.
        why: NetworkFault,
        /// The proxy in use, if any.
        proxy: Option<String>,
        /// Whether a retry may succeed.
        is_transient: bool,
    },
}

impl Failure {
    /// Why a request failed, and the proxy it used.
    pub(super) fn of_request(error: ureq::Error, proxy: Option<&Proxy>) -> Self {
        let Some(proxy) = proxy else {
            return Self::from(error);
        };
        // Show no more of a proxy's URL than this: it may hold a password.
        let name = format!("{}:{}", proxy.host(), proxy.port());
        if let ureq::Error::ConnectProxyFailed(why) = &error {
            return match why.rsplit('/').next().and_then(|code| code.parse().ok()) {
                Some(status) => Self::Refused {
                    proxy: name,
                    status,
                },
                None => Self::Network {
                    why: NetworkFault::Closed,
                    proxy: Some(name),
                    is_transient: true,
                },
            };
        }
        match Self::from(error) {
            Self::Network {
                why, is_transient, ..
            } => Self::Network {
                why,
                proxy: Some(name),
                is_transient,
            },
            other => other,
        }
    }

    /// Why reading a body failed.
    pub(in crate::registry) fn of_body(error: io::Error) -> Self {
        match Self::from(ureq::Error::from(error)) {
            Self::InvalidResponse(ResponseFault::NotHttp) => {
                Self::InvalidResponse(ResponseFault::BodyNotHttp)
            }
            other => other,
        }
    }

    /// The error for this URL.
    pub(in crate::registry) fn of(self, url: &Url) -> Error {
        let address = url.to_string();
        match self {
            Self::Known(error) => error,
            Self::Refused { proxy, status } => NetworkError::ProxyRefused {
                proxy,
                url: address,
                status,
            }
            .into(),
            Self::InvalidResponse(ResponseFault::NotHttp) if !url.is_https() => {
                TlsFault::NotPlainHttp.of(&address)
            }
            Self::InvalidResponse(why) => why.at(&address),
            Self::Network {
                why,
                proxy,
                is_transient,
            } => NetworkError::Failed {
                url: address,
                reason: why,
                proxy,
                is_transient,
            }
            .into(),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Known(error)
    }
}

impl From<ureq::Error> for Failure {
    fn from(error: ureq::Error) -> Self {
        let error = match error {
            // Errors of our own travel through ureq wrapped.
            ureq::Error::Io(error) => match error.downcast::<Error>() {
                Ok(ours) => return Self::from(ours),
                Err(error) => ureq::Error::Io(error),
            },
            ureq::Error::Protocol(_) => return Self::InvalidResponse(ResponseFault::NotHttp),
            ureq::Error::LargeResponseHeader(..) => {
                return Self::InvalidResponse(ResponseFault::HeadTooLong);
            }
            other => other,
        };
        Self::Network {
            why: reason(&error),
            proxy: None,
            is_transient: is_transient(&error),
        }
    }
}

/// Whether a retry may succeed: after resets, early ends and time-outs, or if no name server has
/// answered, but not after an unknown name.
fn is_transient(error: &ureq::Error) -> bool {
    use io::ErrorKind as Kind;
    match error {
        ureq::Error::Timeout(_) | ureq::Error::ConnectionFailed => true,
        ureq::Error::Io(e) => {
            matches!(
                e.kind(),
                Kind::ConnectionReset
                    | Kind::ConnectionAborted
                    | Kind::ConnectionRefused
                    | Kind::BrokenPipe
                    | Kind::UnexpectedEof
                    | Kind::TimedOut
                    | Kind::HostUnreachable
                    | Kind::NetworkUnreachable
                    | Kind::NetworkDown
            ) || is_timeout(e)
                || is_unanswered(e)
        }
        _ => false,
    }
}

/// ureq wraps its own time-outs into plain errors while a body is read.
fn is_timeout(error: &io::Error) -> bool {
    error.to_string().starts_with("timeout")
}

/// The standard library's prefix of resolver errors, whose text depends on the libc.
fn is_lookup(error: &io::Error) -> bool {
    error.to_string().starts_with("failed to lookup")
}

/// Whether no name server has answered, in the words of glibc and of musl for `EAI_AGAIN`.
fn is_unanswered(error: &io::Error) -> bool {
    let text = error.to_string();
    is_lookup(error)
        && ["Temporary failure in name resolution", "Try again"]
            .iter()
            .any(|reason| text.ends_with(reason))
}

/// What went wrong, without the library's prefixes.
fn reason(error: &ureq::Error) -> NetworkFault {
    use io::ErrorKind as Kind;
    match error {
        ureq::Error::HostNotFound => NetworkFault::UnknownHost,
        ureq::Error::ConnectionFailed => NetworkFault::Other("cannot connect".to_owned()),
        // BodyStalled: the framing of a body does not fit into the buffers.
        ureq::Error::Timeout(Timeout::PerCall) | ureq::Error::BodyStalled => NetworkFault::Endless,
        ureq::Error::Timeout(_) => NetworkFault::TimedOut,
        ureq::Error::Io(e) => match e.kind() {
            Kind::ConnectionRefused => NetworkFault::Refused,
            Kind::HostUnreachable | Kind::NetworkUnreachable | Kind::NetworkDown => {
                NetworkFault::Unreachable
            }
            Kind::UnexpectedEof => NetworkFault::Truncated,
            Kind::TimedOut => NetworkFault::TimedOut,
            _ if is_timeout(e) => NetworkFault::TimedOut,
            _ if is_lookup(e) => NetworkFault::UnknownHost,
            _ => {
                let text = e.to_string();
                let words = text.split(" (os error").next().unwrap_or_default();
                NetworkFault::Other(words.to_lowercase())
            }
        },
        other => NetworkFault::Other(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_lookup_without_an_answer_is_repeated() {
        for (reason, repeated) in [
            ("Temporary failure in name resolution", true),
            ("Try again", true),
            ("Name or service not known", false),
            ("Name does not resolve", false),
            ("No address associated with hostname", false),
        ] {
            let text = format!("failed to lookup address information: {reason}");
            let failure = Failure::from(ureq::Error::Io(io::Error::other(text)));
            let Failure::Network {
                why, is_transient, ..
            } = failure
            else {
                panic!("{failure:?}");
            };
            assert!(matches!(why, NetworkFault::UnknownHost), "{reason}");
            assert_eq!(is_transient, repeated, "{reason}");
        }
        assert!(!is_unanswered(&io::Error::other("Try again")));
    }
}
