//! Devices that could not be created: they are in the image's tree but not on the disk.
//!
//! Later entries may link to one, replace it or hide it as if it existed. So their paths are kept, in
//! memory: only ordinary users and root of a container leave devices out, and an image has a few dozen of
//! them at most.

use crate::tarball::LayerPath;
use std::collections::BTreeSet;
use std::ffi::{CStr, CString};

/// How many bytes of paths are kept. A hostile image may have more: those are left out too, and hard
/// links to them are refused.
const MAX_KEPT: usize = 1 << 20;

/// The memory that a path takes besides its bytes.
const ALLOCATED: usize = 64;

/// The paths of devices that were left out, without symlinks.
#[derive(Default)]
pub(super) struct LeftOut {
    paths: BTreeSet<LayerPath>,
    bytes: usize,
}

impl LeftOut {
    pub(super) fn is_empty(&self) -> bool {
        self.paths.is_empty()
    }

    /// Adds a path, unless there are too many.
    pub(super) fn insert(&mut self, path: LayerPath) {
        let size = size(&path);
        if self.bytes + size <= MAX_KEPT && self.paths.insert(path) {
            self.bytes += size;
        }
    }

    pub(super) fn contains(&self, path: &LayerPath) -> bool {
        self.paths.contains(path)
    }

    /// Removes a path and all below it.
    pub(super) fn remove(&mut self, path: &LayerPath) {
        let gone: Vec<_> = self.within(path).cloned().collect();
        for path in gone {
            self.bytes -= size(&path);
            self.paths.remove(&path);
        }
    }

    /// The names in one directory.
    pub(super) fn names_in(&self, directory: &LayerPath) -> Vec<CString> {
        let names = self.within(directory).filter_map(LayerPath::split);
        let direct = names.filter(|(parents, _)| *parents == directory.as_parents());
        direct
            .map(|(_, name): (_, &CStr)| name.to_owned())
            .collect()
    }

    fn within<'p>(&'p self, path: &'p LayerPath) -> impl Iterator<Item = &'p LayerPath> {
        let from = self.paths.range(path..);
        from.take_while(|other| other.is_within(path))
    }
}

fn size(path: &LayerPath) -> usize {
    ALLOCATED + path.as_parents().key().len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(name: &str) -> LayerPath {
        LayerPath::parse(name.as_bytes()).unwrap()
    }

    #[test]
    fn what_lies_below_goes_with_a_directory() {
        let mut left_out = LeftOut::default();
        let all = ["dev/null", "dev/pts/0", "dev", "dev-x", "dev!", "de", "a"];
        all.iter().for_each(|name| left_out.insert(path(name)));
        left_out.insert(path("a"));
        assert_eq!(left_out.names_in(&path("dev")), [c"null".to_owned()]);
        assert_eq!(left_out.names_in(&LayerPath::default()).len(), 5);
        left_out.remove(&path("dev"));
        let left: Vec<_> = all
            .iter()
            .filter(|name| left_out.contains(&path(name)))
            .collect();
        assert_eq!(left, [&"dev-x", &"dev!", &"de", &"a"]);
        left_out.remove(&LayerPath::default());
        assert!(left_out.is_empty() && left_out.bytes == 0);
    }

    #[test]
    fn no_more_than_a_megabyte_is_kept() {
        let mut left_out = LeftOut::default();
        let name = |n: usize| path(&format!("{n}/{}", "d/".repeat(500)));
        (0..2000).for_each(|n| left_out.insert(name(n)));
        assert!(left_out.bytes <= MAX_KEPT && left_out.paths.len() < 1000);
        assert!(left_out.contains(&name(0)) && !left_out.contains(&name(1999)));
    }
}
