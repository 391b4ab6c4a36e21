//! The parts of a tree to keep: `--include` and `--exclude`.
//!
//! A path is resolved inside the tree with all layers applied: in an image where `bin` is a symlink to
//! `usr/bin`, `/bin/sh` is `usr/bin/sh`. An include keeps its target with everything below it, and all
//! symlinks and directories on the path. An exclude drops what `rm -r` would remove: of a symlink, the
//! link itself.

use super::cursor::IfMissing;
use super::resolve::PathWalk;
use super::{PathKind, Tree};
use crate::error::{EntryFault, Error, ImageError, IncludeFault};
use crate::tarball::LayerPath;
use crate::tree_options::TreeOptions;
use std::collections::BTreeSet;
use std::ffi::CStr;

/// The total length of all paths that includes lead through, in bytes: symlinks of an image can lead
/// so deep that recording each directory would take gigabytes.
const MAX_VIA: usize = 4 << 20;

/// Removes what `--include` and `--exclude` leave out, and returns the excludes that match nothing.
/// All layers must be applied: only then is it known where a path leads, and what a hard link links
/// to.
pub(crate) fn select(tree: &mut dyn Tree, options: &TreeOptions) -> Result<Vec<String>, Error> {
    let Some(selection) = Selection::new(options, tree)? else {
        return Ok(Vec::new());
    };
    for directory in selection.directories() {
        let pruned = selection.prune(tree, &directory);
        pruned.map_err(EntryFault::in_tree)?;
    }
    Ok(selection.unmatched(&BTreeSet::new()))
}

/// The paths to keep.
pub(crate) struct Selection {
    /// Kept with everything below.
    whole: Vec<LayerPath>,
    /// Kept, because included paths lead through them.
    via: Via,
    /// Dropped with everything below, whatever is included above.
    dropped: Vec<LayerPath>,
    /// The excludes that match nothing, with the paths that they resolve to.
    unmatched: Vec<(String, Option<LayerPath>)>,
}

/// The symlinks and directories that paths lead through.
#[derive(Default)]
struct Via {
    directories: BTreeSet<LayerPath>,
    symlinks: BTreeSet<LayerPath>,
    /// Their total length, in bytes.
    length: usize,
}

impl Selection {
    /// Resolves the options in `tree`; None if they select everything. An include that matches
    /// nothing is an error: a typo would otherwise make an empty tree.
    pub(crate) fn new(options: &TreeOptions, tree: &mut dyn Tree) -> Result<Option<Self>, Error> {
        let mut selection = Self {
            whole: Vec::new(),
            via: Via::default(),
            dropped: Vec::new(),
            unmatched: Vec::new(),
        };
        // The path to an exclude need not be recorded.
        let mut unused = Via::default();
        for (text, path) in options
            .excluded()
            .filter_map(|text| Some((text, parsed(text)?)))
        {
            let Some((_, name)) = path.split() else {
                continue;
            };
            let parent = resolve(&path.parent(), &mut unused, tree)?;
            let dropped = parent.ok().map(|parent| parent.join(name));
            let is_missing = match &dropped {
                Some(path) => find(tree, path)? == PathKind::Missing,
                None => true,
            };
            if is_missing {
                let unmatched = (text.to_owned(), dropped.clone());
                selection.unmatched.push(unmatched);
            }
            selection.dropped.extend(dropped);
        }
        for path in options.included() {
            let found = match parsed(path) {
                Some(path) => {
                    resolve(&path, &mut selection.via, tree)?.map_or_else(|last| last, Some)
                }
                None => None,
            };
            let reason = match &found {
                None => Some(IncludeFault::Missing),
                Some(found) if selection.is_dropped(found) => Some(IncludeFault::Excluded),
                Some(_) => None,
            };
            if let Some(reason) = reason {
                let path = path.to_owned();
                return Err(ImageError::Include { path, reason }.into());
            }
            selection.whole.extend(found);
        }
        if selection.whole.is_empty() {
            if selection.dropped.is_empty() && selection.unmatched.is_empty() {
                return Ok(None);
            }
            selection.whole.push(LayerPath::default());
        }
        Ok(Some(selection))
    }

    /// The excludes that match nothing, misspelt or meant for another image, and that resolve to
    /// none of the paths in `matched`.
    pub(crate) fn unmatched(&self, matched: &BTreeSet<LayerPath>) -> Vec<String> {
        let is_matched =
            |path: &Option<LayerPath>| path.as_ref().is_some_and(|path| matched.contains(path));
        let unmatched = self.unmatched.iter().filter(|(_, path)| !is_matched(path));
        unmatched.map(|(text, _)| text.clone()).collect()
    }

