//! What is in the tree.

use super::contents::Sum;
use crate::sys::{Owner, Time};
use crate::tarball::Xattrs;
use std::collections::BTreeMap;
use std::collections::hash_map::RandomState;
use std::ffi::{CStr, CString};
use std::hash::BuildHasher as _;

/// A thing in the tree: two names of one file are one thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Id(u32);

/// All things, those that are gone included.
pub(super) struct Nodes {
    all: Vec<Node>,
    /// Makes the keys of places, which no image can aim at.
    keys: RandomState,
    /// How many steps have been taken on ways through the tree.
    pub(super) taken: u64,
}

/// One thing.
pub(super) struct Node {
    pub(super) kind: NodeKind,
    /// Nothing for the root until a layer describes it: then it is what it was.
    pub(super) metadata: Option<Metadata>,
    /// How many names it has.
    pub(super) names: u32,
}

pub(super) enum NodeKind {
    Directory(Directory),
    File { size: u64, sum: Sum },
    Symlink(CString),
    Fifo,
    Device { block: bool, number: (u32, u32) },
}

pub(super) struct Directory {
    /// The root is in itself.
    pub(super) parent: Id,
    /// Stands for the place where it is.
    pub(super) key: u64,
    pub(super) entries: BTreeMap<CString, Id>,
}

/// What is said of a thing.
#[derive(Clone)]
pub(super) struct Metadata {
    pub(super) mode: u32,
    /// Nothing for directories that no entry describes: they belong to whoever pulls.
    pub(super) owner: Option<Owner>,
    pub(super) mtime: Time,
    pub(super) xattrs: Xattrs,
    /// How many attributes of overlayfs the image gives to it, which no pull sets.
    pub(super) overlay_marks: u32,
}

pub(super) const ROOT: Id = Id(0);

impl Nodes {
    pub(super) fn new() -> Self {
        let root = Directory {
            parent: ROOT,
            key: 0,
            entries: BTreeMap::new(),
        };
        let root = Node {
            kind: NodeKind::Directory(root),
            metadata: None,
            names: 1,
        };
        Self {
            all: vec![root],
            keys: RandomState::new(),
            taken: 0,
        }
    }

    pub(super) fn get(&self, id: Id) -> &Node {
        &self.all[id.0 as usize]
    }

    pub(super) fn get_mut(&mut self, id: Id) -> &mut Node {
        &mut self.all[id.0 as usize]
    }

    /// What is in the tree, each thing once.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Node> {
        self.all.iter().filter(|node| node.names > 0)
    }

    /// A directory, if it is one.
    pub(super) fn directory(&self, id: Id) -> Option<&Directory> {
        match &self.get(id).kind {
            NodeKind::Directory(directory) => Some(directory),
            _ => None,
        }
    }

    pub(super) fn is_directory(&self, id: Id) -> bool {
        self.directory(id).is_some()
    }

    /// What has this name in a directory.
    pub(super) fn find(&self, directory: Id, name: &CStr) -> Option<Id> {
        self.directory(directory)?.entries.get(name).copied()
    }

    /// The directory above; the root's is the root.
    pub(super) fn parent(&self, id: Id) -> Id {
        self.directory(id)
            .map_or(ROOT, |directory| directory.parent)
    }

    /// The key of the place `name` in a directory.
    pub(super) fn key(&self, directory: Id, name: &CStr) -> u64 {
        let above = self.directory(directory).map_or(0, |above| above.key);
        self.keys.hash_one((above, name))
    }

    /// The keys of a directory and of those above it, the nearest first.
    pub(super) fn keys(&self, id: Id) -> impl Iterator<Item = u64> {
        let mut next = Some(id);
        std::iter::from_fn(move || {
            let id = next?;
            let directory = self.directory(id)?;
            next = (id != ROOT).then_some(directory.parent);
            Some(directory.key)
        })
    }

    /// Puts something new under a name; what was there is gone, with all that was in it.
    pub(super) fn put(
        &mut self,
        directory: Id,
        name: &CStr,
        kind: NodeKind,
        metadata: Metadata,
    ) -> Id {
        // A tree of four thousand million things would not fit into memory.
        let id = Id(u32::try_from(self.all.len()).unwrap_or(u32::MAX));
        self.all.push(Node {
            kind,
            metadata: Some(metadata),
            names: 0,
        });
        self.put_name(directory, name, id);
        id
    }

    /// The same for a directory.
    pub(super) fn put_directory(&mut self, directory: Id, name: &CStr, metadata: Metadata) -> Id {
        let kind = NodeKind::Directory(Directory {
            parent: directory,
            key: self.key(directory, name),
            entries: BTreeMap::new(),
        });
        self.put(directory, name, kind, metadata)
    }

    /// Gives something a name.
    pub(super) fn put_name(&mut self, directory: Id, name: &CStr, id: Id) {
        self.remove(directory, name);
        self.get_mut(id).names += 1;
        if let NodeKind::Directory(above) = &mut self.get_mut(directory).kind {
            above.entries.insert(name.to_owned(), id);
        }
    }

    /// Takes a name away, and of a directory all names in it.
    pub(super) fn remove(&mut self, directory: Id, name: &CStr) {
        let removed = match &mut self.get_mut(directory).kind {
            NodeKind::Directory(above) => above.entries.remove(name),
            _ => None,
        };
        let mut gone: Vec<Id> = removed.into_iter().collect();
        while let Some(id) = gone.pop() {
            let node = self.get_mut(id);
            node.names = node.names.saturating_sub(1);
            if let NodeKind::Directory(directory) = &mut node.kind {
                gone.extend(std::mem::take(&mut directory.entries).into_values());
            }
        }
    }
}

impl Metadata {
    /// Of a directory that no entry describes.
    pub(super) fn plain() -> Self {
        Self {
            mode: 0o755,
            owner: None,
            mtime: Time::default(),
            xattrs: Xattrs::default(),
            overlay_marks: 0,
        }
    }
}
