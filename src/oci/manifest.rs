//! Manifests and indexes: image-spec manifest.md and image-index.md, and Docker's schema 2.

use super::{Descriptor, Kind};
use serde::Deserialize;

/// A document that a reference or a descriptor led to.
#[derive(Clone, Debug)]
pub enum Document {
    /// A list of manifests for several platforms.
    Index(Index),
    /// The manifest of one image.
    Manifest(Manifest),
}

/// An OCI index or a Docker manifest list.
#[derive(Clone, Debug)]
pub struct Index {
    /// The entries, in the order in which the publisher prefers them.
    pub manifests: Vec<Descriptor>,
}

/// The manifest of one image.
#[derive(Clone, Debug)]
pub struct Manifest {
    /// The config blob.
    pub config: Descriptor,
    /// The layers, lowest first.
    pub layers: Vec<Descriptor>,
}

/// Why a document is not one that a root folder can be made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InvalidManifest {
    /// More bytes than are read.
    TooLong(u64),
    /// Not JSON, or JSON of another shape; serde's words.
    Json(String),
    /// A media type that is neither a manifest nor an index.
    MediaType(String),
    /// A manifest of schema 1.
    Schema1,
    /// Another schema than 2.
    SchemaVersion(u64),
    /// The Content-Type or descriptor says one thing and the document another.
    TypesDiffer {
        /// What led here.
        said: String,
        /// What the document says.
        says: String,
    },
    /// Both `layers` and `manifests`: CVE-2021-41190, two readers see two images.
    Ambiguous,
    /// No config, no layers, or no entries.
    Missing(&'static str),
    /// An artifact of the named type: a chart, a signature, an attestation.
    Artifact(String),
    /// A layer that is encrypted.
    Encrypted(String),
    /// A layer of a type that this tool does not know.
    LayerType(String),
    /// The config names more or fewer layers than the manifest.
    LayerCount {
        /// In the manifest.
        layers: usize,
        /// In the config.
        diff_ids: usize,
    },
    /// A config whose rootfs is not made of layers.
    RootFs(String),
    /// A field of the config that is needed, and of a type that it cannot have.
    Field(&'static str),
    /// An index within an index within an index, without end.
    TooDeep,
    /// More documents than any image has.
    TooMuch,
}

/// Both shapes at once, to see when a document claims to be both.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Raw {
    schema_version: Option<u64>,
    media_type: Option<String>,
    artifact_type: Option<String>,
    config: Option<Descriptor>,
    layers: Option<Vec<Descriptor>>,
    manifests: Option<Vec<Descriptor>>,
    // Schema 1 only; there to be recognised.
    fs_layers: Option<serde::de::IgnoredAny>,
}

impl Document {
    /// Everything that a document names, whatever it may be: what a copy of it must hold.
    pub fn names(bytes: &[u8]) -> Result<Vec<Descriptor>, InvalidManifest> {
        let raw: Raw =
            serde_json::from_slice(bytes).map_err(|e| InvalidManifest::Json(e.to_string()))?;
        let lists = raw.manifests.into_iter().chain(raw.layers).flatten();
        Ok(raw.config.into_iter().chain(lists).collect())
    }

    /// The media type of this document, of which these are the bytes: as it says itself, else what
    /// its shape says.
    pub fn media_type(&self, bytes: &[u8]) -> String {
        let own = serde_json::from_slice::<Raw>(bytes).ok();
        let own = own.and_then(|raw| raw.media_type);
        own.unwrap_or_else(|| match self {
            Self::Index(_) => "application/vnd.oci.image.index.v1+json".to_owned(),
            Self::Manifest(_) => "application/vnd.oci.image.manifest.v1+json".to_owned(),
        })
    }

    /// Parses `bytes`, which a Content-Type or a descriptor said to be of type `said` (empty where
    /// nothing said so).
    pub fn parse(bytes: &[u8], said: &str) -> Result<Self, InvalidManifest> {
        if Kind::of(said) == Kind::Schema1 {
            return Err(InvalidManifest::Schema1);
        }
        let raw: Raw =
            serde_json::from_slice(bytes).map_err(|e| match said.starts_with("text/") {
                // A login page, say.
                true => InvalidManifest::MediaType(said.to_owned()),
                false => InvalidManifest::Json(e.to_string()),
            })?;
        match raw.schema_version {
            Some(1) => return Err(InvalidManifest::Schema1),
            Some(2) => {}
            None if raw.fs_layers.is_some() => return Err(InvalidManifest::Schema1),
            None => return Err(InvalidManifest::Missing("schemaVersion")),
            Some(other) => return Err(InvalidManifest::SchemaVersion(other)),
        }
        let is_manifest = raw.layers.is_some() || raw.config.is_some();
        if is_manifest && raw.manifests.is_some() {
            return Err(InvalidManifest::Ambiguous);
        }
        let shape = if is_manifest {
            Kind::Manifest
        } else {
            Kind::Index
        };
        match kind(said, raw.media_type.as_deref())? {
            kind if !is_manifest && raw.manifests.is_none() => {
                Err(InvalidManifest::Missing(match kind {
                    Some(Kind::Manifest) => "config",
                    _ => "manifests",
                }))
            }
            Some(kind) if kind != shape => Err(InvalidManifest::TypesDiffer {
                said: raw.media_type.unwrap_or_else(|| said.to_owned()),
                says: if is_manifest {
                    "an image manifest"
                } else {
                    "an index"
                }
                .to_owned(),
            }),
            _ if is_manifest => Manifest::new(raw).map(Self::Manifest),
            _ => {
                let manifests = raw.manifests.ok_or(InvalidManifest::Missing("manifests"))?;
                Ok(Self::Index(Index { manifests }))
            }
        }
    }
}

impl Manifest {
    fn new(raw: Raw) -> Result<Self, InvalidManifest> {
        let config = raw.config.ok_or(InvalidManifest::Missing("config"))?;
        if config.kind() != Kind::Config {
            return Err(InvalidManifest::Artifact(
                raw.artifact_type.unwrap_or(config.media_type),
            ));
        }
        let layers = raw.layers.ok_or(InvalidManifest::Missing("layers"))?;
        Ok(Self { config, layers })
    }
}

/// What the document is, by what led to it and by its own `mediaType`. They must agree where both
/// speak (distribution-spec, "Pulling manifests"); a generic Content-Type does not speak.
fn kind(said: &str, own: Option<&str>) -> Result<Option<Kind>, InvalidManifest> {
    let document = |kind| matches!(kind, Kind::Index | Kind::Manifest);
    let bare = said.split(';').next().unwrap_or_default().trim();
    match own {
        Some(own) if Kind::of(own) == Kind::Schema1 => Err(InvalidManifest::Schema1),
        Some(own) if !document(Kind::of(own)) => Err(InvalidManifest::MediaType(own.to_owned())),
        Some(own) if document(Kind::of(bare)) && !bare.eq_ignore_ascii_case(own.trim()) => {
            Err(InvalidManifest::TypesDiffer {
                said: bare.to_owned(),
                says: own.to_owned(),
            })
        }
        Some(own) => Ok(Some(Kind::of(own))),
        None if document(Kind::of(bare)) => Ok(Some(Kind::of(bare))),
        None if matches!(
            bare,
            "" | "application/json" | "text/plain" | "application/octet-stream"
        ) =>
        {
            Ok(None)
        }
        None => Err(InvalidManifest::MediaType(bare.to_owned())),
    }
}
