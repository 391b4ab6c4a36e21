//! The record of a pull: the image and the options that a tree was made from.

use crate::escape::json_page;
use crate::oci::{Digest, Image, PlatformRequest};
use crate::tree_options::TreeOptions;
use serde::{Deserialize, Serialize};

/// The record of a tree, as it is stored, and as `roots inspect` prints it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) struct Record {
    /// The full name of the image.
    pub(crate) reference: String,
    /// The digest that the tag had: that of the index, if there was one.
    pub(crate) digest: Digest,
    /// The digest of the extracted manifest.
    pub(crate) manifest: Digest,
    /// The platform of the image.
    pub(crate) platform: String,
    /// The platform that was requested, by default that of the machine.
    #[serde(rename = "wanted")]
    pub(crate) requested: String,
    /// The version of roots.
    pub(crate) roots: String,
    /// The options that make the tree differ from the image.
    #[serde(default, skip_serializing_if = "TreeOptions::are_none")]
    pub(crate) options: TreeOptions,
    /// Whether owners other than root are missing, because an ordinary user pulled.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) owners_left_out: bool,
    /// By whom the image was signed, if that was checked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) signatures: Option<SignatureRecord>,
}

/// What was demanded of the signatures of an image, and those that were accepted.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) struct SignatureRecord {
    /// The options, with digests of keys and files in place of their names.
    pub(crate) demanded: String,
    pub(crate) accepted: Vec<SignerRecord>,
}

/// A signature that was accepted.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub(crate) struct SignerRecord {
    /// As in the certificate, or the digest of the key.
    pub(crate) signer: String,
    /// Where the signer logged in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) issuer: Option<String>,
    /// The URL of the repository that was built, and the commit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) repository: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) commit: Option<String>,
    /// What was signed: the index or the manifest.
    pub(crate) digest: Digest,
    /// When it existed at the latest: RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) time: Option<String>,
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
            signatures: None,
        }
    }

    /// Whether both describe the same tree. Its name and index may differ.
    pub(crate) fn is_of_same_tree(&self, other: &Self) -> bool {
        self.manifest == other.manifest && self.options == other.options
    }

    /// None if it is malformed.
    pub(crate) fn parse(json: &[u8]) -> Option<Self> {
        serde_json::from_slice(json).ok()
    }

    /// One line of JSON, as it is stored.
    pub(crate) fn to_line(&self) -> String {
        // Strings always serialise.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// JSON that is safe on a terminal: the owner of the tree may have forged the record.
    pub(crate) fn to_page(&self) -> String {
        json_page(self)
    }
}
