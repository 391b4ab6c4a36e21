//! A tree in memory: what a pull would make of an image, to be held against what is on the disk.
//!
//! ```text
//! layers ── Entry ── Model (changesets, as `extract` applies them) ── Comparison ── DEST
//! ```
//! Of a file's contents it keeps a sum. It touches no disk; `Comparison` only reads.

mod apply;
mod aspects;
mod comparison;
mod contents;
mod difference;
mod hide;
mod kept_xattrs;
mod node;
mod select;
mod way;
mod words;
mod xattrs;

pub use comparison::Comparison;
pub use difference::{Change, Difference};

use crate::oci::Alterations;
use crate::sys::Owner;
use crate::tarball::Owners;
use hide::Made;
use kept_xattrs::KeptXattrs;
use node::Nodes;

/// The tree that layers make.
pub struct Model {
    nodes: Nodes,
    made: Made,
    xattrs: KeptXattrs,
    layers: usize,
    owners: Owners,
    /// Whose the tree is that it is to be held against.
    own: Owner,
}

impl Model {
    /// A tree of a root without anything, for what is `altered` or not, and whose root is `own`'s on
    /// the disk.
    pub fn new(altered: &Alterations, own: Owner) -> Self {
        Self {
            nodes: Nodes::new(),
            made: Made::default(),
            xattrs: KeptXattrs::default(),
            layers: 0,
            owners: Owners::new(altered),
            own,
        }
    }
}
