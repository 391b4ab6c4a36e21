//! Messages for names, documents, folders and command lines that the parsers refuse.

use super::sentence::escaped;
use super::{IncludeFault, Usage};
use crate::oci::{Algorithm, InvalidDigest, InvalidManifest, InvalidReference};
use std::fmt::{self, Display, Formatter};

impl Display for InvalidReference {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("the name of the image is empty"),
            Self::Transport(transport) => write!(f, "roots reads no images from {transport}"),
            Self::WebPage => f.write_str("a web page, and not the name of an image"),
            Self::Scheme(scheme) => write!(
                f,
                "{}:// does not begin the name of an image",
                escaped(scheme)
            ),
            Self::ImageId => {
                f.write_str("64 hex digits look like the id of an image, which no registry knows")
            }
            Self::Registry(_) => f.write_str("the part before the first slash is not a host name"),
            Self::UpperCase(_) => f.write_str("repositories are written in lower case"),
            Self::Repository(_) => f.write_str("not the name of a repository"),
            Self::TooLong => f.write_str("the repository is longer than 255 bytes"),
            Self::Tag(tag) => write!(f, "`{}` is not a tag", escaped(tag)),
            Self::Credentials => f.write_str("a name holds no user and no password"),
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

impl Display for InvalidManifest {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Json(why) => write!(f, "malformed: {}", escaped(why)),
            Self::MediaType(media_type) => write!(f, "not an image but `{}`", escaped(media_type)),
            Self::TooLong(limit) => write!(f, "malformed: longer than {limit} bytes"),
            Self::Schema1 => f.write_str("a manifest of schema 1, which is not supported"),
            Self::SchemaVersion(version) => write!(f, "a manifest of unknown schema {version}"),
            Self::TypesDiffer { said, says } => {
                write!(
                    f,
                    "announced as `{}` but it is `{}`",
                    escaped(said),
                    escaped(says)
                )
            }
            Self::Ambiguous => f.write_str("malformed: both an index and a manifest"),
            Self::Missing(field) => write!(f, "malformed: no {field}"),
            Self::Artifact(kind) => write!(
                f,
                "not an image but an artifact of type `{}`",
                escaped(kind)
            ),
            Self::UnknownDigest(digest) => write!(
                f,
                "cannot verify `{}`: only sha256 and sha512 are supported",
                escaped(digest)
            ),
            Self::Encrypted(kind) => write!(f, "encrypted layer: `{}`", escaped(kind)),
            Self::LayerType(kind) => write!(f, "unknown type of layer: `{}`", escaped(kind)),
            Self::LayerCount { layers, diff_ids } => {
                write!(
                    f,
                    "malformed: {layers} layers in the manifest but {diff_ids} in the config"
                )
            }
            Self::RootFs(kind) => write!(f, "unknown type of rootfs: `{}`", escaped(kind)),
            Self::Field(name) => write!(f, "malformed: {name} in its config"),
            Self::TooLongInAll(limit) => {
                write!(
                    f,
                    "malformed: with the documents that it leads to longer than {limit} bytes"
                )
            }
            Self::TooDeep => f.write_str("indexes within indexes, too deep to follow"),
            Self::TooMuch => f.write_str("it leads to too many documents"),
        }
    }
}

impl Display for IncludeFault {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missing => "no such path in the image",
            Self::Excluded => "--exclude leaves all of it out",
        })
    }
}

impl Display for Usage {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoCommand => f.write_str("no command given"),
            Self::UnknownCommand { typed, .. } => write!(f, "{}: no such command", escaped(typed)),
            Self::UnknownOption { command, typed, .. } => {
                write!(f, "{command}: no such option: {}", escaped(typed))
            }
            Self::MissingOperand {
                command, operand, ..
            } => {
                write!(f, "{command}: {operand} is missing")
            }
            Self::ExtraOperand { command, typed } => {
                write!(f, "{command}: one operand too many: {}", escaped(typed))
            }
            Self::Value { option, why, .. } => write!(f, "{}: {why}", escaped(option)),
        }
    }
}
