//! Errors in registries.conf and in lock files.

use super::sentence::{escaped, os_reason};
use std::fmt::{self, Display, Formatter};

/// Why a file of settings cannot be used.
#[derive(Debug)]
pub enum ConfigurationFault {
    /// A line of registries.conf, by its number, from 1 on.
    Line(usize, RegistriesFault),
    /// A line of a lock that cannot be understood.
    Entry(usize),
    /// A line of a lock whose name an earlier line locks to another digest.
    LockedTwice(usize),
    /// It cannot be read.
    Unreadable(std::io::Error),
}

impl ConfigurationFault {
    /// Whether the disk is to blame, and not who wrote the file or named it.
    pub(super) fn is_disk(&self) -> bool {
        use std::io::ErrorKind::{InvalidData, NotFound};
        matches!(self, Self::Unreadable(e) if !matches!(e.kind(), NotFound | InvalidData))
    }

    /// What to do about it.
    pub(super) fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Entry(_) => {
                Some("a line is REFERENCE@DIGEST, as `roots digest --lock IMAGE` prints it")
            }
            Self::LockedTwice(_) => Some("keep the line whose digest you trust"),
            Self::Line(_, why) => Some(why.hint()),
            Self::Unreadable(_) => None,
        }
    }
}

impl Display for ConfigurationFault {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(number, why @ RegistriesFault::Syntax(_)) => {
                write!(f, "line {number} cannot be understood: {why}")
            }
            Self::Line(number, why) => write!(f, "line {number}: {why}"),
            Self::Entry(number) => write!(f, "line {number} cannot be understood"),
            Self::LockedTwice(number) => write!(
                f,
                "line {number} locks an image that an earlier line locks to another digest"
            ),
            Self::Unreadable(source) => write!(f, "cannot read: {}", os_reason(source)),
        }
    }
}

/// What is wrong with a line. containers/image refuses the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RegistriesFault {
    /// It is not TOML, for a reason that the parser names.
    Syntax(String),
    /// The value of a key is of another type than this one.
    Type {
        /// The key.
        key: &'static str,
        /// What its value must be.
        expected: &'static str,
    },
    /// The format before 2019, which podman and skopeo do not read either.
    OldFormat,
    /// A `[[registry]]` without a prefix and without a location.
    NoPrefix,
    /// A `[[registry.mirror]]` without a location.
    NoMirrorLocation,
    /// A location that results in this text, which is not the name of an image.
    Location(String),
    /// A key whose value begins with `http://` or `https://`.
    Scheme(&'static str),
    /// `pull-from-mirror` with a value that is not all, digest-only or tag-only.
    PullFromMirror(String),
    /// `pull-from-mirror` for the registry itself.
    NotForRegistry,
    /// `pull-from-mirror` for a mirror of a registry with `mirror-by-digest-only`.
    TwoRestrictions,
    /// A key whose value differs between two entries with one location.
    Conflict {
        /// The key.
        key: &'static str,
        /// The location.
        location: String,
    },
}

impl RegistriesFault {
    /// What to do about it. The file is not skipped: it may block what is about to be pulled.
    pub(super) fn hint(&self) -> &'static str {
        match self {
            Self::Scheme(_) => "leave out the scheme",
            Self::OldFormat => {
                "write a `[[registry]]` with `blocked = true` for each, see containers-registries.conf(5)"
            }
            _ => {
                "correct that line, or name another file in CONTAINERS_REGISTRIES_CONF (/dev/null for none)"
            }
        }
    }
}

impl Display for RegistriesFault {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax(reason) => f.write_str(reason),
            Self::Type { key, expected } => write!(f, "`{key}` must be {expected}"),
            Self::OldFormat => f.write_str("[registries.block] is the old format, version 1"),
            Self::NoPrefix => f.write_str("a [[registry]] needs a prefix or a location"),
            Self::NoMirrorLocation => f.write_str("a [[registry.mirror]] needs a location"),
            Self::Location(name) => write!(
                f,
                "its location or that of a mirror makes {}, which is not the name of an image",
                escaped(name)
            ),
            Self::Scheme(key) => write!(f, "`{key}` is HOST[:PORT][/PATH], without a scheme"),
            Self::PullFromMirror(value) => write!(
                f,
                "`pull-from-mirror` is all, digest-only or tag-only, not {value:?}"
            ),
            Self::NotForRegistry => {
                f.write_str("`pull-from-mirror` belongs into [[registry.mirror]]")
            }
            Self::TwoRestrictions => f.write_str(
                "`pull-from-mirror` cannot be combined with `mirror-by-digest-only` of the registry",
            ),
            Self::Conflict { key, location } => write!(
                f,
                "`{key}` differs from another [[registry]] whose location is {location}"
            ),
        }
    }
}
