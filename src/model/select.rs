//! What of the tree stays: see `extract/select.rs`, which does the same on the disk.

use super::Model;
use super::node::{InodeKind, Inodes};
use crate::error::{EntryFault, Error};
use crate::oci::TreeOptions;
use crate::tarball::{LayerPath, PathKind, Selection};
use std::ffi::CString;

impl Model {
    /// Removes what was not asked for. Returns the excludes under which there is nothing.
    pub fn select(&mut self, altered: &TreeOptions) -> Result<Vec<String>, Error> {
        let nodes = &mut self.nodes;
        let mut look = |place: &LayerPath| look(nodes, place).map_err(EntryFault::in_tree);
        if let Some(selection) = Selection::new(altered, &mut look)? {
            for directory in selection.directories() {
                let pruned = prune(nodes, &directory, &selection);
                pruned.map_err(EntryFault::in_tree)?;
            }
            return Ok(selection.unmatched());
        }
        Ok(Vec::new())
    }
}

pub(super) fn look(nodes: &mut Inodes, place: &LayerPath) -> Result<PathKind, EntryFault> {
    let Some((parents, name)) = place.split() else {
        return Ok(PathKind::Directory);
    };
    let parent = nodes.resolve(parents)?;
    let found = parent.and_then(|parent| nodes.find(parent, name));
    Ok(match found.map(|found| &nodes.get(found).kind) {
        None => PathKind::Nothing,
        Some(InodeKind::Directory(_)) => PathKind::Directory,
        Some(InodeKind::Symlink(target)) => PathKind::Symlink(target.clone()),
        Some(_) => PathKind::Other,
    })
}

fn prune(
    nodes: &mut Inodes,
    directory: &LayerPath,
    selection: &Selection,
) -> Result<(), EntryFault> {
    let Some(id) = nodes.resolve(directory.as_parents())? else {
        return Ok(());
    };
    let mut gone: Vec<CString> = Vec::new();
    if let Some(found) = nodes.directory(id) {
        let names = found.entries.keys();
        gone.extend(
            names
                .filter(|name| !selection.keeps(directory, name))
                .cloned(),
        );
    }
    for name in gone {
        nodes.remove(id, &name);
    }
    Ok(())
}
