//! Whiteouts: image-spec layer.md, "Whiteouts".
//!
//! A whiteout hides what lower layers left, wherever it stands among the entries of its own layer:
//! what its own layer made stays, and the tree is the same wherever the whiteout stands. So a layer
//! remembers which places it made, as keys of eight bytes each; the lowest layer has nothing below
//! it and remembers nothing.

use super::metadata::make_plain;
use super::path::LayerPath;
use super::walk::{Missing, Walk};
use crate::error::EntryFault;
use crate::sys::{Kind, Time, remove_tree};
use std::collections::HashSet;
use std::ffi::{CStr, CString};

/// What an entry's name asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Name {
    /// Something to make under this name.
    Plain,
    /// `.wh.NAME`: hide NAME.
    Whiteout(CString),
    /// `.wh..wh..opq`: hide all that the directory has from below.
    Opaque,
    /// Other `.wh..wh.` names are the bookkeeping of aufs: no part of the image.
    Bookkeeping,
}

const PREFIX: &[u8] = b".wh.";
const META_PREFIX: &[u8] = b".wh..wh.";
const OPAQUE: &[u8] = b".wh..wh..opq";

impl Name {
    /// Reads a path. `.wh.` begins no name of a file (layer.md), so one in mid-path or one that
    /// would hide the directory itself, its parent or nothing is malformed: umoci 0.4.7 deleted
    /// what stood beside the tree for `.wh...`.
    pub(super) fn of(path: &LayerPath) -> Result<Self, EntryFault> {
        let Some((parents, name)) = path.split() else {
            return Ok(Self::Plain);
        };
        for parent in parents.components().map(CStr::to_bytes) {
            if parent.starts_with(META_PREFIX) {
                return Ok(Self::Bookkeeping);
            }
            if parent.starts_with(PREFIX) {
                return Err(EntryFault::Whiteout);
            }
        }
        match name.to_bytes() {
            OPAQUE => Ok(Self::Opaque),
            name if name.starts_with(META_PREFIX) => Ok(Self::Bookkeeping),
            name => match name.strip_prefix(PREFIX) {
                None => Ok(Self::Plain),
                Some(b"" | b"." | b"..") => Err(EntryFault::Whiteout),
                Some(hidden) => CString::new(hidden)
                    .map(Self::Whiteout)
                    .map_err(|_| EntryFault::NulInName),
            },
        }
    }
}

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
        make_plain(walk.here()?)?;
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

#[cfg(test)]
mod tests {
    use super::*;

    fn name(path: &str) -> Result<Name, EntryFault> {
        Name::of(&LayerPath::parse(path.as_bytes())?)
    }

    #[test]
    fn tells_whiteouts_from_names_that_look_like_them() {
        for plain in ["a", "wh.a", ".wha", "a.wh.b", "a/b.wh.", "."] {
            assert_eq!(name(plain).unwrap(), Name::Plain, "{plain}");
        }
        assert_eq!(name("a/.wh.b").unwrap(), Name::Whiteout(c"b".to_owned()));
        assert_eq!(name(".wh....").unwrap(), Name::Whiteout(c"...".to_owned()));
        assert_eq!(name("a/.wh..wh..opq").unwrap(), Name::Opaque);
        for aufs in [
            ".wh..wh.aufs",
            ".wh..wh.plnk/",
            ".wh..wh.plnk/1.2",
            ".wh..wh.foo",
            ".wh..wh.",
        ] {
            assert_eq!(name(aufs).unwrap(), Name::Bookkeeping, "{aufs}");
        }
        for bad in [
            ".wh.", ".wh..", ".wh...", "a/.wh.", "a/.wh..", "a/.wh...", ".wh.a/b",
        ] {
            assert!(matches!(name(bad), Err(EntryFault::Whiteout)), "{bad}");
        }
    }
}
