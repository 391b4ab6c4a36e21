//! Which part of a tree is compared, and which differences count: `verify --include`, `--exclude`,
//! `--ignore-times` and `--ignore-added`.
//!
//! A system that runs in a tree writes to it: logs, `/etc/resolv.conf`, the times of directories.
//! Paths are looked up in the image, as for `pull`, and left out on both sides of the comparison.

use super::Model;
use super::select::look;
use crate::changeset::Selection;
use crate::error::{EntryFault, Error};
use crate::tarball::LayerPath;
use crate::tree_options::TreeOptions;
use std::collections::BTreeSet;
use std::ffi::CStr;

/// Differences that do not count.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ignore {
    /// The time of the last change, of files and directories.
    pub times: bool,
    /// Names that are not in the image.
    pub added: bool,
}

/// What is compared.
pub struct Scope {
    part: Option<ScopedPath>,
    pub(super) ignore: Ignore,
}

/// Less than the whole tree.
struct ScopedPath {
    selection: Selection,
    /// The directories in which some names are compared and others are not.
    directories: BTreeSet<LayerPath>,
}

impl Model {
    /// Looks up the paths of `part` in the image. An include that leads to nothing is an error: a
    /// misspelt one would compare nothing, and never find a difference.
    pub fn scope(&mut self, part: &TreeOptions, ignore: Ignore) -> Result<Scope, Error> {
        let inodes = &mut self.inodes;
        let mut look = |place: &LayerPath| look(inodes, place).map_err(EntryFault::in_tree);
        let selection = Selection::new(part, &mut look)?;
        let part = selection.map(|selection| ScopedPath {
            directories: selection.directories(),
            selection,
        });
        Ok(Scope { part, ignore })
    }
}

/// A `directory` is the path of one in which not all names are compared; none where all are.
impl Scope {
    /// The root directory.
    pub(super) fn root(&self) -> Option<LayerPath> {
        self.part.as_ref().map(|_| LayerPath::default())
    }

    /// The directory `name` in `directory`.
    pub(super) fn below(&self, directory: Option<&LayerPath>, name: &CStr) -> Option<LayerPath> {
        let (part, directory) = self.in_part(directory)?;
        Some(directory.join(name)).filter(|place| part.directories.contains(place))
    }

    /// Whether the name in `directory` is compared.
    pub(super) fn keeps(&self, directory: Option<&LayerPath>, name: &CStr) -> bool {
        self.in_part(directory)
            .is_none_or(|(part, directory)| part.selection.keeps(directory, name))
    }

    /// Whether `directory` itself is compared, and not only something below it: whoever asks for
    /// `/usr` is not interested in the mode of the root.
    pub(super) fn holds(&self, directory: Option<&LayerPath>) -> bool {
        self.in_part(directory)
            .is_none_or(|(part, directory)| part.selection.is_whole(directory))
    }

    /// Whether a name in `directory` is excluded: the time of the directory changes whenever that
    /// name comes or goes.
    pub(super) fn excludes_in(&self, directory: Option<&LayerPath>) -> bool {
        self.in_part(directory)
            .is_some_and(|(part, directory)| part.selection.drops_in(directory))
    }

    /// The path of an excluded name, if it is exactly what an exclude stands for.
    pub(super) fn excluded(&self, directory: Option<&LayerPath>, name: &CStr) -> Option<LayerPath> {
        let (part, directory) = self.in_part(directory)?;
        Some(directory.join(name)).filter(|place| part.selection.drops(place))
    }

    /// The excludes under which there is nothing in the image, nor among `seen` in the tree.
    pub(super) fn unmatched(&self, seen: &BTreeSet<LayerPath>) -> Vec<String> {
        let part = self.part.as_ref();
        part.map_or_else(Vec::new, |part| part.selection.unmatched_but(seen))
    }

    fn in_part<'s>(
        &'s self,
        directory: Option<&'s LayerPath>,
    ) -> Option<(&'s ScopedPath, &'s LayerPath)> {
        self.part.as_ref().zip(directory)
    }
}
