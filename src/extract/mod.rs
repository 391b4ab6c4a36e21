//! Extracts layers into a tree on disk.
//!
//! ```text
//! Applier ── Entry, name ── DiskTree ── Cursor at its parent ── *at calls ── metadata
//! ```

mod component;
mod create;
mod cursor;
mod disk_tree;
mod left_out;
mod links;
mod metadata;
mod reader;
mod size;
mod skipped;
mod xattr;

pub use reader::TreeReader;
pub use skipped::Skipped;

use crate::changeset::{Applier, Owners, select};
use crate::error::{EntryFault, Error};
use crate::oci::{Digest, Image};
use crate::sys::{Dir, Exposure, stop_inheriting_umask};
use crate::tree_options::TreeOptions;
use disk_tree::DiskTree;
use metadata::Privileges;
use size::TreeSize;
use std::io::BufRead;

/// Applies layers, lowest first, to one tree on disk.
pub struct Extractor {
    tree: DiskTree,
    layers: Applier,
    options: TreeOptions,
}

impl Extractor {
    /// An extractor for the tree below `root`, which is an empty directory that only this user can
    /// enter. The tree may grow to `limit` bytes. Clears the umask of this process.
    pub fn new(root: &Dir, limit: Option<u64>, options: &TreeOptions) -> Result<Self, Error> {
        Self::exposed(root, limit, options, Exposure::Private)
    }

    /// The same for a root that others may reach, and that may contain `lost+found` of its file
    /// system.
    pub fn exposed(
        root: &Dir,
        limit: Option<u64>,
        options: &TreeOptions,
        exposure: Exposure,
    ) -> Result<Self, Error> {
        stop_inheriting_umask();
        let privileges = Privileges::new(exposure);
        let own = privileges.own();
        let default_owner = Owners::new(options).default_owner(own);
        let spill = root.try_clone().map_err(|e| Error::tree("open", e))?;
        Ok(Self {
            tree: DiskTree::new(
                root,
                privileges,
                default_owner,
                exposure,
                TreeSize::new(limit),
            )?,
            layers: Applier::new(options, own, limit, Some(spill)),
            options: options.clone(),
        })
    }

    /// Raises the budget to that of `image`: a large image may cause more work than a small one.
    pub fn allow_for(&mut self, image: &Image) {
        self.layers.allow_for(image);
    }

    /// Applies the layer `diff_id`, and reads its stream to the end.
    pub fn apply(&mut self, diff_id: &Digest, stream: &mut dyn BufRead) -> Result<(), Error> {
        self.layers.apply(&mut self.tree, diff_id, stream)
    }

    /// Removes what the options leave out, sets the times of directories that are still open, and
    /// returns what was skipped.
    pub fn finish(mut self) -> Result<Skipped, Error> {
        let unmatched = select(&mut self.tree, &self.options)?;
        let skipped = self.tree.finish().map_err(EntryFault::in_tree)?;
        Ok(Skipped {
            unmatched,
            ..skipped
        })
    }
}
