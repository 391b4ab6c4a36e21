//! The JSON of `roots purge`: an object for each thing removed, then one for the purge.

use crate::escape::json_line;
use crate::oci::Digest;
use serde::Serialize;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

/// Something that a purge removes.
#[derive(Serialize)]
pub(crate) struct DroppedReport<'p> {
    /// `blob`, `partial`, `other`, `folder` or `link`.
    kind: &'static str,
    /// For files among the blobs, below the cache. For `folder`, the absolute path; for `link`, that of the
    /// destination that no longer exists.
    path: String,
    /// The same as numbers, if it is not UTF-8.
    #[serde(skip_serializing_if = "Option::is_none")]
    path_bytes: Option<&'p [u8]>,
    /// For `blob` and `partial`.
    #[serde(skip_serializing_if = "Option::is_none")]
    digest: Option<Digest>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<u64>,
}

/// The result of a purge.
#[derive(Serialize)]
pub(crate) struct PurgeReport {
    pub(crate) cache: String,
    /// The number of blobs removed.
    pub(crate) blobs: usize,
    /// The number of other files removed from among the blobs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) others: Option<usize>,
    /// The size of both.
    pub(crate) bytes: u64,
    /// The number of staging folders of killed pulls removed.
    pub(crate) folders: usize,
    /// The number of destinations that no longer exist, whose links were removed.
    pub(crate) links: usize,
    /// The number of blobs that are left.
    pub(crate) left_blobs: usize,
    /// Their size.
    pub(crate) left_bytes: u64,
    pub(crate) seconds: f64,
    /// Whether nothing was removed.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) dry_run: bool,
}

impl<'p> DroppedReport<'p> {
    /// A file among the blobs, at `path` below the cache.
    pub(crate) fn blob(path: &'p Path, bytes: u64) -> Self {
        let part = |name: Option<&'p OsStr>| name.and_then(OsStr::to_str).unwrap_or_default();
        let algorithm = part(path.parent().and_then(Path::file_name));
        let name = part(path.file_name());
        let hex = name.strip_prefix('.');
        let digest = Digest::parse(&format!("{algorithm}:{}", hex.unwrap_or(name))).ok();
        let kind = match (&digest, hex) {
            (None, _) => "other",
            (Some(_), None) => "blob",
            (Some(_), Some(_)) => "partial",
        };
        let bytes = Some(bytes);
        Self {
            digest,
            bytes,
            ..Self::at(kind, path)
        }
    }

    /// Whether it is a blob or a partial blob.
    pub(crate) fn is_blob(&self) -> bool {
        ["blob", "partial"].contains(&self.kind)
    }

    /// The staging folder of a killed pull.
    pub(crate) fn folder(path: &'p Path) -> Self {
        Self::at("folder", path)
    }

    /// The link of a destination that no longer exists.
    pub(crate) fn link(destination: &'p Path) -> Self {
        Self::at("link", destination)
    }

    fn at(kind: &'static str, path: &'p Path) -> Self {
        let bytes = path.as_os_str().as_bytes();
        Self {
            kind,
            path: path.to_string_lossy().into_owned(),
            path_bytes: path.to_str().is_none().then_some(bytes),
            digest: None,
            bytes: None,
        }
    }

    /// One line.
    pub(crate) fn to_line(&self) -> String {
        json_line(self)
    }
}

impl PurgeReport {
    /// One line.
    pub(crate) fn to_line(&self) -> String {
        json_line(self)
    }
}
