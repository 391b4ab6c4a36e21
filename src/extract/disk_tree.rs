//! The tree on disk, as [`Tree`] for the rules of `changeset`.

use super::Skipped;
use super::cursor::Cursor;
use super::metadata::{self, InheritedMetadata, Privileges};
use super::size::TreeSize;
use super::xattr;
use crate::changeset::{Keep, PathCursor, PathKind, Tree};
use crate::error::{EntryFault, Error};
use crate::sys::{Dir, Exposure, FileKind, Handle as _, LOST_AND_FOUND, Owner};
use crate::tarball::{Entries, Entry};
use std::ffi::{CStr, CString};
use std::io;
use std::mem;

/// A tree on disk.
pub(super) struct DiskTree {
    /// In the directory where entries are created.
    pub(super) cursor: Cursor,
    /// In the directory of the last target of a hard link.
    pub(super) links: Cursor,
    pub(super) privileges: Privileges,
    pub(super) skipped: Skipped,
    size: TreeSize,
    exposure: Exposure,
    /// The entry of the root, if it is shut: applied last.
    root: Option<Entry>,
}

impl DiskTree {
    /// The tree below `root`, in which directories without an entry belong to `default_owner`, or to
    /// this user if that is None.
    pub(super) fn new(
        root: &Dir,
        privileges: Privileges,
        default_owner: Option<Owner>,
        exposure: Exposure,
        size: TreeSize,
    ) -> Result<Self, Error> {
        let find_lost_and_found = || match root.find(LOST_AND_FOUND) {
            Ok(found) => Ok(found.is_some()),
            Err(e) => Err(Error::tree("look at", e)),
        };
        let has_lost_and_found = exposure != Exposure::Private && find_lost_and_found()?;
        let cursor = || match root.try_clone() {
            Ok(root) => Ok(Cursor::new(root, default_owner, has_lost_and_found)),
            Err(e) => Err(Error::tree("open", e)),
        };
        let (mut cursor, links) = (cursor()?, cursor()?);
        // Unless a layer has an entry for it, the root gets the time of directories without one. If it
        // existed before, files created in it may inherit a group or an ACL.
        let stat = root.stat_self().map_err(|e| Error::tree("look at", e))?;
        let acl = xattr::has_default_acl(root).map_err(EntryFault::in_tree)?;
        cursor.record_metadata(Default::default(), stat.mode & 0o2000 != 0, acl);
        // A root that is shut gets its owner last, because the owner could open it.
        if let (Some(owner), Exposure::Private | Exposure::Open) = (default_owner, exposure) {
            metadata::chown(root.set_owner(owner), owner).map_err(EntryFault::in_tree)?;
        }
        Ok(Self {
            cursor,
            links,
            privileges,
            skipped: Skipped::default(),
            size,
            exposure,
            root: None,
        })
    }

    /// Sets the times of directories that are still open, and gives a shut root its owner and mode.
    pub(super) fn finish(mut self) -> Result<Skipped, EntryFault> {
        self.cursor.restart()?;
        let Exposure::Shut(mode) = self.exposure else {
            return Ok(self.skipped);
        };
        let root = self.cursor.here()?;
        if let Some(entry) = &self.root {
            let inherited = InheritedMetadata::default();
            let skipped = &mut self.skipped;
            self.privileges
                .finish_directory(root, entry, false, inherited, skipped)?;
            return Ok(self.skipped);
        }
        if let Some(owner) = self.cursor.default_owner {
            metadata::chown(root.set_owner(owner), owner)?;
        }
        root.set_mode(mode)
            .map_err(|e| EntryFault::io("set the mode", e))?;
        Ok(self.skipped)
    }

    /// Gives the current directory the metadata of its entry.
    pub(super) fn set_metadata(
        &mut self,
        entry: &Entry,
        is_new: bool,
        inherited: InheritedMetadata,
    ) -> Result<(), EntryFault> {
        self.cursor.record_entry(entry);
        let here = self.cursor.here()?;
        self.privileges
            .finish_directory(here, entry, is_new, inherited, &mut self.skipped)
    }

