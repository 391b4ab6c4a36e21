//! Bundles that are in no registry, as artifacts: an archive has no other place for them.

use super::chain::ChainLink;
use crate::oci::{Bytes, Descriptor, Digest, EMPTY, EMPTY_TYPE, MANIFEST_TYPE};
use serde::Serialize;

/// The type of the artifact and of its blob, whatever the version of the bundle, which has its own in its JSON.
const BUNDLE_TYPE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";

/// The manifest and the blobs of a bundle that belongs to `subject`, as cosign pushes them.
pub(super) fn bundle_artifact(json: &[u8], subject: &Descriptor) -> (ChainLink, Vec<ChainLink>) {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct ManifestJson<'m> {
        schema_version: u8,
        media_type: &'static str,
        artifact_type: &'static str,
        config: &'m Descriptor,
        layers: [&'m Descriptor; 1],
        subject: Descriptor,
    }
    let blob = |media_type: &str, bytes: &[u8]| {
        let size = bytes.len() as u64;
        let descriptor = Descriptor::new(media_type, Digest::sha256(bytes), size);
        (descriptor, Bytes::new(bytes.to_vec()))
    };
    let (config, bundle) = (blob(EMPTY_TYPE, EMPTY), blob(BUNDLE_TYPE, json));
    let Descriptor {
        media_type,
        digest,
        size,
        ..
    } = subject.clone();
    let manifest = ManifestJson {
        schema_version: 2,
        media_type: MANIFEST_TYPE,
        artifact_type: BUNDLE_TYPE,
        config: &config.0,
        layers: [&bundle.0],
        subject: Descriptor::new(media_type, digest, size),
    };
    // Strings and numbers always serialise.
    let bytes = serde_json::to_vec(&manifest).unwrap_or_default();
    let (manifest, bytes) = blob(MANIFEST_TYPE, &bytes);
    let artifact_type = Some(BUNDLE_TYPE.to_owned());
    let manifest = Descriptor {
        artifact_type,
        ..manifest
    };
    ((manifest, bytes), vec![config, bundle])
}
