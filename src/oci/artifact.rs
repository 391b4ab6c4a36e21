//! Manifests of artifacts, and how those that belong to an image are found: image-spec manifest.md, "Guidelines for
//! Artifact Usage", and distribution-spec, "Listing Referrers".

use super::bounds::{BoundedList, BoundedName, complaint};
use super::descriptor::Plain;
use super::{Descriptor, Digest, IndexEntry, InvalidManifest};
use serde::Deserialize;

/// The config of an artifact that has none: image-spec manifest.md, "Guidance for an Empty Descriptor".
pub const EMPTY: &[u8] = b"{}";
/// Its media type.
pub const EMPTY_TYPE: &str = "application/vnd.oci.empty.v1+json";

/// The manifest of something that is not an image, such as a signature.
#[derive(Clone, Debug)]
pub struct ArtifactManifest {
    /// What it is; empty in manifests written before OCI 1.1.
    pub artifact_type: String,
    /// The config blob, which is usually empty.
    pub config: Descriptor,
    /// The blobs, with their annotations.
    pub layers: Vec<Descriptor>,
    /// The digest of the manifest that it belongs to.
    pub subject: Option<Digest>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[serde(expecting = "an object")]
struct ArtifactJson {
    artifact_type: Option<BoundedName>,
    config: Plain,
    layers: BoundedList<Descriptor>,
    subject: Option<Plain>,
}

/// A list of referrers: an index whose entries need not be images.
#[derive(Deserialize)]
#[serde(expecting = "an object")]
struct ReferrersJson {
    /// `null` for an empty list, as Go's encoder writes it.
    manifests: Option<BoundedList<IndexEntry>>,
}

impl ArtifactManifest {
    /// Parses the bytes of a manifest.
    pub fn parse(bytes: &[u8]) -> Result<Self, InvalidManifest> {
        let json: ArtifactJson = parse(bytes)?;
        Ok(Self {
            artifact_type: json.artifact_type.map(|name| name.0).unwrap_or_default(),
            config: json.config.into(),
            layers: json.layers.0,
            subject: json.subject.map(|subject| Descriptor::from(subject).digest),
        })
    }
}

/// Parses a list of referrers. Those whose digest cannot be verified are left out.
pub fn referrers(bytes: &[u8]) -> Result<Vec<Descriptor>, InvalidManifest> {
    let json: ReferrersJson = parse(bytes)?;
    let entries = json.manifests.into_iter().flat_map(|list| list.0);
    Ok(entries.filter_map(|entry| entry.known().ok()).collect())
}

/// The tag under which a registry without the referrers API keeps that list: distribution-spec, "Referrers Tag Schema".
pub fn referrers_tag(digest: &Digest) -> String {
    let hex = digest.hex();
    let hex = hex.get(..64).unwrap_or(hex);
    format!("{}-{hex}", digest.algorithm().name())
}

fn parse<'b, T: Deserialize<'b>>(bytes: &'b [u8]) -> Result<T, InvalidManifest> {
    serde_json::from_slice(bytes).map_err(|e| InvalidManifest::Json(complaint(&e)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oci::{Algorithm, is_tag};

    #[test]
    fn the_tag_of_a_digest_is_short_enough_for_any_algorithm() {
        for algorithm in [Algorithm::Sha256, Algorithm::Sha512] {
            let digest = Digest::of(algorithm, b"");
            let tag = referrers_tag(&digest);
            assert!(is_tag(&tag) && tag.len() == 71, "{tag}");
            assert!(tag.ends_with(&digest.hex()[..64]), "{tag}");
        }
    }

    #[test]
    fn a_list_may_be_empty_and_may_hold_what_we_cannot_verify() {
        let count = |json: &str| referrers(json.as_bytes()).map(|list| list.len()).ok();
        assert_eq!(count(r#"{"manifests":null}"#), Some(0));
        assert_eq!(count(r#"{"manifests":[]}"#), Some(0));
        assert_eq!(
            count(r#"{"manifests":[{"digest":"blake3:6f","size":1}]}"#),
            Some(0)
        );
        assert_eq!(count(r#"{"manifests":{}}"#), None);
        assert_eq!(count("<html>"), None);
    }

    #[test]
    fn layers_keep_their_annotations() {
        let digest = Digest::sha256(b"");
        let json = format!(
            r#"{{"config":{{"digest":"{digest}","size":0}},"subject":{{"digest":"{digest}","size":0}},
                "layers":[{{"mediaType":"m","digest":"{digest}","size":0,"annotations":{{"a":"b"}}}}]}}"#
        );
        let manifest = ArtifactManifest::parse(json.as_bytes()).unwrap();
        assert_eq!(manifest.layers[0].annotation("a"), Some("b"));
        assert_eq!(manifest.subject, Some(digest));
        assert_eq!(manifest.artifact_type, "");
    }
}
