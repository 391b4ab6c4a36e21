//! Whiteouts: image-spec layer.md, "Whiteouts".
//!
//! A whiteout hides what lower layers left, wherever it stands among the entries of its own layer:
//! what its own layer made stays, and the tree is the same wherever the whiteout stands. So a layer
//! remembers which places it made, as keys of eight bytes each; the lowest layer has nothing below
//! it and remembers nothing.

use super::metadata::make_plain;
use super::walk::{Missing, Walk};
use crate::error::EntryFault;
use crate::sys::{Kind, Time, remove_tree};
use crate::tarball::LayerPath;
use std::collections::HashSet;
use std::ffi::CStr;

/// The places that the layer at hand has made, with all directories above them.
#[derive(Default)]
pub(super) struct Made {
    /// Nothing in the lowest layer.
    layer: Option<Layer>,
}

#[derive(Default)]
struct Layer {
    /// Every place that has been made, or lies above one.
    places: HashSet<u64>,
    /// The directories among them that have an entry of their own.
    described: HashSet<u64>,
    /// Directories that hold nothing from below any more.
    cleared: HashSet<u64>,
}

impl Made {
    /// Forgets all; from now on it remembers, unless this is the lowest layer.
    pub(super) fn begin_layer(&mut self, lowest: bool) {
        self.layer = (!lowest).then(Layer::default);
    }

    /// The layer makes `name` in the directory where `walk` stands, which it has made the way to.
    pub(super) fn insert(&mut self, walk: &mut Walk, name: &CStr, is_directory: bool) {
        let implied = walk.implied.drain(..);
        let Some(layer) = &mut self.layer else { return };
        layer.places.extend(implied);
        layer.places.insert(walk.key(name));
        if is_directory {
            layer.described.insert(walk.key(name));
        }
        // Where one is known, all above it are.
        for directory in walk.keys() {
            if !layer.places.insert(directory) {
                break;
            }
        }
    }

    /// Hides what lower layers left of `name` in the directory where `walk` stands.
    pub(super) fn hide(&mut self, walk: &mut Walk, name: &CStr) -> Result<(), EntryFault> {
        let Some(layer) = &mut self.layer else {
            return Ok(());
        };
        if !layer.places.contains(&walk.key(name)) {
            walk.change()?;
            walk.forget();
            return remove_tree(walk.here()?, name).map_err(|e| EntryFault::io("remove", e));
        }
        if !is_directory(walk, name)? {
            return Ok(());
        }
        let path = place(walk).join(name);
        walk.enter(path.as_parents(), Missing::Tell)?;
        layer.make_plain(walk)?;
        layer.clear(walk)
    }

    /// Hides all that lower layers left in the directory where `walk` stands.
    pub(super) fn hide_contents(&mut self, walk: &mut Walk) -> Result<(), EntryFault> {
        self.layer
            .as_mut()
            .map_or(Ok(()), |layer| layer.clear(walk))
    }
}

impl Layer {
    /// Removes all below the directory where `walk` stands but the places of this layer. One
    /// directory after the other and not one within the other: a layer may have made a path
    /// thousands of directories deep. What has been cleared stays clear, so markers on every
    /// directory of a tree cost no more than one on its top.
    fn clear(&mut self, walk: &mut Walk) -> Result<(), EntryFault> {
        let mut cleared = Vec::new();
        let mut waiting = vec![place(walk)];
        while let Some(path) = waiting.pop() {
            walk.enter(path.as_parents(), Missing::Tell)?;
            if !cleared.is_empty() {
                self.make_plain(walk)?;
            }
            if walk.keys().any(|key| self.cleared.contains(&key)) {
                continue;
            }
            cleared.extend(walk.keys().next());
            for entry in walk.here()?.list().map_err(|e| EntryFault::io("list", e))? {
                let name = entry.name.as_c_str();
                if !self.places.contains(&walk.key(name)) {
                    walk.change()?;
                    remove_tree(walk.here()?, name).map_err(|e| EntryFault::io("remove", e))?;
                } else if is_directory(walk, name)? {
                    waiting.push(path.join(name));
                }
            }
        }
        self.cleared.extend(cleared);
        Ok(())
    }

    /// The directory where `walk` stands is hidden with what it was, and stays because the layer has
    /// made something in it: if it has no entry of its own, it is as new.
    fn make_plain(&self, walk: &mut Walk) -> Result<(), EntryFault> {
        if walk
            .keys()
            .next()
            .is_some_and(|key| self.described.contains(&key))
        {
            return Ok(());
        }
        make_plain(walk.here()?, walk.plain)?;
        walk.describe(Time::default(), false, false);
        Ok(())
    }
}

fn is_directory(walk: &Walk, name: &CStr) -> Result<bool, EntryFault> {
    let found = walk
        .here()?
        .find(name)
        .map_err(|e| EntryFault::io("look at", e))?;
    Ok(found.is_some_and(|found| found.kind == Kind::Directory))
}

/// The path of the directory where `walk` stands, without symlinks.
fn place(walk: &Walk) -> LayerPath {
    walk.names()
        .fold(LayerPath::default(), |path, name| path.join(name))
}
