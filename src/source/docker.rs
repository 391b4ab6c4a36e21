//! What `docker save` has written since 2014: a `manifest.json` that names a config and, for each
//! DiffID in it, a tar. The manifest that it stands for is made here, as skopeo makes it.

use crate::error::LayoutFault;
use crate::oci::{Config, Descriptor, Digest, Reference};
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
pub(super) struct Entry {
    /// The name of the config's file.
    pub(super) config: String,
    /// `name:tag`, as docker writes it: `debian:bookworm`.
    repo_tags: Option<Vec<String>>,
    /// The names of the layers' files, lowest first.
    layers: Option<Vec<String>>,
}

/// The image that an entry makes.
pub(super) struct Made {
    /// The manifest's own descriptor.
    pub(super) root: Descriptor,
    pub(super) bytes: Vec<u8>,
    /// Where the blobs are.
    pub(super) files: HashMap<Digest, String>,
}

/// A manifest in the order of fields that skopeo writes, which makes its digest.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Written<'m> {
    schema_version: u8,
    media_type: &'static str,
    config: Named<'m>,
    layers: Vec<Named<'m>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Named<'m> {
    media_type: &'m str,
    size: u64,
    digest: &'m Digest,
}

/// Reads the list.
pub(super) fn parse(bytes: &[u8]) -> Option<Vec<Entry>> {
    serde_json::from_slice(bytes).ok()
}

/// The image of that name, or the only one. `place` is how the archive is spelt.
pub(super) fn choose<'e>(
    entries: &'e [Entry],
    place: &str,
    name: Option<&str>,
) -> Result<&'e Entry, LayoutFault> {
    let all = || entries.iter().flat_map(Entry::names).map(str::to_owned);
    match (name, entries) {
        (Some(name), _) => {
            let found = entries.iter().find(|entry| entry.is_called(name));
            found.ok_or_else(|| LayoutFault::NoTag {
                place: place.to_owned(),
                wanted: name.to_owned(),
                available: all().collect(),
            })
        }
        (None, [only]) => Ok(only),
        (None, []) => Err(LayoutFault::NotAnArchive),
        (None, _) => Err(LayoutFault::SeveralImages {
            place: place.to_owned(),
            names: all().collect(),
        }),
    }
}

impl Entry {
    /// Whether `name` is one of its names, however much of it is spelt out.
    pub(super) fn is_called(&self, name: &str) -> bool {
        self.names().any(|own| own == name || is_same(own, name))
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.repo_tags.iter().flatten().map(String::as_str)
    }

    /// None, as Go's encoder writes an empty list, is none.
    pub(super) fn layers(&self) -> &[String] {
        self.layers.as_deref().unwrap_or_default()
    }

    /// The image, of the bytes of its config and the sizes of its layers. Nothing if the config is
    /// none, or has another number of layers.
    pub(super) fn image(&self, config: &[u8], sizes: &[u64]) -> Option<Made> {
        let diff_ids = Config::parse(config).ok()?.diff_ids().to_vec();
        if diff_ids.len() != self.layers().len() || sizes.len() != self.layers().len() {
            return None;
        }
        let mut files = HashMap::new();
        let config_blob = descriptor(CONFIG_TYPE, Digest::sha256(config), config.len() as u64);
        files.insert(config_blob.digest.clone(), self.config.clone());
        let mut layers = Vec::new();
        for ((file, diff_id), size) in self.layers().iter().zip(diff_ids).zip(sizes) {
            let digest = named_digest(file).unwrap_or(diff_id);
            files.insert(digest.clone(), file.clone());
            layers.push(descriptor(LAYER_TYPE, digest, *size));
        }
        let bytes = written(&config_blob, &layers);
        let root = descriptor(MANIFEST_TYPE, Digest::sha256(&bytes), bytes.len() as u64);
        Some(Made { root, bytes, files })
    }
}

fn written(config: &Descriptor, layers: &[Descriptor]) -> Vec<u8> {
    let manifest = Written {
        schema_version: 2,
        media_type: MANIFEST_TYPE,
        config: named(config),
        layers: layers.iter().map(named).collect(),
    };
    // Strings and numbers alone always become JSON.
    serde_json::to_vec(&manifest).unwrap_or_default()
}

fn named(blob: &Descriptor) -> Named<'_> {
    Named {
        media_type: &blob.media_type,
        size: blob.size,
        digest: &blob.digest,
    }
}

fn descriptor(media_type: &str, digest: Digest, size: u64) -> Descriptor {
    Descriptor {
        media_type: media_type.to_owned(),
        digest,
        size,
        platform: None,
        annotations: None,
    }
}

/// The digest that the name of a compressed layer's file says: docker's own since it writes layouts
/// as well, and crane's. Without one it is the tar that DiffIDs are of.
fn named_digest(file: &str) -> Option<Digest> {
    let hex = match file.strip_prefix("blobs/sha256/") {
        Some(hex) => hex,
        None => file.strip_suffix(".tar.gz")?.trim_start_matches("sha256:"),
    };
    Digest::parse(&format!("sha256:{hex}")).ok()
}

/// Whether two names mean the same image.
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
        assert_eq!(parse(list).map(|list| list.len()), Some(2));
        let list = br#"[{"Config":"c","RepoTags":["debian:12","ghcr.io/a/b:1"],"Layers":[]}]"#;
        let [entry] = &parse(list).unwrap()[..] else {
            panic!("one image");
        };
        for name in ["debian:12", "docker.io/library/debian:12", "ghcr.io/a/b:1"] {
            assert!(entry.is_called(name), "{name}");
        }
        for name in ["debian", "debian:1", "a/b:1", ""] {
            assert!(!entry.is_called(name), "{name}");
        }
    }

    #[test]
    fn a_file_is_called_by_its_digest_or_not() {
        let hex = "0".repeat(64);
        let digest = Digest::parse(&format!("sha256:{hex}")).ok();
        for name in ["blobs/sha256/HEX", "HEX.tar.gz", "sha256:HEX.tar.gz"] {
            assert_eq!(named_digest(&name.replace("HEX", &hex)), digest, "{name}");
        }
        for name in ["HEX/layer.tar", "HEX.tar", "layer.tar.gz"] {
            assert_eq!(named_digest(&name.replace("HEX", &hex)), None, "{name}");
        }
    }
}
