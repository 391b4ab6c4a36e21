//! The parts of a tree to keep: `--include` and `--exclude`.
//!
//! A path is resolved in the tree with all layers applied, as the kernel would with the tree as its
//! root: in an image where `bin` is a symlink to `usr/bin`, `/bin/sh` is `usr/bin/sh`. An include
//! keeps its target with everything below it, and all symlinks and directories on the path. An
//! exclude drops what `rm -r` would remove: of a symlink, the link itself.

use super::resolve::Steps;
use crate::error::{Error, ImageError, IncludeFault};
use crate::tarball::LayerPath;
use crate::tree_options::TreeOptions;
use std::collections::BTreeSet;
use std::ffi::{CStr, CString};

/// How many symlinks a path may lead through; the limit of Linux.
const MAX_LINKS: usize = 40;

/// The total length of all paths that are recorded on the way, in bytes: symlinks of an image can
/// lead so deep that recording each directory would take gigabytes.
const MAX_WAY: usize = 4 << 20;

/// The kind of file at a path.
pub enum PathKind {
    /// Missing or unreachable.
    Nothing,
    /// A directory.
    Directory,
    /// A symlink, with its target.
    Symlink(CString),
    /// Anything else.
    Other,
}

/// Looks up a path in the tree.
type LookUp<'l> = &'l mut dyn FnMut(&LayerPath) -> Result<PathKind, Error>;

/// The paths to keep.
pub struct Selection {
    /// Kept with everything below.
    whole: Vec<LayerPath>,
    /// Kept, because included paths lead through them.
    way: LinkPath,
    /// Dropped with everything below, whatever is included above.
    dropped: Vec<LayerPath>,
    /// The excludes that match nothing, with the paths that they resolve to.
    unmatched: Vec<(String, Option<LayerPath>)>,
}

/// The symlinks and directories that paths lead through.
#[derive(Default)]
struct LinkPath {
    directories: BTreeSet<LayerPath>,
    symlinks: BTreeSet<LayerPath>,
    /// Their total length, in bytes.
    length: usize,
}

impl Selection {
    /// Resolves the options in a tree that `look` looks into; None if they select everything. An
    /// include that matches nothing is an error: a typo would otherwise make an empty tree.
    pub fn new(altered: &TreeOptions, look: LookUp<'_>) -> Result<Option<Self>, Error> {
        let mut selection = Self {
            whole: Vec::new(),
            way: LinkPath::default(),
            dropped: Vec::new(),
            unmatched: Vec::new(),
        };
        // The path to an exclude need not be recorded.
        let mut aside = LinkPath::default();
        for (text, path) in altered
            .excluded()
            .filter_map(|text| Some((text, parsed(text)?)))
        {
            let Some((_, name)) = path.split() else {
                continue;
            };
            let parent = follow(&path.parent(), &mut aside, look)?;
            let dropped = parent.ok().map(|parent| parent.join(name));
            let is_there = match &dropped {
                Some(place) => !matches!(look(place)?, PathKind::Nothing),
                None => false,
            };
            if !is_there {
                let unmatched = (text.to_owned(), dropped.clone());
                selection.unmatched.push(unmatched);
            }
            selection.dropped.extend(dropped);
        }
        for path in altered.included() {
            let found = match parsed(path) {
                Some(path) => {
                    follow(&path, &mut selection.way, look)?.map_or_else(|last| last, Some)
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

    /// The excludes that match nothing: misspelt, or meant for another image.
    pub fn unmatched(&self) -> Vec<String> {
        self.unmatched_but(&BTreeSet::new())
    }

    /// The same without those that resolve to one of the paths in `found`.
    pub fn unmatched_but(&self, found: &BTreeSet<LayerPath>) -> Vec<String> {
        let is_found =
            |place: &Option<LayerPath>| place.as_ref().is_some_and(|place| found.contains(place));
        let missing = self.unmatched.iter().filter(|(_, place)| !is_found(place));
        missing.map(|(text, _)| text.clone()).collect()
    }

    /// The directories from which something may have to be removed, parents first.
    pub fn directories(&self) -> BTreeSet<LayerPath> {
        let mut above = self.way.directories.clone();
        above.insert(LayerPath::default());
        for place in &self.dropped {
            let mut here = LayerPath::default();
            for name in place.as_parents().components() {
                let below = here.join(name);
                above.insert(here);
                here = below;
            }
        }
        above
    }

    /// Whether to keep `name` in one of these directories.
    pub fn keeps(&self, directory: &LayerPath, name: &CStr) -> bool {
        let place = directory.join(name);
        let is_whole = || self.whole.iter().any(|whole| place.is_within(whole));
        let LinkPath {
            directories,
            symlinks,
            ..
        } = &self.way;
        let is_on_way = directories.contains(&place) || symlinks.contains(&place);
        !self.is_dropped(&place) && (is_on_way || is_whole())
    }

    /// Whether a directory is kept with everything below it, apart from excludes.
    pub fn is_whole(&self, directory: &LayerPath) -> bool {
        self.whole.iter().any(|whole| directory.is_within(whole))
    }

    /// Whether an exclude resolves to exactly this path.
    pub fn drops(&self, place: &LayerPath) -> bool {
        self.dropped.contains(place)
    }

    /// Whether an exclude resolves to a name in this directory.
    pub fn drops_in(&self, directory: &LayerPath) -> bool {
        let mut parents = self.dropped.iter().map(LayerPath::parent);
        parents.any(|parent| parent == *directory)
    }

    fn is_dropped(&self, place: &LayerPath) -> bool {
        self.dropped.iter().any(|dropped| place.is_within(dropped))
    }
}

impl LinkPath {
    /// Records a path that another leads through. False if the total is too long.
    fn add(&mut self, place: LayerPath, is_directory: bool) -> bool {
        let length = place.as_parents().key().len();
        let places = if is_directory {
            &mut self.directories
        } else {
            &mut self.symlinks
        };
        if places.insert(place) {
            self.length += length;
        }
        self.length <= MAX_WAY
    }
}

/// The command line was validated; a record may contain anything.
fn parsed(path: &str) -> Option<LayerPath> {
    LayerPath::parse(path.as_bytes()).ok()
}

/// Resolves `path`, and records what it leads through. If nothing is found there, the error is the
/// symlink that is the last component of the path, if any.
fn follow(
    path: &LayerPath,
    way: &mut LinkPath,
    look: LookUp<'_>,
) -> Result<Result<LayerPath, Option<LayerPath>>, Error> {
    let mut here = LayerPath::default();
    let mut steps = Steps::new(path.as_parents(), MAX_LINKS);
    let mut last = None;
    while let Some(name) = steps.advance() {
        if &*name == c".." {
            here = here.parent();
            continue;
        }
        let place = here.join(&name);
        match look(&place)? {
            PathKind::Directory => {
                here = place.clone();
                if !way.add(place, true) {
                    return Ok(Err(last));
                }
            }
            PathKind::Symlink(target) => {
                let is_end = steps.is_over();
                let Ok(from_root) = steps.follow(&target) else {
                    return Ok(Err(last));
                };
                if is_end {
                    last.get_or_insert(place.clone());
                }
                if !way.add(place, false) {
                    return Ok(Err(last));
                }
                here = if from_root {
                    LayerPath::default()
                } else {
                    here
                };
            }
            PathKind::Other if steps.is_over() => here = place,
            _ => return Ok(Err(last)),
        }
    }
    Ok(Ok(here))
}
