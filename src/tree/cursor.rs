//! Moves through the tree in memory.

use super::inode::{InodeId, InodeKind, Metadata, ROOT};
use super::memory_tree::MemoryTree;
use crate::changeset::{IfMissing, PathCursor, Position, StepOutcome};
use crate::error::EntryFault;
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

    fn truncate(&mut self, depth: usize) {
        self.position.truncate(depth);
        self.below_root.truncate(depth);
    }
}

impl PathCursor for MemoryTree {
    fn position(&mut self) -> &mut Position {
        &mut self.here.position
    }

    fn path(&self) -> LayerPath {
        let names = self.here.below_root.iter();
        LayerPath::of(names.map(|(name, _)| name.as_c_str()))
    }

    fn move_to_root(&mut self) {
        self.here.truncate(0);
    }

    fn move_to_parent(&mut self) {
        self.here
            .truncate(self.here.below_root.len().saturating_sub(1));
    }

    fn step(&mut self, name: &CStr, missing: IfMissing) -> Result<StepOutcome, EntryFault> {
        let here = self.here.end();
        let Some(id) = self.inodes.find(here, name) else {
            if missing == IfMissing::Report {
                return Ok(StepOutcome::Missing);
            }
            let id = self.inodes.put_directory(here, name, Metadata::plain());
            self.here.push(name, id);
            return Ok(StepOutcome::Created);
        };
        Ok(match &self.inodes.get(id).kind {
            InodeKind::Directory(_) => {
                self.here.push(name, id);
                StepOutcome::Entered
            }
            InodeKind::Symlink(target) => StepOutcome::Link(target.clone()),
            _ => StepOutcome::Blocked,
        })
    }
}
