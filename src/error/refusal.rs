//! Messages for names, documents, folders and command lines that the parsers refuse.

use super::Usage;
use super::sentence::escaped;
use crate::oci::{Algorithm, InvalidDigest, InvalidReference};
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
