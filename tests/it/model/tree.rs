//! A tree in memory: a flat list of paths, so that nothing here resembles how a disk is walked.

use super::image::Metadata;
use crate::support::image::sha256;
use crate::support::tree;
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
    number: usize,
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
    NotADirectory,
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
        while let Some(name) = to_go.pop_front() {
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
                    End::NotADirectory
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

    /// The tree as it should be found on a disk, by root or by an ordinary user with these ids.
    pub(super) fn on_disk(&self, user: Option<(u32, u32)>, with_xattrs: bool) -> tree::Tree {
        let mut names: BTreeMap<usize, Vec<&String>> = BTreeMap::new();
        for (place, thing) in &self.places {
            names.entry(thing.number).or_default().push(place);
        }
        let node = |thing: &Thing| {
            let first = &names[&thing.number];
            let twin = (first.len() > 1).then(|| first[0].clone().into_bytes());
            thing.on_disk(user, with_xattrs, twin)
        };
        let nodes = self.places.iter();
        nodes
            .map(|(place, thing)| (place.clone().into_bytes(), node(thing)))
            .collect()
    }
}

impl Thing {
    fn on_disk(
        &self,
        user: Option<(u32, u32)>,
        with_xattrs: bool,
        twin: Option<Vec<u8>>,
    ) -> tree::Node {
        let Metadata {
            mode, owner, mtime, ..
        } = self.metadata;
        let (kind, contents, target) = match &self.kind {
            Kind::Directory => (tree::Kind::Dir, None, None),
            Kind::File(contents) => (tree::Kind::File, Some(contents), None),
            Kind::Symlink(target) => (tree::Kind::Symlink, None, Some(target)),
            Kind::Fifo => (tree::Kind::Fifo, None, None),
        };
        // The mode of a symlink is the kernel's affair, and an ordinary user keeps access to directories.
        let mode = match (&self.kind, user) {
            (Kind::Symlink(_), _) => 0o777,
            (Kind::Directory, Some(_)) => mode | 0o700,
            _ => mode,
        };
        let may_have = matches!(self.kind, Kind::Directory | Kind::File(_));
        let xattrs = self.metadata.xattrs.iter();
        let xattrs = xattrs.filter(|_| with_xattrs && may_have);
        let (uid, gid) = user.unwrap_or(owner);
        tree::Node {
            kind,
            mode,
            uid,
            gid,
            size: contents.map_or(0, |contents| contents.len() as u64),
            mtime,
            target: target.map(|target| target.clone().into_bytes()),
            device: None,
            twin,
            xattrs: xattrs
                .map(|(name, value)| ((*name).to_owned(), value.to_vec()))
                .collect(),
            sha256: contents.map(sha256),
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
