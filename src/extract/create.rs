//! Creates what one entry describes, in the directory of the cursor.

use super::disk_tree::DiskTree;
use super::metadata::InheritedMetadata;
use super::xattr::without_default_acl;
use crate::error::EntryFault;
use crate::sys::{Dir, FileKind};
use crate::tarball::{Entries, Entry, EntryKind, SparseMap, SparseWriter};
use std::ffi::CStr;
use std::io::{self, Write as _};

impl DiskTree {
    /// Creates what `entry` describes as `name` in the current directory. True if that is a new
    /// directory.
    pub(super) fn create_entry(
        &mut self,
        entry: &Entry,
        name: &CStr,
        contents: &mut Entries<'_>,
    ) -> Result<bool, EntryFault> {
        self.cursor.touch()?;
        // The target of a hard link may be a device that was left out under this very name.
        if !matches!(entry.kind, EntryKind::HardLink { .. }) {
            self.cursor.forget_left_out(name);
        }
        if matches!(entry.kind, EntryKind::Directory) {
            return self.create_directory(entry, name);
        }
        self.create_non_directory(entry, name, contents)
            .map(|()| false)
    }

    fn create_non_directory(
        &mut self,
        entry: &Entry,
        name: &CStr,
        contents: &mut Entries<'_>,
    ) -> Result<(), EntryFault> {
        let inherited = self.cursor.inherited();
        match &entry.kind {
            EntryKind::Directory => return Ok(()),
            EntryKind::File { holes, .. } => {
                return self.create_file(entry, holes.as_ref(), name, inherited, contents);
            }
            EntryKind::HardLink { target } => return self.hard_link(name, target),
            EntryKind::Device { .. } if !self.privileges.can_create_devices() => {
                return self.leave_out(name);
            }
            EntryKind::Symlink { target } if target.is_empty() => {
                return Err(EntryFault::EmptyLink);
            }
            EntryKind::Symlink { target } => {
                self.create_replacing(name, |dir| dir.symlink(target, name))
            }
            EntryKind::Fifo => {
                let mode = entry.mode & 0o777;
                self.create_special(name, inherited, |dir| dir.mkfifo(name, mode))
            }
            EntryKind::Device { block, number } => {
                let mode = entry.mode & 0o777;
                let created = self.create_special(name, inherited, |dir| {
                    dir.mknod(name, *block, mode, *number)
                });
                // Root in a container or user namespace may not create devices either.
                if matches!(&created, Err(fault) if fault.is_not_permitted()) {
                    return self.leave_out(name);
                }
                created
            }
        }?;
        let here = self.cursor.here()?;
        self.privileges
            .finish_name(here, name, entry, inherited, &mut self.skipped)
    }

    /// A directory merges with an existing one, and replaces anything else, even a symlink to a
    /// directory.
    fn create_directory(&mut self, entry: &Entry, name: &CStr) -> Result<bool, EntryFault> {
        let inherited = self.cursor.inherited();
        let mode = self.privileges.directory_mode(entry.mode) & 0o777;
        let is_directory = |e: &io::Error, dir: &Dir| {
            e.kind() == io::ErrorKind::AlreadyExists
                && dir
                    .stat(name)
                    .is_ok_and(|stat| stat.kind == FileKind::Directory)
        };
        let here = self.cursor.here()?;
        let is_new = match here.mkdir(name, mode) {
            Ok(()) => true,
            Err(e) if is_directory(&e, here) => false,
            Err(_) => {
                self.create_replacing(name, |dir| dir.mkdir(name, mode))?;
                true
            }
        };
        let dir = self
            .cursor
            .here()?
            .open(name)
            .map_err(|e| EntryFault::io("open", e))?;
        self.cursor.push(name, dir, None)?;
        self.set_metadata(entry, is_new, inherited)?;
        Ok(is_new)
    }

    fn create_file(
        &mut self,
        entry: &Entry,
        holes: Option<&SparseMap>,
        name: &CStr,
        inherited: InheritedMetadata,
        contents: &mut Entries<'_>,
    ) -> Result<(), EntryFault> {
        let mode = self.privileges.creation_mode(entry);
        let mut file = self.create_replacing(name, |dir| dir.create(name, mode))?;
        match holes {
            None => contents.contents(|piece| {
                file.write_all(piece)
                    .map_err(|e| EntryFault::io("write", e))
            }),
            Some(map) => {
                let mut writer = SparseWriter::new(&mut file, map)?;
                contents.contents(|piece| writer.write(piece))
            }
        }?;
        self.privileges
            .finish_file(&file, entry, inherited, &mut self.skipped)
    }

    /// Creates a fifo or a device without the ACL that it would inherit.
    fn create_special(
        &mut self,
        name: &CStr,
        inherited: InheritedMetadata,
        create: impl Fn(&Dir) -> io::Result<()>,
    ) -> Result<(), EntryFault> {
        self.create_replacing(name, |dir| {
            if inherited.acl {
                without_default_acl(dir, &create)
            } else {
                create(dir)
            }
        })
    }

    /// Creates `name`; if it exists, removes it and tries again. Checking first would cost a system call
    /// for each file, and hardly any exists.
    fn create_replacing<T>(
        &mut self,
        name: &CStr,
        create: impl Fn(&Dir) -> io::Result<T>,
    ) -> Result<T, EntryFault> {
        match create(self.cursor.here()?) {
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {
                self.remove_for("replace", name)?;
                create(self.cursor.here()?)
            }
            other => other,
        }
        .map_err(|e| EntryFault::io("create", e))
    }
}
