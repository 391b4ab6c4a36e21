//! registries.conf is invalid. containers/image refuses the same files, so podman and roots agree.

use crate::error::text::escaped;
use std::fmt::{self, Display, Formatter};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RegistriesFault {
    /// In the words of the TOML parser.
    Syntax(String),
    Type {
        key: &'static str,
        expected: &'static str,
    },
    /// Version 1, which podman and skopeo have not read since 2019 either.
    OldFormat,
    NoPrefix,
    NoMirrorLocation,
    /// What the location turns the name of an image into.
    Location(String),
    /// The key whose value is a URL.
    Scheme(&'static str),
    PullFromMirror(String),
    NotForRegistry,
    TwoRestrictions,
    Conflict {
        key: &'static str,
        location: String,
    },
}

impl RegistriesFault {
    /// The file is never skipped: it may block what is about to be pulled.
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
                f.write_str("`pull-from-mirror` belongs in [[registry.mirror]]")
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
