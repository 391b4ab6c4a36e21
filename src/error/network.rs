//! A server or a proxy cannot be reached, or the connection to it fails.

use super::text::escaped;
use super::{Category, Subject};
use std::fmt::{self, Display, Formatter};

#[derive(Debug)]
pub enum NetworkError {
    Failed {
        url: String,
        reason: NetworkFault,
        /// Host and port of the proxy in use, if any.
        proxy: Option<String>,
        /// Whether a retry may succeed.
        is_transient: bool,
    },
    /// The proxy responded to CONNECT with an error.
    ProxyRefused {
        /// Host and port, without the password.
        proxy: String,
        url: String,
        status: u16,
    },
}

#[derive(Debug, PartialEq, Eq)]
pub enum NetworkFault {
    UnknownHost,
    Refused,
    TimedOut,
    /// Bytes keep coming, but the response does not end in time.
    Endless,
    Unreachable,
    /// The connection was closed in the middle of the response.
    Truncated,
    /// The proxy closed the connection instead of responding to CONNECT.
    Closed,
    /// In the kernel's words.
    Other(String),
}

impl NetworkError {
    /// Whether a retry may succeed at once.
    pub(super) fn is_transient(&self) -> bool {
        match self {
            Self::Failed { is_transient, .. } => *is_transient,
            Self::ProxyRefused { status, .. } => (502..=504).contains(status),
        }
    }

    pub(super) fn exceeded_deadline(&self) -> bool {
        matches!(
            self,
            Self::Failed {
                reason: NetworkFault::Endless,
                ..
            }
        )
    }
}

impl NetworkFault {
    /// Whether the first hop fails: the proxy, where there is one.
    fn is_before_proxy(&self) -> bool {
        !matches!(
            self,
            Self::TimedOut | Self::Endless | Self::Truncated | Self::Other(_)
        )
    }

    fn hint(&self, has_proxy: bool) -> &'static str {
        match self {
            _ if has_proxy && self.is_before_proxy() => {
                "check the variable that names the proxy, or add the host to NO_PROXY"
            }
            Self::UnknownHost => "check the name of the host, and this machine's /etc/resolv.conf",
            Self::Refused => "check host and port, and that a registry runs there",
            Self::TimedOut => "allow it more time with --timeout, or more attempts with --retries",
            Self::Endless => "allow it more time with --timeout, if the server is only slow",
            Self::Unreachable => "check this machine's network",
            Self::Truncated | Self::Closed | Self::Other(_) => {
                "allow it more attempts with --retries"
            }
        }
    }
}

impl Display for NetworkError {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed {
                url, reason, proxy, ..
            } => match proxy {
                None => write!(f, "{url}: {reason}"),
                Some(proxy) if reason.is_before_proxy() => {
                    write!(f, "{url}: the proxy {proxy}: {reason}")
                }
                Some(proxy) => write!(f, "{url}: {reason} (through the proxy {proxy})"),
            },
            Self::ProxyRefused { proxy, url, status } => {
                write!(f, "{url}: proxy {proxy} refused CONNECT: status {status}")
            }
        }
    }
}

impl Display for NetworkFault {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UnknownHost => "could not resolve host",
            Self::Refused => "connection refused",
            Self::TimedOut => "timed out waiting for a response",
            Self::Endless => "the response did not end in time",
            Self::Unreachable => "network is unreachable",
            Self::Truncated => "connection closed before the end of the response",
            Self::Closed => "connection closed by the server",
            Self::Other(words) => return f.write_str(&escaped(words)),
        })
    }
}

impl Subject for NetworkError {
    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Failed { reason, proxy, .. } => reason.hint(proxy.is_some()),
            Self::ProxyRefused {
                status: 401 | 407, ..
            } => "the variable that names the proxy takes user:password@ before the host",
            Self::ProxyRefused { .. } => {
                "contact the administrator of the proxy, or add the host to NO_PROXY to do without"
            }
        };
        Some(hint.to_owned())
    }

    fn category(&self) -> Category {
        match self {
            Self::Failed { .. } => Category::Temporary,
            Self::ProxyRefused { status, .. } => match status {
                401 | 403 | 407 => Category::Denied,
                408 | 429 | 500..=599 => Category::Temporary,
                _ => Category::Other,
            },
        }
    }
}
