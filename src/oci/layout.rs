//! The documents of layouts that roots writes: image-spec image-layout.md, and docker's
//! `manifest.json`.

use super::{Descriptor, Digest, INDEX_TYPE};
use serde::Serialize;
use std::collections::BTreeMap;

/// The annotation that names an image in `index.json`.
pub const REF_NAME: &str = "org.opencontainers.image.ref.name";

/// The same with the full name: containerd and docker put only the tag into `ref.name`.
pub const IMAGE_NAME: &str = "io.containerd.image.name";

/// The contents of `oci-layout`.
pub const OCI_LAYOUT: &str = r#"{"imageLayoutVersion":"1.0.0"}"#;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct IndexJson<'d> {
    schema_version: u8,
    media_type: &'static str,
    manifests: &'d [Descriptor],
}

/// One entry of docker's `manifest.json`.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DockerImage {
    config: String,
    repo_tags: Option<Vec<String>>,
    layers: Vec<String>,
}

/// The bytes of `index.json`.
pub fn index_json(manifests: &[Descriptor]) -> Vec<u8> {
    let index = IndexJson {
        schema_version: 2,
        media_type: INDEX_TYPE,
        manifests,
    };
    // Strings and numbers always serialise.
    serde_json::to_vec(&index).unwrap_or_default()
}

/// The bytes of docker's `manifest.json`.
pub fn manifest_json(images: &[DockerImage]) -> Vec<u8> {
    serde_json::to_vec(images).unwrap_or_default()
}

/// The path of a blob in a layout.
pub fn blob_path(digest: &Digest) -> String {
    format!("blobs/{}/{}", digest.algorithm().name(), digest.hex())
}

impl DockerImage {
    /// An image with these blobs, which docker will load as `name`.
    pub fn new<'d>(
        name: Option<&str>,
        config: &Digest,
        layers: impl Iterator<Item = &'d Digest>,
    ) -> Self {
        Self {
            config: blob_path(config),
            // Docker refuses a name without a tag.
            repo_tags: name
                .filter(|name| {
                    name.rsplit('/')
                        .next()
                        .is_some_and(|last| last.contains(':'))
                })
                .map(|name| vec![familiar(name).to_owned()]),
            layers: layers.map(blob_path).collect(),
        }
    }
}

/// The name as docker displays it: `debian:bookworm`.
fn familiar(name: &str) -> &str {
    let short = |prefix| name.strip_prefix(prefix);
    short("docker.io/library/")
        .or_else(|| short("docker.io/"))
        .unwrap_or(name)
}

impl Descriptor {
    /// Adds a tag.
    #[must_use]
    pub fn tagged(mut self, tag: &str) -> Self {
        let annotations = self.annotations.get_or_insert_with(BTreeMap::new);
        annotations.insert(REF_NAME.to_owned(), tag.to_owned());
        self
    }

    /// Adds a name, unless there is one already.
    #[must_use]
    pub fn named(mut self, name: &str) -> Self {
        let annotations = self.annotations.get_or_insert_with(BTreeMap::new);
        if ![REF_NAME, IMAGE_NAME]
            .iter()
            .any(|key| annotations.contains_key(*key))
        {
            let pair = |key: &str| (key.to_owned(), name.to_owned());
            annotations.extend([pair(REF_NAME), pair(IMAGE_NAME)]);
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn docker_knows_names_with_tags() {
        let digest = Digest::sha256(b"");
        let tags = |name| DockerImage::new(name, &digest, [].into_iter()).repo_tags;
        for (name, wanted) in [
            ("docker.io/library/debian:12", Some("debian:12")),
            ("docker.io/owner/app:1", Some("owner/app:1")),
            ("localhost:5000/app:1", Some("localhost:5000/app:1")),
            ("localhost:5000/app", None),
        ] {
            let wanted = wanted.map(|name| vec![name.to_owned()]);
            assert_eq!(tags(Some(name)), wanted, "{name}");
        }
        assert_eq!(tags(None), None);
    }
}