    /// Removes `name`. `action` is what an error says could not be done.
    pub(super) fn remove_for(
        &mut self,
        action: &'static str,
        name: &CStr,
    ) -> Result<(), EntryFault> {
        self.cursor.touch()?;
        // The other cursor may hold open a directory that is removed.
        self.links.restart()?;
        self.cursor.invalidate();
        let removed = self.cursor.remove(name);
        removed.map(drop).map_err(|e| EntryFault::io(action, e))
    }
}

impl Tree for DiskTree {
    fn cursor(&mut self) -> &mut dyn PathCursor {
        &mut self.cursor
    }

    fn take_steps(&mut self) -> u64 {
        self.cursor.position().take_steps() + self.links.position().take_steps()
    }

    fn add_size(&mut self, entry: &Entry) -> Result<(), EntryFault> {
        self.size.add(entry)
    }

    fn is_reserved(&mut self, name: &CStr) -> bool {
        self.cursor.is_reserved(name)
    }

    fn kind(&mut self, name: &CStr) -> Result<PathKind, EntryFault> {
        let found = match self.cursor.here()?.find(name) {
            // The target of a symlink may contain a name that is too long for a file.
            Err(e) if e.kind() == io::ErrorKind::InvalidFilename => None,
            other => other.map_err(|e| EntryFault::io("look at", e))?,
        };
        Ok(match found.map(|found| found.kind) {
            None if self.cursor.has_left_out(name) => PathKind::Other,
            None => PathKind::Missing,
            Some(FileKind::Directory) => PathKind::Directory,
            Some(FileKind::Symlink) => PathKind::Symlink,
            Some(_) => PathKind::Other,
        })
    }

    fn read_link(&mut self, name: &CStr) -> Result<CString, EntryFault> {
        let target = self.cursor.here()?.read_link(name);
        target.map_err(|e| EntryFault::io("read the link", e))
    }

    fn describe_root(&mut self, entry: Entry) -> Result<(), EntryFault> {
        self.cursor.leave(0)?;
        if let Exposure::Shut(_) = self.exposure {
            self.cursor.record_entry(&entry);
            self.root = Some(entry);
            return Ok(());
        }
        self.set_metadata(&entry, false, self.cursor.inherited())
    }

    fn create(
        &mut self,
        entry: &Entry,
        name: &CStr,
        contents: &mut Entries<'_>,
    ) -> Result<bool, EntryFault> {
        self.create_entry(entry, name, contents)
    }

    fn remove(&mut self, name: &CStr) -> Result<(), EntryFault> {
        self.remove_for("remove", name)
    }

    /// Lists the directory until nothing was removed: some file systems skip names while others are
    /// being removed.
    fn retain(&mut self, keep: &mut Keep<'_>) -> Result<(), EntryFault> {
        let list = |e| EntryFault::io("list", e);
        self.links.restart()?;
        let mut has_removed = true;
        while mem::take(&mut has_removed) {
            for entry in self.cursor.here()?.entries().map_err(list)? {
                let name = entry.map_err(list)?.name;
                if !self.cursor.is_reserved(&name) && !keep(self, &name)? {
                    self.cursor.touch()?;
                    let removed = self.cursor.remove(&name);
                    has_removed |= removed.map_err(|e| EntryFault::io("remove", e))?;
                }
            }
        }
        for name in self.cursor.left_out_names() {
            if !keep(self, &name)? {
                self.cursor.forget_left_out(&name);
            }
        }
        Ok(())
    }

    fn reset_metadata(&mut self) -> Result<(), EntryFault> {
        metadata::make_plain(self.cursor.here()?, self.cursor.default_owner)?;
        self.cursor
            .record_metadata(Default::default(), false, false);
        Ok(())
    }
}
