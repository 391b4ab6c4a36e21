//! Creates what one entry describes, in the directory of the cursor.

use super::Extractor;
use super::metadata::InheritedMetadata;
use super::xattr::without_default_acl;
use crate::changeset::DEFAULT_ACL;
use crate::error::EntryFault;
use crate::sys::{Dir, FileKind};
use crate::tarball::{Entries, Entry, EntryKind, SparseMap, SparseWriter};
use std::ffi::CStr;
use std::io::{self, Write as _};

impl Extractor {
    /// Makes what `entry` says under `name` in the directory where the walk stands.
    pub(super) fn make(
        &mut self,
        entry: &Entry,
        name: &CStr,
        entries: &mut Entries<'_>,
    ) -> Result<(), EntryFault> {
        let inherited = InheritedMetadata::from(&self.cursor);
        // A link may be one to what was left out under this very name.
        if !matches!(entry.kind, EntryKind::HardLink { .. }) {
            self.cursor.forget_left_out(name);
        }
        match &entry.kind {
            EntryKind::Directory => return self.directory(entry, name, inherited),
            EntryKind::File { holes, .. } => {
                return self.file(entry, holes.as_ref(), name, inherited, entries);
            }
            EntryKind::HardLink { target } => return self.hard_link(name, target),
            EntryKind::Device { .. } if !self.rights.devices() => return self.leave_out(name),
            EntryKind::Symlink { target } if target.is_empty() => {
                return Err(EntryFault::EmptyLink);
            }
            EntryKind::Symlink { target } => self.replacing(name, |dir| dir.symlink(target, name)),
            EntryKind::Fifo => {
                let mode = entry.mode & 0o777;
                self.special(name, inherited, |dir| dir.mkfifo(name, mode))
            }
            EntryKind::Device { block, number } => {
                let mode = entry.mode & 0o777;
                let made = self.special(name, inherited, |dir| {
                    dir.mknod(name, *block, mode, *number)
                });
                // Root of a container or a user namespace may make none either.
                if matches!(&made, Err(fault) if fault.is_not_permitted()) {
                    return self.leave_out(name);
                }
                made
            }
        }?;
        let here = self.cursor.here()?;
        self.rights
            .finish_name(here, name, entry, inherited, &mut self.skipped)
    }

    /// A directory merges with a directory that is there; anything else gives way to it, also a
    /// symlink to a directory.
    fn directory(
        &mut self,
        entry: &Entry,
        name: &CStr,
        inherited: InheritedMetadata,
    ) -> Result<(), EntryFault> {
        let mode = self.rights.directory_mode(entry.mode) & 0o777;
        let is_directory = |e: &io::Error, dir: &Dir| {
            let found = (e.kind() == io::ErrorKind::AlreadyExists).then(|| dir.stat(name).ok());
            found
                .flatten()
                .is_some_and(|found| found.kind == FileKind::Directory)
        };
        let here = self.cursor.here()?;
        let is_new = match here.mkdir(name, mode) {
            Ok(()) => true,
            Err(e) if is_directory(&e, here) => false,
            Err(_) => {
                self.replacing(name, |dir| dir.mkdir(name, mode))?;
                true
            }
        };
        let dir = self
            .cursor
            .here()?
            .open(name)
            .map_err(|e| EntryFault::io("open", e))?;
        self.cursor.push(name, dir, None)?;
        if is_new {
            self.made.insert_new(&self.cursor)?;
        }
        self.set_metadata(entry, is_new, inherited)
    }

    /// Sets what `entry` says of the directory where the walk stands.
    pub(super) fn set_metadata(
        &mut self,
        entry: &Entry,
        is_new: bool,
        inherited: InheritedMetadata,
    ) -> Result<(), EntryFault> {
        self.announce(entry);
        let here = self.cursor.here()?;
        self.rights
            .finish_directory(here, entry, is_new, inherited, &mut self.skipped)
    }

    /// Says what of `entry` bears upon what is made in the directory where the walk stands.
    pub(super) fn announce(&mut self, entry: &Entry) {
        let acl = entry.xattrs.has(DEFAULT_ACL);
        self.cursor.watch_acls |= acl;
        self.cursor
            .describe(entry.mtime, entry.mode & 0o2000 != 0, acl);
    }

    /// A file, with its holes if it has any.
    fn file(
        &mut self,
        entry: &Entry,
        holes: Option<&SparseMap>,
        name: &CStr,
        inherited: InheritedMetadata,
        entries: &mut Entries<'_>,
    ) -> Result<(), EntryFault> {
        let mode = self.rights.creation_mode(entry);
        let mut file = self.replacing(name, |dir| dir.create(name, mode))?;
        match holes {
            None => entries.contents(|piece| {
                file.write_all(piece)
                    .map_err(|e| EntryFault::io("write", e))
            }),
            Some(map) => {
                let mut filler = SparseWriter::new(&mut file, map)?;
                entries.contents(|piece| filler.write(piece))
            }
        }?;
        self.rights
            .finish_file(&file, entry, inherited, &mut self.skipped)
    }

    /// A fifo or a device, without what its directory would force upon it.
    fn special(
        &mut self,
        name: &CStr,
        inherited: InheritedMetadata,
        make: impl Fn(&Dir) -> io::Result<()>,
    ) -> Result<(), EntryFault> {
        self.replacing(name, |dir| match inherited.acl {
            true => without_default_acl(dir, &make),
            false => make(dir),
        })
    }

    /// Makes something under `name`, and if there is something already, removes that first: no look
    /// before, because almost always there is nothing.
    fn replacing<T>(
        &mut self,
        name: &CStr,
        make: impl Fn(&Dir) -> io::Result<T>,
    ) -> Result<T, EntryFault> {
        match make(self.cursor.here()?) {
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {
                self.remove(name)?;
                make(self.cursor.here()?)
            }
            other => other,
        }
        .map_err(|e| EntryFault::io("create", e))
    }

    pub(super) fn remove(&mut self, name: &CStr) -> Result<(), EntryFault> {
        // What is removed may be a directory that the other walk holds open.
        self.links.restart()?;
        self.cursor.invalidate();
        let removed = self.cursor.remove(name);
        removed.map(drop).map_err(|e| EntryFault::io("replace", e))
    }
}
