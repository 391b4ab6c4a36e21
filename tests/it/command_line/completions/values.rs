//! What can stand behind an option, and in the place of an operand.

use crate::support::help::Choice;

/// What an option takes.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Value {
    Files,
    Folders,
    /// A folder, or a word in its place.
    FolderOr(&'static str),
    Words(Vec<String>),
    /// What no shell can know.
    Unknown,
}

/// Those that images are made for. Others are taken, too.
const PLATFORMS: &str = "linux/amd64 linux/arm64 linux/arm/v7 linux/arm/v6 linux/386 linux/ppc64le linux/riscv64 linux/s390x";
const ARCHITECTURES: &str = "amd64 arm64 arm 386 ppc64le riscv64 s390x";

/// In front of what IMAGE can be on disk.
pub(super) const FORMS: &str = "oci: oci-archive: docker-archive:";

impl Value {
    pub(super) fn of(option: &Choice) -> Option<Self> {
        let words = |words: &str| Self::Words(words.split(' ').map(str::to_owned).collect());
        let value = option.value.as_deref()?;
        Some(match (option.long.as_str(), value) {
            ("--platform", _) => words(PLATFORMS),
            ("--arch", _) => words(ARCHITECTURES),
            ("--os", _) => words("linux"),
            ("--raw", _) => words("manifest config index attestation"),
            ("--cache", _) => Self::FolderOr("no"),
            // Paths in an image.
            ("--include" | "--exclude", _) => Self::Unknown,
            // It may be a file.
            ("--auth", _) | (_, "FILE" | "PATH" | "KEY") => Self::Files,
            (_, "DIR") => Self::Folders,
            _ => Self::Unknown,
        })
    }
}
