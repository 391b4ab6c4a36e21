//! An open directory, and operations on a name directly in it.
//!
//! Every name is a single path component, and no call follows a symlink there, so the kernel never
//! resolves a path that came from an image: there is nothing to race and nothing to escape through.
//! Errors are those of the kernel.

use super::handle::{ids, timestamps};
use super::stat::kind;
use super::{FileKind, Owner, Stat, Time};
use rustix::fs::{self, AtFlags, FileType, Mode, OFlags};
use std::ffi::{CStr, CString};
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

/// An open directory.
#[derive(Debug)]
pub struct Dir(OwnedFd);

/// A directory entry.
#[derive(Debug)]
pub struct Listed {
    /// The name.
    pub name: CString,
    /// The type from readdir; `None` if the file system requires a stat.
    pub kind: Option<FileKind>,
}

const OPEN: OFlags = OFlags::RDONLY
    .union(OFlags::DIRECTORY)
    .union(OFlags::NOFOLLOW)
    .union(OFlags::CLOEXEC);

impl Dir {
    /// Opens a directory by a path from the user, whose symlinks are trusted.
    pub fn open_path(path: &Path) -> io::Result<Self> {
        let flags = OPEN.difference(OFlags::NOFOLLOW);
        Ok(Self(fs::open(path, flags, Mode::empty())?))
    }

    /// Opens the directory at `path`, or its nearest existing ancestor, and returns `path` with
    /// symlinks resolved.
    pub fn open_nearest(path: &Path) -> io::Result<(PathBuf, Self)> {
        let path = std::path::absolute(path)?;
        let mut above = path.ancestors();
        loop {
            let nearest = above.next().unwrap_or(&path);
            match Self::open_path(nearest) {
                Err(e) if e.kind() == io::ErrorKind::NotFound && nearest.parent().is_some() => {}
                Err(e) => return Err(e),
                Ok(dir) => {
                    let missing = path.strip_prefix(nearest).unwrap_or(Path::new(""));
                    let real = nearest.canonicalize()?.join(missing);
                    return Ok((real.components().collect(), dir));
                }
            }
        }
    }

    /// Opens the directory `name`, which may be a symlink of the user.
    pub fn open_linked(&self, name: &CStr) -> io::Result<Self> {
        let flags = OPEN.difference(OFlags::NOFOLLOW);
        Ok(Self(fs::openat(&self.0, name, flags, Mode::empty())?))
    }

    /// Opens the directory `name`; a symlink is refused (ENOTDIR or ELOOP).
    pub fn open(&self, name: &CStr) -> io::Result<Self> {
        Self::at(&self.0, name)
    }

    /// The same relative to a handle that may be O_PATH.
    pub(super) fn at(dir: &impl AsFd, name: &CStr) -> io::Result<Self> {
        Ok(Self(fs::openat(dir, name, OPEN, Mode::empty())?))
    }

    /// Duplicates the handle.
    pub fn try_clone(&self) -> io::Result<Self> {
        Ok(Self(self.0.try_clone()?))
    }

    /// Opens the regular file `name` for reading. A fifo does not block, a symlink is refused.
    pub fn open_file(&self, name: &CStr) -> io::Result<File> {
        self.open_regular(name, OFlags::NOFOLLOW)
    }

    /// The same, but `name` may be a symlink of the user.
    pub fn open_linked_file(&self, name: &CStr) -> io::Result<File> {
        self.open_regular(name, OFlags::empty())
    }

    fn open_regular(&self, name: &CStr, more: OFlags) -> io::Result<File> {
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC | more;
        let file = File::from(fs::openat(&self.0, name, flags, Mode::empty())?);
        if !file.metadata()?.is_file() {
            return Err(io::Error::from(io::ErrorKind::InvalidInput));
        }
        Ok(file)
    }

    /// Creates the regular file `name` and opens it for writing. An existing file is an error and
    /// is never opened: it might be a symlink or a fifo.
    pub fn create(&self, name: &CStr, mode: u32) -> io::Result<File> {
        let flags =
            OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        Ok(File::from(fs::openat(
            &self.0,
            name,
            flags,
            Mode::from_raw_mode(mode),
        )?))
    }

    /// Opens the file `name` for reading, writing and locking, creating it with `mode` if missing.
    /// A device or a fifo does not block.
    pub fn open_lock(&self, name: &CStr, mode: u32) -> io::Result<File> {
        let flags = OFlags::RDWR
            | OFlags::CREATE
            | OFlags::NOFOLLOW
            | OFlags::NONBLOCK
            | OFlags::NOCTTY
            | OFlags::CLOEXEC;
        Ok(File::from(fs::openat(
            &self.0,
            name,
            flags,
            Mode::from_raw_mode(mode),
        )?))
    }

    /// This directory as a file, to lock or sync it.
    pub fn as_file(&self) -> io::Result<File> {
        Ok(File::from(self.0.try_clone()?))
    }

    /// Creates the directory `name`.
    pub fn mkdir(&self, name: &CStr, mode: u32) -> io::Result<()> {
        Ok(fs::mkdirat(&self.0, name, Mode::from_raw_mode(mode))?)
    }

