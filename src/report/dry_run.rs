//! The JSON of `roots pull --dry-run`.

use crate::escape::json_line;
use crate::oci::Digest;
use serde::Serialize;

/// A pull that was not made. What [`PullReport`](super::PullReport) has, is called the same here.
#[derive(Serialize)]
pub(crate) struct DryRunReport {
    /// The image's full name.
    pub(crate) reference: String,
    /// What the name stands for.
    pub(crate) digest: Digest,
    /// The manifest for the platform.
    pub(crate) manifest: Digest,
    /// What the image is for.
    pub(crate) platform: String,
    /// How many layers there are.
    pub(crate) layers: usize,
    /// How large they are, each counted once.
    pub(crate) bytes: u64,
    /// How much of that would come over the network.
    pub(crate) fetch: u64,
    /// The layers, lowest first.
    pub(crate) blobs: Vec<BlobReport>,
    /// Who would be asked, or what would be read.
    pub(crate) from: Vec<String>,
    /// DEST, as typed.
    pub(crate) destination: String,
    /// What would happen to it: `created`, `filled` or `replaced`.
    pub(crate) action: &'static str,
    /// Where the old tree would go, as typed, if it were kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) keep_old: Option<String>,
    /// The tree that would be removed, as typed, with all that was written into it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) removed: Option<String>,
    /// The file of settings that would be written, if one was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) nspawn: Option<String>,
    /// The service that would be written, if one was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) unit: Option<String>,
    /// How much can be written there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) free: Option<u64>,
    /// The cache, if there is or would be one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cache: Option<CacheReport>,
    /// The destination would be another tree than now.
    pub(crate) changed: bool,
    /// None of this was done.
    pub(crate) dry_run: bool,
}

/// One layer.
#[derive(Serialize)]
pub(crate) struct BlobReport {
    /// As in the manifest.
    pub(crate) digest: Digest,
    /// As it is fetched, in bytes.
    pub(crate) size: u64,
    /// `cached`, `partial`, `fetch` or `read`.
    pub(crate) state: &'static str,
    /// How many bytes are in the cache.
    pub(crate) cached: u64,
}

/// A cache.
#[derive(Serialize)]
pub(crate) struct CacheReport {
    /// Where it is, or would be made.
    pub(crate) path: String,
    /// How much can be written there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) free: Option<u64>,
    /// Whether what is fetched would be kept.
    pub(crate) keeps: bool,
}

impl DryRunReport {
    /// One line.
    pub(crate) fn to_line(&self) -> String {
        json_line(self)
    }
}
