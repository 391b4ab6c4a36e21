//! Hints: at most one line that says what to type next.

use super::correction::{of_manifest, of_reference};
use super::io::tree_hint;
use super::sentence::around;
use super::{EntryFault, Error, Part, Subject as _};
use crate::oci::Platform;
use std::time::Duration;

/// What nobody means who asks to be left alone for so long: ten years.
const ABSURD: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);

/// For bytes that are not those that were named.
const ALTERED: &str = "a mirror, proxy or store has altered it: pull it from elsewhere";

/// For bytes that are those that were named, and yet no layer.
const BROKEN: &str = "the image is broken: have it built and pushed again";

impl Error {
    /// The one line that helps, if there is one.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Usage(usage) => return Some(usage.hint()),
            Self::Reference { text, why } => return of_reference(text, why),
            Self::Manifest { why, .. } => of_manifest(why)?,
            Self::Tls { host, why } => return why.hint(host),
            Self::Network { why, proxy, .. } => why.hint(proxy.is_some()),
            Self::Destination(error) => return error.hint(),
            Self::Cache(error) => return error.hint(),
            Self::Layout(error) => return error.hint(),
            Self::Configuration(error) => return error.hint(),
            Self::Io(error) => return error.hint(),
            Self::Entry { why, .. } => why.hint()?,
            Self::Suggesting(suggestion, _) => return suggestion.hint(),
            Self::NoPlatform { available, .. } => {
                // An index may list one without a name, which --platform does not take.
                let mut names = available.iter().map(ToString::to_string);
                let first = names.find(|name| Platform::parse(name).is_ok())?;
                return around("choose one of them: --platform ", &first, "");
            }
            Self::Denied {
                credentials: Some(origin),
                ..
            } if origin != "--auth" => {
                let after = ", or pass others with --auth";
                return around("check the credentials in ", origin, after);
            }
            Self::Locked { image, wanted, .. } => {
                let before = match wanted.as_slice() {
                    [] => "if you trust it, lock it: roots digest --lock ",
                    _ => "if the change is meant, lock it again: roots digest --lock ",
                };
                return around(before, image, "");
            }
            Self::Registry { status, again, .. } => return of_status(*status, *again),
            Self::Platform { .. } => "a platform is written like linux/amd64 or linux/arm/v7",
            Self::NotFound { image, .. } if image.ends_with(":latest") => {
                "check the spelling, and name a tag: without one it is latest"
            }
            Self::NotFound { .. } => "check the spelling of the name and of the tag",
            Self::NoRepository(..) => "check the spelling of the name",
            Self::Denied {
                credentials: None, ..
            } => {
                "it does not exist or is private: check the name, or pass --auth user:password or a key file"
            }
            Self::Denied { .. } => "check what was passed with --auth",
            Self::NotWhatItWas { .. } => "name the IMAGE that the tree is to be compared with",
            Self::ProxyRefused {
                status: 401 | 407, ..
            } => "the variable that names the proxy takes user:password@ before the host",
            Self::ProxyRefused { .. } => {
                "ask whoever runs the proxy, or add the host to NO_PROXY to do without"
            }
            Self::DigestMismatch {
                part: Part::Contents,
                ..
            }
            | Self::Corrupt { .. } => BROKEN,
            Self::DigestMismatch { .. } | Self::SizeMismatch { .. } => ALTERED,
            Self::Compression { .. } => "have it pushed again, compressed with gzip or zstd",
            Self::Include(path, _) if path.contains(['*', '?', '[']) => {
                "patterns are not supported: a folder includes all that is below it"
            }
            _ => return None,
        };
        around(hint, "", "")
    }
}

impl EntryFault {
    fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::Io { action, source } => return tree_hint(action, source),
            Self::OverLimit(_) | Self::Inflated(_) => {
                "allow more with --max-size if you trust the image"
            }
            Self::UnmappedOwner { .. } => {
                "pass --strip-owner, or map more ids into this user namespace (/etc/subuid, /etc/subgid)"
            }
            Self::Bomb => "if you trust the image, pull it with a --max-size that is large enough",
            Self::Shifted(_) => "pass a lower --uid-shift",
            _ => return None,
        })
    }
}

/// For a registry that says by its status alone what it thinks.
fn of_status(status: u16, again: Option<Duration>) -> Option<String> {
    if let Some(again) = again.filter(|again| *again < ABSURD) {
        let after = match status {
            429 => " s; most limits are higher with --auth",
            _ => " s",
        };
        return around("try again in ", &again.as_secs().to_string(), after);
    }
    let hint = match status {
        429 => "try again later; most limits are higher with --auth",
        500..=599 => "try again later; if it lasts, ask whoever runs the registry",
        404 => "a part of the image is lost there: have it pushed again",
        _ => return None,
    };
    around(hint, "", "")
}
