//! The JSON of `roots save`: one object for the archive.

use crate::escape::json_line;
use crate::oci::Digest;
use serde::Serialize;

/// An archive that was written.
#[derive(Serialize)]
pub(crate) struct SaveReport {
    /// The archive, as typed.
    pub(crate) destination: String,
    /// The images in it, in the order in which they were named.
    pub(crate) images: Vec<SavedImage>,
    /// How many blobs are in it, documents included, each counted once.
    pub(crate) blobs: usize,
    /// How large these are; headers and padding of the tar are not counted.
    pub(crate) bytes: u64,
    /// How long it took.
    pub(crate) seconds: f64,
}

/// One image in an archive.
#[derive(Serialize)]
pub(crate) struct SavedImage {
    /// The image's full name.
    pub(crate) reference: String,
    /// What it is called in the archive, if it has a name there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    /// What that stands for in the archive: a manifest, or the index of several.
    pub(crate) digest: Digest,
    /// The manifest for the first platform, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) manifest: Option<Digest>,
    /// The platform that this manifest is for, as its config says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) platform: Option<String>,
}

impl SaveReport {
    /// One line.
    pub(crate) fn to_line(&self) -> String {
        json_line(self)
    }
}
