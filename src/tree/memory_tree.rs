//! The tree in memory, as [`Tree`] for the rules of `changeset`.

use super::checksum::Checksum;
use super::inode::{InodeId, InodeKind, Inodes, Metadata, ROOT};
use super::inode_path::InodePath;
use super::kept_xattrs::KeptXattrs;
use crate::changeset::{
    IfMissing, Keep, PathCursor, PathKind, Position, StepOutcome, Tree, is_overlay_mark,
};
use crate::error::EntryFault;
use crate::tarball::{Entries, Entry, EntryKind, LayerPath, SparseMap};
use std::ffi::{CStr, CString};
use std::mem;

/// A tree in memory.
pub(super) struct MemoryTree {
    inodes: Inodes,
    /// The directory where entries are created.
    here: InodePath,
    /// The directory of the last target of a hard link.
    links: InodePath,
    xattrs: KeptXattrs,
}

impl Tree for MemoryTree {
    fn cursor(&mut self) -> &mut dyn PathCursor {
        self
    }

    fn take_steps(&mut self) -> u64 {
        self.here.position.take_steps() + self.links.position.take_steps()
    }

    fn kind(&mut self, name: &CStr) -> Result<PathKind, EntryFault> {
        let found = self.find(name).map(|id| &self.inodes.get(id).kind);
        Ok(match found {
            None => PathKind::Missing,
            Some(InodeKind::Directory(_)) => PathKind::Directory,
            Some(InodeKind::Symlink(_)) => PathKind::Symlink,
            Some(_) => PathKind::Other,
        })
    }

    fn read_link(&mut self, name: &CStr) -> Result<CString, EntryFault> {
        match self.find(name).map(|id| &self.inodes.get(id).kind) {
            Some(InodeKind::Symlink(target)) => Ok(target.clone()),
            _ => Err(EntryFault::LinkTargetMissing),
        }
    }

    fn describe_root(&mut self, entry: Entry) -> Result<(), EntryFault> {
        self.move_to_root();
        self.inodes.get_mut(ROOT).metadata = Some(self.metadata(&entry)?);
        Ok(())
    }

    fn create(
        &mut self,
        entry: &Entry,
        name: &CStr,
        contents: &mut Entries<'_>,
    ) -> Result<bool, EntryFault> {
        let kind = match &entry.kind {
            EntryKind::Directory => return self.create_directory(entry, name),
            EntryKind::HardLink { target } => {
                return self.hard_link(name, target).map(|()| false);
            }
            EntryKind::File { size, holes } => {
                let segments = holes.as_ref().map(SparseMap::segments);
                let checksum = Checksum::of_entry(segments, *size, |take| contents.contents(take))?;
                InodeKind::File {
                    size: *size,
                    checksum,
                }
            }
            EntryKind::Symlink { target } if target.is_empty() => {
                return Err(EntryFault::EmptyLink);
            }
            EntryKind::Symlink { target } => InodeKind::Symlink(target.clone()),
            EntryKind::Fifo => InodeKind::Fifo,
            EntryKind::Device { block, number } => InodeKind::Device {
                block: *block,
                number: *number,
            },
        };
        let metadata = self.metadata(entry)?;
        self.remove(name)?;
        self.inodes.put(self.here.end(), name, kind, metadata);
        Ok(false)
    }

    fn remove(&mut self, name: &CStr) -> Result<(), EntryFault> {
        if self.inodes.remove(self.here.end(), name) {
            // The last path may lead through what was removed.
            self.here.position.invalidate();
            self.links.position.invalidate();
        }
        Ok(())
    }

    fn retain(&mut self, keep: &mut Keep<'_>) -> Result<(), EntryFault> {
        let directory = self.inodes.directory(self.here.end());
        let names: Vec<_> = directory
            .into_iter()
            .flat_map(|names| names.keys())
            .cloned()
            .collect();
        for name in names {
            if !keep(self, &name)? {
                self.remove(&name)?;
            }
        }
        Ok(())
    }

    fn reset_metadata(&mut self) -> Result<(), EntryFault> {
        self.inodes.get_mut(self.here.end()).metadata = Some(Metadata::plain());
        Ok(())
    }
}

