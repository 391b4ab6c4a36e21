//! An image: a manifest and its config, checked against each other.

use super::{Bytes, Config, Descriptor, Digest, InvalidManifest, Manifest, MediaKind, Platform};

/// An image, as a pull extracts it.
#[derive(Clone, Debug)]
pub struct Image {
    /// The digest of the document that the name stands for: the index, if there is one.
    pub root: Digest,
    /// The digest of the manifest.
    pub digest: Digest,
    /// The platform in the config, if given.
    pub platform: Option<Platform>,
    /// The layers, lowest first. A layer may occur twice.
    pub layers: Vec<Layer>,
    /// The config blob.
    pub config: Descriptor,
    /// The bytes of the config blob.
    pub config_bytes: Bytes,
}

/// One layer: its blob, and the digest of the uncompressed content.
#[derive(Clone, Debug)]
pub struct Layer {
    /// The compressed blob.
    pub blob: Descriptor,
    /// The digest of the uncompressed tar.
    pub diff_id: Digest,
}

impl Image {
    /// Combines a manifest with its config. A layer that cannot be read is refused here, before
    /// anything is fetched: a tree that lacks a layer would be wrong.
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

    /// The compressed sizes of the layers, in bytes.
    pub fn sizes(&self) -> impl Iterator<Item = u64> {
        self.layers.iter().map(|layer| layer.blob.size)
    }

    /// The total of these sizes.
    pub fn size(&self) -> u64 {
        self.sizes().fold(0, u64::saturating_add)
    }

    /// The digests of all blobs of the image.
    pub fn blobs(&self) -> impl Iterator<Item = &Digest> {
        std::iter::once(&self.config.digest)
            .chain(self.layers.iter().map(|layer| &layer.blob.digest))
    }
}
