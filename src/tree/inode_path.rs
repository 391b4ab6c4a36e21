//! A path through the tree in memory.

use super::inode::{InodeId, ROOT};
use crate::changeset::Position;
use crate::tarball::LayerPath;
use std::ffi::{CStr, CString};

/// The path from the root down to one directory.
pub(super) struct InodePath {
    pub(super) position: Position,
    below_root: Vec<(CString, InodeId)>,
}

impl InodePath {
    pub(super) fn new() -> Self {
        Self {
            position: Position::new(),
            below_root: Vec::new(),
        }
    }

    /// The directory.
    pub(super) fn end(&self) -> InodeId {
        self.below_root.last().map_or(ROOT, |(_, id)| *id)
    }

    /// Moves down to the directory `name`.
    pub(super) fn push(&mut self, name: &CStr, id: InodeId) {
        self.position.push(name);
        self.below_root.push((name.to_owned(), id));
    }

    /// How many directories it is below the root.
    pub(super) fn depth(&self) -> usize {
        self.below_root.len()
    }

    /// Moves up to `depth` directories below the root.
    pub(super) fn truncate(&mut self, depth: usize) {
        self.position.truncate(depth);
        self.below_root.truncate(depth);
    }

    pub(super) fn path(&self) -> LayerPath {
        LayerPath::of(self.below_root.iter().map(|(name, _)| name.as_c_str()))
    }
}
