//! Bounds how much is remembered of an archive's members: a few megabytes of compressed headers can
//! name gigabytes.

/// How many members are looked at: an image has hundreds at most.
const MAX_MEMBERS: usize = 1 << 14;

/// The longest name that is kept, in bytes. What an image names is a digest, or a short path in
/// docker's `manifest.json`.
const MAX_NAME: usize = 1024;

/// How many bytes the names that are kept may have in all.
const MAX_KEPT: usize = 4 << 20;

/// How many bytes all names may have in all, those that are too long to be kept included: to read
/// them takes time.
const MAX_READ: usize = 64 << 20;

/// What one pass over the headers has used up.
#[derive(Default)]
pub(super) struct Quota {
    members: usize,
    kept: usize,
    read: usize,
}

/// The archive names more than any image does.
pub(super) struct Exceeded;

impl Quota {
    /// Counts a member with these names: its own, and the one that it links to. Returns whether all
    /// of them are short enough to be kept.
    pub(super) fn count(&mut self, names: &[&str]) -> Result<bool, Exceeded> {
        let is_short = names.iter().all(|name| name.len() <= MAX_NAME);
        let length: usize = names.iter().map(|name| name.len()).sum();
        self.members += 1;
        self.read += length;
        self.kept += if is_short { length } else { 0 };
        let is_within =
            self.members <= MAX_MEMBERS && self.kept <= MAX_KEPT && self.read <= MAX_READ;
        is_within.then_some(is_short).ok_or(Exceeded)
    }
}
