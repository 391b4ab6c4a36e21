//! Images as a registry holds them: layers become blobs, blobs a manifest, manifests an index.
//! Everything is right unless a test asks for something wrong.

use super::tar::Layer;
use serde_json::{Value, json};

mod blob;
mod compression;
mod index;
mod media_type;
mod platform;

pub use blob::{Blob, sha256};
pub use compression::{Compression, gzip as raw_gzip, zstd as raw_zstd};
pub use index::{BuiltIndex, Index};
pub use media_type::{docker, oci};
pub use platform::{host_platform, platform};

type Spoil = Box<dyn Fn(&mut Value)>;

/// An image in the making: for the host's platform, OCI, layers in gzip, until told otherwise.
pub struct Image {
    layers: Vec<Part>,
    platform: Value,
    docker: bool,
    deterministic: bool,
    spoil_config: Vec<Spoil>,
    spoil_manifest: Vec<Spoil>,
}

/// A layer, still to be compressed or as it is, with what its descriptor and the config shall say.
struct Part {
    bytes: Vec<u8>,
    compression: Option<Compression>,
    media_type: Option<String>,
    diff_id: String,
}

/// A finished image. The fields are open: replace one to serve something else than was built.
#[derive(Clone, Debug)]
pub struct Built {
    pub manifest: Blob,
    pub config: Blob,
    pub layers: Vec<Blob>,
    /// The platform of its descriptor in an index.
    pub platform: Value,
}

impl Image {
    /// An image without layers.
    pub fn new() -> Self {
        let (os, architecture, variant) = host_platform();
        Self {
            layers: Vec::new(),
            platform: platform(os, architecture, variant),
            docker: false,
            deterministic: false,
            spoil_config: Vec::new(),
            spoil_manifest: Vec::new(),
        }
    }

    /// Adds a layer on top.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "a chain of calls made it, and nobody keeps it"
    )]
    pub fn layer(mut self, layer: Layer) -> Self {
        self.layers.push(Part::tar(layer.tar()));
        self
    }

    /// Adds a layer from a tar in bytes, compressed like any other.
    pub fn layer_tar(mut self, tar: impl Into<Vec<u8>>) -> Self {
        self.layers.push(Part::tar(tar.into()));
        self
    }

    /// Adds a blob as it is, under the media type and the DiffID given.
    pub fn layer_bytes(
        mut self,
        media_type: &str,
        bytes: impl Into<Vec<u8>>,
        diff_id: &str,
    ) -> Self {
        let (media_type, diff_id) = (Some(media_type.to_owned()), diff_id.to_owned());
        self.layers.push(Part {
            bytes: bytes.into(),
            compression: None,
            media_type,
            diff_id,
        });
        self
    }

    /// Compresses the layer added last.
    pub fn compressed(mut self, compression: Compression) -> Self {
        self.last().compression = Some(compression);
        self
    }

    /// Labels the layer added last, whatever it really is.
    pub fn labelled(mut self, media_type: &str) -> Self {
        self.last().media_type = Some(media_type.to_owned());
        self
    }

    /// The platform in the config and in the descriptor of an index.
    pub fn platform(mut self, os: &str, architecture: &str, variant: Option<&str>) -> Self {
        self.platform = platform(os, architecture, variant);
        self
    }

    /// Docker's media types instead of OCI's.
    pub fn docker(mut self) -> Self {
        self.docker = true;
        self
    }

    /// The same bytes on every machine: gzip with stored blocks, as zlib-rs picks matches by what the CPU offers.
    pub fn deterministic(mut self) -> Self {
        self.deterministic = true;
        self
    }

    /// Changes the config's JSON before it is written.
    pub fn config(mut self, spoil: impl Fn(&mut Value) + 'static) -> Self {
        self.spoil_config.push(Box::new(spoil));
        self
    }

    /// Changes the manifest's JSON before it is written.
    pub fn manifest(mut self, spoil: impl Fn(&mut Value) + 'static) -> Self {
        self.spoil_manifest.push(Box::new(spoil));
        self
    }

    /// Makes the blobs, digests and all.
    pub fn build(self) -> Built {
        let layers: Vec<Blob> = self
            .layers
            .iter()
            .map(|part| self.layer_blob(part))
            .collect();
        let config = self.config_blob();
        let media_type = if self.docker {
            docker::MANIFEST
        } else {
            oci::MANIFEST
        };
        let mut manifest = json!({
            "schemaVersion": 2,
            "mediaType": media_type,
            "config": config.descriptor(),
            "layers": layers.iter().map(Blob::descriptor).collect::<Vec<_>>(),
        });
        self.spoil_manifest
            .iter()
            .for_each(|spoil| spoil(&mut manifest));
        Built {
            manifest: Blob::json(media_type, &manifest),
            config,
            layers,
            platform: self.platform,
        }
    }

    fn config_blob(&self) -> Blob {
        let mut config = json!({
            "created": "2023-11-14T22:13:20Z",
            "config": {},
            "rootfs": {
                "type": "layers",
                "diff_ids": self.layers.iter().map(|part| &part.diff_id).collect::<Vec<_>>(),
            },
            "history": self.layers.iter().map(|_| json!({"created_by": "roots tests"})).collect::<Vec<_>>(),
        });
        for (key, value) in self.platform.as_object().into_iter().flatten() {
            config[key] = value.clone();
        }
        self.spoil_config
            .iter()
            .for_each(|spoil| spoil(&mut config));
        Blob::json(
            if self.docker {
                docker::CONFIG
            } else {
                oci::CONFIG
            },
            &config,
        )
    }

    fn layer_blob(&self, part: &Part) -> Blob {
        let Some(compression) = part.compression else {
            return Blob::new(
                part.media_type.as_deref().unwrap_or_default(),
                part.bytes.clone(),
            );
        };
        let media_type =
            part.media_type
                .clone()
                .unwrap_or_else(|| match (self.docker, compression.suffix()) {
                    (true, "") => docker::LAYER.to_owned(),
                    (true, suffix) => format!("{}.{suffix}", docker::LAYER),
                    (false, "") => oci::LAYER.to_owned(),
                    (false, suffix) => format!("{}+{suffix}", oci::LAYER),
                });
        Blob::new(
            &media_type,
            compression.compress(&part.bytes, self.deterministic),
        )
    }

    fn last(&mut self) -> &mut Part {
        self.layers
            .last_mut()
            .expect("a modifier needs a layer before it")
    }
}

