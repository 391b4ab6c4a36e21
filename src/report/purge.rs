//! The JSON of `roots purge`: an object for each thing removed, then one for the purge.

use crate::escape::json_line;
use crate::oci::Digest;
use serde::Serialize;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

/// Something that a purge drops.
#[derive(Serialize)]
pub(crate) struct DroppedReport<'p> {
    /// `blob`, `partial`, `other`, `folder` or `link`.
    kind: &'static str,
    /// Of what lies among the blobs, below the cache; else from the root: the folder, or the destination that is
    /// gone.
    path: String,
    /// The same, if it is not UTF-8 and JSON cannot hold it as text.
    #[serde(skip_serializing_if = "Option::is_none")]
    path_bytes: Option<&'p [u8]>,
    /// What it is, or would have become.
    #[serde(skip_serializing_if = "Option::is_none")]
    digest: Option<Digest>,
    /// Its size.
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<u64>,
}

/// A purge that is done.
#[derive(Serialize)]
pub(crate) struct PurgeReport {
    /// The cache.
    pub(crate) cache: String,
    /// How many blobs went.
    pub(crate) blobs: usize,
    /// How many files went that lay among the blobs and are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) others: Option<usize>,
    /// How large they were.
    pub(crate) bytes: u64,
    /// How many folders of killed pulls went.
    pub(crate) folders: usize,
    /// How many destinations are gone and were forgotten.
    pub(crate) links: usize,
    /// How many blobs are left.
    pub(crate) left_blobs: usize,
    /// How large these are: the size of the cache.
    pub(crate) left_bytes: u64,
    /// How long it took.
    pub(crate) seconds: f64,
    /// Whether none of it was done.
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

    /// Whether it is a blob, or what there is of one.
    pub(crate) fn is_blob(&self) -> bool {
        ["blob", "partial"].contains(&self.kind)
    }

    /// A folder that a killed pull has left beside its destination.
    pub(crate) fn folder(path: &'p Path) -> Self {
        Self::at("folder", path)
    }

    /// What the cache knew of a destination that is gone.
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
