//! IMAGE is not the name of an image.

mod web_address;

pub(super) use web_address::image_at;
use web_address::without_secret;

use super::text::{around, escaped};
use super::{Category, Error, Subject};
use crate::oci::{Algorithm, InvalidDigest, InvalidReference};
use std::fmt::{self, Display, Formatter};

/// How an image is written.
const FORMS: &str = "an image is written like debian:bookworm, ghcr.io/owner/name:tag or \
                     localhost:5000/name@sha256:…";

#[derive(Debug)]
pub struct ReferenceError {
    /// As typed.
    pub text: String,
    pub reason: InvalidReference,
}

impl Error {
    /// `text` is what was typed.
    pub fn reference(text: impl Into<String>, reason: InvalidReference) -> Self {
        let text = text.into();
        ReferenceError { text, reason }.into()
    }
}

impl Display for ReferenceError {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if self.text.is_empty() {
            write!(f, "IMAGE: {}", self.reason)
        } else {
            let text = escaped(without_secret(&self.text));
            write!(f, "{text}: {}", self.reason)
        }
    }
}

impl Display for InvalidReference {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("the name of the image is empty"),
            Self::Transport(transport) => write!(f, "roots cannot read images from {transport}"),
            Self::WebPage => f.write_str("a web page, and not the name of an image"),
            Self::Scheme(scheme) => {
                write!(f, "an image name cannot begin with {}://", escaped(scheme))
            }
            Self::ImageId => {
                f.write_str("64 hex digits look like the id of an image, which no registry knows")
            }
            Self::Registry(_) => f.write_str("the part before the first slash is not a host name"),
            Self::UpperCase(_) => f.write_str("repositories are written in lower case"),
            Self::Repository(_) => f.write_str("not the name of a repository"),
            Self::TooLong => f.write_str("the repository is longer than 255 bytes"),
            Self::Tag(tag) => write!(f, "`{}` is not a tag", escaped(tag)),
            Self::Credentials => f.write_str("an image name cannot contain a user or password"),
            Self::Digest(why) => write!(f, "{why}"),
        }
    }
}

impl Display for InvalidDigest {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Algorithm(name) => write!(f, "`{}` is neither sha256 nor sha512", escaped(name)),
            Self::Hex(Algorithm::Sha256) => {
                f.write_str("a sha256 digest has 64 lower-case hex digits")
            }
            Self::Hex(Algorithm::Sha512) => {
                f.write_str("a sha512 digest has 128 lower-case hex digits")
            }
        }
    }
}

impl Subject for ReferenceError {
    fn hint(&self) -> Option<String> {
        let text = self.text.as_str();
        let forms = || Some(FORMS.to_owned());
        let name = text.split_once("://").map_or(text, |(_, name)| name);
        let name = escaped(without_secret(name));
        match &self.reason {
            InvalidReference::Scheme(scheme) => scheme_hint(scheme, text, &name),
            InvalidReference::WebPage => image_at(text).map_or_else(forms, |image| {
                around("write the name of the image: ", &image, "")
            }),
            InvalidReference::Transport(transport) => transport_hint(transport, text),
            InvalidReference::Credentials => Some("pass user:password with --auth".to_owned()),
            InvalidReference::ImageId => around(
                "put the name of its repository in front: NAME@sha256:",
                &name,
                "",
            ),
            _ if text.ends_with('/') || is_called_archive(text) => {
                around("for a folder or a file, write ./", &name, "")
            }
            InvalidReference::UpperCase(_) => {
                image_at(text).map_or_else(forms, |image| around("write ", &image, ""))
            }
            _ => forms(),
        }
    }

    fn category(&self) -> Category {
        Category::Usage
    }
}

/// The hint for `text`, which consists of `scheme://` and `name`.
fn scheme_hint(scheme: &str, text: &str, name: &str) -> Option<String> {
    let image = image_at(text);
    match (scheme, image) {
        ("oci" | "oci-layout", Some(image)) => around(
            "for a folder, write oci:PATH; for an image of a registry, ",
            &image,
            "",
        ),
        ("oci" | "oci-layout", None) => around("for a folder, write oci:", name, ""),
        ("file", _) if name.starts_with('/') => around("write the path alone: ", name, ""),
        // Without a scheme, plain http is for loopback hosts only.
        ("http", Some(image)) if host(&image) == host(name) => {
            around("leave out the scheme and add --plain-http: ", &image, "")
        }
        (_, Some(image)) if name.trim_end_matches('/') == image => {
            around("leave out the scheme: ", &image, "")
        }
        (_, Some(image)) => around("write the name of the image: ", &image, ""),
        (_, None) => Some(FORMS.to_owned()),
    }
}

fn host(name: &str) -> Option<String> {
    name.split('/').next().map(str::to_lowercase)
}

/// The hint for an image in the store of another tool, which only that tool can read.
fn transport_hint(transport: &str, text: &str) -> Option<String> {
    let name = text.get(transport.len()..).unwrap_or_default();
    // containers-storage:[overlay@/var/lib/containers/storage]NAME
    let name = name.rsplit(']').next().unwrap_or_default();
    let name = if is_plain(name) { name } else { "NAME" };
    match transport {
        "docker-daemon:" => around("pipe it: docker save ", name, " | roots pull - DEST"),
        "containers-storage:" => around("pipe it: podman save ", name, " | roots pull - DEST"),
        _ => {
            let before = ["convert it first: skopeo copy ", transport].concat();
            around(&before, name, " oci:FOLDER")
        }
    }
}

fn is_called_archive(name: &str) -> bool {
    [".tar", ".gz", ".tgz"]
        .iter()
        .any(|end| name.ends_with(end))
}

/// Whether a shell takes `image` unquoted, and it is not a URL, which may contain a password.
pub(super) fn is_plain(image: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_./:".contains(&b);
    image.bytes().all(plain) && !image.contains("://")
}
