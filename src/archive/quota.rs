//! Limits how much is stored about an archive's members: a few megabytes of compressed headers can
//! contain gigabytes of names.

/// How many members are read: an image has a few hundred at most.
const MAX_MEMBERS: usize = 1 << 14;

/// The longest name that is stored, in bytes. Images refer to members by digest, or by a short path
/// in docker's `manifest.json`.
const MAX_NAME: usize = 1024;

/// The total length of stored names, in bytes.
const MAX_KEPT: usize = 4 << 20;

/// The total length of all names, in bytes, including those too long to be stored: reading them
/// takes time.
const MAX_READ: usize = 64 << 20;

/// The usage of one pass over the headers.
#[derive(Default)]
pub(super) struct Quota {
    members: usize,
    kept: usize,
    read: usize,
}

/// The archive has more members or names than any image.
pub(super) struct Exceeded;

impl Quota {
    /// Counts a member with these names: its own, and the target if it is a link. Returns whether
    /// all of them are short enough to be stored.
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