impl PathCursor for MemoryTree {
    fn position(&mut self) -> &mut Position {
        &mut self.here.position
    }

    fn path(&self) -> LayerPath {
        self.here.path()
    }

    fn move_to_root(&mut self) {
        self.here.truncate(0);
    }

    fn move_to_parent(&mut self) {
        self.here.truncate(self.here.depth().saturating_sub(1));
    }

    fn step(&mut self, name: &CStr, missing: IfMissing) -> Result<StepOutcome, EntryFault> {
        let here = self.here.end();
        let Some(id) = self.inodes.find(here, name) else {
            if missing == IfMissing::Report {
                return Ok(StepOutcome::Missing);
            }
            let id = self.inodes.put_directory(here, name, Metadata::plain());
            self.here.push(name, id);
            return Ok(StepOutcome::Created);
        };
        Ok(match &self.inodes.get(id).kind {
            InodeKind::Directory(_) => {
                self.here.push(name, id);
                StepOutcome::Entered
            }
            InodeKind::Symlink(target) => StepOutcome::Link(target.clone()),
            _ => StepOutcome::Blocked,
        })
    }
}

impl MemoryTree {
    /// An empty root, whose metadata is unknown.
    pub(super) fn new() -> Self {
        Self {
            inodes: Inodes::new(),
            here: InodePath::new(),
            links: InodePath::new(),
            xattrs: KeptXattrs::default(),
        }
    }

    pub(super) fn inodes(&self) -> &Inodes {
        &self.inodes
    }

    fn find(&self, name: &CStr) -> Option<InodeId> {
        self.inodes.find(self.here.end(), name)
    }

    fn metadata(&mut self, entry: &Entry) -> Result<Metadata, EntryFault> {
        let names = entry.xattrs.iter().map(|(name, _)| name);
        let overlay_marks = names.filter(|name| is_overlay_mark(name)).count();
        Ok(Metadata {
            mode: entry.mode,
            owner: Some(entry.owner),
            mtime: entry.mtime,
            xattrs: self.xattrs.keep(entry)?,
            // The names of an entry's attributes take at most 64 KiB.
            overlay_marks: u32::try_from(overlay_marks).unwrap_or(u32::MAX),
        })
    }

    fn create_directory(&mut self, entry: &Entry, name: &CStr) -> Result<bool, EntryFault> {
        let metadata = self.metadata(entry)?;
        let found = self.find(name);
        if let Some(found) = found
            && self.inodes.directory(found).is_some()
        {
            self.inodes.get_mut(found).metadata = Some(metadata);
            return Ok(false);
        }
        self.remove(name)?;
        let id = self.inodes.put_directory(self.here.end(), name, metadata);
        self.here.push(name, id);
        Ok(true)
    }

    fn hard_link(&mut self, name: &CStr, target: &LayerPath) -> Result<(), EntryFault> {
        let old = self
            .link_target(target)?
            .ok_or(EntryFault::LinkTargetMissing)?;
        if self.inodes.directory(old).is_some() {
            return Err(EntryFault::LinkToDirectory);
        }
        let replaced = self.find(name);
        if replaced == Some(old) {
            return Ok(());
        }
        if replaced.is_some() {
            self.remove(name)?;
            // The removed file may have been on the path to the target.
            if self.link_target(target)? != Some(old) {
                return Err(EntryFault::LinkTargetMissing);
            }
        }
        self.inodes.put_name(self.here.end(), name, old);
        Ok(())
    }

    /// The inode that a hard link to `target` links to. Symlinks on the path are followed, but not as
    /// its last component.
    fn link_target(&mut self, target: &LayerPath) -> Result<Option<InodeId>, EntryFault> {
        let (parents, name) = target.split().ok_or(EntryFault::EmptyLink)?;
        mem::swap(&mut self.here, &mut self.links);
        let entered = self.enter(parents, IfMissing::Report);
        let found = self.find(name);
        mem::swap(&mut self.here, &mut self.links);
        Ok(if entered? { found } else { None })
    }
}
