//! A registry refuses a request, lacks what was requested, or breaks the protocol.

mod protocol;

pub use protocol::{ChallengeFault, RedirectFault, ResponseFault};

use super::text::{after_colon, around};
use super::{Category, Subject};
use crate::oci::Digest;
use std::fmt::{self, Display, Formatter};
use std::time::Duration;

/// Ten years: a longer `Retry-After` is a mistake, and not passed on as advice.
const ABSURD: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);

/// A `message` is what the body of the response says: the distribution specification's error.
#[derive(Debug)]
pub enum RegistryError {
    /// There is no such repository, tag or digest.
    NotFound {
        image: String,
        message: String,
    },
    NoRepository {
        repository: String,
        message: String,
    },
    /// 401 or 403.
    Denied {
        image: String,
        host: String,
        message: String,
        /// Where the rejected credentials came from; None if there were none.
        credentials: Option<String>,
    },
    /// The registry's `WWW-Authenticate` cannot be answered.
    Challenge {
        url: String,
        reason: ChallengeFault,
    },
    /// Any other status.
    Status {
        url: String,
        status: u16,
        message: String,
        retry_after: Option<Duration>,
    },
    /// GitHub's API has answered as many requests from this address as it does without a token.
    RateLimit(String),
    /// A blob that came in several ranges does not have its digest. It has been dropped, and the next
    /// attempt of this process uses one connection.
    RangesMismatch(Digest),
    /// A redirect that is not followed.
    Redirect {
        url: String,
        reason: RedirectFault,
    },
    /// A response that breaks HTTP or the specification.
    Response {
        url: String,
        reason: ResponseFault,
    },
}

impl Display for RegistryError {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound { image, message } => {
                write!(f, "{image}: no such image{}", after_colon(message))
            }
            Self::NoRepository {
                repository,
                message,
            } => write!(
                f,
                "{repository}: no such repository{}",
                after_colon(message)
            ),
            Self::Denied {
                image,
                host,
                message,
                credentials,
            } => {
                let verdict = if credentials.is_some() {
                    "refuses these credentials"
                } else {
                    "denies access"
                };
                write!(f, "{image}: {host} {verdict}{}", after_colon(message))
            }
            Self::Challenge { url, reason } => write!(f, "{url}: {reason}"),
            Self::Status {
                url,
                status,
                message,
                ..
            } => write!(f, "{url}: status {status}{}", after_colon(message)),
            Self::RateLimit(url) => write!(f, "{url}: rate limit exceeded"),
            Self::RangesMismatch(digest) => write!(
                f,
                "{digest}: digest mismatch after a download in several ranges"
            ),
            Self::Redirect { url, reason } => write!(f, "{url}: redirect refused: {reason}"),
            Self::Response { url, reason } => write!(f, "{url}: {reason}"),
        }
    }
}

impl Subject for RegistryError {
    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::NotFound { image, .. } if image.ends_with(":latest") => {
                "check the spelling, and name a tag: without one it is latest"
            }
            Self::NotFound { .. } => "check the spelling of the name and of the tag",
            Self::NoRepository { .. } => "check the spelling of the name",
            Self::Denied {
                credentials: None, ..
            } => {
                "it does not exist or is private: check the name, or pass --auth user:password or a key file"
            }
            Self::Denied {
                credentials: Some(origin),
                ..
            } if origin != "--auth" => {
                let after = ", or pass others with --auth";
                return around("check the credentials in ", origin, after);
            }
            Self::Denied { .. } => "check what was passed with --auth",
            Self::RateLimit(_) => {
                "try again in an hour, or download them elsewhere with `gh attestation download`, and pass --bundle FILE"
            }
            Self::RangesMismatch(_) => "run it again with --connections 1",
            Self::Status {
                status,
                retry_after,
                ..
            } => return status_hint(*status, *retry_after),
            Self::Challenge { .. } | Self::Redirect { .. } | Self::Response { .. } => return None,
        };
        Some(hint.to_owned())
    }

    fn category(&self) -> Category {
        match self {
            Self::NotFound { .. } | Self::NoRepository { .. } => Category::NotFound,
            // A 401 that cannot be answered is a denial, too.
            Self::Denied { .. } | Self::Challenge { .. } => Category::Denied,
            Self::Status { status, .. } => match status {
                404 => Category::NotFound,
                401 | 403 => Category::Denied,
                408 | 429 | 500..=599 => Category::Temporary,
                _ => Category::Other,
            },
            Self::RateLimit(_) | Self::RangesMismatch(_) => Category::Temporary,
            Self::Redirect { .. } | Self::Response { .. } => Category::Other,
        }
    }
}

fn status_hint(status: u16, retry_after: Option<Duration>) -> Option<String> {
    if let Some(time) = retry_after.filter(|time| *time < ABSURD) {
        let after = match status {
            429 => " s; most limits are higher with --auth",
            _ => " s",
        };
        return around("try again in ", &time.as_secs().to_string(), after);
    }
    let hint = match status {
        429 => "try again later; most limits are higher with --auth",
        500..=599 => "try again later; if it lasts, contact the administrator of the registry",
        404 => "the registry has lost part of the image: have it pushed again",
        _ => return None,
    };
    Some(hint.to_owned())
}
