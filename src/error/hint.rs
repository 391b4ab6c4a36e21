//! Hints: at most one line that says what to type next.

use super::correction::{of_manifest, of_reference};
use super::io::tree_hint;
use super::sentence::around;
use super::{EntryFault, Error, Part, Subject as _};
use crate::oci::Platform;

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
            Self::Destination(error) => return error.hint(),
            Self::Cache(error) => return error.hint(),
            Self::Layout(error) => return error.hint(),
            Self::Configuration(error) => return error.hint(),
            Self::Registry(error) => return error.hint(),
            Self::Network(error) => return error.hint(),
            Self::Tls(error) => return error.hint(),
            Self::Io(error) => return error.hint(),
            Self::Entry { why, .. } => why.hint()?,
            Self::Suggesting(suggestion, _) => return suggestion.hint(),
            Self::NoPlatform { available, .. } => {
                // An index may list one without a name, which --platform does not take.
                let mut names = available.iter().map(ToString::to_string);
                let first = names.find(|name| Platform::parse(name).is_ok())?;
                return around("choose one of them: --platform ", &first, "");
            }
            Self::Locked { image, wanted, .. } => {
                let before = match wanted.as_slice() {
                    [] => "if you trust it, lock it: roots digest --lock ",
                    _ => "if the change is meant, lock it again: roots digest --lock ",
                };
                return around(before, image, "");
            }
            Self::Platform { .. } => "a platform is written like linux/amd64 or linux/arm/v7",
            Self::NotWhatItWas { .. } => "name the IMAGE that the tree is to be compared with",
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
