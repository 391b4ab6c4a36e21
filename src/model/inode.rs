//! The inodes of the tree in memory.

use super::checksum::Checksum;
use crate::sys::{Owner, Time};
use crate::tarball::Xattrs;
use std::collections::BTreeMap;
use std::collections::hash_map::RandomState;
use std::ffi::{CStr, CString};
use std::hash::BuildHasher as _;

/// A thing in the tree: two names of one file are one thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct InodeId(u32);

/// All things, those that are gone included.
pub(super) struct Inodes {
    all: Vec<Inode>,
    /// Makes the keys of places, which no image can aim at.
    keys: RandomState,
    /// How many steps have been taken on ways through the tree.
    pub(super) taken: u64,
}

/// One thing.
pub(super) struct Inode {
    pub(super) kind: InodeKind,
    /// Nothing for the root until a layer describes it: then it is what it was.
    pub(super) metadata: Option<Metadata>,
    /// How many names it has.
    pub(super) names: u32,
}

pub(super) enum InodeKind {
    Directory(Directory),
    File { size: u64, sum: Checksum },
    Symlink(CString),
    Fifo,
    Device { block: bool, number: (u32, u32) },
}

pub(super) struct Directory {
    /// The root is in itself.
    pub(super) parent: InodeId,
    /// Stands for the place where it is.
    pub(super) key: u64,
    pub(super) entries: BTreeMap<CString, InodeId>,
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

pub(super) const ROOT: InodeId = InodeId(0);

impl Inodes {
    pub(super) fn new() -> Self {
        let root = Directory {
            parent: ROOT,
            key: 0,
            entries: BTreeMap::new(),
        };
        let root = Inode {
            kind: InodeKind::Directory(root),
            metadata: None,
            names: 1,
        };
        Self {
            all: vec![root],
            keys: RandomState::new(),
            taken: 0,
        }
    }

    pub(super) fn get(&self, id: InodeId) -> &Inode {
        &self.all[id.0 as usize]
    }

    pub(super) fn get_mut(&mut self, id: InodeId) -> &mut Inode {
        &mut self.all[id.0 as usize]
    }

    /// What is in the tree, each thing once.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Inode> {
        self.all.iter().filter(|inode| inode.names > 0)
    }

    /// A directory, if it is one.
    pub(super) fn directory(&self, id: InodeId) -> Option<&Directory> {
        match &self.get(id).kind {
            InodeKind::Directory(directory) => Some(directory),
            _ => None,
        }
    }

    pub(super) fn is_directory(&self, id: InodeId) -> bool {
        self.directory(id).is_some()
    }

    /// What has this name in a directory.
    pub(super) fn find(&self, directory: InodeId, name: &CStr) -> Option<InodeId> {
        self.directory(directory)?.entries.get(name).copied()
    }

    /// The directory above; the root's is the root.
    pub(super) fn parent(&self, id: InodeId) -> InodeId {
        self.directory(id)
            .map_or(ROOT, |directory| directory.parent)
    }

    /// The key of the place `name` in a directory.
    pub(super) fn key(&self, directory: InodeId, name: &CStr) -> u64 {
        let above = self.directory(directory).map_or(0, |above| above.key);
        self.keys.hash_one((above, name))
    }

    /// The keys of a directory and of those above it, the nearest first.
    pub(super) fn keys(&self, id: InodeId) -> impl Iterator<Item = u64> {
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
        directory: InodeId,
        name: &CStr,
        kind: InodeKind,
        metadata: Metadata,
    ) -> InodeId {
        // A tree of four thousand million things would not fit into memory.
        let id = InodeId(u32::try_from(self.all.len()).unwrap_or(u32::MAX));
        self.all.push(Inode {
            kind,
            metadata: Some(metadata),
            names: 0,
        });
        self.put_name(directory, name, id);
        id
    }

    /// The same for a directory.
    pub(super) fn put_directory(
        &mut self,
        directory: InodeId,
        name: &CStr,
        metadata: Metadata,
    ) -> InodeId {
        let kind = InodeKind::Directory(Directory {
            parent: directory,
            key: self.key(directory, name),
            entries: BTreeMap::new(),
        });
        self.put(directory, name, kind, metadata)
    }

    /// Gives something a name.
    pub(super) fn put_name(&mut self, directory: InodeId, name: &CStr, id: InodeId) {
        self.remove(directory, name);
        self.get_mut(id).names += 1;
        if let InodeKind::Directory(above) = &mut self.get_mut(directory).kind {
            above.entries.insert(name.to_owned(), id);
        }
    }

    /// Takes a name away, and of a directory all names in it.
    pub(super) fn remove(&mut self, directory: InodeId, name: &CStr) {
        let removed = match &mut self.get_mut(directory).kind {
            InodeKind::Directory(above) => above.entries.remove(name),
            _ => None,
        };
        let mut gone: Vec<InodeId> = removed.into_iter().collect();
        while let Some(id) = gone.pop() {
            let inode = self.get_mut(id);
            inode.names = inode.names.saturating_sub(1);
            if let InodeKind::Directory(directory) = &mut inode.kind {
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
