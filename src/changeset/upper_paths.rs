//! Which paths the current layer wrote, and what its whiteouts hide: image-spec layer.md,
//! "Whiteouts".
//!
//! A whiteout hides what lower layers left, and never what its own layer wrote, whether before or
//! after it in the archive. So a layer records the paths that it writes. The lowest layer has
//! nothing below it and records nothing.

use super::cursor::{IfMissing, ImpliedDirectory, Position};
use super::spill_set::{SpillSet, UpperMark};
use super::{PathKind, Tree};
use crate::error::EntryFault;
use crate::sys::Dir;
use std::collections::BTreeSet;
use std::ffi::CStr;

/// The paths that the current layer wrote, and their ancestors. In a directory that contains nothing
/// of lower layers, only directories are recorded, because nothing there can be hidden.
pub(super) struct UpperPaths {
    spill: Option<Dir>,
    /// None in the lowest layer.
    layer: Option<LayerPaths>,
}

struct LayerPaths {
    paths: SpillSet,
    /// The keys of the last path that was looked up, from the root down to the first cleared
    /// directory, and whether each is cleared.
    last: Vec<(u64, bool)>,
}

impl UpperPaths {
    /// Long lists go to a file in `spill`.
    pub(super) fn new(spill: Option<Dir>) -> Self {
        Self { spill, layer: None }
    }

    /// Forgets all paths, and records those of the next layer unless it is the lowest.
    pub(super) fn begin_layer(&mut self, is_lowest: bool) -> Result<(), EntryFault> {
        self.layer = None;
        if !is_lowest {
            self.layer = Some(LayerPaths {
                paths: SpillSet::new(self.spill.as_ref())?,
                last: Vec::new(),
            });
        }
        Ok(())
    }

    /// Records that the layer writes `name` in the current directory.
    pub(super) fn insert(
        &mut self,
        position: &mut Position,
        name: &CStr,
        is_directory: bool,
    ) -> Result<(), EntryFault> {
        let implied = position.take_implied();
        let Some(layer) = &mut self.layer else {
            return Ok(());
        };
        layer.insert_implied(implied)?;
        if !layer.is_cleared(position)? {
            let key = position.key(name);
            layer.paths.insert(key, UpperMark::Written)?;
            if is_directory {
                layer.paths.insert(key, UpperMark::Described)?;
            }
        }
        // If a directory is recorded, so are its ancestors.
        for key in position.keys().iter().rev() {
            if !layer.paths.insert(*key, UpperMark::Written)? {
                break;
            }
        }
        Ok(())
    }

    /// Records that the current directory was created, and so contains nothing from lower layers.
    pub(super) fn insert_new(&mut self, position: &Position) -> Result<(), EntryFault> {
        let (Some(layer), Some(key)) = (&mut self.layer, position.keys().last()) else {
            return Ok(());
        };
        if !layer.is_cleared(position)? {
            layer.paths.insert(*key, UpperMark::Cleared)?;
            layer.last.pop();
            layer.last.push((*key, true));
        }
        Ok(())
    }

    /// Whether a lower layer left `name` in the current directory.
    pub(super) fn is_from_lower_layer(
        &mut self,
        position: &mut Position,
        name: &CStr,
    ) -> Result<bool, EntryFault> {
        let Some(layer) = &mut self.layer else {
            return Ok(false);
        };
        layer.insert_implied(position.take_implied())?;
        Ok(!layer.is_cleared(position)? && !layer.is_written(position, name)?)
    }

    /// Applies the whiteout `.wh.NAME` in the current directory: removes what lower layers left of
    /// `name`.
    pub(super) fn apply_whiteout(
        &mut self,
        tree: &mut dyn Tree,
        name: &CStr,
    ) -> Result<(), EntryFault> {
        let Some(layer) = &mut self.layer else {
            return Ok(());
        };
        let position = tree.cursor().position();
        layer.insert_implied(position.take_implied())?;
        if layer.is_cleared(position)? || tree.is_reserved(name) {
            return Ok(());
        }
        if !layer.is_written(tree.cursor().position(), name)? {
            return tree.remove(name);
        }
        if tree.kind(name)? != PathKind::Directory {
            return Ok(());
        }
        let path = tree.cursor().path().join(name);
        tree.cursor().enter(path.as_parents(), IfMissing::Report)?;
        layer.reset_metadata(tree)?;
        layer.clear(tree)
    }

