//! The JSON of `roots pull`.

use crate::escape::json_line;
use crate::oci::Image;
use crate::record::Record;
use serde::Serialize;

/// A pull that is done.
#[derive(Serialize)]
pub(crate) struct PullReport<'o> {
    reference: &'o str,
    /// What the name stands for.
    digest: String,
    /// The manifest for the platform.
    manifest: String,
    platform: &'o str,
    /// How many; nobody has counted those of a tree that was there already.
    layers: Option<usize>,
    /// Of them, compressed.
    bytes: Option<u64>,
    /// How long it took.
    seconds: f64,
    destination: String,
    /// Whether the destination is another tree than before.
    changed: bool,
    /// Whether none of it was done; of a pull, nothing is said.
    #[serde(skip_serializing_if = "is_false")]
    dry_run: bool,
}

impl<'o> PullReport<'o> {
    /// Of a tree in `destination`, which `record` is about; made of `image`, unless it was there or `dry_run`.
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
            // As exact as anybody wants to know it.
            seconds: (seconds * 1000.0).round() / 1000.0,
            destination,
            changed: image.is_some(),
            dry_run,
        }
    }

    /// One line.
    pub(crate) fn to_line(&self) -> String {
        json_line(self)
    }
}

fn is_false(flag: &bool) -> bool {
    !flag
}
