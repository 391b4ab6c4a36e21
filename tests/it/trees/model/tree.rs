//! A tree in memory: a flat list of paths, so that nothing here resembles how a disk is walked.

use super::image::Metadata;
use std::collections::{BTreeMap, VecDeque};

/// How many symlinks one way may lead through.
const MAX_LINKS: usize = 255;

/// Everything that is there, by its real path from the root, which is the empty one.
#[derive(Clone, Debug)]
pub(super) struct Tree {
    pub(super) places: BTreeMap<String, Thing>,
    things: usize,
}

/// What stands at a place.
#[derive(Clone, Debug)]
pub(super) struct Thing {
    pub(super) kind: Kind,
    pub(super) metadata: Metadata,
    /// The same for all names of one thing, and for nothing else.
    pub(super) number: usize,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Directory,
    File(String),
    Symlink(String),
    Fifo,
}

/// Where a way leads, and the places it asked for something on it, or would have asked had it got there.
pub(super) struct Way {
    pub(super) asked: Vec<String>,
    /// The place that is no directory, if from there the way would lead back up, and so to anything.
    pub(super) turns: Option<String>,
    pub(super) end: End,
}

pub(super) enum End {
    Directory(String),
    Missing(String),
    /// With the place, if its name stands in the path itself and not in a symlink.
    NotADirectory(Option<String>),
    Loop,
}

impl Tree {
    /// A tree that holds its root only.
    pub(super) fn new() -> Self {
        let mut tree = Self {
            places: BTreeMap::new(),
            things: 0,
        };
        tree.imply("");
        tree
    }

    pub(super) fn kind(&self, place: &str) -> Option<&Kind> {
        self.places.get(place).map(|thing| &thing.kind)
    }

    /// Puts something new at a place in a directory; whatever was there is gone, with all that was in it.
    pub(super) fn put(&mut self, place: &str, kind: Kind, metadata: Metadata) {
        self.remove(place);
        self.things += 1;
        let number = self.things;
        let thing = Thing {
            kind,
            metadata,
            number,
        };
        self.places.insert(place.to_owned(), thing);
    }

    /// Puts a second name of something at a place.
    pub(super) fn put_name(&mut self, place: &str, thing: Thing) {
        self.remove(place);
        self.places.insert(place.to_owned(), thing);
    }

    /// Whether `place` is a name of `thing` already.
    pub(super) fn is_twin(&self, thing: &Thing, place: &str) -> bool {
        let there = self.places.get(place);
        there.is_some_and(|there| there.number == thing.number)
    }

    /// Makes a directory that no entry speaks of.
    pub(super) fn imply(&mut self, place: &str) {
        let metadata = Metadata {
            mode: 0o755,
            ..Metadata::default()
        };
        self.put(place, Kind::Directory, metadata);
    }

    /// Removes a place and all places in it.
    pub(super) fn remove(&mut self, place: &str) {
        self.places.retain(|path, _| !is_within(path, place));
    }

    /// Follows a path down to a directory, through symlinks as they mean it inside of the tree. `missing` may make
    /// what is not there.
    pub(super) fn follow(&mut self, path: &str, missing: impl Fn(&mut Self, &str)) -> Way {
        let mut to_go: VecDeque<String> = path.split('/').map(str::to_owned).collect();
        let (mut here, mut links, mut asked) = (String::new(), 0, Vec::new());
        let mut own = to_go.len();
        while let Some(name) = to_go.pop_front() {
            // What symlinks say stands before the rest of the path.
            let is_own = to_go.len() < own;
            own = own.min(to_go.len());
            match name.as_str() {
                "" | "." => continue,
                ".." => {
                    here = parent(&here).to_owned();
                    continue;
                }
                _ => {}
            }
            let place = join(&here, &name);
            let last = asked.len();
            asked.push(place.clone());
            if !self.places.contains_key(&place) {
                missing(self, &place);
            }
            let end = match self.kind(&place) {
                None => {
                    asked.extend(below(&place, &to_go));
                    End::Missing(place)
                }
                Some(Kind::Directory) => {
                    here = place;
                    continue;
                }
                Some(Kind::Symlink(_)) if links == MAX_LINKS => End::Loop,
                Some(Kind::Symlink(target)) => {
                    links += 1;
                    if target.starts_with('/') {
                        here.clear();
                    }
                    for name in target.split('/').rev() {
                        to_go.push_front(name.to_owned());
                    }
                    continue;
                }
                Some(Kind::File(_) | Kind::Fifo) => {
                    asked.extend(below(&place, &to_go));
                    End::NotADirectory(is_own.then_some(place))
                }
            };
            let climbs = to_go.iter().any(|name| name == "..");
            return Way {
                turns: asked.get(last).filter(|_| climbs).cloned(),
                asked,
                end,
            };
        }
        Way {
            asked,
            turns: None,
            end: End::Directory(here),
        }
    }
}

/// The places that the rest of a way would ask for if there were a directory at `place`, and more in it.
fn below(place: &str, to_go: &VecDeque<String>) -> Vec<String> {
    let (mut here, mut places) = (place.to_owned(), Vec::new());
    for name in to_go {
        match name.as_str() {
            "" | "." => {}
            ".." => here = parent(&here).to_owned(),
            name => {
                here = join(&here, name);
                places.push(here.clone());
            }
        }
    }
    places
}

pub(super) fn join(directory: &str, name: &str) -> String {
    if directory.is_empty() {
        name.to_owned()
    } else {
        format!("{directory}/{name}")
    }
}

/// The directory that a place is in; the root is in itself.
pub(super) fn parent(place: &str) -> &str {
    place.rsplit_once('/').map_or("", |(parent, _)| parent)
}

/// Whether `path` is `place` or in it.
pub(super) fn is_within(path: &str, place: &str) -> bool {
    place.is_empty()
        || path
            .strip_prefix(place)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
