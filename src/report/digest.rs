//! The JSON of `roots digest`: an object for each image.

use crate::escape::json_line;
use crate::oci::{Descriptor, Digest, Image};
use serde::Serialize;

/// What a name stands for, and the manifest that a pull would extract.
#[derive(Serialize)]
pub(crate) struct DigestReport<'d> {
    /// The image's full name.
    reference: String,
    /// What the name stands for.
    digest: &'d Digest,
    /// The manifest for the platform, unless only the digest was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    manifest: Option<&'d Digest>,
    /// The platform that the image is for, as its config says.
    #[serde(skip_serializing_if = "Option::is_none")]
    platform: Option<String>,
    /// Of the manifest, or of what the name stands for if only that was asked for.
    media_type: &'d str,
    /// How large that is, in bytes.
    size: u64,
}

impl<'d> DigestReport<'d> {
    /// Of `root`, which `reference` stands for; and of the manifest of an image in it.
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

    /// One line.
    pub(crate) fn to_line(&self) -> String {
        json_line(self)
    }
}
