//! What was left out of the tree.

/// What this user or file system could not create, although the image has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Skipped {
    /// Entries with another owner in the image.
    pub owners: usize,
    /// Those of them whose owner is not root: an ordinary user can keep these owners as root of a user
    /// namespace, where files of root belong to that user in any case.
    pub non_root_owners: usize,
    /// Devices that were not created, counting each of their names.
    pub devices: usize,
    /// Extended attributes that were not set.
    pub xattrs: usize,
    /// Excludes that match nothing in the image.
    pub unmatched: Vec<String>,
}
