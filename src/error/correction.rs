//! What should have been typed in place of what cannot be understood.

use super::sentence::{escaped, path_of, without_secret};
use super::{ConfigurationFault, LayoutFault, Usage};
use crate::oci::{InvalidManifest, InvalidReference};
use std::path::Path;

/// How an image is written.
const FORMS: &str = "an image is written like debian:bookworm, ghcr.io/owner/name:tag or \
                     localhost:5000/name@sha256:…";

/// For `text`, which is not the name of an image.
pub(super) fn of_reference(text: &str, why: &InvalidReference) -> String {
    let name = text.split_once("://").map_or(text, |(_, name)| name);
    let name = escaped(without_secret(name));
    match why {
        InvalidReference::Scheme(scheme) if scheme == "oci" => {
            format!("write {name} for an image of a registry, oci:{name} for a folder")
        }
        InvalidReference::Scheme(_) => format!("leave the scheme away: {name}"),
        InvalidReference::Credentials => "pass user:password with --auth".to_owned(),
        InvalidReference::ImageId => {
            format!("put the name of its repository in front: NAME@sha256:{name}")
        }
        _ if text.ends_with('/') || is_called_archive(text) => {
            format!("for a folder or a file, write ./{name}")
        }
        InvalidReference::UpperCase(part) => {
            format!("write {}", name.replacen(part, &part.to_lowercase(), 1))
        }
        _ => FORMS.to_owned(),
    }
}

/// For an image that is none which a tree could be made of.
pub(super) fn of_manifest(why: &InvalidManifest) -> Option<String> {
    let hint = match why {
        InvalidManifest::Schema1 => "pull it with an old docker and push it again to convert it",
        InvalidManifest::MediaType(kind) if kind.starts_with("text/html") => {
            "a web page came: check the host, and whether a network wants a login first"
        }
        InvalidManifest::Artifact(kind) if kind.contains("helm") => {
            "a chart is fetched with `helm pull`"
        }
        InvalidManifest::Artifact(_) => {
            "fetch it with the tool that it is for, or with `oras pull`"
        }
        InvalidManifest::Encrypted(_) => {
            "decrypt it into a folder first: skopeo copy --decryption-key KEY docker://IMAGE oci:PATH"
        }
        _ => return None,
    };
    Some(hint.to_owned())
}

impl LayoutFault {
    pub(super) fn hint(&self, path: &Path) -> Option<String> {
        let path = path_of(path);
        Some(match self {
            Self::SeveralImages(names) => format!("name one: oci:{path}:{}", first(names)?),
            Self::NoTag { available, .. } => {
                format!(
                    "ask for one that there is: oci:{path}:{}",
                    first(available)?
                )
            }
            Self::OutOfOrder => "write it to a file first, or allow a --cache".to_owned(),
            Self::NotAFolder => format!("for an archive, write oci-archive:{path}"),
            Self::IsAFolder => format!("for a folder, write oci:{path}"),
            Self::Compression(_) => "decompress it in front of `roots pull -`".to_owned(),
            Self::Nothing => {
                "check the path; the name of an image in a registry begins without . and /"
                    .to_owned()
            }
            Self::NotALayout => {
                "a layout is what `skopeo copy docker://IMAGE oci:PATH` writes".to_owned()
            }
            Self::NotAnArchive => {
                "an archive is what `docker save IMAGE`, `podman save` or `roots save` writes"
                    .to_owned()
            }
            Self::MissingBlob(_) => "copy it anew: a part of it is lost".to_owned(),
            Self::Malformed(_) => {
                "check that it is whole, and written by `docker save` or the like".to_owned()
            }
            Self::NoFolder | Self::NoFile | Self::TooManyMembers => return None,
        })
    }
}

impl ConfigurationFault {
    pub(super) fn hint(&self) -> Option<String> {
        match self {
            Self::Entry(_) => Some(
                "a line is REFERENCE@DIGEST, as `roots digest --lock IMAGE` prints it".to_owned(),
            ),
            Self::Line(_) | Self::Unreadable(_) => None,
        }
    }
}

impl Usage {
    pub(super) fn hint(&self) -> String {
        match self {
            Self::UnknownCommand {
                meant: Some(meant), ..
            } => format!("did you mean `roots {meant}`?"),
            Self::UnknownOption {
                meant: Some(meant), ..
            } => format!("did you mean {meant}?"),
            Self::MissingOperand {
                command: command @ "pull",
                before: Some(image),
                ..
            } if is_plain(image) => {
                format!(
                    "name a folder for it: roots {command} {image} {}",
                    folder_for(image)
                )
            }
            Self::NoCommand | Self::UnknownCommand { .. } => "see `roots help`".to_owned(),
            Self::UnknownOption { command, .. }
            | Self::MissingOperand { command, .. }
            | Self::ExtraOperand { command, .. } => format!("see `roots help {command}`"),
            Self::Value { .. } => "see `roots help`".to_owned(),
        }
    }
}

fn first(names: &[String]) -> Option<String> {
    names.first().map(|name| escaped(name))
}

fn is_called_archive(name: &str) -> bool {
    [".tar", ".tar.gz", ".tgz", ".tar.zst"]
        .iter()
        .any(|end| name.ends_with(end))
}

/// Whether a shell takes it as it is, and there is no password in it.
fn is_plain(image: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_./:".contains(&b);
    image.bytes().all(plain) && !image.contains("://")
}

/// A folder to put an image into: called after the repository.
fn folder_for(image: &str) -> String {
    let is_local = image.starts_with(['.', '/', '-']) || image.starts_with("oci");
    let name = image.rsplit('/').next().unwrap_or_default();
    match name.split(':').next().filter(|name| !name.is_empty()) {
        Some(name) if !is_local && !image.starts_with("docker-archive:") => format!("./{name}"),
        _ => "./rootfs".to_owned(),
    }
}
