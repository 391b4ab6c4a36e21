//! What to type next: at most one line, and none where there is nothing to do.

use super::{Error, LayoutFault, Replaceable, Usage};
use crate::oci::{InvalidManifest, InvalidReference};
use std::io::ErrorKind;
use std::time::Duration;

/// What nobody means who asks to be left alone for so long: ten years.
const ABSURD: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);

impl Error {
    /// The one line that helps, if there is one.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Usage(usage) => usage.hint(),
            Self::Reference {
                text,
                why: InvalidReference::Scheme(_),
            } => {
                let name = text.split_once("://").map_or("", |(_, name)| name);
                match text.starts_with("oci:") {
                    true => format!("for a folder, write oci:{name}"),
                    false => format!("leave the scheme away: {name}"),
                }
            }
            Self::Reference {
                why: InvalidReference::Credentials,
                ..
            } => "pass user:password with --auth".to_owned(),
            Self::Reference { .. } => {
                "an image is written like debian:bookworm, ghcr.io/owner/name:tag \
                 or localhost:5000/name@sha256:…"
                    .to_owned()
            }
            Self::Platform { .. } => {
                "a platform is written like linux/amd64 or linux/arm/v7".to_owned()
            }
            Self::NotFound { .. } => "check the spelling of the name and of the tag".to_owned(),
            Self::NoPlatform { available, .. } => match available.first() {
                Some(first) => format!("ask for one that there is: --platform {first}"),
                None => return None,
            },
            Self::Denied {
                credentials: None, ..
            } => "if the image is private, pass --auth user:password or a key file".to_owned(),
            Self::Denied {
                credentials: Some(origin),
                ..
            } => match origin.as_str() {
                "--auth" => "check what was passed with --auth".to_owned(),
                origin => format!("check the credentials in {origin}, or pass others with --auth"),
            },
            Self::Credentials { .. } => {
                "--auth takes user:password, a Google key file, a file that holds either, or - for stdin"
                    .to_owned()
            }
            Self::Manifest {
                why: InvalidManifest::Schema1,
                ..
            } => "pull it with an old docker and push it again to convert it".to_owned(),
            Self::DestinationNotEmpty { hint, .. } => match hint {
                Replaceable::No => return None,
                Replaceable::WithForce => "add --force to replace it".to_owned(),
                Replaceable::Unrecorded => {
                    "it has no record of a pull; add --force to replace it all the same".to_owned()
                }
            },
            Self::NotWhatItWas { .. } => {
                "name the IMAGE that the tree is to be compared with".to_owned()
            }
            Self::Offline { .. } => "pull it once without --offline".to_owned(),
            Self::DestinationBusy(_) => {
                "wait for the other pull, or choose another folder".to_owned()
            }
            Self::Layout {
                why: LayoutFault::SeveralImages(names),
                path,
            } => match names.first() {
                Some(name) => format!("name one: oci:{}:{name}", path.display()),
                None => return None,
            },
            Self::Layout {
                why: LayoutFault::OutOfOrder,
                ..
            } => "write it to a file first, or allow a --cache".to_owned(),
            Self::Layout {
                why: LayoutFault::NotAFolder,
                path,
            } => format!("for an archive, write oci-archive:{}", path.display()),
            Self::Layout {
                why: LayoutFault::Compression(_),
                ..
            } => "decompress it in front of `roots pull -`".to_owned(),
            Self::Tls { host, why } => return why.hint(host),
            Self::Certificate { why, .. } => return why.hint(),
            Self::Proxy { .. } => {
                "a proxy is written like http://proxy:3128 or http://user:password@proxy:3128, \
                 with %40 for an @ in the password"
                    .to_owned()
            }
            Self::ProxyRefused {
                status: 401 | 407, ..
            } => {
                "the variable that names the proxy takes user:password@ before the host".to_owned()
            }
            Self::Registry {
                again: Some(again), ..
            } if *again < ABSURD => format!("it asks to try again in {} s", again.as_secs()),
            Self::Network { .. } | Self::CacheSpoiled { .. } => "try again".to_owned(),
            Self::Registry { status: 429, .. } => {
                "try again later; credentials raise most limits".to_owned()
            }
            Self::NoRoom { .. } => return disk_hint(ErrorKind::StorageFull),
            Self::Disk { source, .. } | Self::Tree { source, .. } => {
                return disk_hint(source.kind());
            }
            Self::Entry {
                why: super::EntryFault::Io { source, .. },
                ..
            } => {
                return disk_hint(source.kind());
            }
            Self::Entry {
                why: super::EntryFault::OverLimit(_),
                ..
            } => "allow more with --max-size if you trust the image".to_owned(),
            Self::Entry {
                why: super::EntryFault::UnmappedOwner { .. },
                ..
            } => "map more ids into this user namespace (/etc/subuid, /etc/subgid)".to_owned(),
            _ => return None,
        })
    }
}

impl Usage {
    fn hint(&self) -> String {
        match self {
            Self::UnknownCommand {
                meant: Some(meant), ..
            } => format!("did you mean `roots {meant}`?"),
            Self::UnknownOption {
                meant: Some(meant), ..
            } => format!("did you mean {meant}?"),
            Self::NoCommand | Self::UnknownCommand { .. } => "see `roots help`".to_owned(),
            Self::UnknownOption { command, .. }
            | Self::MissingOperand { command, .. }
            | Self::ExtraOperand { command, .. } => format!("see `roots help {command}`"),
            Self::Value { .. } => "see `roots help`".to_owned(),
        }
    }
}

fn disk_hint(kind: ErrorKind) -> Option<String> {
    Some(match kind {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            "make room, or choose another place".to_owned()
        }
        ErrorKind::PermissionDenied => {
            "choose a place that you may write to, or run as root".to_owned()
        }
        ErrorKind::ReadOnlyFilesystem => "choose a place that can be written to".to_owned(),
        _ => return None,
    })
}
