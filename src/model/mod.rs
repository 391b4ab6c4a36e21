//! The tree that an image would make, in memory, to compare with the disk.
//!
//! ```text
//! layers ── Entry ── Model (changesets, as `extract` applies them) ── Comparison ── DEST
//! ```
//! Of a file's contents it keeps a sum. It touches no disk; `Comparison` only reads.

mod apply;
mod checksum;
mod comparison;
mod devices;
mod difference;
mod frame;
mod inode;
mod kept_xattrs;
mod metadata;
mod mounts;
mod report;
mod resolve;
mod scope;
mod select;
mod timestamp;
mod upper;
mod words;
mod xattrs;

pub use comparison::Comparison;
pub use difference::{Change, Difference};
pub use scope::{Ignore, Scope};

use crate::changeset::Owners;
use crate::oci::Image;
use crate::sys::{Host, Owner, is_root};
use crate::tarball::Budget;
use crate::tree_options::TreeOptions;
use inode::Inodes;
use kept_xattrs::KeptXattrs;
use upper::UpperNodes;

/// The tree that layers make.
pub struct Model {
    inodes: Inodes,
    made: UpperNodes,
    xattrs: KeptXattrs,
    layers: usize,
    owners: Owners,
    budget: Budget,
    /// Who has pulled the tree that it is to be held against: whoever owns that by now may have
    /// taken it.
    own: Owner,
    /// Whether that was an ordinary user, who could not make all of it.
    rootless: bool,
}

impl Model {
    /// A tree of a root without anything, for what is `altered` or not. It is compared as one that
    /// this user has pulled, or, if `rootless`, an ordinary user.
    pub fn new(altered: &TreeOptions, rootless: bool) -> Self {
        let Host { uid, gid } = Host::new();
        Self {
            inodes: Inodes::new(),
            made: UpperNodes::default(),
            xattrs: KeptXattrs::default(),
            layers: 0,
            owners: Owners::new(altered),
            budget: Budget::new(None),
            own: Owner { uid, gid },
            rootless: rootless || !is_root(),
        }
    }

    /// Says whose layers will be applied: a large image may make more work than a small one.
    pub fn allow_for(&mut self, image: &Image) {
        self.budget.allow_for(image);
    }

    /// How many attributes of overlayfs the image gives to what is in the tree: no pull sets them.
    pub fn overlay_marks(&self) -> u64 {
        let said = self
            .inodes
            .iter()
            .filter_map(|inode| inode.metadata.as_ref());
        said.map(|said| u64::from(said.overlay_marks)).sum()
    }
}
