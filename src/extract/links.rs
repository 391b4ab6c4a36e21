//! Hard links, including those to devices that could not be created.

use super::Extractor;
use super::component::IfMissing;
use crate::error::EntryFault;
use crate::sys::FileKind;
use crate::tarball::LayerPath;
use std::ffi::CStr;
use std::io;

impl Extractor {
    /// A second name for what is in the tree already, in this layer or below. The way to it may
    /// lead through symlinks; it may itself be one, and is not followed.
    pub(super) fn hard_link(&mut self, name: &CStr, target: &LayerPath) -> Result<(), EntryFault> {
        let (parents, old_name) = target.split().ok_or(EntryFault::EmptyLink)?;
        if !self.links.enter(parents, IfMissing::Report)? || self.links.is_spared(old_name) {
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
        // Its own second name already, or the very same name: to replace it would be to lose it.
        let there = self
            .cursor
            .here()?
            .stat(name)
            .map_err(|e| EntryFault::io("look at", e))?;
        if there.id == found.id {
            return Ok(());
        }
        self.remove(name)?;
        if !self.links.enter(parents, IfMissing::Report)? {
            return Err(EntryFault::LinkTargetMissing);
        }
        let linked = self.cursor.here()?.link(name, self.links.here()?, old_name);
        linked.map_err(|e| EntryFault::io("link", e))
    }

    /// Leaves out a device. What was there gives way to it all the same.
    pub(super) fn leave_out(&mut self, name: &CStr) -> Result<(), EntryFault> {
        self.remove(name)?;
        self.skipped.devices += 1;
        self.cursor.left_out.insert(self.cursor.place().join(name));
        Ok(())
    }

    /// A second name for what is not on the disk: for a device that was left out, which leaves out this
    /// name of it as well; anything else is in no layer.
    fn link_to_left_out(&mut self, name: &CStr, target: &LayerPath) -> Result<(), EntryFault> {
        let old = self.left_out(target)?;
        // The very same name, or one that was left out as well.
        if self.cursor.has_left_out(name) {
            return Ok(());
        }
        self.leave_out(name)?;
        // What was removed may have held the device, or led to it.
        if self.left_out(target)? == old {
            Ok(())
        } else {
            Err(EntryFault::LinkTargetMissing)
        }
    }

    /// The place of the device that was left out to which `target` leads.
    fn left_out(&mut self, target: &LayerPath) -> Result<LayerPath, EntryFault> {
        let (parents, name) = target.split().ok_or(EntryFault::EmptyLink)?;
        if !self.cursor.left_out.is_empty() && self.links.enter(parents, IfMissing::Report)? {
            let place = self.links.place().join(name);
            if self.cursor.left_out.contains(&place) {
                return Ok(place);
            }
        }
        Err(EntryFault::LinkTargetMissing)
    }
}
