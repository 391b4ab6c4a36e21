//! What to type instead of a word that cannot be parsed.

mod other_tools;
mod suggestion;
mod web_address;

use super::Usage;
use super::sentence::{around, escaped, without_secret};
use crate::oci::InvalidReference;
pub use suggestion::Suggestion;
use web_address::image_at;

/// How an image is written.
const FORMS: &str = "an image is written like debian:bookworm, ghcr.io/owner/name:tag or \
                     localhost:5000/name@sha256:…";

/// For `text`, which is not the name of an image.
pub(super) fn of_reference(text: &str, why: &InvalidReference) -> Option<String> {
    let name = text.split_once("://").map_or(text, |(_, name)| name);
    let name = escaped(without_secret(name));
    let before = match why {
        InvalidReference::Scheme(scheme) => return of_scheme(scheme, text, &name),
        InvalidReference::WebPage => match image_at(text) {
            Some(image) => return around("write the name of the image: ", &image, ""),
            None => return around(FORMS, "", ""),
        },
        InvalidReference::Transport(transport) => return of_transport(transport, text),
        InvalidReference::Credentials => return around("pass user:password with --auth", "", ""),
        InvalidReference::ImageId => "put the name of its repository in front: NAME@sha256:",
        _ if text.ends_with('/') || is_called_archive(text) => "for a folder or a file, write ./",
        InvalidReference::UpperCase(_) => {
            let image = image_at(text);
            return image.map_or_else(
                || around(FORMS, "", ""),
                |image| around("write ", &image, ""),
            );
        }
        _ => return around(FORMS, "", ""),
    };
    around(before, &name, "")
}

/// For `text` that begins with `scheme://`, and `name`, which is what stands behind that.
fn of_scheme(scheme: &str, text: &str, name: &str) -> Option<String> {
    let image = image_at(text);
    match (scheme, image) {
        ("oci" | "oci-layout", Some(image)) => around(
            "for a folder, write oci:PATH; for an image of a registry, ",
            &image,
            "",
        ),
        ("oci" | "oci-layout", None) => around("for a folder, write oci:", name, ""),
        ("file", _) if name.starts_with('/') => around("write the path alone: ", name, ""),
        // Without a scheme, only loopback hosts are spoken with in plain http.
        ("http", Some(image)) if host(&image) == host(name) => {
            around("leave out the scheme and add --plain-http: ", &image, "")
        }
        (_, Some(image)) if name.trim_end_matches('/') == image => {
            around("leave out the scheme: ", &image, "")
        }
        (_, Some(image)) => around("write the name of the image: ", &image, ""),
        (_, None) => around(FORMS, "", ""),
    }
}

fn host(name: &str) -> Option<String> {
    name.split('/').next().map(str::to_lowercase)
}

/// For an image that only another tool can read: how it comes out of there.
fn of_transport(transport: &str, text: &str) -> Option<String> {
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

impl Usage {
    pub(super) fn hint(&self) -> String {
        if let Some(hint) = self.of_other_tool() {
            return hint.to_owned();
        }
        match self {
            Self::UnknownCommand {
                meant: Some(meant), ..
            } => format!("did you mean `roots {meant}`?"),
            Self::UnknownOption {
                meant: Some(meant), ..
            } => format!("did you mean {meant}?"),
            Self::MissingOperand {
                command: "pull",
                before: Some(image),
                ..
            } if is_plain(image) => {
                let folder = folder_for(image);
                format!("name a folder for it: roots pull {image} ./{folder}")
            }
            Self::UnknownOption {
                typed,
                other: Some(other),
                ..
            } => format!("{} is an option of `roots {other}`", escaped(typed)),
            Self::UnknownCommand { typed, .. } => of_command(typed),
            Self::NoCommand | Self::Value { command: None, .. } => "see `roots help`".to_owned(),
            Self::UnknownOption { command, .. }
            | Self::Value {
                command: Some(command),
                ..
            }
            | Self::MissingOperand { command, .. }
            | Self::ExtraOperand { command, .. } => format!("see `roots help {command}`"),
        }
    }
}

impl Usage {
    /// For what another tool has.
    fn of_other_tool(&self) -> Option<&'static str> {
        match self {
            Self::UnknownCommand { typed, .. } => other_tools::of_command(typed),
            Self::UnknownOption {
                command,
                typed,
                is_off,
                ..
            } => other_tools::of_option(command, typed, *is_off),
            _ => None,
        }
    }
}

/// For a word where a command should be.
fn of_command(typed: &str) -> String {
    let is_image = typed.contains(['/', ':', '.', '@']);
    if typed.starts_with('-') {
        return "a command comes first: see `roots help`".to_owned();
    }
    let is_path = typed.starts_with(['.', '/']);
    match image_at(typed).filter(|_| is_image && !is_path) {
        Some(image) => format!("did you mean `roots pull {image} DEST`?"),
        None if is_path => format!("did you mean `roots pull {} DEST`?", escaped(typed)),
        None => "see `roots help`".to_owned(),
    }
}

fn is_called_archive(name: &str) -> bool {
    [".tar", ".gz", ".tgz"]
        .iter()
        .any(|end| name.ends_with(end))
}

/// Whether a shell takes it as it is, and there is no password in it.
fn is_plain(image: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_./:".contains(&b);
    image.bytes().all(plain) && !image.contains("://")
}

/// A folder to put an image into: called after the repository, unless that may be where the image is.
fn folder_for(image: &str) -> &str {
    let is_local = |start| image.starts_with(start);
    if [".", "/", "-", "oci", "docker-archive:"]
        .into_iter()
        .any(is_local)
    {
        return "rootfs";
    }
    let name = image.rsplit('/').next().unwrap_or_default();
    name.split(':').next().unwrap_or_default()
}