    /// Creates the symlink `name` to `target`.
    pub fn symlink(&self, target: &CStr, name: &CStr) -> io::Result<()> {
        Ok(fs::symlinkat(target, &self.0, name)?)
    }

    /// Creates the hard link `name` to `old_name` in `old_dir`. If that is a symlink, the symlink
    /// itself gets the second name (CVE-2021-32760 followed it).
    pub fn link(&self, name: &CStr, old_dir: &Self, old_name: &CStr) -> io::Result<()> {
        Ok(fs::linkat(
            &old_dir.0,
            old_name,
            &self.0,
            name,
            AtFlags::empty(),
        )?)
    }

    /// Creates the fifo `name`.
    pub fn mkfifo(&self, name: &CStr, mode: u32) -> io::Result<()> {
        Ok(fs::mknodat(
            &self.0,
            name,
            FileType::Fifo,
            Mode::from_raw_mode(mode),
            0,
        )?)
    }

    /// Creates the character or block device `name`.
    pub fn mknod(&self, name: &CStr, block: bool, mode: u32, device: (u32, u32)) -> io::Result<()> {
        let kind = if block {
            FileType::BlockDevice
        } else {
            FileType::CharacterDevice
        };
        let device = fs::makedev(device.0, device.1);
        Ok(fs::mknodat(
            &self.0,
            name,
            kind,
            Mode::from_raw_mode(mode),
            device,
        )?)
    }

    /// Removes `name`, which is not a directory.
    pub fn unlink(&self, name: &CStr) -> io::Result<()> {
        Ok(fs::unlinkat(&self.0, name, AtFlags::empty())?)
    }

    /// Removes the empty directory `name`.
    pub fn rmdir(&self, name: &CStr) -> io::Result<()> {
        Ok(fs::unlinkat(&self.0, name, AtFlags::REMOVEDIR)?)
    }

    /// The target of the symlink `name`.
    pub fn read_link(&self, name: &CStr) -> io::Result<CString> {
        Ok(fs::readlinkat(&self.0, name, Vec::new())?)
    }

    /// The metadata of `name`, not following symlinks.
    pub fn stat(&self, name: &CStr) -> io::Result<Stat> {
        Ok(Stat::new(&fs::statat(
            &self.0,
            name,
            AtFlags::SYMLINK_NOFOLLOW,
        )?))
    }

    /// The metadata of `name`, or None if it does not exist.
    pub fn find(&self, name: &CStr) -> io::Result<Option<Stat>> {
        match self.stat(name) {
            Ok(stat) => Ok(Some(stat)),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(e),
        }
    }

    /// Whether `name` denotes this open file. It may have been removed, and another may have its name.
    pub fn denotes(&self, name: &CStr, file: &impl AsFd) -> io::Result<bool> {
        let (found, own) = (self.find(name)?, Stat::of(file)?);
        Ok(found.is_some_and(|found| found.id == own.id))
    }

    /// The metadata of this directory.
    pub fn stat_self(&self) -> io::Result<Stat> {
        Ok(Stat::new(&fs::fstat(&self.0)?))
    }

    /// Iterates over the names in this directory, without `.` and `..`: there may be too many for
    /// memory. Names already returned may be removed meanwhile.
    pub fn entries(&self) -> io::Result<impl Iterator<Item = io::Result<Listed>> + use<>> {
        let entries = fs::Dir::read_from(&self.0)?.map(|entry| {
            let entry = entry?;
            Ok(Listed {
                name: entry.file_name().to_owned(),
                kind: kind(entry.file_type()),
            })
        });
        let is_in_it = |entry: &Listed| ![c".", c".."].contains(&entry.name.as_c_str());
        Ok(entries.filter(move |entry| entry.as_ref().map_or(true, is_in_it)))
    }

    /// The same, collected.
    pub fn list(&self) -> io::Result<Vec<Listed>> {
        self.entries()?.collect()
    }

    /// Changes the owner of `name`, not following symlinks.
    pub fn chown(&self, name: &CStr, owner: Owner) -> io::Result<()> {
        let (uid, gid) = ids(owner);
        Ok(fs::chownat(
            &self.0,
            name,
            uid,
            gid,
            AtFlags::SYMLINK_NOFOLLOW,
        )?)
    }

    /// Sets the mode of `name`, which must not be a symlink: the kernel would follow it.
    pub fn chmod(&self, name: &CStr, mode: u32) -> io::Result<()> {
        Ok(fs::chmodat(
            &self.0,
            name,
            Mode::from_raw_mode(mode),
            AtFlags::empty(),
        )?)
    }

    /// Sets the times of `name`, not following symlinks.
    pub fn set_times(&self, name: &CStr, mtime: Time) -> io::Result<()> {
        Ok(fs::utimensat(
            &self.0,
            name,
            &timestamps(mtime),
            AtFlags::SYMLINK_NOFOLLOW,
        )?)
    }
}

impl AsFd for Dir {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
