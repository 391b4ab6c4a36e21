//! The JSON of `roots pull --dry-run`.

use crate::escape::json_line;
use crate::oci::Digest;
use serde::Serialize;

/// What a pull would do. Fields of [`PullReport`](super::PullReport) have the same names here.
#[derive(Serialize)]
pub(crate) struct DryRunReport {
    pub(crate) reference: String,
    pub(crate) digest: Digest,
    pub(crate) manifest: Digest,
    pub(crate) platform: String,
    /// The number of layers.
    pub(crate) layers: usize,
    /// The size of the layers, each counted once.
    pub(crate) bytes: u64,
    /// How many of these bytes would be fetched over the network.
    pub(crate) fetch: u64,
    /// The layers, lowest first.
    pub(crate) blobs: Vec<BlobReport>,
    /// The hosts to ask, or the path to read.
    pub(crate) from: Vec<String>,
    /// DEST, as typed.
    pub(crate) destination: String,
    /// `created`, `filled` or `replaced`.
    pub(crate) action: &'static str,
    /// Where the old tree would be kept, as typed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) keep_old: Option<String>,
    /// The tree that would be removed, as typed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) removed: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) nspawn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) unit: Option<String>,
    /// The free space for the tree, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) free: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cache: Option<CacheReport>,
    /// Always true: DEST would change.
    pub(crate) changed: bool,
    /// Always true.
    pub(crate) dry_run: bool,
}

/// One layer.
#[derive(Serialize)]
pub(crate) struct BlobReport {
    pub(crate) digest: Digest,
    /// The compressed size, in bytes.
    pub(crate) size: u64,
    /// `cached`, `partial`, `fetch` or `read`.
    pub(crate) state: &'static str,
    /// How many bytes are in the cache.
    pub(crate) cached: u64,
}

/// The cache, which need not exist yet.
#[derive(Serialize)]
pub(crate) struct CacheReport {
    pub(crate) path: String,
    /// The free space, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) free: Option<u64>,
    /// Whether fetched blobs would be cached.
    pub(crate) keeps: bool,
}

impl DryRunReport {
    pub(crate) fn to_line(&self) -> String {
        json_line(self)
    }
}
