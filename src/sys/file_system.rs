//! Properties of a file system.

use super::{Dir, is_root};
use rustix::fs::{self, Access, AtFlags, Mode, OFlags, SeekFrom};
use rustix::io::Errno;
use std::ffi::CString;
use std::fs::File;
use std::io;
use std::os::fd::AsFd as _;

impl Dir {
    /// Checks that this process may create and remove names here: the permissions, and whether the
    /// file system is mounted read-only.
    pub fn check_writable(&self) -> io::Result<()> {
        let access = Access::WRITE_OK | Access::EXEC_OK;
        Ok(fs::accessat(self.as_fd(), c".", access, AtFlags::empty())?)
    }

    /// The free space in the file system of this directory, in bytes. None if it is unknown: some
    /// network and FUSE file systems report no blocks at all, or more free blocks than blocks.
    pub fn free_space(&self) -> Option<u64> {
        let found = fs::fstatvfs(self.as_fd()).ok()?;
        // f_bfree includes the blocks reserved for root.
        let free = if is_root() {
            found.f_bfree
        } else {
            found.f_bavail
        };
        let is_sound = found.f_blocks > 0 && found.f_frsize > 0 && free <= found.f_blocks;
        is_sound.then(|| free.saturating_mul(found.f_frsize))
    }

    /// Whether it is on overlayfs, which treats a character device 0:0 as a whiteout and cannot
    /// create one.
    pub fn is_on_overlayfs(&self) -> io::Result<bool> {
        /// OVERLAYFS_SUPER_MAGIC of linux/magic.h.
        const OVERLAYFS: fs::FsWord = 0x794c_7630;
        Ok(fs::fstatfs(self.as_fd())?.f_type == OVERLAYFS)
    }

    /// An unnamed file in this directory, which is removed when it is closed.
    pub fn create_unnamed(&self) -> io::Result<File> {
        let flags = OFlags::RDWR | OFlags::TMPFILE | OFlags::CLOEXEC;
        match fs::openat(self.as_fd(), c".", flags, Mode::RUSR | Mode::WUSR) {
            Ok(file) => Ok(File::from(file)),
            // Not every file system supports this: NFS and old overlayfs do not.
            Err(Errno::OPNOTSUPP | Errno::ISDIR | Errno::INVAL) => self.create_and_unlink(),
            Err(e) => Err(e.into()),
        }
    }

    /// The same under an unused name: the image may have created any name here.
    fn create_and_unlink(&self) -> io::Result<File> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        let mut number = std::process::id();
        loop {
            let name = CString::new(format!(".unnamed.{number}"))?;
            match fs::openat(self.as_fd(), &name, flags, Mode::RUSR | Mode::WUSR) {
                Err(Errno::EXIST) => number = number.wrapping_add(1),
                made => {
                    let file = File::from(made?);
                    self.unlink(&name)?;
                    return Ok(file);
                }
            }
        }
    }

    /// Whether it is on the same file system as `other`.
    pub fn is_beside(&self, other: &Self) -> io::Result<bool> {
        Ok(self.stat_self()?.id.0 == other.stat_self()?.id.0)
    }
}

/// The offset of the next data in a sparse file from `offset` on; None if only a hole follows. File
/// systems that do not support holes report none.
pub fn next_data(file: &File, offset: u64) -> io::Result<Option<u64>> {
    match fs::seek(file, SeekFrom::Data(offset)) {
        Ok(data) => Ok(Some(data)),
        Err(Errno::NXIO) => Ok(None),
        Err(Errno::INVAL | Errno::OPNOTSUPP) => Ok(Some(offset)),
        Err(e) => Err(e.into()),
    }
}
