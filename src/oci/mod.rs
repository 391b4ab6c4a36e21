//! The types of the OCI specifications, each validated when it is parsed.
//!
//! Nothing here does I/O. The messages for parse errors are in `src/error/`.

mod annotations;
mod artifact;
mod bounds;
mod config;
mod descriptor;
mod digest;
mod healthcheck;
mod history;
mod host;
mod image;
mod layout;
mod lenient;
mod manifest;
mod media_type;
mod platform;
mod reference;
mod run_config;
mod tag;
mod transport;

pub use annotations::Annotations;
pub use artifact::{ArtifactManifest, EMPTY, EMPTY_TYPE, referrers, referrers_tag};
pub use bounds::{BoundedList, BoundedName, Each};
pub use config::Config;
pub use descriptor::{Descriptor, EntryDigest, IndexEntry, PlatformEntry};
pub use digest::{Algorithm, Digest, Hasher, InvalidDigest};
pub use healthcheck::Healthcheck;
pub use history::HistoryEntry;
pub use host::is_short_ipv4;
pub use image::{Image, Layer};
pub use layout::{
    DockerImage, IMAGE_NAME, OCI_LAYOUT, REF_NAME, blob_path, index_json, manifest_json,
};
pub use manifest::{Bytes, Document, Index, InvalidManifest, Manifest};
pub use media_type::{ACCEPT, INDEX_TYPE, MANIFEST_TYPE, MediaKind};
pub use platform::{InvalidPlatform, Platform, PlatformRequest};
pub use reference::{HUB, HUB_HOST, InvalidReference, Reference};
pub use run_config::RunConfig;
pub use tag::{TagList, is_tag, tags_json};
