//! The tree that an image would make, in memory.
//!
//! ```text
//! Applier ── Entry, name ── MemoryTree at a directory ── Inodes
//! ```
//! Files have a checksum in place of contents.

mod checksum;
mod inode;
mod inode_path;
mod kept_xattrs;
mod memory_tree;

pub(crate) use checksum::Checksum;
pub(crate) use inode::{Inode, InodeId, InodeKind, Inodes, Metadata, ROOT};

use crate::changeset::{Applier, Tree, select};
use crate::error::Error;
use crate::oci::{Digest, Image};
use crate::sys::Host;
use crate::tree_options::TreeOptions;
use memory_tree::MemoryTree;
use std::io::BufRead;

/// Applies layers, lowest first, to one tree in memory.
pub struct ImageTree {
    tree: MemoryTree,
    layers: Applier,
    options: TreeOptions,
}

impl ImageTree {
    /// An empty root, for an image with these options.
    pub fn new(options: &TreeOptions) -> Self {
        Self {
            tree: MemoryTree::new(),
            layers: Applier::new(options, Host::new().owner(), None, None),
            options: options.clone(),
        }
    }

    /// Raises the budget to that of `image`: a large image may cause more work than a small one.
    pub fn allow_for(&mut self, image: &Image) {
        self.layers.allow_for(image);
    }

    /// Applies the layer `diff_id`, and reads its stream to the end.
    pub fn apply(&mut self, diff_id: &Digest, stream: &mut dyn BufRead) -> Result<(), Error> {
        self.layers.apply(&mut self.tree, diff_id, stream)
    }

    /// Removes what the options leave out, and returns the excludes that match nothing.
    pub fn select(&mut self) -> Result<Vec<String>, Error> {
        select(&mut self.tree, &self.options)
    }

    /// How many overlayfs marks the image has in this tree. A pull does not set them.
    pub fn overlay_marks(&self) -> u64 {
        let inodes = self.inodes().iter();
        let metadata = inodes.filter_map(|inode| inode.metadata.as_ref());
        metadata
            .map(|metadata| u64::from(metadata.overlay_marks))
            .sum()
    }

    pub(crate) fn inodes(&self) -> &Inodes {
        self.tree.inodes()
    }

    /// For looking up paths.
    pub(crate) fn as_tree(&mut self) -> &mut dyn Tree {
        &mut self.tree
    }
}