impl Part {
    fn tar(bytes: Vec<u8>) -> Self {
        let diff_id = sha256(&bytes);
        Self {
            bytes,
            compression: Some(Compression::Gzip),
            media_type: None,
            diff_id,
        }
    }
}

impl Built {
    /// The manifest's descriptor as an index has it.
    pub fn descriptor(&self) -> Value {
        let mut descriptor = self.manifest.descriptor();
        descriptor["platform"] = self.platform.clone();
        descriptor
    }

    /// The config and the layers: all but the manifest.
    pub fn blobs(&self) -> impl Iterator<Item = &Blob> {
        std::iter::once(&self.config).chain(&self.layers)
    }
}

mod tests {
    use super::*;

    #[test]
    fn digests_hold_and_spoils_spoil() {
        let layer = Layer::new().file("a", 0o644, "a");
        let built = Image::new()
            .layer(layer.clone())
            .layer_tar(layer.tar())
            .compressed(Compression::ZstdFrames(2))
            .layer_bytes("text/plain", "x", "sha256:0")
            .docker()
            .config(|config| config["history"] = json!(null))
            .manifest(|manifest| manifest["layers"][0]["size"] = (-1).into())
            .build();
        let manifest = built.manifest.value();
        let types: Vec<_> = built
            .layers
            .iter()
            .map(|layer| layer.media_type.strip_prefix(docker::LAYER))
            .collect();
        assert_eq!(types, [Some(".gzip"), Some(".zstd"), None]);
        assert_eq!(manifest["config"], built.config.descriptor());
        assert_eq!(manifest["layers"][0]["size"], -1);
        assert_eq!(manifest["layers"][1], built.layers[1].descriptor());
        assert_eq!(built.manifest.digest, sha256(&built.manifest.bytes));
        let config = built.config.value();
        assert_eq!(
            config["rootfs"]["diff_ids"],
            json!([sha256(layer.tar()), sha256(layer.tar()), "sha256:0"])
        );
        assert_eq!(
            (&config["architecture"], &config["history"]),
            (&json!(host_platform().1), &Value::Null)
        );
    }
}
