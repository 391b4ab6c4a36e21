//! A file that appears only when it is complete: written under a temporary name, synced, renamed.

use super::path::located;
use super::{c_name, file_name, in_the_way, name_beside};
use crate::error::{DestinationError, DestinationFault, Error, ErrorKind, IoError};
use crate::sys::{
    Dir, FileKind, Handle as _, Host, Location, Stat, file_size_limit, wait_to_write,
};
use crate::tarball::is_image_archive;
use std::cell::Cell;
use std::ffi::{CStr, CString};
use std::fs::{File, TryLockError};
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// A file that does not have its name yet. Dropping it without [`AtomicFile::commit`] removes it.
pub(crate) struct AtomicFile {
    path: PathBuf,
    file: File,
    /// None for a device or a pipe, which is written to directly.
    beside: Option<TemporaryName>,
    replaced: Replaced,
    /// How much more may be written, in bytes, if there is a limit: SIGXFSZ would end the process.
    left: Cell<Option<u64>>,
}

/// The file that it may replace.
enum Replaced {
    Anything,
    /// Only the file that was checked. None if there was no file.
    Checked(Option<Stat>),
}

struct TemporaryName {
    parent: Dir,
    name: CString,
}

impl AtomicFile {
    /// Creates an archive for `path`, and reuses the temporary file of a killed save. An existing file may
    /// be replaced if it is an image archive or empty, or with `force`.
    pub(crate) fn create(path: &Path, force: bool) -> Result<Self, Error> {
        let location = target(path)?;
        let refused = |reason: DestinationFault| Err(reason.at(&location.path));
        match &location.found {
            Some((_, stat)) if stat.kind == FileKind::Directory => {
                return refused(DestinationFault::NotAFile);
            }
            Some((node, stat)) if stat.kind == FileKind::Special => {
                if location.is_foreign_fifo() {
                    return refused(DestinationFault::ForeignFifo);
                }
                let file = node.open_for_writing(&location.above, &location.name);
                if file.is_err() {
                    Error::unless_stopped()?;
                }
                return Ok(Self {
                    path: path.to_owned(),
                    file: file.map_err(|e| Error::io("create", path, e))?,
                    beside: None,
                    replaced: Replaced::Anything,
                    left: Cell::new(None),
                });
            }
            _ => {}
        }
        let parent = location.existing_parent();
        let parent = parent.map_err(|e| Error::io("create", &location.path, e))?;
        // A dangling symlink would be replaced itself, which only --force may do.
        let found = match &location.found {
            Some((_, stat)) => Some(*stat),
            None => parent
                .find(&location.name)
                .map_err(|e| Error::io("create", &location.path, e))?,
        };
        if let Some(stat) = &found
            && stat.size > 0
            && !force
            && !holds_images(&parent, &location.name)
        {
            return refused(DestinationFault::NotAnArchive);
        }
        // Private until it has the owner of the file that it replaces.
        let mode = if found.is_some() { 0o600 } else { 0o666 };
        let mut file = Self::create_in(parent, location.path, mode)?;
        file.replaced = Replaced::Checked(found);
        Ok(file)
    }

    /// Creates a file for `path`, a name in `parent` that is not a symlink. It may replace anything.
    pub(super) fn create_in(parent: Dir, path: PathBuf, mode: u32) -> Result<Self, Error> {
        let name = name_beside(&path);
        let beside = TemporaryName { parent, name };
        let file = beside.lock(&path, mode)?;
        file.set_len(0).map_err(|e| Error::io("create", &path, e))?;
        Ok(Self {
            path,
            file,
            beside: Some(beside),
            replaced: Replaced::Anything,
            left: Cell::new(file_size_limit()),
        })
    }

    /// Syncs it and gives it its name.
    pub(crate) fn commit(mut self) -> Result<(), Error> {
        let Some(TemporaryName { parent, name }) = &self.beside else {
            return Ok(());
        };
        let renamed = self
            .file
            .sync_all()
            .and_then(|()| {
                // Others who may write to the folder may have replaced it.
                if parent.denotes(name, &self.file)? {
                    Ok(())
                } else {
                    Err(io::ErrorKind::StaleNetworkFileHandle.into())
                }
            })
            .and_then(|()| {
                self.replaced
                    .replace(&self.file, (parent, name), &self.path)
            })
            .and_then(|()| parent.as_file()?.sync_all());
        renamed.map_err(|e| match e.kind() {
            io::ErrorKind::AlreadyExists => DestinationFault::Appeared.at(&self.path),
            _ => Error::io("write", &self.path, e),
        })?;
        self.beside = None;
        Ok(())
    }

    /// The folder of the file, unless it is a device or a pipe.
    pub(crate) fn folder(&self) -> Option<&Dir> {
        self.beside.as_ref().map(|beside| &beside.parent)
    }

