//! Whiteouts: image-spec layer.md, "Whiteouts".
//!
//! A whiteout hides what lower layers left, wherever it stands among the entries of its own layer:
//! what its own layer made stays, and the tree is the same wherever the whiteout stands. So a layer
//! remembers which places it made; the lowest layer has nothing below it and remembers nothing.

use super::component::IfMissing;
use super::cursor::Cursor;
use super::metadata::make_plain;
use super::spill_set::{SpillSet, UpperMark};
use super::sweep::sweep;
use crate::error::EntryFault;
use crate::sys::{Dir, FileKind, Time};
use std::collections::BTreeSet;
use std::ffi::CStr;

/// The places that the layer at hand has made, with all directories above them. Of what is in a
/// directory that holds nothing from below, only directories are remembered: nothing there can be
/// hidden.
pub(super) struct UpperPaths {
    /// The root of the tree.
    root: Dir,
    /// Nothing in the lowest layer.
    layer: Option<LayerPaths>,
}

struct LayerPaths {
    places: SpillSet,
    /// The way that was asked about last, from the root down to the first directory that holds nothing
    /// from below, and which of them it is.
    way: Vec<(u64, bool)>,
}

impl UpperPaths {
    /// Remembers nothing yet of the tree below `root`.
    pub(super) fn new(root: Dir) -> Self {
        Self { root, layer: None }
    }

    /// Forgets all; from now on it remembers, unless this is the lowest layer.
    pub(super) fn begin_layer(&mut self, lowest: bool) -> Result<(), EntryFault> {
        self.layer = match lowest {
            true => None,
            false => Some(LayerPaths {
                places: SpillSet::new(&self.root)?,
                way: Vec::new(),
            }),
        };
        Ok(())
    }

    /// The layer makes `name` in the directory where `walk` stands, which it has made the way to.
    pub(super) fn insert(
        &mut self,
        cursor: &mut Cursor,
        name: &CStr,
        is_directory: bool,
    ) -> Result<(), EntryFault> {
        let Some(layer) = &mut self.layer else {
            cursor.implied.clear();
            return Ok(());
        };
        layer.insert_implied(cursor)?;
        if !layer.is_cleared(cursor)? {
            let key = cursor.key(name);
            layer.places.insert(key, UpperMark::Made)?;
            if is_directory {
                layer.places.insert(key, UpperMark::Described)?;
            }
        }
        // Where one is known, all above it are.
        for directory in cursor.keys() {
            if !layer.places.insert(directory, UpperMark::Made)? {
                break;
            }
        }
        Ok(())
    }

    /// The directory where `walk` stands was made anew.
    pub(super) fn insert_new(&mut self, cursor: &Cursor) -> Result<(), EntryFault> {
        let (Some(layer), Some(key)) = (&mut self.layer, cursor.keys().next()) else {
            return Ok(());
        };
        if !layer.is_cleared(cursor)? {
            layer.places.insert(key, UpperMark::Cleared)?;
            layer.way.pop();
            layer.way.push((key, true));
        }
        Ok(())
    }

    /// Whether `name` in the directory where `walk` stands is what a lower layer left there.
    pub(super) fn is_from_below(
        &mut self,
        cursor: &mut Cursor,
        name: &CStr,
    ) -> Result<bool, EntryFault> {
        let Some(layer) = &mut self.layer else {
            return Ok(false);
        };
        layer.insert_implied(cursor)?;
        Ok(!layer.is_cleared(cursor)?
            && !layer.places.contains(cursor.key(name), UpperMark::Made)?)
    }

    /// Hides what lower layers left of `name` in the directory where `walk` stands.
    pub(super) fn hide(&mut self, cursor: &mut Cursor, name: &CStr) -> Result<(), EntryFault> {
        let Some(layer) = &mut self.layer else {
            return Ok(());
        };
        layer.insert_implied(cursor)?;
        if layer.is_cleared(cursor)? || cursor.is_spared(name) {
            return Ok(());
        }
        if !layer.places.contains(cursor.key(name), UpperMark::Made)? {
            cursor.touch()?;
            cursor.invalidate();
            let removed = cursor.remove(name);
            return removed.map(drop).map_err(|e| EntryFault::io("remove", e));
        }
        if !is_directory(cursor, name)? {
            return Ok(());
        }
        let path = cursor.place().join(name);
        cursor.enter(path.as_parents(), IfMissing::Report)?;
        layer.make_plain(cursor)?;
        layer.clear(cursor)
    }

