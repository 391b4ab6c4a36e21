//! The inodes of the tree in memory.

use super::checksum::Checksum;
use crate::sys::{Owner, Time};
use crate::tarball::Xattrs;
use std::collections::BTreeMap;
use std::ffi::{CStr, CString};

/// Identifies an inode. All names of a hard-linked file share one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct InodeId(u32);

/// All inodes, including those without a name.
pub(crate) struct Inodes(Vec<Inode>);

/// A file of any kind.
pub(crate) struct Inode {
    pub(crate) kind: InodeKind,
    /// None for the root until a layer describes it: without an entry, it is not compared.
    pub(crate) metadata: Option<Metadata>,
    /// How many names it has.
    pub(crate) links: u32,
}

pub(crate) enum InodeKind {
    Directory(BTreeMap<CString, InodeId>),
    File { size: u64, checksum: Checksum },
    Symlink(CString),
    Fifo,
    Device { block: bool, number: (u32, u32) },
}

#[derive(Clone)]
pub(crate) struct Metadata {
    pub(crate) mode: u32,
    /// None for directories that no entry describes: they belong to the user who pulls.
    pub(crate) owner: Option<Owner>,
    pub(crate) mtime: Time,
    pub(crate) xattrs: Xattrs,
    /// How many overlayfs marks the image gives it. A pull does not set them.
    pub(crate) overlay_marks: u32,
}

pub(crate) const ROOT: InodeId = InodeId(0);

impl Inodes {
    /// A root directory.
    pub(super) fn new() -> Self {
        Self(vec![Inode {
            kind: InodeKind::Directory(BTreeMap::new()),
            metadata: None,
            links: 1,
        }])
    }

    pub(crate) fn get(&self, id: InodeId) -> &Inode {
        &self.0[id.0 as usize]
    }

    pub(super) fn get_mut(&mut self, id: InodeId) -> &mut Inode {
        &mut self.0[id.0 as usize]
    }

    /// The inodes that have a name, each once.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Inode> {
        self.0.iter().filter(|inode| inode.links > 0)
    }

    /// The entries of a directory; None if it is something else.
    pub(super) fn directory(&self, id: InodeId) -> Option<&BTreeMap<CString, InodeId>> {
        match &self.get(id).kind {
            InodeKind::Directory(names) => Some(names),
            _ => None,
        }
    }

    /// The inode that has `name` in a directory.
    pub(super) fn find(&self, directory: InodeId, name: &CStr) -> Option<InodeId> {
        self.directory(directory)?.get(name).copied()
    }

    /// Creates an inode as `name`, which must not exist.
    pub(super) fn put(
        &mut self,
        directory: InodeId,
        name: &CStr,
        kind: InodeKind,
        metadata: Metadata,
    ) -> InodeId {
        // A tree of four billion inodes would not fit into memory.
        let id = InodeId(u32::try_from(self.0.len()).unwrap_or(u32::MAX));
        self.0.push(Inode {
            kind,
            metadata: Some(metadata),
            links: 0,
        });
        self.put_name(directory, name, id);
        id
    }

    /// The same for an empty directory.
    pub(super) fn put_directory(
        &mut self,
        directory: InodeId,
        name: &CStr,
        metadata: Metadata,
    ) -> InodeId {
        let kind = InodeKind::Directory(BTreeMap::new());
        self.put(directory, name, kind, metadata)
    }

    /// Gives an inode the name `name`, which must not exist.
    pub(super) fn put_name(&mut self, directory: InodeId, name: &CStr, id: InodeId) {
        self.get_mut(id).links += 1;
        if let InodeKind::Directory(names) = &mut self.get_mut(directory).kind {
            names.insert(name.to_owned(), id);
        }
    }

    /// Removes a name, and if it is a directory, everything below it. True if it existed.
    pub(super) fn remove(&mut self, directory: InodeId, name: &CStr) -> bool {
        let removed = match &mut self.get_mut(directory).kind {
            InodeKind::Directory(names) => names.remove(name),
            _ => None,
        };
        let mut gone: Vec<_> = removed.into_iter().collect();
        while let Some(id) = gone.pop() {
            let inode = self.get_mut(id);
            inode.links = inode.links.saturating_sub(1);
            if let InodeKind::Directory(names) = &mut inode.kind {
                gone.extend(std::mem::take(names).into_values());
            }
        }
        removed.is_some()
    }
}

impl Metadata {
    /// The metadata of a directory that no entry describes.
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
