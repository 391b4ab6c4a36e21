//! The format of `docker save` since 2014: a `manifest.json` that names a config and, for each
//! DiffID in it, a tar. The OCI manifest is synthesized here in the same way as by skopeo.

use super::ref_name::ImageNames;
use crate::error::LayoutFault;
use crate::oci::{BoundedList, BoundedName, Descriptor, Digest, Each, Reference};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// The name of the file that lists the images.
pub(super) const MANIFEST: &str = "manifest.json";

const MANIFEST_TYPE: &str = "application/vnd.docker.distribution.manifest.v2+json";
const CONFIG_TYPE: &str = "application/vnd.docker.container.image.v1+json";
const LAYER_TYPE: &str = "application/vnd.docker.image.rootfs.diff.tar.gzip";

/// One image of `manifest.json`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[serde(expecting = "an object")]
pub(super) struct ManifestEntry {
    /// The file name of the config.
    config: BoundedName,
    /// `name:tag`, as docker writes it: `debian:bookworm`.
    repo_tags: Option<BoundedList<BoundedName>>,
    /// The file names of the layers, lowest first.
    layers: Option<BoundedList<BoundedName>>,
}

/// The image made from an entry.
pub(super) struct DockerArchiveImage {
    /// The descriptor of the synthesized manifest.
    pub(super) root: Descriptor,
    pub(super) bytes: Vec<u8>,
    /// The files that hold the blobs.
    pub(super) files: HashMap<Digest, String>,
}

/// A manifest with its fields in the order of skopeo, which determines its digest.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SynthesizedManifest<'m> {
    schema_version: u8,
    media_type: &'static str,
    config: BlobJson<'m>,
    layers: Vec<BlobJson<'m>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct BlobJson<'m> {
    media_type: &'m str,
    size: u64,
    digest: &'m Digest,
}

/// The image with that name in the list, or the only one. `place` is the archive as the user typed
/// it.
pub(super) fn find(
    list: &[u8],
    place: &str,
    name: Option<&str>,
) -> Result<ManifestEntry, LayoutFault> {
    let mut names = ImageNames::default();
    let (mut found, mut count) = (None, 0);
    let each = Each::new(|entry: ManifestEntry| {
        let own = entry.names().map(str::to_owned);
        own.for_each(|name| names.add(name));
        count += 1;
        if found.is_none() && name.is_none_or(|name| entry.is_called(name)) {
            found = Some(entry);
        }
        true
    });
    each.of(list)
        .map_err(|_| LayoutFault::Malformed(format!("its {MANIFEST}")))?;
    match (name, found) {
        (Some(_), Some(found)) => Ok(found),
        (Some(name), None) if count > 0 => Err(LayoutFault::NoTag {
            place: place.to_owned(),
            wanted: name.to_owned(),
            available: names.0,
        }),
        (_, None) => Err(LayoutFault::NoImage),
        (None, Some(only)) if count == 1 => Ok(only),
        (None, Some(_)) => Err(LayoutFault::SeveralImages {
            place: place.to_owned(),
            names: names.0,
        }),
    }
}

impl ManifestEntry {
    /// Whether `name` is one of its names, in short or full form.
    pub(super) fn is_called(&self, name: &str) -> bool {
        self.names().any(|own| own == name || is_same(own, name))
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        named_in(self.repo_tags.as_ref())
    }

    /// The layers. Go encodes an empty list as `null`.
    pub(super) fn layers(&self) -> impl Iterator<Item = &str> {
        named_in(self.layers.as_ref())
    }

    /// The file name of the config.
    pub(super) fn config(&self) -> &str {
        &self.config.0
    }

    /// The image that `config` describes, with layers in these files, which have these uncompressed
    /// sizes.
    pub(super) fn image(
        config: (&str, &[u8]),
        diff_ids: &[Digest],
        layers: impl Iterator<Item = (String, u64)>,
    ) -> DockerArchiveImage {
        let (file, config) = config;
        let mut files = HashMap::new();
        let config_blob = Descriptor::new(CONFIG_TYPE, Digest::sha256(config), config.len() as u64);
        files.insert(config_blob.digest.clone(), file.to_owned());
        let layers = diff_ids.iter().zip(layers).map(|(diff_id, (file, size))| {
            files.insert(diff_id.clone(), file);
            Descriptor::new(LAYER_TYPE, diff_id.clone(), size)
        });
        let layers: Vec<_> = layers.collect();
        let bytes = written(&config_blob, &layers);
        let root = Descriptor::new(MANIFEST_TYPE, Digest::sha256(&bytes), bytes.len() as u64);
        DockerArchiveImage { root, bytes, files }
    }
}

fn written(config: &Descriptor, layers: &[Descriptor]) -> Vec<u8> {
    let manifest = SynthesizedManifest {
        schema_version: 2,
        media_type: MANIFEST_TYPE,
        config: named(config),
        layers: layers.iter().map(named).collect(),
    };
    // Strings and numbers always serialise.
    serde_json::to_vec(&manifest).unwrap_or_default()
}

fn named(blob: &Descriptor) -> BlobJson<'_> {
    BlobJson {
        media_type: &blob.media_type,
        size: blob.size,
        digest: &blob.digest,
    }
}

fn named_in(list: Option<&BoundedList<BoundedName>>) -> impl Iterator<Item = &str> {
    let names = list.into_iter().flat_map(|list| &list.0);
    names.map(|name| name.0.as_str())
}

/// Whether two names denote the same image.
pub(super) fn is_same(one: &str, other: &str) -> bool {
    let full = |text| Reference::parse(text).map(|reference| reference.to_string());
    matches!((full(one), full(other)), (Ok(one), Ok(other)) if one == other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_is_called_by_any_spelling_of_its_name() {
        let list = br#"[{"Config":"c","RepoTags":["debian:12","ghcr.io/a/b:1"],"Layers":[]},
            {"Config":"d","RepoTags":null,"Layers":null}]"#;
        let several = find(list, "", None);
        assert!(matches!(several, Err(LayoutFault::SeveralImages { .. })));
        let list = br#"[{"Config":"c","RepoTags":["debian:12","ghcr.io/a/b:1"],"Layers":[]}]"#;
        let entry = find(list, "", None).unwrap();
        for name in ["debian:12", "docker.io/library/debian:12", "ghcr.io/a/b:1"] {
            assert!(entry.is_called(name), "{name}");
        }
        for name in ["debian", "debian:1", "a/b:1", ""] {
            assert!(!entry.is_called(name), "{name}");
        }
    }
}
