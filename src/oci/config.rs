//! The config of an image: image-spec config.md, as far as a root file system needs it.

use super::bounds::{BoundedList, complaint, name, name_or_empty};
use super::{Descriptor, Digest, InvalidManifest, MediaKind, Platform};
use serde::Deserialize;

/// The platform and the DiffIDs of an image.
#[derive(Clone, Debug, Deserialize)]
#[serde(expecting = "an object")]
pub struct Config {
    #[serde(default, deserialize_with = "name_or_empty")]
    os: String,
    #[serde(default, deserialize_with = "name_or_empty")]
    architecture: String,
    #[serde(default, deserialize_with = "name_or_empty")]
    variant: String,
    rootfs: RootFs,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(expecting = "an object")]
struct RootFs {
    #[serde(rename = "type", deserialize_with = "name")]
    kind: String,
    /// `null` for images without layers, as Go's encoder writes an empty list.
    #[serde(default)]
    diff_ids: Option<BoundedList<Digest>>,
}

impl Config {
    /// Parses the bytes of the config blob that a manifest names by `blob`. A blob with a generic
    /// media type that is not an image's config is an artifact.
    pub fn named_by(blob: &Descriptor, bytes: &[u8]) -> Result<Self, InvalidManifest> {
        match (Self::parse(bytes), blob.kind()) {
            (Ok(config), _) => Ok(config),
            (Err(_), MediaKind::Other) if !blob.media_type.is_empty() => {
                Err(InvalidManifest::Artifact(blob.media_type.clone()))
            }
            (Err(why), _) => Err(why),
        }
    }

    /// Parses the bytes of a config blob.
    pub fn parse(bytes: &[u8]) -> Result<Self, InvalidManifest> {
        let config: Self =
            serde_json::from_slice(bytes).map_err(|e| InvalidManifest::Json(complaint(&e)))?;
        if config.rootfs.kind != "layers" {
            return Err(InvalidManifest::RootFs(config.rootfs.kind));
        }
        Ok(config)
    }

    /// The platform, unless the config omits it, as very old images do.
    pub fn platform(&self) -> Option<Platform> {
        let open = self.os.is_empty() && self.architecture.is_empty();
        (!open).then(|| Platform::normalised(&self.os, &self.architecture, &self.variant))
    }

    /// The digests of the uncompressed layers, lowest first.
    pub fn diff_ids(&self) -> &[Digest] {
        let diff_ids = self.rootfs.diff_ids.as_ref();
        diff_ids.map(|list| list.0.as_slice()).unwrap_or_default()
    }
}
