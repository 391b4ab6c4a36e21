//! Manifests and indexes: image-spec manifest.md and image-index.md, and Docker's schema 2.

use super::bounds::{BoundedList, BoundedName, Each, complaint, present};
use super::descriptor::{EntryDigest, Plain};
use super::media_type::{bare, is_docker, is_untyped_config};
use super::{Descriptor, INDEX_TYPE, IndexEntry, MediaKind};
use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};
use std::rc::Rc;

/// The maximum number of entries of an index.
const MAX_ENTRIES: usize = 20_000;

/// The bytes of a document, which the digest covers; shared, not copied.
pub type Bytes = Rc<Vec<u8>>;

/// A document that a reference or descriptor leads to.
#[derive(Clone, Debug)]
#[allow(
    clippy::large_enum_variant,
    reason = "one is held at a time, and on the stack"
)]
pub enum Document {
    /// A list of manifests for several platforms.
    Index(Index),
    /// The manifest of one image.
    Manifest(Manifest),
}

/// An OCI index or a Docker manifest list, validated. Its entries are parsed from its bytes on
/// demand: all of them at once would take a multiple of the memory.
#[derive(Clone, Debug)]
pub struct Index(Bytes);

/// The manifest of one image.
#[derive(Clone, Debug)]
pub struct Manifest {
    /// The config blob.
    pub config: Descriptor,
    /// The layers, lowest first.
    pub layers: Vec<Descriptor>,
}

/// Why no root file system can be made from a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InvalidManifest {
    /// The document is too long; its size in bytes.
    TooLong(u64),
    /// Invalid JSON, or JSON of another shape; serde's message.
    Json(String),
    /// A media type that is neither a manifest nor an index.
    MediaType(String),
    /// A manifest of schema 1.
    Schema1,
    /// A schema version other than 2.
    SchemaVersion(u64),
    /// The document's media type differs from that of its Content-Type or descriptor.
    TypesDiffer {
        /// The type in the Content-Type or descriptor.
        declared: String,
        /// The type in the document.
        own: String,
    },
    /// Both `layers` and `manifests`: CVE-2021-41190, two readers see two images.
    Ambiguous,
    /// The config, layers or entries are missing.
    Missing(&'static str),
    /// An artifact of the named type: a chart, a signature, an attestation.
    Artifact(String),
    /// A selected index entry whose digest has an unknown algorithm.
    UnknownDigest(String),
    /// A layer that is encrypted.
    Encrypted(String),
    /// A layer of an unknown media type.
    LayerType(String),
    /// The config lists a different number of layers than the manifest.
    LayerCount {
        /// The number in the manifest.
        layers: usize,
        /// The number in the config.
        diff_ids: usize,
    },
    /// A config whose rootfs does not consist of layers.
    RootFs(String),
    /// A required field of the config has the wrong type.
    Field(&'static str),
    /// All documents of an image together are too long; their size in bytes.
    TooLongInAll(u64),
    /// Indexes are nested too deeply.
    TooDeep,
    /// Too many documents.
    TooMuch,
}

/// Both shapes at once, to detect a document that claims to be both.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[serde(expecting = "an object")]
struct RawDocumentJson {
    schema_version: Option<u64>,
    media_type: Option<BoundedName>,
    artifact_type: Option<BoundedName>,
    config: Option<Plain>,
    /// `null` for an image without layers, as BuildKit writes it.
    #[serde(default, deserialize_with = "present")]
    layers: Option<Option<BoundedList<Plain>>>,
    /// `null` if empty, as `docker save` writes it for images without a name.
    #[serde(default, deserialize_with = "present")]
    manifests: Option<Option<EntriesVisitor>>,
    // Schema 1 only, to recognise it.
    fs_layers: Option<IgnoredAny>,
}

/// A list of descriptors, parsed but not kept.
struct EntriesVisitor;

impl<'de> Deserialize<'de> for EntriesVisitor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut count = 0;
        let each = Each::new(|_: IndexEntry| {
            count += 1;
            count <= MAX_ENTRIES
        });
        deserializer.deserialize_seq(each).map(|()| Self)
    }
}

/// The descriptors in a document.
#[derive(Deserialize)]
#[serde(expecting = "an object")]
struct Names {
    config: Option<Plain>,
    layers: Option<BoundedList<Plain>>,
    manifests: Option<BoundedList<Plain<EntryDigest>>>,
}

/// A document, of which only the `mediaType` is read.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[serde(expecting = "an object")]
struct TypedDocument {
    media_type: Option<BoundedName>,
}

impl Document {
    /// All descriptors in a document of any kind: the blobs that a copy of it must contain.
    pub fn names(bytes: &[u8]) -> Result<Vec<Descriptor>, InvalidManifest> {
        let names: Names =
            serde_json::from_slice(bytes).map_err(|e| InvalidManifest::Json(complaint(&e)))?;
        let config = names.config.into_iter().map(|config| Ok(config.into()));
        let entries = names.manifests.into_iter().flat_map(|list| list.0);
        let entries = entries.map(|entry| IndexEntry::from(entry).known());
        let layers = names.layers.into_iter().flat_map(|list| list.0);
        let layers = layers.map(|layer| Ok(layer.into()));
        config.chain(entries).chain(layers).collect()
    }

