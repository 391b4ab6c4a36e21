//! Applies layers to a tree: image-spec layer.md, "Applying Changesets".
//!
//! ```text
//! Entries ── Entry ── EntryName ── PathCursor at its parent ── Tree::create, or UpperPaths::apply_whiteout
//! ```
//! The rules are the same for the tree on disk that `extract` makes and for the one in memory that
//! `verify` compares it with. Both implement [`Tree`].

mod cursor;
mod owners;
mod resolve;
mod selection;
mod spill_set;
mod upper_paths;
mod whiteout;
mod xattr;

pub(crate) use cursor::{IfMissing, PathCursor, Position, StepOutcome};
pub(crate) use owners::Owners;
pub(crate) use resolve::PathWalk;
pub(crate) use selection::{Selection, select};
pub(crate) use xattr::{
    ACCESS_ACL, ACL_ENTRY, ACL_HEAD, DEFAULT_ACL, is_compared, is_host_xattr, is_overlay_mark,
};

use crate::error::{EntryFault, Error};
use crate::oci::{Digest, Image};
use crate::sys::{Dir, Owner};
use crate::tarball::{Budget, Entries, Entry, EntryKind, Parents};
use crate::tree_options::TreeOptions;
use std::ffi::{CStr, CString};
use std::io::BufRead;
use upper_paths::UpperPaths;
use whiteout::EntryName;

/// A tree that layers can be applied to. All names are relative to the current directory of its
/// cursor.
pub(crate) trait Tree {
    /// The cursor for the directory in which entries are created.
    fn cursor(&mut self) -> &mut dyn PathCursor;

    /// How many components were resolved since the last call.
    fn take_steps(&mut self) -> u64;

    /// Adds an entry to the size of the tree; an error if that exceeds a limit.
    fn add_size(&mut self, _entry: &Entry) -> Result<(), EntryFault> {
        Ok(())
    }

    /// Whether `name` is the `lost+found` of the file system, which no layer may touch.
    fn is_reserved(&mut self, _name: &CStr) -> bool {
        false
    }

    /// The kind of file that `name` is.
    fn kind(&mut self, name: &CStr) -> Result<PathKind, EntryFault>;

    /// The target of the symlink `name`.
    fn read_link(&mut self, name: &CStr) -> Result<CString, EntryFault>;

    /// Sets the metadata of the root.
    fn describe_root(&mut self, entry: Entry) -> Result<(), EntryFault>;

    /// Creates what `entry` describes, and replaces what exists; only a directory merges with a
    /// directory. True if it created a directory, to which the cursor then moves.
    fn create(
        &mut self,
        entry: &Entry,
        name: &CStr,
        contents: &mut Entries<'_>,
    ) -> Result<bool, EntryFault>;

    /// Removes `name` and everything below it, if it exists.
    fn remove(&mut self, name: &CStr) -> Result<(), EntryFault>;

    /// Removes all names for which `keep` is false. It may be called several times for the same name.
    fn retain(&mut self, keep: &mut Keep<'_>) -> Result<(), EntryFault>;

    /// Gives the current directory the metadata of one that no entry describes.
    fn reset_metadata(&mut self) -> Result<(), EntryFault>;
}

/// Decides whether [`Tree::retain`] keeps a name.
pub(crate) type Keep<'s> = dyn FnMut(&mut dyn Tree, &CStr) -> Result<bool, EntryFault> + 's;

/// The kind of file at a path.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum PathKind {
    Missing,
    Directory,
    Symlink,
    Other,
}

/// Applies the layers of one image, lowest first, to one tree.
pub(crate) struct Applier {
    upper: UpperPaths,
    budget: Budget,
    owners: Owners,
    /// The user and group that this process runs as.
    own: Owner,
    layers: usize,
}

impl Applier {
    /// For a tree with these options that may grow to `limit` bytes, pulled by `own`. Long lists of
    /// paths are written to an unnamed file in `spill`; without it, they stay in memory.
    pub(crate) fn new(
        options: &TreeOptions,
        own: Owner,
        limit: Option<u64>,
        spill: Option<Dir>,
    ) -> Self {
        Self {
            upper: UpperPaths::new(spill),
            budget: Budget::new(limit),
            owners: Owners::new(options),
            own,
            layers: 0,
        }
    }

    /// Raises the budget to that of `image`.
    pub(crate) fn allow_for(&mut self, image: &Image) {
        self.budget.allow_for(image);
    }

    /// Applies the layer `diff_id`, and reads its stream to the end.
    pub(crate) fn apply(
        &mut self,
        tree: &mut dyn Tree,
        diff_id: &Digest,
        stream: &mut dyn BufRead,
    ) -> Result<(), Error> {
        let begun = self.upper.begin_layer(self.layers == 0);
        begun.map_err(EntryFault::in_tree)?;
        self.layers += 1;
        let mut budget = self.budget;
        let mut entries = Entries::within(stream, &mut budget);
        let applied = self.apply_entries(tree, &mut entries);
        applied.map_err(|fault| fault.in_layer(diff_id, entries.name()))?;
        self.budget = budget;
        Ok(())
    }

    fn apply_entries(
        &mut self,
        tree: &mut dyn Tree,
        entries: &mut Entries<'_>,
    ) -> Result<(), EntryFault> {
        while let Some(mut entry) = entries.advance()? {
            entries.step(tree.take_steps())?;
            tree.add_size(&entry)?;
            self.owners.alter(&mut entry, self.own)?;
            let is_directory = matches!(entry.kind, EntryKind::Directory);
            let Some((parents, name)) = entry.path.split() else {
                // A symlink as root would lead all later entries out of the tree: CVE-2021-29136.
                if !is_directory {
                    return Err(EntryFault::RootIsNoDirectory);
                }
                tree.describe_root(entry)?;
                continue;
            };
            match EntryName::of(&entry.path)? {
                EntryName::AufsMetadata => {}
                EntryName::Plain => {
                    if !self.enter(tree, parents)? || tree.is_reserved(name) {
                        continue;
                    }
                    let upper = &mut self.upper;
                    upper.insert(tree.cursor().position(), name, is_directory)?;
                    if tree.create(&entry, name, entries)? {
                        upper.insert_new(tree.cursor().position())?;
                    }
                }
                EntryName::Whiteout(hidden) => {
                    if tree.cursor().enter(parents, IfMissing::Report)? {
                        self.upper.apply_whiteout(tree, &hidden)?;
                    }
                }
                EntryName::Opaque => {
                    if tree.cursor().enter(parents, IfMissing::Report)? {
                        self.upper.apply_opaque(tree)?;
                    }
                }
            }
        }
        entries.drain()
    }

    /// Moves to the directory of an entry. A file of a lower layer that is in the way is replaced by a
    /// directory: the path changes as a whole, as if the layer had an entry for the directory too
    /// (image-spec layer.md, "Changeset over existing files"). A file of the same layer is an error,
    /// because the layer contradicts itself.
    fn enter(&mut self, tree: &mut dyn Tree, parents: Parents<'_>) -> Result<bool, EntryFault> {
        match tree.cursor().enter(parents, IfMissing::Create) {
            Err(EntryFault::ParentIsFile) => {}
            other => return other,
        }
        let position = tree.cursor().position();
        match position.take_obstacle() {
            Some(name) if self.upper.is_from_lower_layer(position, &name)? => {
                tree.remove(&name)?;
                tree.cursor().enter(parents, IfMissing::Create)
            }
            _ => Err(EntryFault::ParentIsFile),
        }
    }
}
