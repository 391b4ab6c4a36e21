//! Hard links, including those to devices that could not be created.

use super::disk_tree::DiskTree;
use crate::changeset::{IfMissing, PathCursor as _};
use crate::error::EntryFault;
use crate::sys::FileKind;
use crate::tarball::LayerPath;
use std::ffi::CStr;
use std::io;

impl DiskTree {
    /// Creates a second name for a file of this layer or a lower one. Symlinks on the path to it are
    /// followed; a symlink as its last component is not, and gets the second name itself.
    pub(super) fn hard_link(&mut self, name: &CStr, target: &LayerPath) -> Result<(), EntryFault> {
        let (parents, old_name) = target.split().ok_or(EntryFault::EmptyLink)?;
        if !self.links.enter(parents, IfMissing::Report)? || self.links.is_reserved(old_name) {
            return Err(EntryFault::LinkTargetMissing);
        }
        let found = self
            .links
            .here()?
            .find(old_name)
            .map_err(|e| EntryFault::io("look at", e))?;
        let Some(found) = found else {
            return self.link_to_left_out(name, target);
        };
        if found.kind == FileKind::Directory {
            return Err(EntryFault::LinkToDirectory);
        }
        match self.cursor.here()?.link(name, self.links.here()?, old_name) {
            Ok(()) => {
                self.cursor.forget_left_out(name);
                return Ok(());
            }
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
            Err(e) => return Err(EntryFault::io("link", e)),
        }
        // It is a name of the same file already, or the very same name: replacing it could lose the file.
        let there = self
            .cursor
            .here()?
            .stat(name)
            .map_err(|e| EntryFault::io("look at", e))?;
        if there.id == found.id {
            return Ok(());
        }
        self.remove_for("replace", name)?;
        if !self.links.enter(parents, IfMissing::Report)? {
            return Err(EntryFault::LinkTargetMissing);
        }
        let linked = self.cursor.here()?.link(name, self.links.here()?, old_name);
        linked.map_err(|e| EntryFault::io("link", e))
    }

    /// Leaves out a device, which still replaces what is there.
    pub(super) fn leave_out(&mut self, name: &CStr) -> Result<(), EntryFault> {
        self.remove_for("replace", name)?;
        self.skipped.devices += 1;
        self.cursor.left_out.insert(self.cursor.path().join(name));
        Ok(())
    }

    /// Leaves out a second name of a device that was left out. Any other target is missing.
    fn link_to_left_out(&mut self, name: &CStr, target: &LayerPath) -> Result<(), EntryFault> {
        let old = self.left_out(target)?;
        // The very same name, or another one of a device that was left out.
        if self.cursor.has_left_out(name) {
            return Ok(());
        }
        self.leave_out(name)?;
        // What was removed may have contained the device, or led to it.
        if self.left_out(target)? == old {
            Ok(())
        } else {
            Err(EntryFault::LinkTargetMissing)
        }
    }

    /// The path without symlinks of the left-out device that `target` leads to.
    fn left_out(&mut self, target: &LayerPath) -> Result<LayerPath, EntryFault> {
        let (parents, name) = target.split().ok_or(EntryFault::EmptyLink)?;
        if !self.cursor.left_out.is_empty() && self.links.enter(parents, IfMissing::Report)? {
            let place = self.links.path().join(name);
            if self.cursor.left_out.contains(&place) {
                return Ok(place);
            }
        }
        Err(EntryFault::LinkTargetMissing)
    }
}
