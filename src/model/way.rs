//! The way to a directory, through symlinks as the image meant them: see `extract/walk.rs`, which
//! goes it on the disk.

use super::node::{Id, Metadata, NodeKind, Nodes, ROOT};
use crate::error::EntryFault;
use crate::tarball::{Parents, link_components};
use std::ffi::CString;

/// How many symlinks one name may lead through.
const MAX_LINKS: usize = 255;

/// Where a way has led.
pub(super) struct Way {
    pub(super) end: Id,
    /// The directories that were made on it.
    pub(super) implied: Vec<Id>,
}

impl Nodes {
    /// Goes to where `parents` lead, and makes what is missing.
    pub(super) fn make_way(&mut self, parents: Parents<'_>) -> Result<Way, EntryFault> {
        let mut implied = Vec::new();
        let end = self.follow(parents, |nodes, directory, name| {
            let made = nodes.put_directory(directory, name, Metadata::plain());
            implied.push(made);
            Some(made)
        })?;
        // What is no directory cannot be passed.
        let end = end.ok_or(EntryFault::ParentIsFile)?;
        Ok(Way { end, implied })
    }

    /// Goes to where `parents` lead, if that is anywhere.
    pub(super) fn find_way(&mut self, parents: Parents<'_>) -> Result<Option<Id>, EntryFault> {
        self.follow(parents, |_, _, _| None)
    }

    fn follow(
        &mut self,
        parents: Parents<'_>,
        mut missing: impl FnMut(&mut Self, Id, &std::ffi::CStr) -> Option<Id>,
    ) -> Result<Option<Id>, EntryFault> {
        let mut here = ROOT;
        let mut links = 0;
        let mut names = parents.components();
        let mut detour: Vec<CString> = Vec::new();
        loop {
            let from_link = detour.pop();
            let name = match &from_link {
                Some(name) => name.as_c_str(),
                None => match names.next() {
                    Some(name) => name,
                    None => return Ok(Some(here)),
                },
            };
            if name == c".." {
                here = self.parent(here);
                continue;
            }
            let found = match self.find(here, name) {
                Some(found) => found,
                None => match missing(self, here, name) {
                    Some(made) => made,
                    None => return Ok(None),
                },
            };
            match &self.get(found).kind {
                NodeKind::Directory(_) => here = found,
                NodeKind::Symlink(target) => {
                    links += 1;
                    if links > MAX_LINKS {
                        return Err(EntryFault::LinkLoop);
                    }
                    let (from_root, mut components) = link_components(target);
                    components.reverse();
                    detour.append(&mut components);
                    here = if from_root { ROOT } else { here };
                }
                _ => return Ok(None),
            }
        }
    }
}
