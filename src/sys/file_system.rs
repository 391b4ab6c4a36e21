//! Properties of a file system.

use super::{Dir, is_root};
use rustix::fs::{self, Access, AtFlags, Mode, OFlags, SeekFrom};
use rustix::io::Errno;
use std::ffi::CString;
use std::fs::File;
use std::io;
use std::os::fd::AsFd as _;

impl Dir {
    /// Whether this process may make and remove names here: the permissions, and whether the file
    /// system is mounted read-only.
    pub fn check_writable(&self) -> io::Result<()> {
        let access = Access::WRITE_OK | Access::EXEC_OK;
        Ok(fs::accessat(self.as_fd(), c".", access, AtFlags::empty())?)
    }

    /// How much can be written to the file system of this directory, in bytes. Nothing where it
    /// does not say: some network and FUSE file systems report no blocks at all, or more free ones
    /// than there are.
    pub fn free_space(&self) -> Option<u64> {
        let found = fs::fstatvfs(self.as_fd()).ok()?;
        let free = match is_root() {
            // The reserve for root included.
            true => found.f_bfree,
            false => found.f_bavail,
        };
        let is_sound = found.f_blocks > 0 && found.f_frsize > 0 && free <= found.f_blocks;
        is_sound.then(|| free.saturating_mul(found.f_frsize))
    }

    /// Whether it is on overlayfs, which takes a character device 0:0 for a whiteout and makes none.
    pub fn is_on_overlayfs(&self) -> io::Result<bool> {
        /// OVERLAYFS_SUPER_MAGIC of linux/magic.h.
        const OVERLAYFS: fs::FsWord = 0x794c_7630;
        Ok(fs::fstatfs(self.as_fd())?.f_type == OVERLAYFS)
    }

    /// A file in this directory without a name, which goes when it is closed.
    pub fn create_unnamed(&self) -> io::Result<File> {
        let flags = OFlags::RDWR | OFlags::TMPFILE | OFlags::CLOEXEC;
        match fs::openat(self.as_fd(), c".", flags, Mode::RUSR | Mode::WUSR) {
            Ok(file) => Ok(File::from(file)),
            // Not every file system can do that: overlayfs of old, NFS.
            Err(Errno::OPNOTSUPP | Errno::ISDIR | Errno::INVAL) => self.create_and_unlink(),
            Err(e) => Err(e.into()),
        }
    }

    /// The same by a name that is free: here, an image may have made what it likes.
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

/// Where the next bytes of a file are that are no hole, from `offset` on; nothing if there are none.
/// A file system that does not know has no holes.
pub fn next_data(file: &File, offset: u64) -> io::Result<Option<u64>> {
    match fs::seek(file, SeekFrom::Data(offset)) {
        Ok(data) => Ok(Some(data)),
        Err(Errno::NXIO) => Ok(None),
        Err(Errno::INVAL | Errno::OPNOTSUPP) => Ok(Some(offset)),
        Err(e) => Err(e.into()),
    }
}
