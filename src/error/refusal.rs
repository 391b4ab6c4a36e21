//! Messages for names, documents, folders and command lines that the parsers refuse.

use super::sentence::{escaped, list};
use super::{Absence, IncludeFault, LayoutFault, LinkFault, Usage};
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

impl Display for LayoutFault {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoFolder => f.write_str("no such folder"),
            Self::NotALayout => f.write_str("not an OCI image layout"),
            Self::NoTag {
                wanted, available, ..
            } => {
                write!(f, "no image `{}`; there is ", escaped(wanted))?;
                list(
                    f,
                    available.iter().map(|name| escaped(name)),
                    "none with a name",
                )
            }
            Self::SeveralImages { names, .. } => {
                f.write_str("several images: ")?;
                list(f, names.iter().map(|name| escaped(name)), "without names")
            }
            Self::MissingBlob(digest) => write!(f, "blob {digest} is missing"),
            Self::MissingAttestation(digest) => write!(f, "attestation blob {digest} is missing"),
            Self::OnlyForDocker(_) => f.write_str("its index.json lists no image"),
            Self::NoImage => f.write_str("its manifest.json lists no image"),
            Self::Absent(why) | Self::Unusable(why) => write!(f, "{why}"),
            Self::Incomplete(present) => {
                f.write_str("it has only ")?;
                list(f, present, "none")?;
                f.write_str(" of the platforms in its index")
            }
            Self::NoFile => f.write_str("no such file"),
            Self::Nothing => f.write_str("no such file or folder"),
            Self::NotAnArchive => f.write_str("not an archive of an image"),
            Self::NotAFolder => f.write_str("not a folder"),
            Self::IsAFolder => f.write_str("not a file but a folder"),
            Self::Compression(name) => {
                write!(f, "compressed with {name}, which is not read")
            }
            Self::Malformed(why) => write!(f, "malformed archive: {}", escaped(why)),
            Self::TooManyMembers => f.write_str("malformed archive: too many members"),
            Self::Bomb => {
                f.write_str("a decompression bomb: it unpacks to far more than its size explains")
            }
            Self::OutOfOrder => f.write_str(
                "its layers come before its index, and without a cache there is no place for them",
            ),
        }
    }
}

impl Display for Absence {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(name) => write!(f, "{} is missing", escaped(name)),
            Self::NotAFile(name) => write!(f, "{} is not a regular file", escaped(name)),
            Self::NotAFolder(name) => write!(f, "{} is not a folder", escaped(name)),
            Self::Link { name, target, why } => {
                let (name, target) = (escaped(name), escaped(target));
                let why = match why {
                    LinkFault::Dangling => "which is missing",
                    LinkFault::Outside => "which is outside the archive",
                    LinkFault::NotAFile => "which is not a regular file",
                    LinkFault::NotAFolder => "which is not a folder",
                    LinkFault::TooMany => "and there are too many links",
                };
                write!(f, "{name} is a link to {target}, {why}")
            }
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
