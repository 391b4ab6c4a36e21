//! A handle on any file without opening it: a symlink, a fifo, a device.
//!
//! Anyone who can write to the directory can replace a name between two calls. So this handle is
//! inspected and changed, and the name is not used again.

use super::handle::{ids, timestamps};
use super::{Dir, Owner, Special, Stat, Time, pause, received_signal};
use rustix::fs::{self, AtFlags, CWD, Mode, OFlags, XattrFlags};
use rustix::io::Errno;
use std::ffi::{CStr, CString};
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd, OwnedFd};
use std::time::Duration;

/// A file in a directory, held by a handle that can neither read nor write it (O_PATH).
#[derive(Debug)]
pub struct NewNode(OwnedFd);

/// How often to check whether a fifo has a reader.
const LOOK: Duration = Duration::from_millis(50);

const HOLD: OFlags = OFlags::PATH.union(OFlags::CLOEXEC);

impl NewNode {
    /// Holds the file `name`, not following symlinks.
    pub fn open(dir: &impl AsFd, name: &CStr) -> io::Result<Self> {
        let flags = HOLD.union(OFlags::NOFOLLOW);
        Ok(Self(fs::openat(dir, name, flags, Mode::empty())?))
    }

    /// Holds the target of `name`. For links in /proc, whose text is not always a path.
    pub(super) fn open_target(dir: &impl AsFd, name: &CStr) -> io::Result<Self> {
        Ok(Self(fs::openat(dir, name, HOLD, Mode::empty())?))
    }

    /// Its metadata.
    pub fn stat(&self) -> io::Result<Stat> {
        Ok(Stat::new(&fs::fstat(&self.0)?))
    }

    /// The target, if it is a symlink.
    pub(super) fn read_link(&self) -> io::Result<CString> {
        Ok(fs::readlinkat(&self.0, c"", Vec::new())?)
    }

    /// Whether it is in /proc.
    pub(super) fn is_in_proc(&self) -> io::Result<bool> {
        Ok(fs::fstatfs(&self.0)?.f_type == fs::PROC_SUPER_MAGIC)
    }

    /// Opens it as a directory, for listing and syncing.
    pub fn open_dir(&self) -> io::Result<Dir> {
        Dir::at(self, c".")
    }

    /// Duplicates the handle.
    pub fn try_clone(&self) -> io::Result<Self> {
        Ok(Self(self.0.try_clone()?))
    }

    /// Opens it for writing. A fifo waits for its reader, or for a signal; nothing else blocks.
    pub fn open_for_writing(&self, dir: &impl AsFd, name: &CStr) -> io::Result<File> {
        let is_fifo = self.stat()?.special == Some(Special::Fifo);
        loop {
            match self.try_open_for_writing(dir, name) {
                Err(e) if is_fifo && Errno::from_io_error(&e) == Some(Errno::NXIO) => {
                    if received_signal().is_some() {
                        return Err(Errno::INTR.into());
                    }
                    pause(LOOK);
                }
                other => return other,
            }
        }
    }

    fn try_open_for_writing(&self, dir: &impl AsFd, name: &CStr) -> io::Result<File> {
        let flags = OFlags::WRONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let file = match fs::open(self.path(), flags, Mode::empty()) {
            // Without /proc by its name, if that still denotes the same file.
            Err(Errno::NOENT) => {
                let flags = flags.union(OFlags::NOFOLLOW);
                let file = fs::openat(dir, name, flags, Mode::empty())?;
                if Stat::new(&fs::fstat(&file)?).id != self.stat()?.id {
                    return Err(Errno::STALE.into());
                }
                file
            }
            other => other?,
        };
        let flags = fs::fcntl_getfl(&file)?;
        fs::fcntl_setfl(&file, flags.difference(OFlags::NONBLOCK))?;
        Ok(File::from(file))
    }

    /// Sets the owner.
    pub fn set_owner(&self, owner: Owner) -> io::Result<()> {
        let (uid, gid) = ids(owner);
        Ok(fs::chownat(&self.0, c"", uid, gid, AtFlags::EMPTY_PATH)?)
    }

    /// Sets the mode; symlinks have none. Without /proc, this works only for fifos: opening a
    /// device may have side effects.
    pub fn set_mode(&self, dir: &Dir, name: &CStr, mode: u32) -> io::Result<()> {
        match fs::chmod(self.path(), Mode::from_raw_mode(mode)) {
            Err(Errno::NOENT) if self.stat()?.special == Some(Special::Fifo) => {
                let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOFOLLOW | OFlags::CLOEXEC;
                let found = self.stat()?;
                let file = fs::openat(dir, name, flags, Mode::empty())?;
                if Stat::new(&fs::fstat(&file)?).id != found.id {
                    return Err(Errno::STALE.into());
                }
                Ok(fs::fchmod(&file, Mode::from_raw_mode(mode))?)
            }
            other => Ok(other?),
        }
    }

    /// Sets the times.
    pub fn set_mtime(&self, mtime: Time) -> io::Result<()> {
        let times = timestamps(mtime);
        match fs::utimensat(&self.0, c"", &times, AtFlags::EMPTY_PATH) {
            // Before Linux 5.8.
            Err(Errno::INVAL | Errno::NOENT) => {
                Ok(fs::utimensat(CWD, self.path(), &times, AtFlags::empty())?)
            }
            other => Ok(other?),
        }
    }

    /// Sets the extended attribute `name`. Without /proc, the error is ENOENT.
    pub fn set_xattr(&self, name: &CStr, value: &[u8]) -> io::Result<()> {
        Ok(fs::setxattr(self.path(), name, value, XattrFlags::empty())?)
    }

    /// The path in /proc that the kernel resolves to exactly this file, even to a symlink: proc(5).
    fn path(&self) -> String {
        format!("/proc/self/fd/{}", self.0.as_raw_fd())
    }
}

impl AsFd for NewNode {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
