//! The words of the OCI specifications, each parsed once into a type that cannot be wrong.
//!
//! Nothing here does I/O. The sentences for what these parsers refuse stand in `error.rs`.

mod about;
mod alterations;
mod annotations;
mod bounds;
mod config;
mod descriptor;
mod digest;
mod digest_report;
mod forecast;
mod healthcheck;
mod history;
mod image;
mod json;
mod layout;
mod lenient;
mod lock;
mod manifest;
mod media_type;
mod outcome;
mod platform;
mod purge_report;
mod record;
mod reference;
mod save_report;
mod summary;
mod tag;
mod transport;
mod verification;

pub use about::RunConfig;
pub use alterations::TreeOptions;
pub use annotations::Annotations;
pub use bounds::{Each, BoundedList, BoundedName};
pub use config::Config;
pub use descriptor::{Descriptor, IndexEntry, EntryDigest, PlatformEntry};
pub use digest::{Algorithm, Digest, Hasher, InvalidDigest};
pub use digest_report::DigestReport;
pub use forecast::{BlobReport, DryRunReport, CacheReport};
pub use healthcheck::Healthcheck;
pub use history::HistoryEntry;
pub use image::{Image, Layer};
pub use json::{is_unprintable, json_for_terminal, json_line, json_page};
pub use layout::{
    DockerImage, IMAGE_NAME, OCI_LAYOUT, REF_NAME, blob_path, index_json, manifest_json,
};
pub use lock::{InvalidLock, Lock};
pub use manifest::{Bytes, Document, Index, InvalidManifest, Manifest};
pub use media_type::{ACCEPT, MediaKind};
pub use outcome::PullReport;
pub use platform::{InvalidPlatform, Platform, PlatformRequest};
pub use purge_report::{DroppedReport, PurgeReport};
pub use record::Record;
pub use reference::{HUB, HUB_HOST, InvalidReference, Reference};
pub use save_report::{SaveReport, SavedImage};
pub use summary::{ImageReport, PlatformReport, json_words};
pub use tag::{TagList, is_tag, tags_json};
pub use verification::{AspectReport, AspectValue, PathReport, VerifyReport};