    /// Hides all that lower layers left in the directory where `walk` stands.
    pub(super) fn hide_contents(&mut self, cursor: &mut Cursor) -> Result<(), EntryFault> {
        let Some(layer) = &mut self.layer else {
            return Ok(());
        };
        layer.insert_implied(cursor)?;
        layer.clear(cursor)
    }
}

impl LayerPaths {
    /// Takes note of the directories that were made on the way of `walk`.
    fn insert_implied(&mut self, cursor: &mut Cursor) -> Result<(), EntryFault> {
        for implied in cursor.implied.drain(..) {
            self.places.insert(implied.key, UpperMark::Made)?;
            if implied.is_new {
                self.places.insert(implied.key, UpperMark::Cleared)?;
            }
        }
        Ok(())
    }

    /// Whether nothing from below is in the directory where `walk` stands. What is so stays so; what is
    /// not so may be later, but not before the walk has stood above it.
    fn is_cleared(&mut self, cursor: &Cursor) -> Result<bool, EntryFault> {
        match self.way.last() {
            Some((last, is_cleared)) if cursor.keys().next() == Some(*last) => {
                return Ok(*is_cleared);
            }
            _ => {}
        }
        let mut keys: Vec<_> = cursor.keys().collect();
        keys.reverse();
        for (depth, key) in keys.into_iter().enumerate() {
            let known = self.way.get(depth).filter(|(known, _)| *known == key);
            let is_cleared = match known {
                Some((_, is_cleared)) => *is_cleared,
                None => {
                    let is_cleared = self.places.contains(key, UpperMark::Cleared)?;
                    self.way.truncate(depth);
                    self.way.push((key, is_cleared));
                    is_cleared
                }
            };
            if is_cleared {
                self.way.truncate(depth + 1);
                return Ok(true);
            }
        }
        self.way.truncate(cursor.keys().count());
        Ok(false)
    }

    /// Removes all below the directory where `walk` stands but the places of this layer. One
    /// directory after the other and not one within the other: a layer may have made a path
    /// thousands of directories deep. What has been cleared stays clear, so markers on every
    /// directory of a tree cost no more than one on its top.
    fn clear(&mut self, cursor: &mut Cursor) -> Result<(), EntryFault> {
        let mut cleared = Vec::new();
        let mut waiting = vec![cursor.place()];
        while let Some(path) = waiting.pop() {
            cursor.enter(path.as_parents(), IfMissing::Report)?;
            if !cleared.is_empty() {
                self.make_plain(cursor)?;
            }
            if self.is_cleared(cursor)? {
                continue;
            }
            cleared.extend(cursor.keys().next());
            let mut inner = BTreeSet::new();
            sweep(cursor, &mut |cursor, name| {
                if cursor.is_spared(name) {
                    return Ok(true);
                }
                let stays = self.places.contains(cursor.key(name), UpperMark::Made)?;
                if stays && is_directory(cursor, name)? {
                    inner.insert(name.to_owned());
                }
                Ok(stays)
            })?;
            waiting.extend(inner.iter().map(|name| path.join(name)));
        }
        for directory in cleared {
            self.places.insert(directory, UpperMark::Cleared)?;
        }
        self.way.clear();
        Ok(())
    }

    /// The directory where `walk` stands is hidden with what it was, and stays because the layer has
    /// made something in it: if it has no entry of its own, it is as new.
    fn make_plain(&self, cursor: &mut Cursor) -> Result<(), EntryFault> {
        if let Some(key) = cursor.keys().next()
            && self.places.contains(key, UpperMark::Described)?
        {
            return Ok(());
        }
        make_plain(cursor.here()?, cursor.plain)?;
        cursor.describe(Time::default(), false, false);
        Ok(())
    }
}

fn is_directory(cursor: &Cursor, name: &CStr) -> Result<bool, EntryFault> {
    let found = cursor
        .here()?
        .find(name)
        .map_err(|e| EntryFault::io("look at", e))?;
    Ok(found.is_some_and(|found| found.kind == FileKind::Directory))
}
