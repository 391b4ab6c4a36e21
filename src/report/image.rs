//! The report of `roots inspect IMAGE`.

use crate::escape::json_page;
use crate::oci::{Annotations, Digest, HistoryEntry, Image, IndexEntry, RunConfig};
use serde::Serialize;
use std::collections::BTreeMap;

/// An image, as it is known without its layers. The names of the fields are what `--json` prints.
#[derive(Serialize)]
pub(crate) struct ImageReport {
    /// The image's full name.
    pub(crate) reference: String,
    /// What the name stands for.
    pub(crate) digest: Digest,
    /// The manifest for the platform, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) manifest: Option<Digest>,
    /// The digest of its config, which docker and podman call the image ID.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) image_id: Option<Digest>,
    /// The platform that the image is for, as its config says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) platform: Option<String>,
    /// The images in the index, if the name stands for one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) platforms: Vec<PlatformReport>,
    /// How many attestations stand beside them.
    #[serde(skip_serializing_if = "is_zero")]
    pub(crate) attestations: usize,
    /// When it was made, as its config says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) created: Option<String>,
    /// Who has made it, as its config says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) author: Option<String>,
    /// Of all layers, as they are fetched, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) size: Option<u64>,
    /// Of all layers, unpacked, where that is known of each.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) unpacked: Option<u64>,
    /// The layers, lowest first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) layers: Option<Vec<LayerReport>>,
    /// How it wants to be run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) config: Option<RunConfig>,
    /// How it was built, the first step first, as its config says.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) history: Vec<HistoryEntry>,
    /// The annotations of the manifest.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) annotations: BTreeMap<String, String>,
    /// The annotations of the index.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) index_annotations: BTreeMap<String, String>,
    /// Which of the two are not what they must be.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) malformed: Vec<&'static str>,
}

/// One of several images in an index.
#[derive(Serialize)]
pub(crate) struct PlatformReport {
    /// What it is for, if the index says so.
    pub(crate) platform: Option<String>,
    /// The digest of its manifest, which may be of an algorithm that is not known.
    pub(crate) digest: String,
}

/// One layer.
#[derive(Serialize)]
pub(crate) struct LayerReport {
    /// Of the blob.
    pub(crate) digest: Digest,
    /// Of what is in it.
    pub(crate) diff_id: Digest,
    /// As it is fetched, in bytes.
    pub(crate) size: u64,
    /// The tar in it, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) unpacked: Option<u64>,
    /// As written in the manifest.
    pub(crate) media_type: String,
}

impl ImageReport {
    /// Of what `reference` stands for: `root`, with `platforms` in it if that is an index, one of which
    /// may be `image`.
    pub(crate) fn new(
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
        let mut config = image.map(|image| RunConfig::parse(&image.config_bytes));
        let history = config
            .as_mut()
            .map(|config| std::mem::take(&mut config.history));
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
            created: config.as_ref().and_then(|config| config.created.clone()),
            author: config.as_ref().and_then(|config| config.author.clone()),
            history: history.unwrap_or_default(),
            annotations: BTreeMap::new(),
            index_annotations: BTreeMap::new(),
            malformed: Vec::new(),
            size: image.map(Image::size),
            unpacked,
            layers,
            config,
        }
    }

    /// Adds the annotations of the manifest and of the index.
    #[must_use]
    pub(crate) fn annotated(mut self, manifest: Annotations, index: Annotations) -> Self {
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
    pub(crate) fn to_json(&self) -> String {
        json_page(self)
    }
}

impl PlatformReport {
    /// An entry of the index.
    pub(crate) fn new(entry: &IndexEntry) -> Self {
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