    /// Applies the opaque whiteout of the current directory: removes everything that lower layers left
    /// in it.
    pub(super) fn apply_opaque(&mut self, tree: &mut dyn Tree) -> Result<(), EntryFault> {
        let Some(layer) = &mut self.layer else {
            return Ok(());
        };
        layer.insert_implied(tree.cursor().position().take_implied())?;
        layer.clear(tree)
    }
}

impl LayerPaths {
    fn insert_implied(&mut self, implied: Vec<ImpliedDirectory>) -> Result<(), EntryFault> {
        for directory in implied {
            self.paths.insert(directory.key, UpperMark::Written)?;
            if directory.is_new {
                self.paths.insert(directory.key, UpperMark::Cleared)?;
            }
        }
        Ok(())
    }

    fn is_written(&self, position: &Position, name: &CStr) -> Result<bool, EntryFault> {
        self.paths.contains(position.key(name), UpperMark::Written)
    }

    /// Whether the current directory contains nothing from lower layers. Once true, this stays true;
    /// it can become true only while the cursor is above the directory.
    fn is_cleared(&mut self, position: &Position) -> Result<bool, EntryFault> {
        let keys = position.keys();
        if let Some((last, is_cleared)) = self.last.last()
            && keys.last() == Some(last)
        {
            return Ok(*is_cleared);
        }
        for (depth, key) in keys.iter().enumerate() {
            let known = self.last.get(depth).filter(|(known, _)| known == key);
            let is_cleared = if let Some((_, is_cleared)) = known {
                *is_cleared
            } else {
                let is_cleared = self.paths.contains(*key, UpperMark::Cleared)?;
                self.last.truncate(depth);
                self.last.push((*key, is_cleared));
                is_cleared
            };
            if is_cleared {
                self.last.truncate(depth + 1);
                return Ok(true);
            }
        }
        self.last.truncate(keys.len());
        Ok(false)
    }

    /// Removes everything below the current directory that this layer did not write. Iterates instead
    /// of recursing, because a layer may have written a path that is thousands of directories deep.
    /// A cleared directory stays cleared, so whiteouts in every directory of a tree cost no more than
    /// one at its top.
    fn clear(&mut self, tree: &mut dyn Tree) -> Result<(), EntryFault> {
        let mut cleared = Vec::new();
        let mut waiting = vec![tree.cursor().path()];
        while let Some(path) = waiting.pop() {
            tree.cursor().enter(path.as_parents(), IfMissing::Report)?;
            if !cleared.is_empty() {
                self.reset_metadata(tree)?;
            }
            let position = tree.cursor().position();
            if self.is_cleared(position)? {
                continue;
            }
            cleared.extend(position.keys().last().copied());
            let mut inner = BTreeSet::new();
            tree.retain(&mut |tree, name| {
                let keep = self.is_written(tree.cursor().position(), name)?;
                if keep && tree.kind(name)? == PathKind::Directory {
                    inner.insert(name.to_owned());
                }
                Ok(keep)
            })?;
            waiting.extend(inner.iter().map(|name| path.join(name)));
        }
        for key in cleared {
            self.paths.insert(key, UpperMark::Cleared)?;
        }
        self.last.clear();
        Ok(())
    }

    /// Resets the metadata of a hidden directory that stays because the layer wrote something in it.
    /// Without an entry of its own in the layer, its metadata came from below and is hidden too.
    fn reset_metadata(&self, tree: &mut dyn Tree) -> Result<(), EntryFault> {
        if let Some(key) = tree.cursor().position().keys().last()
            && self.paths.contains(*key, UpperMark::Described)?
        {
            return Ok(());
        }
        tree.reset_metadata()
    }
}
