//! An image: a manifest and its config, checked against each other.

use super::{Bytes, Config, Descriptor, Digest, InvalidManifest, Manifest, MediaKind, Platform};

/// What a pull extracts.
#[derive(Clone, Debug)]
pub struct Image {
    /// The digest of what the name stands for: of the index, where there is one.
    pub root: Digest,
    /// The digest of the manifest.
    pub digest: Digest,
    /// The platform that the config names, if it names one.
    pub platform: Option<Platform>,
    /// The layers, lowest first. The same layer may stand here twice.
    pub layers: Vec<Layer>,
    /// The config blob.
    pub config: Descriptor,
    /// Its bytes.
    pub config_bytes: Bytes,
}

/// One layer: the blob that is fetched and the digest of what it holds.
#[derive(Clone, Debug)]
pub struct Layer {
    /// The compressed blob.
    pub blob: Descriptor,
    /// The digest of the uncompressed tar.
    pub diff_id: Digest,
}

impl Image {
    /// Joins a manifest with its config. A layer that cannot be read is refused here, before
    /// anything is fetched: a tree that lacks a layer is a wrong tree.
    pub fn new(
        root: Digest,
        digest: Digest,
        manifest: Manifest,
        config: &Config,
    ) -> Result<Self, InvalidManifest> {
        let diff_ids = config.diff_ids();
        if manifest.layers.len() != diff_ids.len() {
            return Err(InvalidManifest::LayerCount {
                layers: manifest.layers.len(),
                diff_ids: diff_ids.len(),
            });
        }
        let layers = manifest
            .layers
            .into_iter()
            .zip(diff_ids)
            .map(|(blob, diff_id)| match blob.kind() {
                MediaKind::Layer => Ok(Layer {
                    blob,
                    diff_id: diff_id.clone(),
                }),
                MediaKind::Encrypted => Err(InvalidManifest::Encrypted(blob.media_type)),
                _ => Err(InvalidManifest::LayerType(blob.media_type)),
            });
        Ok(Self {
            root,
            digest,
            platform: config.platform(),
            layers: layers.collect::<Result<_, _>>()?,
            config: manifest.config,
            config_bytes: Bytes::default(),
        })
    }

    /// How large the layers are, compressed, in bytes.
    pub fn sizes(&self) -> impl Iterator<Item = u64> {
        self.layers.iter().map(|layer| layer.blob.size)
    }

    /// How large they are together.
    pub fn size(&self) -> u64 {
        self.sizes().fold(0, u64::saturating_add)
    }

    /// The digests of all blobs the image is made of.
    pub fn blobs(&self) -> impl Iterator<Item = &Digest> {
        std::iter::once(&self.config.digest)
            .chain(self.layers.iter().map(|layer| &layer.blob.digest))
    }
}
