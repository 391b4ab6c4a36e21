//! The JSON of `roots pull --dry-run`.

use crate::escape::json_line;
use crate::oci::Digest;
use serde::Serialize;

/// A pull that was not made. What [`PullReport`](super::PullReport) has, is called the same here.
#[derive(Serialize)]
pub struct DryRunReport {
    /// The image's full name.
    pub reference: String,
    /// What the name stands for.
    pub digest: Digest,
    /// The manifest for the platform.
    pub manifest: Digest,
    /// What the image is for.
    pub platform: String,
    /// How many layers there are.
    pub layers: usize,
    /// How large they are, each counted once.
    pub bytes: u64,
    /// How much of that would come over the network.
    pub fetch: u64,
    /// The layers, lowest first.
    pub blobs: Vec<BlobReport>,
    /// Who would be asked, or what would be read.
    pub from: Vec<String>,
    /// DEST, as typed.
    pub destination: String,
    /// What would happen to it: `created`, `filled` or `replaced`.
    pub action: &'static str,
    /// Where the old tree would go, as typed, if it were kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keep_old: Option<String>,
    /// The tree that would be removed, as typed, with all that was written into it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub removed: Option<String>,
    /// The file of settings that would be written, if one was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nspawn: Option<String>,
    /// The service that would be written, if one was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// How much can be written there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub free: Option<u64>,
    /// The cache, if there is or would be one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache: Option<CacheReport>,
    /// The destination would be another tree than now.
    pub changed: bool,
    /// None of this was done.
    pub dry_run: bool,
}

/// One layer.
#[derive(Serialize)]
pub struct BlobReport {
    /// As in the manifest.
    pub digest: Digest,
    /// As it is fetched, in bytes.
    pub size: u64,
    /// `cached`, `partial`, `fetch` or `read`.
    pub state: &'static str,
    /// How many bytes are in the cache.
    pub cached: u64,
}

/// A cache.
#[derive(Serialize)]
pub struct CacheReport {
    /// Where it is, or would be made.
    pub path: String,
    /// How much can be written there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub free: Option<u64>,
    /// Whether what is fetched would be kept.
    pub keeps: bool,
}

impl DryRunReport {
    /// One line.
    pub fn to_line(&self) -> String {
        json_line(self)
    }
}
