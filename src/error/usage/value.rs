//! An option has a wrong value, or does not fit the other options.

use super::UsageError;
use crate::error::Error;
use std::fmt::{self, Display, Formatter};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueFault {
    Missing,
    Unwanted,
    NotText,
    /// The other options.
    NotWith(&'static str),
    /// The other options.
    OnlyWith(&'static str),
    /// How long ago something was used last.
    Age,
    Seconds,
    Size,
    Count,
    Tag,
    NotInRegistry,
    NotRepository,
    /// A number of tries.
    Times,
    Connections,
    /// The value of `--uid-shift`.
    Shift,
    NotRoot,
    Machine,
    Mirror,
    BuiltBy,
    Workflow,
    Document,
    Path,
    Root,
    NoCacheToPull,
    /// Without HOME there is no usual one.
    NoCacheToPurge,
    /// `save` without `-o`.
    NoOutput,
    FromTerminal,
    ToTerminal,
    SameName,
    /// Two options or operands are `-`.
    Twice,
}

impl ValueFault {
    /// This fault of `option`, for a caller that does not know the command.
    pub fn of(self, option: &str) -> Error {
        self.value_error(None, option)
    }

    /// This fault of `option` of `command`.
    pub fn of_command(self, command: &'static str, option: &str) -> Error {
        self.value_error(Some(command), option)
    }

    fn value_error(self, command: Option<&'static str>, option: &str) -> Error {
        let (option, reason) = (option.to_owned(), self);
        UsageError::Value {
            command,
            option,
            reason,
        }
        .into()
    }
}

impl Display for ValueFault {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missing => "its value is missing",
            Self::Unwanted => "takes no value",
            Self::NotText => "its value is not text",
            Self::NotWith(others) => return write!(f, "cannot be combined with {others}"),
            Self::OnlyWith(others) => return write!(f, "only together with {others}"),
            Self::Age => "not an age like 12h, 30d or 8w",
            Self::Seconds => "not a time like 30, 30s or 2m",
            Self::Size => "not a size like 500M or 2G",
            Self::Count => "not a number of 1 or more",
            Self::Tag => "not a tag",
            Self::NotInRegistry => "only registries list tags",
            Self::NotRepository => "the name of a repository has no tag or digest",
            Self::Times => "not a number from 0 to 100",
            Self::Connections => "not a number from 1 to 16",
            Self::Shift => "not a number of ids from 0 to 4294967294",
            Self::NotRoot => "only root may change owners",
            Self::Machine => {
                "the name of a machine is letters and digits, with . or - between them, 64 at most"
            }
            Self::Mirror => "not a mirror like mirror.example.com:5000 or example.com/prefix",
            Self::BuiltBy => {
                "not a repository at GitHub like OWNER/REPO, or OWNER/ for all of them"
            }
            Self::Workflow => {
                "not a workflow like .github/workflows/FILE or .github/workflows/FILE@REF"
            }
            Self::Document => "not one of manifest, config, index, attestation, attestation=N",
            Self::Path => "not a path in an image: no `..`, and no name of more than 255 bytes",
            Self::Root => "the root itself cannot be selected",
            Self::NoCacheToPull => "there is no cache to pull from",
            Self::NoCacheToPurge => "there is no cache to purge",
            Self::NoOutput => "-o FILE is missing, or -o - for standard output",
            Self::FromTerminal => "refusing to read an archive from a terminal",
            Self::ToTerminal => "refusing to write an archive to a terminal",
            Self::SameName => {
                "two different images have this name, and an archive needs one for each"
            }
            Self::Twice => "standard input can be used only once",
        })
    }
}
