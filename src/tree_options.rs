//! Options that make a tree differ from its image.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The options as they are typed, normalized and sorted, so that equal options make equal trees.
/// `roots inspect` prints them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(transparent)]
pub struct TreeOptions(Vec<String>);

impl TreeOptions {
    /// Takes normalized options in any order.
    pub fn new(mut options: Vec<String>) -> Self {
        options.sort();
        options.dedup();
        Self(options)
    }

    /// Whether the tree is as in the image.
    pub fn are_none(&self) -> bool {
        self.0.is_empty()
    }

    /// The paths of `--include`; none for the whole image.
    pub fn included(&self) -> impl Iterator<Item = &str> {
        self.values("--include")
    }

    /// The paths of `--exclude`.
    pub fn excluded(&self) -> impl Iterator<Item = &str> {
        self.values("--exclude")
    }

    /// Whether all files belong to the user who pulls.
    pub fn strip_owner(&self) -> bool {
        self.0.iter().any(|option| option == "--strip-owner")
    }

    /// What is added to each uid and gid.
    pub fn uid_shift(&self) -> u32 {
        let shift = self.values("--uid-shift").next();
        shift.and_then(|shift| shift.parse().ok()).unwrap_or(0)
    }

    /// All options.
    pub fn options(&self) -> &[String] {
        &self.0
    }

    /// The options that are not in any of `others`.
    pub fn without(&self, others: &[&Self]) -> Self {
        let is_new = |option: &&String| !others.iter().any(|other| other.0.contains(option));
        Self(self.0.iter().filter(is_new).cloned().collect())
    }

    fn values(&self, option: &'static str) -> impl Iterator<Item = &str> {
        let options = self.0.iter();
        options.filter_map(move |text| text.strip_prefix(option)?.strip_prefix('='))
    }
}

impl fmt::Display for TreeOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(" "))
    }
}
