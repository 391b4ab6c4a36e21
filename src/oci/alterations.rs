//! How a tree differs from its image because somebody has asked for it.

use serde::{Deserialize, Serialize};

/// What was asked for besides the image itself; by default nothing. The names of the fields are what
/// `roots inspect` prints.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
pub struct Alterations {
    /// The paths that the tree is made of, with all below them; none for all. Absolute and sorted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub include: Vec<String>,
    /// The paths that are left out, with all below them. Absolute and sorted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub exclude: Vec<String>,
    /// Whether all belongs to whoever pulls.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub strip_owner: bool,
    /// How much higher each uid and gid is.
    #[serde(skip_serializing_if = "is_zero")]
    pub uid_shift: u32,
}

impl Alterations {
    /// Whether the tree is as in the image.
    pub fn are_none(&self) -> bool {
        *self == Self::default()
    }
}

fn is_zero(number: &u32) -> bool {
    *number == 0
}
