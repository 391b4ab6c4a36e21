//! Removes what `--include` and `--exclude` leave out, as `extract/select.rs` does on disk.

use super::Model;
use super::inode::{InodeKind, Inodes};
use crate::changeset::{PathKind, Selection};
use crate::error::{EntryFault, Error};
use crate::tarball::LayerPath;
use crate::tree_options::TreeOptions;
use std::ffi::CString;

impl Model {
    /// Removes what was not asked for. Returns the excludes under which there is nothing.
    pub fn select(&mut self, altered: &TreeOptions) -> Result<Vec<String>, Error> {
        let inodes = &mut self.inodes;
        let mut look = |place: &LayerPath| look(inodes, place).map_err(EntryFault::in_tree);
        if let Some(selection) = Selection::new(altered, &mut look)? {
            for directory in selection.directories() {
                let pruned = prune(inodes, &directory, &selection);
                pruned.map_err(EntryFault::in_tree)?;
            }
            return Ok(selection.unmatched());
        }
        Ok(Vec::new())
    }
}

pub(super) fn look(inodes: &mut Inodes, place: &LayerPath) -> Result<PathKind, EntryFault> {
    let Some((parents, name)) = place.split() else {
        return Ok(PathKind::Directory);
    };
    let parent = inodes.resolve(parents)?;
    let found = parent.and_then(|parent| inodes.find(parent, name));
    Ok(match found.map(|found| &inodes.get(found).kind) {
        None => PathKind::Nothing,
        Some(InodeKind::Directory(_)) => PathKind::Directory,
        Some(InodeKind::Symlink(target)) => PathKind::Symlink(target.clone()),
        Some(_) => PathKind::Other,
    })
}

fn prune(
    inodes: &mut Inodes,
    directory: &LayerPath,
    selection: &Selection,
) -> Result<(), EntryFault> {
    let Some(id) = inodes.resolve(directory.as_parents())? else {
        return Ok(());
    };
    let mut gone: Vec<CString> = Vec::new();
    if let Some(found) = inodes.directory(id) {
        let names = found.entries.keys();
        gone.extend(
            names
                .filter(|name| !selection.keeps(directory, name))
                .cloned(),
        );
    }
    for name in gone {
        inodes.remove(id, &name);
    }
    Ok(())
}
