//! An image on disk, in an OCI layout or an archive, cannot be read, or lacks what was requested.

mod absence;

pub use absence::{Absence, LinkFault};

use super::text::{around, escaped, list, path_of};
use super::{Category, Error, Subject};
use crate::oci::{Digest, Platform};
use std::fmt::{self, Display, Formatter};
use std::path::{Path, PathBuf};

#[derive(Debug)]
pub struct LayoutError {
    pub path: PathBuf,
    pub reason: LayoutFault,
}

#[derive(Debug, PartialEq, Eq)]
pub enum LayoutFault {
    NoFolder,
    NoFile,
    /// Neither a file nor a folder.
    NothingThere,
    /// `oci-layout` is missing, or has another version.
    NotALayout,
    NotAnArchive,
    /// It may be an archive.
    NotAFolder,
    /// It may be a layout.
    IsAFolder,
    NoTag {
        wanted: String,
        /// IMAGE without the name.
        place: String,
        available: Vec<String>,
    },
    /// No name was given to choose one.
    SeveralImages {
        /// IMAGE without a name.
        place: String,
        names: Vec<String>,
    },
    MissingBlob(Digest),
    /// All images are complete.
    MissingAttestation(Digest),
    /// Only its manifest.json lists images. The string is what to type to read that.
    OnlyForDocker(String),
    NoImage,
    /// A file that a document names does not exist.
    Absent(Absence),
    /// A file exists, but cannot be opened.
    Unusable(Absence),
    /// It has the images for these platforms only.
    Incomplete(Vec<Platform>),
    Compression(&'static str),
    /// What is malformed, in words.
    Malformed(String),
    TooManyMembers,
    Bomb,
    /// In a pipe, the layers come before the index, and there is no cache to keep them in.
    OutOfOrder,
    /// A layer of a pipe that is needed twice.
    Repeated,
}

impl LayoutFault {
    /// This fault of the layout or archive at `path`.
    pub fn at(self, path: impl Into<PathBuf>) -> Error {
        let (path, reason) = (path.into(), self);
        LayoutError { path, reason }.into()
    }
}

impl Display for LayoutError {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", path_of(&self.path), self.reason)
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
                write!(f, "no image `{}`; available: ", escaped(wanted))?;
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
            Self::NothingThere => f.write_str("no such file or folder"),
            Self::NotAnArchive => f.write_str("not an image archive"),
            Self::NotAFolder => f.write_str("not a folder"),
            Self::IsAFolder => f.write_str("it is a folder, not a file"),
            Self::Compression(name) => {
                write!(f, "compressed with {name}, which is not supported")
            }
            Self::Malformed(why) => write!(f, "malformed archive: {}", escaped(why)),
            Self::TooManyMembers => f.write_str("malformed archive: too many members"),
            Self::Bomb => {
                f.write_str("a decompression bomb: it unpacks to far more than its size explains")
            }
            Self::OutOfOrder => f.write_str(
                "its layers come before its index, and without a cache there is no place for them",
            ),
            Self::Repeated => f.write_str(
                "it has a layer twice, and without a cache there is no place to keep it",
            ),
        }
    }
}

impl Subject for LayoutError {
    fn hint(&self) -> Option<String> {
        self.reason.hint(&self.path)
    }

    fn category(&self) -> Category {
        self.reason.category()
    }
}

impl LayoutFault {
    fn hint(&self, path: &Path) -> Option<String> {
        let (before, place, name) = match self {
            Self::SeveralImages { place, names } => ("name one: ", place, names.first()?),
            Self::NoTag {
                place, available, ..
            } => ("choose one of them: ", place, available.first()?),
            Self::Incomplete(present) => {
                let first = present.first()?.to_string();
                let before = "`docker save` writes only what was pulled: name one with --platform ";
                return around(before, &first, "");
            }
            Self::NotAFolder => {
                return around("for an archive, write oci-archive:", &path_of(path), "");
            }
            Self::OnlyForDocker(how) => {
                let before = "`docker save` lists it in manifest.json: ";
                return around(before, &escaped(how), "");
            }
            Self::IsAFolder => return around("for a folder, write oci:", &path_of(path), ""),
            other => return other.other_hint().map(str::to_owned),
        };
        around(before, &escaped(&format!("{place}:{name}")), "")
    }

    fn other_hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::OutOfOrder | Self::Repeated => "write it to a file first, or allow a --cache",
            Self::Compression(_) => "decompress it in front of `roots pull -`",
            Self::NothingThere => {
                "check the path; the name of an image in a registry begins without . and /"
            }
            Self::NotALayout => "a layout is what `skopeo copy docker://IMAGE oci:PATH` writes",
            Self::NotAnArchive => "an archive is what `docker save` or `roots save` writes",
            Self::MissingAttestation(_) => "every image is there: save it without --all-platforms",
            Self::NoImage => "write it again: `docker save` lists the images it is told to save",
            Self::MissingBlob(_) => "copy it again: part of it is missing",
            Self::Absent(Absence::Link { .. }) => {
                "copy it together with what its links lead to, as `cp -rL` does"
            }
            Self::Malformed(_) | Self::Absent(_) => {
                "check that it is whole, and written by `docker save` or the like"
            }
            _ => return None,
        })
    }

    fn category(&self) -> Category {
        match self {
            // The image exists, but is not as it should be.
            Self::MissingBlob(_)
            | Self::MissingAttestation(_)
            | Self::Absent(_)
            | Self::Compression(_)
            | Self::Malformed(_)
            | Self::TooManyMembers
            | Self::Bomb => Category::BadImage,
            Self::OutOfOrder | Self::Repeated => Category::Usage,
            Self::Unusable(_) => Category::Destination,
            _ => Category::NotFound,
        }
    }
}
