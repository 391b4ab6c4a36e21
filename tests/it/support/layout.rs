//! Images as an OCI image layout: image-spec image-layout.md. The same images make the same bytes.

use super::image::{Blob, Built, BuiltIndex, Compression, oci};
use super::tar::Layer;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// A layout in the making.
#[derive(Default)]
pub struct Layout {
    entries: Vec<Value>,
    blobs: BTreeMap<String, Vec<u8>>,
}

impl Layout {
    /// A layout without images.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an image under a name; `""` is none.
    pub fn image(mut self, name: &str, image: &Built) -> Self {
        image.blobs().for_each(|blob| self.blob(blob));
        self.blob(&image.manifest);
        self.named(name, image.descriptor())
    }

    /// Adds an index under a name, with everything below it; `""` is none.
    pub fn index(mut self, name: &str, index: &BuiltIndex) -> Self {
        index
            .blobs
            .iter()
            .chain(&index.manifests)
            .for_each(|blob| self.blob(blob));
        self.blob(&index.index);
        self.named(name, index.index.descriptor())
    }

    /// Adds an entry of index.json as it is.
    pub fn entry(mut self, entry: Value) -> Self {
        self.entries.push(entry);
        self
    }

    /// Its files by path, to spoil and to write.
    pub fn files(&self) -> BTreeMap<String, Vec<u8>> {
        let mut files = self.blobs.clone();
        let index = json!({"schemaVersion": 2, "mediaType": oci::INDEX, "manifests": self.entries});
        files.insert("index.json".into(), index.to_string().into_bytes());
        files.insert(
            "oci-layout".into(),
            br#"{"imageLayoutVersion":"1.0.0"}"#.to_vec(),
        );
        files
    }

    /// Writes it into a folder, which is made if need be.
    pub fn write(&self, folder: impl AsRef<Path>) {
        for (path, bytes) in self.files() {
            let path = folder.as_ref().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
    }

    /// The layout as a tar (oci-archive), files in alphabetical order: blobs before index.json.
    pub fn archive(&self) -> Vec<u8> {
        let start = Layer::new().dir("blobs", 0o755).dir("blobs/sha256", 0o755);
        self.files()
            .iter()
            .fold(start, |tar, (path, bytes)| tar.file(path, 0o644, bytes))
            .tar()
    }

    /// The archive compressed.
    pub fn compressed_archive(&self, compression: Compression) -> Vec<u8> {
        compression.compress(&self.archive(), true)
    }

    fn blob(&mut self, blob: &Blob) {
        let path = format!("blobs/{}", blob.digest.replace(':', "/"));
        self.blobs.insert(path, blob.bytes.clone());
    }

    fn named(self, name: &str, mut entry: Value) -> Self {
        if !name.is_empty() {
            entry["annotations"] = json!({"org.opencontainers.image.ref.name": name});
        }
        self.entry(entry)
    }
}

/// What `docker save` wrote before it wrote layouts: manifest.json, the config and a tar for each layer.
pub fn docker_archive(name: &str, image: &Built, layers: &[&Layer]) -> Vec<u8> {
    let config = format!("{}.json", image.config.hex());
    let paths: Vec<_> = (0..layers.len())
        .map(|number| format!("layer-{number}/layer.tar"))
        .collect();
    let manifest = json!([{"Config": config, "RepoTags": [name], "Layers": paths}]);
    let start = Layer::new().file(&config, 0o644, &image.config.bytes);
    let tar = paths.iter().zip(layers).fold(start, |tar, (path, layer)| {
        tar.file(path, 0o644, layer.tar())
    });
    tar.file("manifest.json", 0o644, manifest.to_string()).tar()
}

mod tests {
    use super::*;
    use crate::support::{Image, Index, Sandbox};

    /// The bytes are pinned: fixtures made from a layout must not change from one machine to the next.
    /// (A new zstd may change them, which is no harm: then the digest is replaced.)
    #[test]
    fn a_layout_is_the_same_everywhere() {
        let layer = Layer::new()
            .dir("etc", 0o755)
            .file("etc/hostname", 0o644, "box\n");
        let image = || {
            Image::new()
                .platform("linux", "arm", Some("v7"))
                .deterministic()
        };
        let gzip = image()
            .layer(layer.clone())
            .layer(Layer::new().whiteout("etc/x"))
            .build();
        let zstd = image()
            .docker()
            .layer(layer)
            .compressed(Compression::Zstd)
            .build();
        let index = Index::new()
            .image(&gzip)
            .attestation(&gzip)
            .nested(&Index::new().docker().image(&zstd).build());
        let layout = Layout::new()
            .image("1", &zstd)
            .index("latest", &index.build());
        let sandbox = Sandbox::new("layout");
        layout.write(sandbox.path("layout"));
        assert_eq!(
            sandbox.names("layout"),
            ["blobs", "index.json", "oci-layout"]
        );
        assert_eq!(sandbox.names("layout/blobs/sha256").len(), 12);
        assert_eq!(
            crate::support::sha256(layout.archive()),
            "sha256:b4064d05d90f68e8173e644db9f74eec7daca63bc320d2000af3c483b3be4237"
        );
    }
}
