//! An open directory or newly created file, and the metadata that can be set on it.

use super::{Dir, Owner, Time};
use rustix::fs::{self, Gid, Mode, Timespec, Timestamps, Uid, XattrFlags};
use std::ffi::CStr;
use std::fs::File;
use std::io;
use std::os::fd::AsFd;

/// Operations on an open directory or a file just created.
pub trait Handle: AsFd {
    /// Sets the owner.
    fn set_owner(&self, owner: Owner) -> io::Result<()> {
        let (uid, gid) = ids(owner);
        Ok(fs::fchown(self.as_fd(), uid, gid)?)
    }

    /// Sets the mode.
    fn set_mode(&self, mode: u32) -> io::Result<()> {
        Ok(fs::fchmod(self.as_fd(), Mode::from_raw_mode(mode))?)
    }

    /// Sets the times.
    fn set_mtime(&self, mtime: Time) -> io::Result<()> {
        Ok(fs::futimens(self.as_fd(), &timestamps(mtime))?)
    }

    /// Sets the extended attribute `name`.
    fn set_xattr(&self, name: &CStr, value: &[u8]) -> io::Result<()> {
        Ok(fs::fsetxattr(
            self.as_fd(),
            name,
            value,
            XattrFlags::empty(),
        )?)
    }

    /// The value of the extended attribute `name`.
    fn xattr(&self, name: &CStr) -> io::Result<Vec<u8>> {
        // The kernel's limit for a value is 64 KiB.
        let mut value = Vec::with_capacity(65536);
        fs::fgetxattr(
            self.as_fd(),
            name,
            rustix::buffer::spare_capacity(&mut value),
        )?;
        Ok(value)
    }

    /// Removes the extended attribute `name`.
    fn remove_xattr(&self, name: &CStr) -> io::Result<()> {
        Ok(fs::fremovexattr(self.as_fd(), name)?)
    }

    /// The names of the extended attributes, each followed by a NUL.
    fn list_xattrs(&self) -> io::Result<Vec<u8>> {
        let mut names = Vec::with_capacity(1024);
        loop {
            match fs::flistxattr(self.as_fd(), rustix::buffer::spare_capacity(&mut names)) {
                Ok(_) => return Ok(names),
                // The kernel's limit for a list of names is 64 KiB.
                Err(rustix::io::Errno::RANGE) if names.capacity() < 65536 => names.reserve(65536),
                Err(e) => return Err(e.into()),
            }
        }
    }
}

impl Handle for Dir {}
impl Handle for File {}

pub(super) fn ids(owner: Owner) -> (Option<Uid>, Option<Gid>) {
    (
        Some(Uid::from_raw(owner.uid)),
        Some(Gid::from_raw(owner.gid)),
    )
}

pub(super) fn timestamps(mtime: Time) -> Timestamps {
    let time = Timespec {
        tv_sec: mtime.seconds,
        tv_nsec: mtime.nanoseconds.into(),
    };
    Timestamps {
        last_access: time,
        last_modification: time,
    }
}
