//! The config of an image: image-spec config.md, as far as a root folder needs it.

use super::{Digest, InvalidManifest, Platform};
use serde::Deserialize;

/// The platform and the DiffIDs of an image.
#[derive(Clone, Debug, Deserialize)]
pub struct Config {
    #[serde(default)]
    os: String,
    #[serde(default)]
    architecture: String,
    #[serde(default)]
    variant: String,
    rootfs: RootFs,
}

#[derive(Clone, Debug, Deserialize)]
struct RootFs {
    #[serde(rename = "type")]
    kind: String,
    /// `null` for images without layers, as Go's encoder writes an empty list.
    #[serde(default)]
    diff_ids: Option<Vec<Digest>>,
}

impl Config {
    /// Parses the bytes of a config blob.
    pub fn parse(bytes: &[u8]) -> Result<Self, InvalidManifest> {
        let config: Self =
            serde_json::from_slice(bytes).map_err(|e| InvalidManifest::Json(e.to_string()))?;
        if config.rootfs.kind != "layers" {
            return Err(InvalidManifest::RootFs(config.rootfs.kind));
        }
        Ok(config)
    }

    /// The platform, unless the config leaves it open (very old images do).
    pub fn platform(&self) -> Option<Platform> {
        let open = self.os.is_empty() && self.architecture.is_empty();
        (!open).then(|| Platform::normalised(&self.os, &self.architecture, &self.variant))
    }

    /// The digests of the uncompressed layers, lowest first.
    pub fn diff_ids(&self) -> &[Digest] {
        self.rootfs.diff_ids.as_deref().unwrap_or_default()
    }
}
