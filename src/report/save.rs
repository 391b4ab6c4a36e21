//! The JSON of `roots save`: one object for the archive.

use crate::escape::json_line;
use crate::oci::Digest;
use serde::Serialize;

/// The result of a save.
#[derive(Serialize)]
pub(crate) struct SaveReport {
    /// FILE, as typed.
    pub(crate) destination: String,
    /// In the order of the command line.
    pub(crate) images: Vec<SavedImage>,
    /// The number of blobs, documents included, each counted once.
    pub(crate) blobs: usize,
    /// Their size, without headers and padding of the tar.
    pub(crate) bytes: u64,
    pub(crate) seconds: f64,
}

/// One image in an archive.
#[derive(Serialize)]
pub(crate) struct SavedImage {
    pub(crate) reference: String,
    /// The name in the archive, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    /// The digest of that name: of a manifest, or of an index.
    pub(crate) digest: Digest,
    /// The digest of the manifest for the first platform, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) manifest: Option<Digest>,
    /// The platform in the config of that manifest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) platform: Option<String>,
}

impl SaveReport {
    pub(crate) fn to_line(&self) -> String {
        json_line(self)
    }
}
