//! The JSON of `roots inspect IMAGE`.

use super::AttestationReport;
use crate::escape::json_page;
use crate::oci::{Annotations, Digest, HistoryEntry, Image, IndexEntry, RunConfig};
use serde::Serialize;
use std::collections::BTreeMap;

/// What is known of an image without its layers. Fields that come from the config are as written there.
#[derive(Serialize)]
pub(crate) struct ImageReport {
    pub(crate) reference: String,
    /// The digest of the tag.
    pub(crate) digest: Digest,
    /// The digest of the manifest for the platform, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) manifest: Option<Digest>,
    /// The digest of the config, which docker and podman call the image ID.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) image_id: Option<Digest>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) platform: Option<String>,
    /// The images in the index, if there is one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) platforms: Vec<PlatformReport>,
    /// How many entries of the index are attestations.
    #[serde(skip)]
    pub(crate) attestation_entries: usize,
    /// Who says what about the image: the index first, then the manifest.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) attestations: Vec<AttestationReport>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) created: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) author: Option<String>,
    /// The compressed size of all layers, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) size: Option<u64>,
    /// The unpacked size of all layers, in bytes, if it is known for each.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) unpacked: Option<u64>,
    /// The layers, lowest first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) layers: Option<Vec<LayerReport>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) config: Option<RunConfig>,
    /// The build steps, first to last.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) history: Vec<HistoryEntry>,
    /// The annotations of the manifest.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) annotations: BTreeMap<String, String>,
    /// The annotations of the index.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) index_annotations: BTreeMap<String, String>,
    /// Which of the two are malformed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) malformed: Vec<&'static str>,
}

/// An image in an index.
#[derive(Serialize)]
pub(crate) struct PlatformReport {
    /// Missing if the index has none.
    pub(crate) platform: Option<String>,
    /// The digest of its manifest. The algorithm may be unknown.
    pub(crate) digest: String,
}

/// One layer.
#[derive(Serialize)]
pub(crate) struct LayerReport {
    pub(crate) digest: Digest,
    pub(crate) diff_id: Digest,
    /// The compressed size, in bytes.
    pub(crate) size: u64,
    /// The size of the tar, in bytes, if it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) unpacked: Option<u64>,
    pub(crate) media_type: String,
}

impl ImageReport {
    /// `reference` stands for `root`. If that is an index, it has `platforms`, and may have an `image` for
    /// the requested one.
    pub(crate) fn new(
        reference: String,
        root: Digest,
        (platforms, attestation_entries): (Vec<PlatformReport>, usize),
        image: Option<&Image>,
    ) -> Self {
        let layers: Option<Vec<_>> = image.map(layers);
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
            attestation_entries,
            attestations: Vec::new(),
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

    /// Adds the signatures and attestations.
    #[must_use]
    pub(crate) fn attested(mut self, attestations: Vec<AttestationReport>) -> Self {
        self.attestations = attestations;
        self
    }

    pub(crate) fn to_json(&self) -> String {
        json_page(self)
    }
}

impl PlatformReport {
    pub(crate) fn new(entry: &IndexEntry) -> Self {
        Self {
            platform: entry.platform().as_ref().map(ToString::to_string),
            digest: entry.digest.to_string(),
        }
    }
}

fn layers(image: &Image) -> Vec<LayerReport> {
    let report = |layer: &crate::oci::Layer| LayerReport {
        digest: layer.blob.digest.clone(),
        diff_id: layer.diff_id.clone(),
        size: layer.blob.size,
        // Manifests do not have the unpacked size, and the size at the end of a gzip may be a lie. If both
        // digests are the same, the blob is not compressed, whatever its media type is.
        unpacked: (layer.blob.digest == layer.diff_id).then_some(layer.blob.size),
        media_type: layer.blob.media_type.clone(),
    };
    image.layers.iter().map(report).collect()
}
