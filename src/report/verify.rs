//! The JSON of `roots verify`: an object for each difference, then one for the comparison.

use crate::escape::json_line;
use crate::oci::{Digest, Image};
use crate::tree_options::TreeOptions;
use serde::Serialize;

/// A path that differs from the image.
#[derive(Serialize)]
pub(crate) struct PathReport<'p> {
    /// The path in the tree, with a slash in front.
    pub(crate) path: String,
    /// The same as numbers, if it is not UTF-8.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) path_bytes: Option<&'p [u8]>,
    /// `added`, `missing`, `unread` or `changed`.
    pub(crate) change: &'static str,
    /// What has changed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) aspects: Vec<AspectReport>,
}

/// A difference of one path.
#[derive(Serialize)]
pub(crate) struct AspectReport {
    pub(crate) aspect: &'static str,
    /// The name of an extended attribute.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    /// In the image. Contents and attributes are not shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) expected: Option<AspectValue>,
    /// In the tree.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) actual: Option<AspectValue>,
}

/// A value in the image or in the tree.
#[derive(Serialize)]
#[serde(untagged)]
pub(crate) enum AspectValue {
    /// A type, a mode in octal digits, a time, or the target of a symlink.
    Text(String),
    /// A size in bytes.
    Number(u64),
    /// User and group.
    Owner { uid: u32, gid: u32 },
    /// The number of a device.
    Device { major: u32, minor: u32 },
}

/// The result of a comparison.
#[derive(Serialize)]
pub(crate) struct VerifyReport<'v> {
    reference: String,
    digest: &'v Digest,
    manifest: &'v Digest,
    #[serde(skip_serializing_if = "Option::is_none")]
    platform: Option<String>,
    destination: String,
    /// The options that the tree was pulled with.
    #[serde(skip_serializing_if = "TreeOptions::are_none")]
    options: &'v TreeOptions,
    /// The options that limit the comparison.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    compared: &'v [String],
    /// The number of differences.
    differences: usize,
    /// Mount points, with a slash in front, which were not compared.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    mounts: &'v [String],
    seconds: f64,
}

impl PathReport<'_> {
    /// One line.
    pub(crate) fn to_line(&self) -> String {
        json_line(self)
    }
}

impl<'v> VerifyReport<'v> {
    /// A tree in `destination` was compared with `image`, which is called `reference`.
    pub(crate) fn new(
        (reference, image): (String, &'v Image),
        destination: String,
        (options, compared): (&'v TreeOptions, &'v [String]),
        (differences, mounts): (usize, &'v [String]),
        seconds: f64,
    ) -> Self {
        Self {
            reference,
            digest: &image.root,
            manifest: &image.digest,
            platform: image.platform.as_ref().map(ToString::to_string),
            destination,
            options,
            compared,
            differences,
            mounts,
            seconds,
        }
    }

    /// One line.
    pub(crate) fn to_line(&self) -> String {
        json_line(self)
    }
}
