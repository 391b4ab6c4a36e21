//! An image is not the one that was requested, or no tree can be made from it.

mod manifest;

use super::text::{around, escaped, list, path_of};
use super::{Category, Error, Subject};
use crate::oci::{Digest, InvalidManifest, Platform};
use std::fmt::{self, Display, Formatter};
use std::path::PathBuf;

/// For bytes that do not match their digest or size.
const ALTERED: &str = "a mirror, proxy or store has altered it: pull it from elsewhere";

/// For bytes that match their digest, but are not a layer.
pub(super) const BROKEN: &str = "the image is broken: have it built and pushed again";

#[derive(Debug)]
pub enum ImageError {
    /// A manifest, index or config.
    Manifest {
        /// Its digest, URL or name.
        subject: String,
        reason: InvalidManifest,
    },
    DigestMismatch {
        part: Part,
        expected: Digest,
        actual: Digest,
    },
    SizeMismatch {
        digest: Digest,
        /// In bytes.
        expected: u64,
        /// In bytes. Counting stops at the first one too many.
        actual: u64,
    },
    NoPlatform {
        image: String,
        wanted: Platform,
        available: Vec<Platform>,
    },
    NotAnIndex(String),
    /// `--raw attestation=N` of an image that has fewer.
    NoAttestation {
        image: String,
        number: usize,
        count: usize,
    },
    /// The lock file has another digest for the image, or none.
    Locked {
        image: String,
        lock: PathBuf,
        expected: Vec<Digest>,
        actual: Digest,
    },
    /// The name stands for another image than when the tree was made.
    Changed {
        image: String,
        /// The manifest that the tree was made from.
        expected: Digest,
        actual: Digest,
    },
    Include {
        path: String,
        reason: IncludeFault,
    },
}

/// What does not match its digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// A manifest or index.
    Manifest,
    /// A config or a compressed layer.
    Blob,
    /// An uncompressed layer, which its DiffID names.
    Contents,
}

/// Why `--include` cannot take a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IncludeFault {
    Missing,
    Excluded,
}

impl Error {
    /// `subject` is the digest, URL or name of the document.
    pub fn manifest(subject: impl Into<String>, reason: InvalidManifest) -> Self {
        let subject = subject.into();
        ImageError::Manifest { subject, reason }.into()
    }

    /// Checks the digest of what was read.
    pub fn unless_equal(part: Part, expected: &Digest, actual: Digest) -> Result<(), Self> {
        if actual == *expected {
            return Ok(());
        }
        Err(ImageError::DigestMismatch {
            part,
            expected: expected.clone(),
            actual,
        }
        .into())
    }
}

impl Display for ImageError {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Manifest { subject, reason } => write!(f, "{subject}: {reason}"),
            Self::DigestMismatch {
                part,
                expected,
                actual,
            } => {
                let part = match part {
                    Part::Manifest => "manifest",
                    Part::Blob => "blob",
                    Part::Contents => "uncompressed layer",
                };
                write!(
                    f,
                    "{expected}: digest mismatch: the {part} received is {actual}"
                )
            }
            Self::SizeMismatch {
                digest,
                expected,
                actual,
            } => {
                write!(f, "{digest}: wrong size: ")?;
                if actual > expected {
                    write!(f, "longer than the {expected} bytes it should have")
                } else {
                    write!(f, "{actual} bytes instead of {expected}")
                }
            }
            Self::NoPlatform {
                image,
                wanted,
                available,
            } => {
                write!(f, "{image}: no image for {wanted}; available: ")?;
                list(f, available, "none")
            }
            Self::NotAnIndex(image) => write!(f, "{image}: a single image without an index"),
            Self::NoAttestation {
                image,
                number,
                count,
            } => match count {
                0 => write!(f, "{image}: no attestation"),
                1 => write!(f, "{image}: no attestation {number}, only one"),
                _ => write!(f, "{image}: no attestation {number}, only {count}"),
            },
            Self::Locked {
                image,
                lock,
                expected,
                ..
            } if expected.is_empty() => write!(f, "{image}: not in {}", path_of(lock)),
            Self::Locked {
                image,
                expected,
                actual,
                ..
            } => {
                write!(f, "{image}: locked to ")?;
                list(f, expected, "nothing")?;
                write!(f, ", but it is {actual}")
            }
            Self::Changed {
                image,
                expected,
                actual,
            } => write!(
                f,
                "{image}: the tree was made of {expected}, but this is {actual}"
            ),
            Self::Include { path, reason } => write!(f, "--include {}: {reason}", escaped(path)),
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

impl Subject for ImageError {
    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Manifest { reason, .. } => reason.hint()?,
            Self::DigestMismatch {
                part: Part::Contents,
                ..
            } => BROKEN,
            Self::DigestMismatch { .. } | Self::SizeMismatch { .. } => ALTERED,
            Self::NoPlatform { available, .. } => {
                // An index may list a platform without a name, which --platform does not take.
                let mut names = available.iter().map(ToString::to_string);
                let first = names.find(|name| Platform::parse(name).is_ok())?;
                return around("choose one of them: --platform ", &first, "");
            }
            Self::NotAnIndex(_) | Self::NoAttestation { .. } => return None,
            Self::Locked {
                image, expected, ..
            } => {
                let before = if expected.is_empty() {
                    "if you trust it, lock it: roots digest --lock "
                } else {
                    "if the change is intended, lock it again: roots digest --lock "
                };
                return around(before, image, "");
            }
            Self::Changed { .. } => "name the IMAGE that the tree is to be compared with",
            Self::Include { path, .. } if path.contains(['*', '?', '[']) => {
                "patterns are not supported: a folder includes everything below it"
            }
            Self::Include { .. } => return None,
        };
        Some(hint.to_owned())
    }

    fn category(&self) -> Category {
        match self {
            Self::Manifest { .. }
            | Self::DigestMismatch { .. }
            | Self::SizeMismatch { .. }
            | Self::Locked { .. } => Category::BadImage,
            Self::NoPlatform { .. }
            | Self::NotAnIndex(_)
            | Self::NoAttestation { .. }
            | Self::Changed { .. }
            | Self::Include { .. } => Category::NotFound,
        }
    }
}
