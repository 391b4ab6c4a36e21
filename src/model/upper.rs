//! Whiteouts, as `extract/upper_paths.rs` applies them on disk.

use super::inode::{InodeId, Inodes, Metadata};
use std::collections::BTreeSet;
use std::ffi::CStr;

/// The places that the layer at hand has made, with all directories above them.
#[derive(Default)]
pub(super) struct UpperNodes {
    /// Nothing in the lowest layer.
    layer: Option<LayerNodes>,
}

#[derive(Default)]
struct LayerNodes {
    /// Every place that has been made, or lies above one.
    places: BTreeSet<u64>,
    /// The directories among them that have an entry of their own.
    described: BTreeSet<u64>,
    /// Directories that hold nothing from below any more.
    cleared: BTreeSet<u64>,
}

impl UpperNodes {
    /// Forgets all; from now on it remembers, unless this is the lowest layer.
    pub(super) fn begin_layer(&mut self, lowest: bool) {
        self.layer = (!lowest).then(LayerNodes::default);
    }

    /// The layer makes `name` in a directory, to which the `implied` ones were made.
    pub(super) fn insert(
        &mut self,
        inodes: &Inodes,
        directory: InodeId,
        name: &CStr,
        is_directory: bool,
        implied: &[InodeId],
    ) {
        let Some(layer) = &mut self.layer else { return };
        for id in implied {
            layer.places.extend(inodes.keys(*id));
        }
        let key = inodes.key(directory, name);
        layer.places.insert(key);
        if is_directory {
            layer.described.insert(key);
        }
        // Where one is known, all above it are.
        for above in inodes.keys(directory) {
            if !layer.places.insert(above) {
                break;
            }
        }
    }

    /// Whether `name` in a directory is what a lower layer left there.
    pub(super) fn is_from_below(&self, inodes: &Inodes, directory: InodeId, name: &CStr) -> bool {
        let layer = self.layer.as_ref();
        layer.is_some_and(|layer| !layer.places.contains(&inodes.key(directory, name)))
    }

    /// Hides what lower layers left of `name` in a directory.
    pub(super) fn hide(&mut self, inodes: &mut Inodes, directory: InodeId, name: &CStr) {
        let Some(layer) = &mut self.layer else { return };
        if !layer.places.contains(&inodes.key(directory, name)) {
            inodes.remove(directory, name);
            return;
        }
        let found = inodes.find(directory, name);
        if let Some(found) = found.filter(|found| inodes.is_directory(*found)) {
            layer.make_plain(inodes, found);
            layer.clear(inodes, found);
        }
    }

    /// Hides all that lower layers left in a directory.
    pub(super) fn hide_contents(&mut self, inodes: &mut Inodes, directory: InodeId) {
        if let Some(layer) = &mut self.layer {
            layer.clear(inodes, directory);
        }
    }
}

impl LayerNodes {
    /// Removes all below a directory but the places of this layer.
    fn clear(&mut self, inodes: &mut Inodes, top: InodeId) {
        let mut cleared = Vec::new();
        let mut waiting = vec![top];
        while let Some(id) = waiting.pop() {
            if !cleared.is_empty() {
                self.make_plain(inodes, id);
            }
            if inodes.keys(id).any(|key| self.cleared.contains(&key)) {
                continue;
            }
            cleared.extend(inodes.keys(id).next());
            let Some(directory) = inodes.directory(id) else {
                continue;
            };
            let entries = directory.entries.iter();
            let entries: Vec<_> = entries.map(|(name, id)| (name.clone(), *id)).collect();
            for (name, entry) in entries {
                if !self.places.contains(&inodes.key(id, &name)) {
                    inodes.remove(id, &name);
                } else if inodes.is_directory(entry) {
                    waiting.push(entry);
                }
            }
        }
        self.cleared.extend(cleared);
    }

    /// A directory is hidden with what it was, and stays because the layer has made something in it:
    /// if it has no entry of its own, it is as new.
    fn make_plain(&self, inodes: &mut Inodes, id: InodeId) {
        let own = inodes.keys(id).next();
        if own.is_none_or(|key| !self.described.contains(&key)) {
            inodes.get_mut(id).metadata = Some(Metadata::plain());
        }
    }
}
