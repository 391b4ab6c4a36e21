//! The way to a directory, through symlinks as the image meant them: see `extract/walk.rs`, which
//! goes it on the disk.

use super::node::{Id, Metadata, NodeKind, Nodes, ROOT};
use crate::error::EntryFault;
use crate::tarball::{MADE, MAX_LINKS, Parents, Steps};
use std::ffi::CStr;

/// Where a way has led.
pub(super) struct Way {
    pub(super) end: Id,
    /// The directories that were made on it.
    pub(super) implied: Vec<Id>,
}

/// Why there is no directory where a way would lead on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Missing {
    Nothing,
    /// Something stands there that is not one, and no symlink leads to it.
    Blocked,
}

impl Nodes {
    /// Goes to where `parents` lead, and makes what is missing, or has what `gives_way` in its place.
    pub(super) fn make_way(
        &mut self,
        parents: Parents<'_>,
        gives_way: impl Fn(&Self, Id, &CStr) -> bool,
    ) -> Result<Way, EntryFault> {
        let mut implied = Vec::new();
        let end = self.follow(parents, |nodes, directory, name, missing| {
            if missing == Missing::Blocked && !gives_way(nodes, directory, name) {
                return None;
            }
            let made = nodes.put_directory(directory, name, Metadata::plain());
            implied.push(made);
            nodes.taken += MADE;
            Some(made)
        })?;
        // What is no directory cannot be passed.
        let end = end.ok_or(EntryFault::ParentIsFile)?;
        Ok(Way { end, implied })
    }

    /// Goes to where `parents` lead, if that is anywhere.
    pub(super) fn find_way(&mut self, parents: Parents<'_>) -> Result<Option<Id>, EntryFault> {
        self.follow(parents, |_, _, _, _| None)
    }

    /// How many steps have been taken since this was asked last.
    pub(super) fn take_steps(&mut self) -> u64 {
        std::mem::take(&mut self.taken)
    }

    fn follow(
        &mut self,
        parents: Parents<'_>,
        missing: impl FnMut(&mut Self, Id, &CStr, Missing) -> Option<Id>,
    ) -> Result<Option<Id>, EntryFault> {
        let mut steps = Steps::new(parents, MAX_LINKS);
        let end = self.go(&mut steps, missing);
        self.taken += steps.taken();
        end
    }

    fn go(
        &mut self,
        steps: &mut Steps<'_>,
        mut missing: impl FnMut(&mut Self, Id, &CStr, Missing) -> Option<Id>,
    ) -> Result<Option<Id>, EntryFault> {
        let mut here = ROOT;
        while let Some(name) = steps.advance() {
            let name = &*name;
            if name == c".." {
                here = self.parent(here);
                continue;
            }
            let found = match self.find(here, name) {
                Some(found) => found,
                None => match missing(self, here, name, Missing::Nothing) {
                    Some(made) => made,
                    None => return Ok(None),
                },
            };
            match &self.get(found).kind {
                NodeKind::Directory(_) => here = found,
                NodeKind::Symlink(target) => {
                    let from_root = steps.follow(target)?;
                    here = if from_root { ROOT } else { here };
                }
                _ if !steps.is_named() => return Ok(None),
                _ => match missing(self, here, name, Missing::Blocked) {
                    Some(made) => here = made,
                    None => return Ok(None),
                },
            }
        }
        Ok(Some(here))
    }
}
