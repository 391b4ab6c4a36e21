//! Errors of layouts on disk and of the command line, and other parts of errors.

use super::ValueFault;
use crate::oci::{Digest, Platform};

/// What is wrong with a layout.
#[derive(Debug, PartialEq, Eq)]
pub enum LayoutFault {
    /// Nothing under that path.
    NoFolder,
    /// No `oci-layout` file, or one of another version.
    NotALayout,
    /// No image of this name; these there are.
    NoTag {
        /// What was asked for.
        wanted: String,
        /// How the layout or archive is spelt without a name.
        place: String,
        /// The names.
        available: Vec<String>,
    },
    /// Several images, and no name to tell which.
    SeveralImages {
        /// How the layout or archive is spelt without a name.
        place: String,
        /// Their names.
        names: Vec<String>,
    },
    /// A blob is missing.
    MissingBlob(Digest),
    /// A blob of an attestation is missing; all images are there.
    MissingAttestation(Digest),
    /// Its list of images is empty, and docker's beside it is not: how to pull that.
    OnlyForDocker(String),
    /// Docker's list of images is empty.
    NoImage,
    /// A file that it names is not there to read.
    Absent(Absence),
    /// A file of its folder is there, and is of a kind that is not read.
    Unusable(Absence),
    /// It holds the images for these platforms only, and its index names others, too.
    Incomplete(Vec<Platform>),
    /// Nothing under that path, which should be an archive.
    NoFile,
    /// Nothing under that path, which could be either.
    Nothing,
    /// No archive, or one without an image.
    NotAnArchive,
    /// Not a folder but a file, which may be an archive.
    NotAFolder,
    /// Not an archive but a folder, which may be a layout.
    IsAFolder,
    /// An archive compressed in a way that is not read.
    Compression(&'static str),
    /// An archive that is no tar, or ends early; in words.
    Malformed(String),
    /// More members than any image has.
    TooManyMembers,
    /// More bytes in it than its size explains.
    Bomb,
    /// A pipe in which layers come before it is known what they are, and no place to keep them.
    OutOfOrder,
}

/// Why there is no file to read under a name.
#[derive(Debug, PartialEq, Eq)]
pub enum Absence {
    /// Nothing has this name.
    Missing(String),
    /// It is not a file.
    NotAFile(String),
    /// It is not a folder.
    NotAFolder(String),
    /// It is a link.
    Link {
        /// Its name.
        name: String,
        /// What it says, or the last one of those that it leads to.
        target: String,
        /// Why it leads to no file.
        why: LinkFault,
    },
}

/// Why a link leads to no file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkFault {
    /// Its target is not there.
    Dangling,
    /// Its target is not in the archive.
    Outside,
    /// Its target is not a file.
    NotAFile,
    /// Its target is not a folder.
    NotAFolder,
    /// There are too many links, one behind the other.
    TooMany,
}

/// What is wrong with a command line.
#[derive(Debug, PartialEq, Eq)]
pub enum Usage {
    /// Nothing at all.
    NoCommand,
    /// A command that there is not.
    UnknownCommand {
        /// As typed.
        typed: String,
        /// What may have been meant.
        meant: Option<&'static str>,
    },
    /// An option that the command does not have.
    UnknownOption {
        /// The command.
        command: &'static str,
        /// As typed.
        typed: String,
        /// What may have been meant.
        meant: Option<&'static str>,
        /// A command that has it.
        other: Option<&'static str>,
        /// Whether its value was `false`.
        is_off: bool,
    },
    /// An operand is missing.
    MissingOperand {
        /// The command.
        command: &'static str,
        /// The operand.
        operand: &'static str,
        /// The one before it, as typed.
        before: Option<String>,
    },
    /// One operand too many.
    ExtraOperand {
        /// The command.
        command: &'static str,
        /// As typed.
        typed: String,
    },
    /// An option without its value, or a value that the option cannot take.
    Value {
        /// The command, where it is known whose option it is.
        command: Option<&'static str>,
        /// The option.
        option: String,
        /// What is wrong.
        why: ValueFault,
    },
}

/// Why a path cannot be taken out of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IncludeFault {
    /// The image has none.
    Missing,
    /// It is within what is left out.
    Excluded,
}

/// What was read when a digest did not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// A manifest or index.
    Manifest,
    /// A config or a compressed layer.
    Blob,
    /// An uncompressed layer, against its DiffID.
    Contents,
}

impl LayoutFault {
    /// Whether there is an image, but not as it should be.
    pub(super) fn is_malformed(&self) -> bool {
        matches!(
            self,
            Self::MissingBlob(_)
                | Self::MissingAttestation(_)
                | Self::Absent(_)
                | Self::Compression(_)
                | Self::Malformed(_)
                | Self::TooManyMembers
                | Self::Bomb
        )
    }
}
