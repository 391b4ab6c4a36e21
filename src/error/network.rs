//! Errors between this machine and another.

use super::sentence::escaped;
use std::fmt::{self, Display, Formatter};

/// Why there is no answer, or no more of one.
#[derive(Debug, PartialEq, Eq)]
pub enum NetworkFault {
    /// No name server knows the host, or there is none to ask.
    NoHost,
    /// Nobody listens there.
    Refused,
    /// Nothing came for too long.
    Silence,
    /// It came, and went on coming, and had no end.
    Endless,
    /// There is no way to it.
    Unreachable,
    /// It ended before its end.
    Cut,
    /// The proxy ends the connection in place of connecting.
    HungUp,
    /// Whatever else can go wrong, in the kernel's words.
    Other(String),
}

impl Display for NetworkFault {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoHost => "no such host, or no name server answers",
            Self::Refused => "connection refused",
            Self::Silence => "timed out waiting for a response",
            Self::Endless => "the answer does not end",
            Self::Unreachable => "network is unreachable",
            Self::Cut => "the connection ended in the middle of the answer",
            Self::HungUp => "connection closed by the server",
            Self::Other(why) => return f.write_str(&escaped(why)),
        })
    }
}

impl NetworkFault {
    /// Whether it is the first stop that is not reached: the proxy, where there is one.
    pub(super) fn is_before_proxy(&self) -> bool {
        !matches!(
            self,
            Self::Silence | Self::Endless | Self::Cut | Self::Other(_)
        )
    }

    pub(super) fn hint(&self, has_proxy: bool) -> &'static str {
        match self {
            _ if has_proxy && self.is_before_proxy() => {
                "check the variable that names the proxy, or add the host to NO_PROXY"
            }
            Self::NoHost => "check the name of the host, and this machine's /etc/resolv.conf",
            Self::Refused => "check host and port, and that a registry runs there",
            Self::Silence => "allow it more time with --timeout, or more attempts with --retries",
            Self::Endless => "allow it more time with --timeout, if the server is only slow",
            Self::Unreachable => "check this machine's network",
            Self::Cut | Self::HungUp | Self::Other(_) => "allow it more attempts with --retries",
        }
    }
}
