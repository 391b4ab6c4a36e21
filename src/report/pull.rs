//! The JSON of `roots pull`.

use crate::escape::json_line;
use crate::oci::Image;
use crate::record::{Record, SignatureRecord};
use serde::Serialize;

/// The result of a pull.
#[derive(Serialize)]
pub(crate) struct PullReport<'o> {
    reference: &'o str,
    digest: String,
    manifest: String,
    platform: &'o str,
    /// The number of layers; `null` if DEST was up to date.
    layers: Option<usize>,
    /// Their compressed size; `null` if DEST was up to date.
    bytes: Option<u64>,
    seconds: f64,
    destination: String,
    /// Whether DEST has changed.
    changed: bool,
    /// Missing if it is false.
    #[serde(skip_serializing_if = "is_false")]
    dry_run: bool,
    /// As in the record; missing if that has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    signatures: Option<&'o SignatureRecord>,
}

impl<'o> PullReport<'o> {
    /// `image` is given if the tree was extracted now.
    pub(crate) fn new(
        record: &'o Record,
        image: Option<&Image>,
        destination: String,
        seconds: f64,
        dry_run: bool,
    ) -> Self {
        Self {
            reference: &record.reference,
            digest: record.digest.to_string(),
            manifest: record.manifest.to_string(),
            platform: &record.platform,
            layers: image.map(|image| image.layers.len()),
            bytes: image.map(Image::size),
            seconds,
            destination,
            changed: image.is_some(),
            dry_run,
            signatures: record.signatures.as_ref(),
        }
    }

    pub(crate) fn to_line(&self) -> String {
        json_line(self)
    }
}

fn is_false(flag: &bool) -> bool {
    !flag
}
