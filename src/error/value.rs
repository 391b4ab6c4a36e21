//! Errors of options and their values.

use super::{Error, Usage};
use std::fmt::{self, Display, Formatter};

/// Why an option makes no sense as it stands there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueFault {
    /// It takes a value, and has none.
    Missing,
    /// Two images of one archive have this name.
    SameName,
    /// It takes none, and has one.
    Unwanted,
    /// A value in no encoding that is understood.
    NotText,
    /// Not beside these others.
    NotWith(&'static str),
    /// Nothing without these others.
    OnlyWith(&'static str),
    /// No length of time since something was used.
    Age,
    /// No length of time to wait for.
    Seconds,
    /// No number of bytes.
    Size,
    /// No number of things.
    Count,
    /// No tag.
    Tag,
    /// A file or folder, where only a registry has what is asked for.
    NotInRegistry,
    /// A name with a tag or digest, where a repository is wanted.
    NotRepository,
    /// No number of tries.
    Times,
    /// No number that can be added to a user id.
    Shift,
    /// Others' ids are for root to give.
    NotRoot,
    /// No name for a machine of systemd.
    Machine,
    /// No host of a mirror.
    Mirror,
    /// No document of an image.
    Document,
    /// No path that an image can have.
    Path,
    /// The whole image where a part of it should be named.
    Root,
    /// Without a network there is only the cache, and that is not there either.
    NoCacheToPull,
    /// Neither named nor usual: without HOME there is none.
    NoCacheToPurge,
    /// `save` without `-o`.
    NoOutput,
    /// A terminal where an archive should come from.
    FromTerminal,
    /// A terminal where an archive should go.
    ToTerminal,
    /// Standard input named twice.
    Twice,
}

impl ValueFault {
    /// This fault of `option`, whichever command's it is.
    pub fn of(self, option: &str) -> Error {
        Error::Usage(Usage::Value {
            command: None,
            option: option.to_owned(),
            why: self,
        })
    }
}

impl Display for ValueFault {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missing => "its value is missing",
            Self::Unwanted => "takes no value",
            Self::NotText => "its value is not text",
            Self::NotWith(others) => return write!(f, "not together with {others}"),
            Self::OnlyWith(others) => return write!(f, "only together with {others}"),
            Self::Age => "not an age like 12h, 30d or 8w",
            Self::Seconds => "not a time like 30, 30s or 2m",
            Self::Size => "not a size like 500M or 2G",
            Self::Count => "not a number from 1 on",
            Self::Tag => "not a tag",
            Self::NotInRegistry => "only registries list tags",
            Self::NotRepository => "the name of a repository has no tag or digest",
            Self::Times => "not a number from 0 to 100",
            Self::Shift => "not a number of ids from 0 to 4294967294",
            Self::NotRoot => "only root can give files away",
            Self::Machine => {
                "the name of a machine is letters and digits, with . or - between them, 64 at most"
            }
            Self::Mirror => "not a mirror like mirror.example.com:5000 or example.com/prefix",
            Self::Document => "manifest, config or index",
            Self::Path => "not a path in an image: no `..`, and no name of more than 255 bytes",
            Self::Root => "a path below the root is missing",
            Self::NoCacheToPull => "there is no cache to pull from",
            Self::NoCacheToPurge => "there is no cache to purge",
            Self::NoOutput => "-o FILE is missing, or -o - for standard output",
            Self::FromTerminal => "an archive does not come from a terminal",
            Self::ToTerminal => "refusing to write an archive to a terminal",
            Self::SameName => {
                "two different images have this name, and an archive needs one for each"
            }
            Self::Twice => "standard input gives one thing only",
        })
    }
}
