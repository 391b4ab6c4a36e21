//! The JSON of `roots digest`: an object for each image.

use crate::escape::json_line;
use crate::oci::{Descriptor, Digest, Image};
use serde::Serialize;

/// The digest of a tag, and the manifest that a pull would extract.
#[derive(Serialize)]
pub(crate) struct DigestReport<'d> {
    reference: String,
    digest: &'d Digest,
    /// Missing with `--index`.
    #[serde(skip_serializing_if = "Option::is_none")]
    manifest: Option<&'d Digest>,
    /// The platform in the config.
    #[serde(skip_serializing_if = "Option::is_none")]
    platform: Option<String>,
    /// The media type of the manifest; with `--index`, that of the document with `digest`.
    media_type: &'d str,
    /// The size of the same document, in bytes.
    size: u64,
}

impl<'d> DigestReport<'d> {
    /// `root` is what `reference` stands for.
    pub(crate) fn new(
        reference: String,
        root: &'d Descriptor,
        manifest: Option<(&'d Descriptor, &'d Image)>,
    ) -> Self {
        let platform = manifest.and_then(|(_, image)| image.platform.as_ref());
        let manifest = manifest.map(|(manifest, _)| manifest);
        let described = manifest.unwrap_or(root);
        Self {
            reference,
            digest: &root.digest,
            manifest: manifest.map(|manifest| &manifest.digest),
            platform: platform.map(ToString::to_string),
            media_type: &described.media_type,
            size: described.size,
        }
    }

    pub(crate) fn to_line(&self) -> String {
        json_line(self)
    }
}
