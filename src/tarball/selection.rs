//! The parts of a tree that stay: `--include` and `--exclude`.
//!
//! A path is looked up in the tree as it is when all layers are in it, as the kernel would with the
//! tree for a root: in an image where `bin` is a symlink to `usr/bin`, `/bin/sh` is `usr/bin/sh`. Of
//! an include, what it leads to stays, with all below it, and so do the symlinks and directories on
//! the way. An exclude is what `rm -r` would remove: if it is a symlink, that.

use super::path::LayerPath;
use super::steps::Steps;
use crate::error::{Error, IncludeFault};
use crate::tree_options::TreeOptions;
use std::collections::BTreeSet;
use std::ffi::{CStr, CString};

/// How many symlinks a path may lead through: as many as for Linux.
const MAX_LINKS: usize = 40;

/// How long all that paths lead through may be together, in bytes: symlinks of an image can lead so deep
/// that to write down each directory on the way would take gigabytes.
const MAX_WAY: usize = 4 << 20;

/// What there is at a place.
pub enum PathKind {
    /// Nothing, or nothing that can be reached.
    Nothing,
    /// A directory.
    Directory,
    /// A symlink, and what it says.
    Symlink(CString),
    /// Anything else.
    Other,
}

/// Says what there is at a place.
type LookUp<'l> = &'l mut dyn FnMut(&LayerPath) -> Result<PathKind, Error>;

/// The places that stay.
pub struct Selection {
    /// These, with all below them.
    whole: Vec<LayerPath>,
    /// These, on the way.
    way: LinkPath,
    /// These do not, nor what is below them, whatever stands above.
    dropped: Vec<LayerPath>,
    /// The excludes under which there is nothing, and where they lead to.
    unmatched: Vec<(String, Option<LayerPath>)>,
}

/// What paths lead through.
#[derive(Default)]
struct LinkPath {
    directories: BTreeSet<LayerPath>,
    symlinks: BTreeSet<LayerPath>,
    /// How long they are together, in bytes.
    length: usize,
}

impl Selection {
    /// What was asked for, in a tree that `look` looks into; nothing if that is all of it. An
    /// include that leads to nothing is an error: a misspelt one would make an empty tree.
    pub fn new(altered: &TreeOptions, look: LookUp<'_>) -> Result<Option<Self>, Error> {
        let mut selection = Self {
            whole: Vec::new(),
            way: LinkPath::default(),
            dropped: Vec::new(),
            unmatched: Vec::new(),
        };
        // Nothing is written down of the way to what goes.
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
            let why = match &found {
                None => Some(IncludeFault::Missing),
                Some(found) if selection.is_dropped(found) => Some(IncludeFault::Excluded),
                Some(_) => None,
            };
            if let Some(why) = why {
                return Err(Error::Include(path.to_owned(), why));
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

    /// The excludes under which there is nothing: misspelt, or of another image.
    pub fn unmatched(&self) -> Vec<String> {
        self.unmatched_but(&BTreeSet::new())
    }

    /// Those of them that do not lead to one of the places `found` elsewhere.
    pub fn unmatched_but(&self, found: &BTreeSet<LayerPath>) -> Vec<String> {
        let is_found =
            |place: &Option<LayerPath>| place.as_ref().is_some_and(|place| found.contains(place));
        let missing = self.unmatched.iter().filter(|(_, place)| !is_found(place));
        missing.map(|(text, _)| text.clone()).collect()
    }

    /// The directories that something may have to go from, each behind those above it.
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

    /// Whether what has this name in one of them stays.
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

    /// Whether a directory stays with all below it, excludes aside.
    pub fn is_whole(&self, directory: &LayerPath) -> bool {
        self.whole.iter().any(|whole| directory.is_within(whole))
    }

    /// Whether an exclude stands for exactly this place.
    pub fn drops(&self, place: &LayerPath) -> bool {
        self.dropped.contains(place)
    }

    /// Whether an exclude stands for a name in this directory.
    pub fn drops_in(&self, directory: &LayerPath) -> bool {
        let mut parents = self.dropped.iter().map(LayerPath::parent);
        parents.any(|parent| parent == *directory)
    }

    fn is_dropped(&self, place: &LayerPath) -> bool {
        self.dropped.iter().any(|dropped| place.is_within(dropped))
    }
}

impl LinkPath {
    /// Adds what a path leads through. False if that is more than any path needs.
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

/// What the command line has looked at is a path; a record may say anything.
fn parsed(path: &str) -> Option<LayerPath> {
    LayerPath::parse(path.as_bytes()).ok()
}

/// Where `path` leads, and what it leads through. If that is nowhere, there may be a symlink to have
/// that is the end of the path.
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
