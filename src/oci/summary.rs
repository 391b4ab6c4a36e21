//! What `roots inspect IMAGE` prints.

use super::{Digest, Image};
use serde::Serialize;

/// An image, in short.
#[derive(Serialize)]
pub struct Summary<'i> {
    reference: String,
    /// What the name stands for.
    digest: &'i Digest,
    /// The manifest for the platform.
    manifest: &'i Digest,
    #[serde(skip_serializing_if = "Option::is_none")]
    platform: Option<String>,
    /// Of all layers, compressed, in bytes.
    size: u64,
    layers: Vec<Layer<'i>>,
}

#[derive(Serialize)]
struct Layer<'i> {
    digest: &'i Digest,
    size: u64,
}

impl<'i> Summary<'i> {
    /// Of an image by the name `reference`.
    pub fn new(reference: String, image: &'i Image) -> Self {
        let blobs = || image.layers.iter().map(|layer| &layer.blob);
        Self {
            reference,
            digest: &image.root,
            manifest: &image.digest,
            platform: image.platform.as_ref().map(ToString::to_string),
            size: blobs().fold(0, |sum, blob| sum.saturating_add(blob.size)),
            layers: blobs()
                .map(|blob| Layer {
                    digest: &blob.digest,
                    size: blob.size,
                })
                .collect(),
        }
    }

    /// For people and programs.
    pub fn to_page(&self) -> String {
        // Strings and numbers alone always become JSON.
        serde_json::to_string_pretty(self).unwrap_or_default()
    }
}
