//! What could not be taken over from the image.

/// What an ordinary user or this file system could not take over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Skipped {
    /// Entries that belong to somebody else in the image.
    pub owners: usize,
    /// Those among them that do not belong to root: an ordinary user can keep them as root of a user
    /// namespace, where root's belong to that user in any case.
    pub non_root_owners: usize,
    /// Devices that were not created, counting each of their names.
    pub devices: usize,
    /// Extended attributes that were not set.
    pub xattrs: usize,
    /// Excludes that match nothing in the image.
    pub unmatched: Vec<String>,
}
