//! Resolves the path to a directory through the image's symlinks, as `extract/cursor` does on disk.

use super::inode::{InodeId, InodeKind, Inodes, Metadata, ROOT};
use crate::changeset::{MADE, MAX_LINKS, Steps};
use crate::error::EntryFault;
use crate::tarball::Parents;
use std::ffi::CStr;

/// Where a way has led.
pub(super) struct PathResolution {
    pub(super) end: InodeId,
    /// The directories that were made on it.
    pub(super) implied: Vec<InodeId>,
}

/// Why there is no directory where a way would lead on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum IfAbsent {
    Nothing,
    /// Something stands there that is not one, and no symlink leads to it.
    Blocked,
}

impl Inodes {
    /// Goes to where `parents` lead, and makes what is missing, or has what `gives_way` in its place.
    pub(super) fn resolve_or_create(
        &mut self,
        parents: Parents<'_>,
        gives_way: impl Fn(&Self, InodeId, &CStr) -> bool,
    ) -> Result<PathResolution, EntryFault> {
        let mut implied = Vec::new();
        let end = self.follow(parents, |inodes, directory, name, missing| {
            if missing == IfAbsent::Blocked && !gives_way(inodes, directory, name) {
                return None;
            }
            let made = inodes.put_directory(directory, name, Metadata::plain());
            implied.push(made);
            inodes.taken += MADE;
            Some(made)
        })?;
        // What is no directory cannot be passed.
        let end = end.ok_or(EntryFault::ParentIsFile)?;
        Ok(PathResolution { end, implied })
    }

    /// Goes to where `parents` lead, if that is anywhere.
    pub(super) fn resolve(&mut self, parents: Parents<'_>) -> Result<Option<InodeId>, EntryFault> {
        self.follow(parents, |_, _, _, _| None)
    }

    /// How many steps have been taken since this was asked last.
    pub(super) fn take_steps(&mut self) -> u64 {
        std::mem::take(&mut self.taken)
    }

    fn follow(
        &mut self,
        parents: Parents<'_>,
        missing: impl FnMut(&mut Self, InodeId, &CStr, IfAbsent) -> Option<InodeId>,
    ) -> Result<Option<InodeId>, EntryFault> {
        let mut steps = Steps::new(parents, MAX_LINKS);
        let end = self.go(&mut steps, missing);
        self.taken += steps.taken();
        end
    }

    fn go(
        &mut self,
        steps: &mut Steps<'_>,
        mut missing: impl FnMut(&mut Self, InodeId, &CStr, IfAbsent) -> Option<InodeId>,
    ) -> Result<Option<InodeId>, EntryFault> {
        let mut here = ROOT;
        while let Some(name) = steps.advance() {
            let name = &*name;
            if name == c".." {
                here = self.parent(here);
                continue;
            }
            let found = match self.find(here, name) {
                Some(found) => found,
                None => match missing(self, here, name, IfAbsent::Nothing) {
                    Some(made) => made,
                    None => return Ok(None),
                },
            };
            match &self.get(found).kind {
                InodeKind::Directory(_) => here = found,
                InodeKind::Symlink(target) => {
                    let from_root = steps.follow(target)?;
                    here = if from_root { ROOT } else { here };
                }
                _ if !steps.is_named() => return Ok(None),
                _ => match missing(self, here, name, IfAbsent::Blocked) {
                    Some(made) => here = made,
                    None => return Ok(None),
                },
            }
        }
        Ok(Some(here))
    }
}