    /// The directories from which something may have to be removed, parents first.
    pub(crate) fn directories(&self) -> BTreeSet<LayerPath> {
        let mut above = self.via.directories.clone();
        above.insert(LayerPath::default());
        for path in &self.dropped {
            let mut here = LayerPath::default();
            for name in path.as_parents().components() {
                let below = here.join(name);
                above.insert(here);
                here = below;
            }
        }
        above
    }

    /// Whether to keep `name` in `directory`, which is one of [`Self::directories`].
    pub(crate) fn keeps(&self, directory: &LayerPath, name: &CStr) -> bool {
        let path = directory.join(name);
        let is_whole = || self.whole.iter().any(|whole| path.is_within(whole));
        let Via {
            directories,
            symlinks,
            ..
        } = &self.via;
        let is_via = directories.contains(&path) || symlinks.contains(&path);
        !self.is_dropped(&path) && (is_via || is_whole())
    }

    /// Whether a directory is kept with everything below it, apart from excludes.
    pub(crate) fn is_whole(&self, directory: &LayerPath) -> bool {
        self.whole.iter().any(|whole| directory.is_within(whole))
    }

    /// Whether an exclude resolves to exactly this path.
    pub(crate) fn drops(&self, path: &LayerPath) -> bool {
        self.dropped.contains(path)
    }

    /// Whether an exclude resolves to a name in this directory.
    pub(crate) fn drops_in(&self, directory: &LayerPath) -> bool {
        let mut parents = self.dropped.iter().map(LayerPath::parent);
        parents.any(|parent| parent == *directory)
    }

    /// Removes what is not kept from one directory, unless the directory itself is gone.
    fn prune(&self, tree: &mut dyn Tree, directory: &LayerPath) -> Result<(), EntryFault> {
        if !tree
            .cursor()
            .enter(directory.as_parents(), IfMissing::Report)?
        {
            return Ok(());
        }
        tree.retain(&mut |_, name| Ok(self.keeps(directory, name)))
    }

    fn is_dropped(&self, path: &LayerPath) -> bool {
        self.dropped.iter().any(|dropped| path.is_within(dropped))
    }
}

impl Via {
    /// Records a path that another leads through. False if the total is too long.
    fn add(&mut self, path: LayerPath, is_directory: bool) -> bool {
        let length = path.as_parents().key().len();
        let paths = if is_directory {
            &mut self.directories
        } else {
            &mut self.symlinks
        };
        if paths.insert(path) {
            self.length += length;
        }
        self.length <= MAX_VIA
    }
}

/// The command line was validated; a record may contain anything.
fn parsed(path: &str) -> Option<LayerPath> {
    LayerPath::parse(path.as_bytes()).ok()
}

/// The kind of file at a path whose parents are no symlinks.
fn find(tree: &mut dyn Tree, path: &LayerPath) -> Result<PathKind, Error> {
    let Some((parents, name)) = path.split() else {
        return Ok(PathKind::Directory);
    };
    let kind = match tree.cursor().enter(parents, IfMissing::Report) {
        Ok(true) => tree.kind(name),
        Ok(false) => Ok(PathKind::Missing),
        Err(fault) => Err(fault),
    };
    kind.map_err(EntryFault::in_tree)
}

/// Resolves `path`, and records what it leads through. If it leads nowhere, the inner error is the
/// dangling symlink at its end, if any: that one can still be included.
fn resolve(
    path: &LayerPath,
    via: &mut Via,
    tree: &mut dyn Tree,
) -> Result<Result<LayerPath, Option<LayerPath>>, Error> {
    let mut here = LayerPath::default();
    let mut walk = PathWalk::new(path.as_parents());
    let mut last = None;
    while let Some(name) = walk.advance() {
        if &*name == c".." {
            here = here.parent();
            continue;
        }
        let path = here.join(&name);
        match find(tree, &path)? {
            PathKind::Directory => {
                here = path.clone();
                if !via.add(path, true) {
                    return Ok(Err(last));
                }
            }
            PathKind::Symlink => {
                let is_last = walk.is_over();
                let target = tree.read_link(&name).map_err(EntryFault::in_tree)?;
                let Ok(is_absolute) = walk.follow(&target) else {
                    return Ok(Err(last));
                };
                if is_last {
                    last.get_or_insert(path.clone());
                }
                if !via.add(path, false) {
                    return Ok(Err(last));
                }
                if is_absolute {
                    here = LayerPath::default();
                }
            }
            PathKind::Other if walk.is_over() => here = path,
            _ => return Ok(Err(last)),
        }
    }
    Ok(Ok(here))
}