    /// The path that it will have.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Replaced {
    /// Renames `file`, which is `name` in `parent`, to `path`. `AlreadyExists` if another file has appeared
    /// there while it was written: the user has not agreed to lose that one.
    fn replace(&self, file: &File, (parent, name): (&Dir, &CStr), path: &Path) -> io::Result<()> {
        let new_name = file_name(path);
        let Self::Checked(checked) = self else {
            return parent.rename(name, parent, &new_name);
        };
        let now = parent.find(&new_name)?;
        match (checked, now) {
            (Some(old), Some(now)) if old.id == now.id => {
                if now.kind == FileKind::File {
                    keep_access(file, &now)?;
                } else {
                    file.set_mode(0o644)?;
                }
                parent.rename(name, parent, &new_name)
            }
            (Some(old), None) => {
                keep_access(file, old)?;
                parent.rename_new(name, parent, &new_name)
            }
            // Fails if there is a file by now.
            _ => parent.rename_new(name, parent, &new_name),
        }
    }
}

/// Gives `file` the owner and permissions of the file that it replaces, which may be private for a reason.
/// Only root can change the owner.
fn keep_access(file: &File, old: &Stat) -> io::Result<()> {
    let own = Stat::of(file)?.owner;
    let has_group = own.gid == old.owner.gid;
    let is_given = own == old.owner || file.set_owner(old.owner).is_ok();
    let mask = if is_given || has_group { 0o777 } else { 0o707 };
    file.set_mode(old.mode & mask)
}

impl TemporaryName {
    /// Creates and locks the file, or takes over that of a killed save.
    fn lock(&self, path: &Path, mode: u32) -> Result<File, Error> {
        let failed = |e| Error::io("create", path, e);
        loop {
            let file = match self.parent.open_lock(&self.name, mode) {
                Err(_) if self.is_no_file() => {
                    return Err(in_the_way(path, DestinationFault::ForeignFile));
                }
                other => other.map_err(failed)?,
            };
            match file.try_lock() {
                Err(TryLockError::WouldBlock) => {
                    return Err(DestinationError::Busy(path.to_owned()).into());
                }
                Err(TryLockError::Error(e)) => return Err(failed(e)),
                Ok(()) => {}
            }
            // Between opening and locking it, its last owner may have renamed it.
            if !self.parent.denotes(&self.name, &file).map_err(failed)? {
                continue;
            }
            let own = file.metadata().map_err(failed)?;
            // The owner of another user's file could change it afterwards.
            if own.is_file() && own.uid() == Host::new().uid && own.nlink() == 1 {
                return Ok(file);
            }
            return Err(in_the_way(path, DestinationFault::ForeignFile));
        }
    }

    /// Whether the name is taken by a folder or a symlink.
    fn is_no_file(&self) -> bool {
        let found = self.parent.find(&self.name);
        found.is_ok_and(|found| found.is_some_and(|found| found.kind != FileKind::File))
    }
}

impl io::Write for &AtomicFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let left = self.left.get();
        if left.is_some_and(|left| left < bytes.len() as u64) {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        // A signal ends the wait for a full pipe. Other errors come again from the write.
        if self.beside.is_none() && wait_to_write(&self.file).is_err() {
            Error::unless_stopped().map_err(io::Error::other)?;
        }
        let count = (&self.file).write(bytes)?;
        self.left.set(left.map(|left| left - count as u64));
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for AtomicFile {
    fn drop(&mut self) {
        if let Some(TemporaryName { parent, name }) = &self.beside
            && matches!(parent.denotes(name, &self.file), Ok(true))
        {
            // It is locked, so no other process uses it.
            let _ = parent.unlink(name);
        }
    }
}

/// Whether the file is an image archive. False if it cannot be read.
fn holds_images(parent: &Dir, name: &CStr) -> bool {
    let file = parent.open_file(name);
    file.is_ok_and(|file| is_image_archive(&file))
}

/// Resolves `path`. If it is a symlink, its target is replaced, and the symlink stays; a dangling symlink
/// is replaced itself.
fn target(path: &Path) -> Result<Location, Error> {
    let placed = located(path);
    let (Err(error), Some(name)) = (&placed, path.file_name()) else {
        return placed;
    };
    let ErrorKind::Io(IoError::Path { source, .. }) = error.kind() else {
        return placed;
    };
    let dangles = path.symlink_metadata().is_ok_and(|link| link.is_symlink());
    if source.kind() != io::ErrorKind::NotFound || !dangles {
        return placed;
    }
    let absolute = std::path::absolute(path).map_err(|e| Error::io("create", path, e))?;
    let mut location = located(absolute.parent().unwrap_or(&absolute))?;
    location.path.push(name);
    location.name = c_name(name.as_bytes());
    if let Some((folder, _)) = location.found.take() {
        location.above = folder;
    }
    Ok(location)
}
