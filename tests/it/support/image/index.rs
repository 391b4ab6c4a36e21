//! Indexes, also called manifest lists: many platforms under one name.

use super::{Blob, Built, Spoil, docker, oci};
use serde_json::{Value, json};

/// An index in the making; OCI until told otherwise. It remembers the images so that one push brings them all.
#[derive(Default)]
pub struct Index {
    entries: Vec<Value>,
    manifests: Vec<Blob>,
    blobs: Vec<Blob>,
    docker: bool,
    spoil: Vec<Spoil>,
}

/// A finished index and everything below it.
#[derive(Clone, Debug)]
pub struct BuiltIndex {
    pub index: Blob,
    /// Manifests and nested indexes.
    pub manifests: Vec<Blob>,
    /// Configs and layers.
    pub blobs: Vec<Blob>,
}

impl Index {
    /// An index without entries.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an image, with its platform.
    pub fn image(self, image: &Built) -> Self {
        self.image_with(image, |_| ())
    }

    /// Adds an image whose entry is changed first: another platform, a wrong size, annotations.
    pub fn image_with(self, image: &Built, spoil: impl FnOnce(&mut Value)) -> Self {
        let mut entry = image.descriptor();
        spoil(&mut entry);
        self.content(image).entry(entry)
    }

    /// Adds what buildx adds since 0.10: an attestation for `image`, of the platform unknown/unknown.
    pub fn attestation(self, image: &Built) -> Self {
        let statement = Blob::json(
            "application/vnd.in-toto+json",
            &json!({
                "_type": "https://in-toto.io/Statement/v0.1",
                "predicateType": "https://slsa.dev/provenance/v0.2",
                "subject": [{"name": "_", "digest": {"sha256": image.manifest.hex()}}],
                "predicate": {},
            }),
        );
        let config = Blob::json(
            oci::CONFIG,
            &json!({
                "architecture": "unknown",
                "os": "unknown",
                "config": {},
                "rootfs": {"type": "layers", "diff_ids": [statement.digest]},
            }),
        );
        let mut layer = statement.descriptor();
        layer["annotations"] =
            json!({"in-toto.io/predicate-type": "https://slsa.dev/provenance/v0.2"});
        let manifest = Blob::json(
            oci::MANIFEST,
            &json!({
                "schemaVersion": 2,
                "mediaType": oci::MANIFEST,
                "config": config.descriptor(),
                "layers": [layer],
            }),
        );
        let annotations = json!({
            "vnd.docker.reference.type": "attestation-manifest",
            "vnd.docker.reference.digest": image.manifest.digest,
        });
        let platform = super::platform("unknown", "unknown", None);
        let attestation = Built {
            manifest,
            config,
            layers: vec![statement],
            platform,
        };
        self.image_with(&attestation, |entry| entry["annotations"] = annotations)
    }

    /// Adds an entry as it is.
    pub fn entry(mut self, entry: Value) -> Self {
        self.entries.push(entry);
        self
    }

    /// Adds an index in the index.
    pub fn nested(mut self, inner: &BuiltIndex) -> Self {
        self.manifests.push(inner.index.clone());
        self.manifests.extend_from_slice(&inner.manifests);
        self.blobs.extend_from_slice(&inner.blobs);
        self.entry(inner.index.descriptor())
    }

    /// Brings an image along without an entry for it.
    pub fn content(mut self, image: &Built) -> Self {
        self.manifests.push(image.manifest.clone());
        self.blobs.extend(image.blobs().cloned());
        self
    }

    /// A Docker manifest list.
    pub fn docker(mut self) -> Self {
        self.docker = true;
        self
    }

    /// Changes the index's JSON before it is written.
    pub fn index(mut self, spoil: impl Fn(&mut Value) + 'static) -> Self {
        self.spoil.push(Box::new(spoil));
        self
    }

    /// Makes the index.
    pub fn build(self) -> BuiltIndex {
        let media_type = if self.docker {
            docker::LIST
        } else {
            oci::INDEX
        };
        let mut index =
            json!({"schemaVersion": 2, "mediaType": media_type, "manifests": self.entries});
        self.spoil.iter().for_each(|spoil| spoil(&mut index));
        BuiltIndex {
            index: Blob::json(media_type, &index),
            manifests: self.manifests,
            blobs: self.blobs,
        }
    }
}
