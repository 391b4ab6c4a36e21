//! The JSON of `roots verify`: an object for each difference, then one for the comparison.

use crate::escape::json_line;
use crate::oci::{Digest, Image};
use crate::tree_options::TreeOptions;
use serde::Serialize;

/// One path that is not as in the image.
#[derive(Serialize)]
pub(crate) struct PathReport<'p> {
    /// The path in the tree, with a slash in front.
    pub(crate) path: String,
    /// The same, if it is not UTF-8 and JSON cannot hold it as text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) path_bytes: Option<&'p [u8]>,
    /// `added`, `missing`, `unread` or `changed`.
    pub(crate) change: &'static str,
    /// In which ways it has changed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) aspects: Vec<AspectReport>,
}

/// One way in which a path has changed.
#[derive(Serialize)]
pub(crate) struct AspectReport {
    /// Which one.
    pub(crate) aspect: &'static str,
    /// The name of an extended attribute.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    /// As in the image; contents and attributes are not shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) expected: Option<AspectValue>,
    /// As in the tree.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) actual: Option<AspectValue>,
}

/// What an image or a tree has.
#[derive(Serialize)]
#[serde(untagged)]
pub(crate) enum AspectValue {
    /// A type, a mode in octal digits, a time, a target.
    Text(String),
    /// A size in bytes.
    Number(u64),
    /// User and group.
    Owner {
        /// User id.
        uid: u32,
        /// Group id.
        gid: u32,
    },
    /// A device number.
    Device {
        /// Which driver.
        major: u32,
        /// Which of its devices.
        minor: u32,
    },
}

/// A comparison that is done.
#[derive(Serialize)]
pub(crate) struct VerifyReport<'v> {
    reference: String,
    /// What the name stands for.
    digest: &'v Digest,
    /// The manifest for the platform.
    manifest: &'v Digest,
    #[serde(skip_serializing_if = "Option::is_none")]
    platform: Option<String>,
    destination: String,
    /// The options that make the tree differ from the image.
    #[serde(skip_serializing_if = "TreeOptions::are_none")]
    options: &'v TreeOptions,
    /// The options that make less than the whole tree count.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    compared: &'v [String],
    /// How many differences there are.
    differences: usize,
    /// The paths, with a slash in front, that were not compared because something is mounted there.
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
    /// Of a tree in `destination` that was compared with `image`, which is called `reference`: with
    /// these `options`, as far as the options in `compared` say
    /// and `mounts` do not hide it.
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
            seconds: (seconds * 1000.0).round() / 1000.0,
        }
    }

    /// One line.
    pub(crate) fn to_line(&self) -> String {
        json_line(self)
    }
}