    /// The media type of this document with these bytes: its own `mediaType`, else the type `declared`
    /// by a Content-Type or descriptor, else the type that its shape implies.
    pub fn media_type(&self, bytes: &[u8], declared: &str) -> String {
        let own = serde_json::from_slice::<TypedDocument>(bytes).ok();
        let own = own.and_then(|typed| typed.media_type).map(|name| name.0);
        own.unwrap_or_else(|| match (MediaKind::of(declared), self) {
            // Docker's manifests allow config types that OCI's do not.
            (MediaKind::Index | MediaKind::Manifest, _) => bare(declared),
            (_, Self::Index(_)) => INDEX_TYPE.to_owned(),
            (_, Self::Manifest(_)) => "application/vnd.oci.image.manifest.v1+json".to_owned(),
        })
    }

    /// Parses `bytes`. A Content-Type or descriptor gave the type `declared`, which is empty if there
    /// was none.
    pub fn parse(bytes: &Bytes, declared: &str) -> Result<Self, InvalidManifest> {
        if MediaKind::of(declared) == MediaKind::Schema1 {
            return Err(InvalidManifest::Schema1);
        }
        let raw: RawDocumentJson = serde_json::from_slice(bytes).map_err(|e| {
            // For example a login page.
            if declared.starts_with("text/") {
                InvalidManifest::MediaType(declared.to_owned())
            } else {
                InvalidManifest::Json(complaint(&e))
            }
        })?;
        match raw.schema_version {
            Some(1) => return Err(InvalidManifest::Schema1),
            Some(2) => {}
            None if raw.fs_layers.is_some() => return Err(InvalidManifest::Schema1),
            None => return Err(InvalidManifest::Missing("schemaVersion")),
            Some(other) => return Err(InvalidManifest::SchemaVersion(other)),
        }
        // A field that is `null` counts as missing, unless there is no other.
        let is_manifest = matches!(raw.layers, Some(Some(_))) || raw.config.is_some();
        if is_manifest && matches!(raw.manifests, Some(Some(_))) {
            return Err(InvalidManifest::Ambiguous);
        }
        let shape = if is_manifest {
            MediaKind::Manifest
        } else {
            MediaKind::Index
        };
        let own = raw.media_type.as_ref().map(|name| name.0.as_str());
        match kind(declared, own)? {
            kind if !is_manifest && raw.manifests.is_none() => {
                Err(InvalidManifest::Missing(match kind {
                    Some(MediaKind::Manifest) => "config",
                    _ => "manifests",
                }))
            }
            Some(kind) if kind != shape => Err(InvalidManifest::TypesDiffer {
                declared: own.unwrap_or(declared).to_owned(),
                own: if is_manifest {
                    "an image manifest"
                } else {
                    "an index"
                }
                .to_owned(),
            }),
            _ if is_manifest => {
                let is_docker = is_docker(own.unwrap_or(declared));
                Manifest::new(raw, is_docker).map(Self::Manifest)
            }
            _ => Ok(Self::Index(Index(Rc::clone(bytes)))),
        }
    }
}

impl Index {
    /// Passes the entries to `take` in the publisher's order of preference.
    pub fn each(&self, mut take: impl FnMut(IndexEntry)) {
        let each = Each::new(|entry| {
            take(entry);
            true
        });
        // These bytes were parsed before, so this can fail only for a list that is `null`.
        let _ = each.of_field("manifests", &self.0);
    }
}

impl Manifest {
    fn new(raw: RawDocumentJson, is_docker: bool) -> Result<Self, InvalidManifest> {
        let config: Descriptor = raw.config.ok_or(InvalidManifest::Missing("config"))?.into();
        // For these, the content of the config decides.
        let is_untyped = is_docker && is_untyped_config(&config.media_type);
        if config.kind() != MediaKind::Config && !is_untyped {
            let kind = raw.artifact_type.map_or(config.media_type, |name| name.0);
            return Err(if kind.is_empty() {
                InvalidManifest::Missing("media type of its config")
            } else {
                InvalidManifest::Artifact(kind)
            });
        }
        let layers = raw.layers.ok_or(InvalidManifest::Missing("layers"))?;
        let layers = layers.into_iter().flat_map(|list| list.0);
        let layers = layers.map(Descriptor::from).collect();
        Ok(Self { config, layers })
    }
}

/// The kind of a document, from the type it was announced with and its own `mediaType`. If both are
/// given, they must agree (distribution-spec, "Pulling manifests"); a generic Content-Type is
/// ignored.
fn kind(declared: &str, own: Option<&str>) -> Result<Option<MediaKind>, InvalidManifest> {
    let document = |kind| matches!(kind, MediaKind::Index | MediaKind::Manifest);
    let bare = declared.split(';').next().unwrap_or_default().trim();
    match own {
        Some(own) if MediaKind::of(own) == MediaKind::Schema1 => Err(InvalidManifest::Schema1),
        Some(own) if !document(MediaKind::of(own)) => {
            Err(InvalidManifest::MediaType(own.to_owned()))
        }
        Some(own) if document(MediaKind::of(bare)) && !bare.eq_ignore_ascii_case(own.trim()) => {
            Err(InvalidManifest::TypesDiffer {
                declared: bare.to_owned(),
                own: own.to_owned(),
            })
        }
        Some(own) => Ok(Some(MediaKind::of(own))),
        None if document(MediaKind::of(bare)) => Ok(Some(MediaKind::of(bare))),
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
