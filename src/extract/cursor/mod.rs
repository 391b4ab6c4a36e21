//! The path from the root of the tree down to one directory, held open.
//!
//! The kernel is only ever asked for one plain name in a directory that is open, so no symlink leads
//! out of the tree.
//!
//! Directories whose contents change get their times back when the cursor leaves them. So nothing
//! has to be remembered until the end, when a path may have become something else.

mod open;

use super::component::Component;
use super::left_out::LeftOut;
use super::metadata::{InheritedMetadata, make_plain};
use super::xattr::has_default_acl;
use crate::changeset::{DEFAULT_ACL, IfMissing, PathCursor, Position, StepOutcome};
use crate::error::EntryFault;
use crate::sys::{Dir, FileKind, LOST_AND_FOUND, Owner, Time, remove_tree};
use crate::tarball::{Entry, LayerPath};
use std::ffi::{CStr, CString};
use std::io;

/// The path to one directory, which is the last component.
pub(super) struct Cursor {
    components: Vec<Component>,
    position: Position,
    /// How many components below the root belong to the path that is being resolved. The rest stay
    /// open until the path leads elsewhere.
    depth: usize,
    /// Whether any directory of the tree may have a default ACL.
    watches_acls: bool,
    /// Whether the root contains the `lost+found` of its file system: no path leads into that.
    has_lost_and_found: bool,
    /// The owner of directories that no entry describes; None for this user.
    pub(super) default_owner: Option<Owner>,
    /// The devices that are in the image but not on disk.
    pub(super) left_out: LeftOut,
}

impl Cursor {
    /// A cursor at the root.
    pub(super) fn new(root: Dir, default_owner: Option<Owner>, has_lost_and_found: bool) -> Self {
        Self {
            components: vec![Component::new(c"", root, None)],
            position: Position::new(),
            depth: 0,
            watches_acls: false,
            has_lost_and_found,
            default_owner,
            left_out: LeftOut::default(),
        }
    }

    /// The current directory.
    pub(super) fn here(&self) -> Result<&Dir, EntryFault> {
        self.opened().map_err(|e| EntryFault::io("open", e))
    }

