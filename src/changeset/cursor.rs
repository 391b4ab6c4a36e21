//! Moves through a tree, one directory at a time.

use super::resolve::PathWalk;
use crate::error::EntryFault;
use crate::tarball::{LayerPath, Parents};
use std::collections::hash_map::RandomState;
use std::ffi::{CStr, CString};
use std::hash::BuildHasher as _;

/// The cost of creating a directory that no entry describes, in steps.
const CREATED: u64 = 4;

/// What to do about missing directories.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum IfMissing {
    /// Create them with mode 0755, the default owner and the mtime 0 (1970), so that the same image
    /// always makes the same tree.
    Create,
    /// Stop, and report that the path leads nowhere.
    Report,
}

/// The result of a step down.
pub(crate) enum StepOutcome {
    Entered,
    Created,
    /// A symlink with this target.
    Link(CString),
    Missing,
    /// Something that is not a directory.
    Blocked,
}

/// A current directory that can be moved.
pub(crate) trait PathCursor {
    fn position(&mut self) -> &mut Position;

    /// The path of the current directory, without symlinks.
    fn path(&self) -> LayerPath;

    /// Moves to the root.
    fn move_to_root(&mut self);

    /// Moves to the parent directory, if there is one.
    fn move_to_parent(&mut self);

    /// Moves to the directory `name`. If it is missing, `missing` says whether to create it.
    fn step(&mut self, name: &CStr, missing: IfMissing) -> Result<StepOutcome, EntryFault>;

    /// Called at the end of a path.
    fn arrive(&mut self) -> Result<(), EntryFault> {
        Ok(())
    }

    /// Moves to the directory at the path `parents`. False if the directory does not exist and `missing`
    /// is `Report`, or if the path leads into the `lost+found` of the file system.
    fn enter(&mut self, parents: Parents<'_>, missing: IfMissing) -> Result<bool, EntryFault> {
        if self.position().parents.as_deref() == Some(parents.key()) {
            return Ok(true);
        }
        self.position().parents = None;
        let mut path = PathWalk::new(parents);
        let entered = self.walk(&mut path, missing);
        let position = self.position();
        position.steps += path.taken as u64;
        let is_there = entered?;
        position.parents = is_there.then(|| parents.key().to_vec());
        Ok(is_there)
    }

    /// Moves from the root to the end of `path`.
    fn walk(&mut self, path: &mut PathWalk<'_>, missing: IfMissing) -> Result<bool, EntryFault> {
        self.move_to_root();
        while let Some(name) = path.advance() {
            if &*name == c".." {
                self.move_to_parent();
                continue;
            }
            match self.step(&name, missing)? {
                StepOutcome::Entered => {}
                StepOutcome::Created => self.position().record_implied(),
                StepOutcome::Link(target) => {
                    if path.follow(&target)? {
                        self.move_to_root();
                    }
                }
                StepOutcome::Missing => return Ok(false),
                StepOutcome::Blocked if missing == IfMissing::Report => return Ok(false),
                StepOutcome::Blocked => {
                    self.position().obstacle = path.is_named().then(|| name.into_owned());
                    return Err(EntryFault::ParentIsFile);
                }
            }
        }
        self.arrive()?;
        Ok(true)
    }
}

/// The current directory of a cursor, and what the cursor met on the way there.
pub(crate) struct Position {
    /// The path that led here: if the next entry has the same parents, nothing is resolved.
    parents: Option<Vec<u8>>,
    /// Identifies the directories from the root down to this one, whatever symlinks led here.
    keys: Vec<u64>,
    /// Seeded for every cursor, so that no image can aim at a collision.
    hasher: RandomState,
    /// Components resolved since the last `take_steps`.
    steps: u64,
    implied: Vec<ImpliedDirectory>,
    obstacle: Option<CString>,
}

/// A directory that was created without an entry, or an ancestor of one.
pub(super) struct ImpliedDirectory {
    pub(super) key: u64,
    /// Whether it was created, and so has nothing of lower layers in it.
    pub(super) is_new: bool,
}

impl Position {
    /// The root.
    pub(crate) fn new() -> Self {
        Self {
            parents: Some(Vec::new()),
            keys: vec![0],
            hasher: RandomState::new(),
            steps: 0,
            implied: Vec::new(),
            obstacle: None,
        }
    }

    /// The keys of the directories from the root down to this one.
    pub(super) fn keys(&self) -> &[u64] {
        &self.keys
    }

    /// The key of `name` in this directory.
    pub(super) fn key(&self, name: &CStr) -> u64 {
        self.hasher.hash_one((self.keys.last(), name))
    }

    /// Moves down to `name`.
    pub(crate) fn push(&mut self, name: &CStr) {
        self.parents = None;
        self.keys.push(self.key(name));
    }

    /// Moves up to `depth` directories below the root.
    pub(crate) fn truncate(&mut self, depth: usize) {
        if self.keys.len() > depth + 1 {
            self.parents = None;
            self.keys.truncate(depth + 1);
        }
    }

    /// Resolves the next path from the root: a symlink that led here may be gone.
    pub(crate) fn invalidate(&mut self) {
        self.parents = None;
    }

    /// Moves to the root.
    pub(crate) fn restart(&mut self) {
        self.truncate(0);
        self.parents = Some(Vec::new());
    }

    /// How many components were resolved since the last call.
    pub(crate) fn take_steps(&mut self) -> u64 {
        std::mem::take(&mut self.steps)
    }

    /// The directories that no entry describes and that were created since the last call, with those
    /// above them.
    pub(super) fn take_implied(&mut self) -> Vec<ImpliedDirectory> {
        std::mem::take(&mut self.implied)
    }

    /// The name in this directory that blocked the last path; None if a symlink leads to it, because
    /// then it is not what the entry names.
    pub(super) fn take_obstacle(&mut self) -> Option<CString> {
        self.obstacle.take()
    }

    /// Records that this directory was created. Recording the entry at the end of the path would not
    /// be enough: the path may lead back out of the new directory (`x/../y`).
    fn record_implied(&mut self) {
        self.steps += CREATED;
        let mut keys = self.keys.iter().rev().copied();
        let (here, above) = (keys.next(), keys.next());
        let implied = |is_new| move |key| ImpliedDirectory { key, is_new };
        // The ancestors of a chain of new directories are recorded once.
        if self.implied.last().map(|implied| implied.key) != above {
            let above = above.into_iter().chain(keys);
            self.implied.extend(above.map(implied(false)));
        }
        self.implied.extend(here.map(implied(true)));
    }
}
