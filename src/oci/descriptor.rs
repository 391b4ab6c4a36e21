//! Descriptors: image-spec descriptor.md; what a document says of a blob it names.

use super::bounds::{name, pairs};
use super::{Digest, Kind, Platform};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One descriptor. Unknown fields are ignored; a size that is negative, huge or no number is not.
///
/// `urls` are not read: CVE-2020-15157 sent credentials to them, and registries hold the blobs.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Descriptor {
    /// The media type, as written.
    #[serde(deserialize_with = "name")]
    pub media_type: String,
    /// The digest of the blob.
    pub digest: Digest,
    /// The size of the blob in bytes.
    pub size: u64,
    /// The platform, in the entries of an index.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<PlatformEntry>,
    /// Annotations, of which only those that mark attestations and name references are looked at.
    #[serde(
        default,
        deserialize_with = "pairs",
        skip_serializing_if = "Option::is_none"
    )]
    pub annotations: Option<BTreeMap<String, String>>,
}

/// A descriptor of which nothing but the blob counts: an image has thousands of them, and may say
/// megabytes of each.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Plain {
    #[serde(deserialize_with = "name")]
    media_type: String,
    digest: Digest,
    size: u64,
}

impl From<Plain> for Descriptor {
    fn from(plain: Plain) -> Self {
        Self::new(plain.media_type, plain.digest, plain.size)
    }
}

/// A platform as an index spells it; empty where it says nothing.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct PlatformEntry {
    /// `linux`, or `unknown` for attestations.
    pub os: String,
    /// A GOARCH.
    pub architecture: String,
    /// `v7`, `v8`, `v3`, or nothing.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub variant: String,
}

impl Descriptor {
    /// A blob of which nothing else is said.
    pub fn new(media_type: impl Into<String>, digest: Digest, size: u64) -> Self {
        Self {
            media_type: media_type.into(),
            digest,
            size,
            platform: None,
            annotations: None,
        }
    }

    /// What the media type stands for.
    pub fn kind(&self) -> Kind {
        Kind::of(&self.media_type)
    }

    /// The value of an annotation.
    pub fn annotation(&self, key: &str) -> Option<&str> {
        self.annotations.as_ref()?.get(key).map(String::as_str)
    }

    /// The platform, normalised, unless the descriptor leaves it open.
    pub fn platform(&self) -> Option<Platform> {
        let entry = self.platform.as_ref()?;
        let open = entry.os.is_empty() && entry.architecture.is_empty();
        (!open).then(|| Platform::normalised(&entry.os, &entry.architecture, &entry.variant))
    }

    /// Whether this is one of buildx's attestations, which look like images of `unknown/unknown`.
    pub fn is_attestation(&self) -> bool {
        let unknown = self.platform.as_ref().is_some_and(|p| p.os == "unknown");
        unknown || self.annotation("vnd.docker.reference.type").is_some()
    }
}
