//! Which part of a tree is compared, and which differences count: `verify --include`, `--exclude`,
//! `--ignore-times` and `--ignore-added`.
//!
//! A system that runs in a tree writes to it: logs, `/etc/resolv.conf`, the times of directories.
//! Paths are resolved in the image, as for `pull`, and left out on both sides of the comparison.

use crate::changeset::Selection;
use crate::error::Error;
use crate::tarball::LayerPath;
use crate::tree::ImageTree;
use crate::tree_options::TreeOptions;
use std::collections::BTreeSet;
use std::ffi::CStr;

/// Differences to ignore.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ignore {
    /// Modification times.
    pub times: bool,
    /// Names that are not in the image.
    pub added: bool,
}

/// What to compare.
pub struct Scope {
    part: Option<PartOfTree>,
    pub(super) ignore: Ignore,
}

/// Less than the whole tree.
struct PartOfTree {
    selection: Selection,
    /// The directories in which some names are compared and others are not.
    directories: BTreeSet<LayerPath>,
}

/// A `directory` is the path of one in which not all names are compared; None if all are.
impl Scope {
    /// Resolves the paths of `part` in the image. An include that matches nothing is an error: a typo
    /// would otherwise compare nothing, and never find a difference.
    pub fn new(tree: &mut ImageTree, part: &TreeOptions, ignore: Ignore) -> Result<Self, Error> {
        let selection = Selection::new(part, tree.as_tree())?;
        let part = selection.map(|selection| PartOfTree {
            directories: selection.directories(),
            selection,
        });
        Ok(Self { part, ignore })
    }

    /// The path of the root directory.
    pub(super) fn root(&self) -> Option<LayerPath> {
        self.part.as_ref().map(|_| LayerPath::default())
    }

    /// The path of the directory `name` in `directory`.
    pub(super) fn below(&self, directory: Option<&LayerPath>, name: &CStr) -> Option<LayerPath> {
        let (part, directory) = self.in_part(directory)?;
        Some(directory.join(name)).filter(|path| part.directories.contains(path))
    }

    /// Whether the name in `directory` is compared.
    pub(super) fn keeps(&self, directory: Option<&LayerPath>, name: &CStr) -> bool {
        self.in_part(directory)
            .is_none_or(|(part, directory)| part.selection.keeps(directory, name))
    }

    /// Whether `directory` itself is compared, and not only something below it: with `--include=/usr`,
    /// the mode of the root does not matter.
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

    /// The path of an excluded name, if an exclude resolves to exactly that.
    pub(super) fn excluded(&self, directory: Option<&LayerPath>, name: &CStr) -> Option<LayerPath> {
        let (part, directory) = self.in_part(directory)?;
        Some(directory.join(name)).filter(|path| part.selection.drops(path))
    }

    /// The excludes that match nothing, neither in the image nor among `matched` on disk.
    pub(super) fn unmatched(&self, matched: &BTreeSet<LayerPath>) -> Vec<String> {
        let part = self.part.as_ref();
        part.map_or_else(Vec::new, |part| part.selection.unmatched(matched))
    }

    fn in_part<'s>(
        &'s self,
        directory: Option<&'s LayerPath>,
    ) -> Option<(&'s PartOfTree, &'s LayerPath)> {
        self.part.as_ref().zip(directory)
    }
}
