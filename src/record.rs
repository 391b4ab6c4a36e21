//! The record of a pull: what a tree was made of.

use crate::escape::json_page;
use crate::oci::{Digest, Image, PlatformRequest};
use crate::tree_options::TreeOptions;
use serde::{Deserialize, Serialize};

/// What a tree was made of. The names of the fields are what `roots inspect` prints.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) struct Record {
    /// The image's full name.
    pub(crate) reference: String,
    /// What the name stood for: the digest of an index, where there is one.
    pub(crate) digest: Digest,
    /// The digest of the manifest that was extracted.
    pub(crate) manifest: Digest,
    /// The platform that the image is for.
    pub(crate) platform: String,
    /// The platform that was asked for, or this machine's.
    #[serde(rename = "wanted")]
    pub(crate) requested: String,
    /// The version of roots that made the tree.
    pub(crate) roots: String,
    /// The options that made it differ from the image.
    #[serde(default, skip_serializing_if = "TreeOptions::are_none")]
    pub(crate) options: TreeOptions,
    /// Whether owners other than root are missing, because an ordinary user pulled.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) owners_left_out: bool,
}

impl Record {
    /// The record of a pull of `image` by the name `reference`.
    pub(crate) fn new(
        reference: String,
        image: &Image,
        request: &PlatformRequest,
        options: &TreeOptions,
    ) -> Self {
        let platform = image.platform.as_ref().unwrap_or(&request.platform);
        Self {
            reference,
            digest: image.root.clone(),
            manifest: image.digest.clone(),
            platform: platform.to_string(),
            requested: request.platform.to_string(),
            roots: env!("CARGO_PKG_VERSION").to_owned(),
            options: options.clone(),
            owners_left_out: false,
        }
    }

    /// Whether `other` is about the same tree, whatever name and index led to it.
    pub(crate) fn is_of_same_tree(&self, other: &Self) -> bool {
        self.manifest == other.manifest && self.options == other.options
    }

    /// Reads a record; nothing if it is not one.
    pub(crate) fn parse(json: &[u8]) -> Option<Self> {
        serde_json::from_slice(json).ok()
    }

    /// The record on one line, as it is kept.
    pub(crate) fn to_line(&self) -> String {
        // Strings alone always become JSON.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The record for people and programs: whoever owns the tree may have written it.
    pub(crate) fn to_page(&self) -> String {
        json_page(self)
    }
}
