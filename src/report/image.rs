//! The report of `roots inspect IMAGE`.

use crate::escape::json_page;
use crate::oci::{Annotations, Digest, HistoryEntry, Image, IndexEntry, RunConfig};
use serde::Serialize;
use std::collections::BTreeMap;

/// An image, as it is known without its layers. The names of the fields are what `--json` prints.
#[derive(Serialize)]
pub struct ImageReport {
    /// The image's full name.
    pub reference: String,
    /// What the name stands for.
    pub digest: Digest,
    /// The manifest for the platform, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub manifest: Option<Digest>,
    /// The digest of its config, which docker and podman call the image ID.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_id: Option<Digest>,
    /// The platform that the image is for, as its config says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub platform: Option<String>,
    /// The images in the index, if the name stands for one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub platforms: Vec<PlatformReport>,
    /// How many attestations stand beside them.
    #[serde(skip_serializing_if = "is_zero")]
    pub attestations: usize,
    /// When it was made, as its config says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created: Option<String>,
    /// Who has made it, as its config says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    /// Of all layers, as they are fetched, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// Of all layers, unpacked, where that is known of each.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unpacked: Option<u64>,
    /// The layers, lowest first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub layers: Option<Vec<LayerReport>>,
    /// How it wants to be run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub config: Option<RunConfig>,
    /// How it was built, the first step first, as its config says.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub history: Vec<HistoryEntry>,
    /// The annotations of the manifest.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
    /// The annotations of the index.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub index_annotations: BTreeMap<String, String>,
    /// Which of the two are not what they must be.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub malformed: Vec<&'static str>,
}

/// One of several images in an index.
#[derive(Serialize)]
pub struct PlatformReport {
    /// What it is for, if the index says so.
    pub platform: Option<String>,
    /// The digest of its manifest, which may be of an algorithm that is not known.
    pub digest: String,
}

/// One layer.
#[derive(Serialize)]
pub struct LayerReport {
    /// Of the blob.
    pub digest: Digest,
    /// Of what is in it.
    pub diff_id: Digest,
    /// As it is fetched, in bytes.
    pub size: u64,
    /// The tar in it, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unpacked: Option<u64>,
    /// As written in the manifest.
    pub media_type: String,
}

impl ImageReport {
    /// Of what `reference` stands for: `root`, with `platforms` in it if that is an index, one of which
    /// may be `image`.
    pub fn new(
        reference: String,
        root: Digest,
        (platforms, attestations): (Vec<PlatformReport>, usize),
        image: Option<&Image>,
    ) -> Self {
        let layers: Option<Vec<_>> = image.map(parts);
        let unpacked = layers.as_ref().and_then(|layers| {
            let mut sizes = layers.iter().map(|layer| layer.unpacked);
            sizes.try_fold(0, |sum, size| Some(u64::saturating_add(sum, size?)))
        });
        let mut about = image.map(|image| RunConfig::parse(&image.config_bytes));
        let history = about
            .as_mut()
            .map(|about| std::mem::take(&mut about.history));
        Self {
            reference,
            digest: root,
            manifest: image.map(|image| image.digest.clone()),
            image_id: image.map(|image| image.config.digest.clone()),
            platform: image
                .and_then(|image| image.platform.as_ref())
                .map(ToString::to_string),
            platforms,
            attestations,
            created: about.as_ref().and_then(|about| about.created.clone()),
            author: about.as_ref().and_then(|about| about.author.clone()),
            history: history.unwrap_or_default(),
            annotations: BTreeMap::new(),
            index_annotations: BTreeMap::new(),
            malformed: Vec::new(),
            size: image.map(Image::size),
            unpacked,
            layers,
            config: about,
        }
    }

    /// Adds the annotations of the manifest and of the index.
    #[must_use]
    pub fn annotated(mut self, manifest: Annotations, index: Annotations) -> Self {
        let faults = [
            (manifest.is_malformed, "annotations"),
            (index.is_malformed, "index annotations"),
        ];
        let faults = faults.iter().filter(|(is_malformed, _)| *is_malformed);
        self.malformed = faults.map(|(_, name)| *name).collect();
        self.annotations = manifest.pairs;
        self.index_annotations = index.pairs;
        self
    }

    /// For programs.
    pub fn to_json(&self) -> String {
        json_page(self)
    }
}

impl PlatformReport {
    /// An entry of the index.
    pub fn new(entry: &IndexEntry) -> Self {
        Self {
            platform: entry.platform().as_ref().map(ToString::to_string),
            digest: entry.digest.to_string(),
        }
    }
}

fn parts(image: &Image) -> Vec<LayerReport> {
    let part = |layer: &crate::oci::Layer| LayerReport {
        digest: layer.blob.digest.clone(),
        diff_id: layer.diff_id.clone(),
        size: layer.blob.size,
        // No manifest says how large a compressed layer is inside, and what the end of a gzip says
        // may be a lie. A blob that is its own contents is not compressed, whatever it is called.
        unpacked: (layer.blob.digest == layer.diff_id).then_some(layer.blob.size),
        media_type: layer.blob.media_type.clone(),
    };
    image.layers.iter().map(part).collect()
}

fn is_zero(count: &usize) -> bool {
    *count == 0
}