    fn opened(&self) -> io::Result<&Dir> {
        let dir = self
            .components
            .last()
            .and_then(|component| component.dir.as_ref());
        dir.ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))
    }

    /// Resolves the next path from the root: a symlink that led here may be gone.
    pub(super) fn invalidate(&mut self) {
        self.position.invalidate();
    }

    /// Removes `name` in the current directory with everything in it. True if it was on the disk.
    pub(super) fn remove(&mut self, name: &CStr) -> io::Result<bool> {
        self.forget_left_out(name);
        remove_tree(self.opened()?, name)
    }

    /// Whether `name` in the current directory was left out.
    pub(super) fn has_left_out(&self, name: &CStr) -> bool {
        // Almost always nothing was, and no path has to be built.
        !self.left_out.is_empty() && self.left_out.contains(&self.path().join(name))
    }

    /// Forgets that `name` in the current directory was left out, because something replaces it.
    pub(super) fn forget_left_out(&mut self, name: &CStr) {
        if !self.left_out.is_empty() {
            self.left_out.remove(&self.path().join(name));
        }
    }

    /// The names in the current directory that were left out.
    pub(super) fn left_out_names(&self) -> Vec<CString> {
        if self.left_out.is_empty() {
            return Vec::new();
        }
        self.left_out.names_in(&self.path())
    }

    /// Whether `name` in the current directory is the `lost+found` of the file system.
    pub(super) fn is_reserved(&self, name: &CStr) -> bool {
        self.has_lost_and_found && self.components.len() == 1 && name == LOST_AND_FOUND
    }

    /// Creates the directory `name`, which no entry describes.
    fn create(&mut self, name: &CStr) -> Result<StepOutcome, EntryFault> {
        if self.has_left_out(name) {
            return Ok(StepOutcome::Blocked);
        }
        self.touch()?;
        let here = self.here()?;
        here.mkdir(name, 0o755)
            .map_err(|e| EntryFault::io("make a directory", e))?;
        let dir = here.open(name).map_err(|e| EntryFault::io("open", e))?;
        let inherited = self.inherited();
        if inherited.group || inherited.acl || self.default_owner.is_some() {
            make_plain(&dir, self.default_owner)?;
        }
        self.push(name, dir, Some(Time::default()))?;
        self.depth += 1;
        Ok(StepOutcome::Created)
    }

    /// Must be called before the contents of the current directory change.
    pub(super) fn touch(&mut self) -> Result<(), EntryFault> {
        if self
            .components
            .last()
            .is_some_and(|component| component.mtime.is_some())
        {
            return Ok(());
        }
        let here = self.here()?;
        let stat = here.stat_self().map_err(|e| EntryFault::io("look at", e))?;
        let acl = self.watches_acls && has_default_acl(here)?;
        self.record_metadata(stat.mtime, stat.mode & 0o2000 != 0, acl);
        Ok(())
    }

    /// Records the metadata that the current directory gets from its entry: the time to set when the
    /// cursor leaves it, and what files created in it inherit.
    pub(super) fn record_entry(&mut self, entry: &Entry) {
        let acl = entry.xattrs.has(DEFAULT_ACL);
        self.record_metadata(entry.mtime, entry.mode & 0o2000 != 0, acl);
    }

    /// The same, from its metadata on disk.
    pub(super) fn record_metadata(&mut self, mtime: Time, setgid: bool, acl: bool) {
        self.watches_acls |= acl;
        if let Some(component) = self.components.last_mut() {
            component.mtime = Some(mtime);
            component.inherited = InheritedMetadata { group: setgid, acl };
        }
    }

    /// What files created in the current directory inherit.
    pub(super) fn inherited(&self) -> InheritedMetadata {
        self.components
            .last()
            .map(|component| component.inherited)
            .unwrap_or_default()
    }
}

impl PathCursor for Cursor {
    fn position(&mut self) -> &mut Position {
        &mut self.position
    }

    fn path(&self) -> LayerPath {
        LayerPath::of(
            self.components
                .iter()
                .skip(1)
                .map(|component| component.name.as_c_str()),
        )
    }

    fn move_to_root(&mut self) {
        self.depth = 0;
    }

    fn move_to_parent(&mut self) {
        self.depth = self.depth.saturating_sub(1);
    }

    fn step(&mut self, name: &CStr, missing: IfMissing) -> Result<StepOutcome, EntryFault> {
        let below = self.components.get(self.depth + 1);
        if below.is_none_or(|component| component.name.as_c_str() != name) {
            self.leave(self.depth)?;
            if self.is_reserved(name) {
                return Ok(StepOutcome::Missing);
            }
            let here = self.here()?;
            match here.open(name) {
                Ok(dir) => self.push(name, dir, None)?,
                Err(e) if e.kind() == io::ErrorKind::NotFound => {
                    return match missing {
                        IfMissing::Create => self.create(name),
                        IfMissing::Report => Ok(StepOutcome::Missing),
                    };
                }
                Err(e) => {
                    let stat = here.stat(name).map_err(|e| EntryFault::io("look at", e))?;
                    return match stat.kind {
                        FileKind::Symlink => {
                            let target = here.read_link(name);
                            let target = target.map_err(|e| EntryFault::io("read the link", e))?;
                            Ok(StepOutcome::Link(target))
                        }
                        FileKind::Directory => Err(EntryFault::io("open", e)),
                        _ => Ok(StepOutcome::Blocked),
                    };
                }
            }
        }
        self.depth += 1;
        Ok(StepOutcome::Entered)
    }

    fn arrive(&mut self) -> Result<(), EntryFault> {
        self.leave(self.depth)
    }
}
