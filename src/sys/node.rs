//! A handle on any file without opening it: a symlink, a fifo, a device.
//!
//! Whoever can write to the directory can exchange a name between two calls that use it. So what is
//! looked at and what is changed is this handle, and never the name again.

use super::handle::{ids, timestamps};
use super::{Dir, Owner, Special, Stat, Time, pause, received_signal};
use rustix::fs::{self, AtFlags, CWD, Mode, OFlags, XattrFlags};
use rustix::io::Errno;
use std::ffi::{CStr, CString};
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd, OwnedFd};
use std::time::Duration;

/// Something that is in a directory, held by a handle that can neither read nor write it (O_PATH).
#[derive(Debug)]
pub struct NewNode(OwnedFd);

/// How often it is looked whether a fifo has a reader.
const LOOK: Duration = Duration::from_millis(50);

const HOLD: OFlags = OFlags::PATH.union(OFlags::CLOEXEC);

impl NewNode {
    /// Holds what stands under `name`, itself and not what it may point to.
    pub fn open(dir: &impl AsFd, name: &CStr) -> io::Result<Self> {
        let flags = HOLD.union(OFlags::NOFOLLOW);
        Ok(Self(fs::openat(dir, name, flags, Mode::empty())?))
    }

    /// Holds what `name` leads to. For links of /proc, whose text is not always a path.
    pub(super) fn open_target(dir: &impl AsFd, name: &CStr) -> io::Result<Self> {
        Ok(Self(fs::openat(dir, name, HOLD, Mode::empty())?))
    }

    /// What it is.
    pub fn stat(&self) -> io::Result<Stat> {
        Ok(Stat::new(&fs::fstat(&self.0)?))
    }

    /// What it says, if it is a symlink.
    pub(super) fn read_link(&self) -> io::Result<CString> {
        Ok(fs::readlinkat(&self.0, c"", Vec::new())?)
    }

    /// Whether it is in /proc.
    pub(super) fn is_in_proc(&self) -> io::Result<bool> {
        Ok(fs::fstatfs(&self.0)?.f_type == fs::PROC_SUPER_MAGIC)
    }

    /// Opens it, which must be a directory, to list and to sync it.
    pub fn open_dir(&self) -> io::Result<Dir> {
        Dir::at(self, c".")
    }

    /// Another handle on the same thing.
    pub fn try_clone(&self) -> io::Result<Self> {
        Ok(Self(self.0.try_clone()?))
    }

    /// Opens it for writing. A fifo waits for its reader, until a signal comes; nothing else is waited
    /// for.
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
            // Without /proc by its name, if that still stands for it.
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

    /// Gives it to `owner`.
    pub fn set_owner(&self, owner: Owner) -> io::Result<()> {
        let (uid, gid) = ids(owner);
        Ok(fs::chownat(&self.0, c"", uid, gid, AtFlags::EMPTY_PATH)?)
    }

    /// Sets its mode; a symlink has none. Without /proc, only a fifo's can be set: to open a device
    /// may do something to it.
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

    /// Sets its times.
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

    /// Sets the extended attribute `name`. Without /proc, nothing is found.
    pub fn set_xattr(&self, name: &CStr, value: &[u8]) -> io::Result<()> {
        Ok(fs::setxattr(self.path(), name, value, XattrFlags::empty())?)
    }

    /// proc(5): what the kernel takes for the very thing that is held, also where that is a symlink.
    fn path(&self) -> String {
        format!("/proc/self/fd/{}", self.0.as_raw_fd())
    }
}

impl AsFd for NewNode {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
