//! The mount that an open directory is on.

use super::Dir;
use rustix::fs::{self, AtFlags, StatxFlags};
use rustix::io::Errno;
use std::ffi::CStr;
use std::io;

impl Dir {
    /// Whether a rename from here to `other` is possible: not between mounts, even of the same file
    /// system.
    pub fn is_on_mount_of(&self, other: &Self) -> io::Result<bool> {
        const MNT_ID: StatxFlags = StatxFlags::MNT_ID;
        let mount = |dir: &Self| match fs::statx(dir, c"", AtFlags::EMPTY_PATH, MNT_ID) {
            Ok(found) if found.stx_mask & MNT_ID.bits() != 0 => Ok(Some(found.stx_mnt_id)),
            // Before Linux 5.8.
            Ok(_) | Err(Errno::NOSYS) => Ok(None),
            Err(e) => Err(io::Error::from(e)),
        };
        match (mount(self)?, mount(other)?) {
            (Some(here), Some(there)) => Ok(here == there),
            _ => self.is_beside(other),
        }
    }

    /// Whether something is mounted at `name` in here. False before Linux 5.8, which does not say it.
    pub fn has_mount_at(&self, name: &CStr) -> io::Result<bool> {
        let root = fs::StatxAttributes::MOUNT_ROOT;
        match fs::statx(self, name, AtFlags::SYMLINK_NOFOLLOW, StatxFlags::empty()) {
            Ok(found) => Ok(found.stx_attributes.contains(root)),
            Err(Errno::NOSYS) => Ok(false),
            Err(e) => Err(e.into()),
        }
    }

    /// Whether this directory is a mount point, which a rename cannot replace.
    pub fn is_mount_point(&self) -> io::Result<bool> {
        let root = fs::StatxAttributes::MOUNT_ROOT;
        match fs::statx(self, c"", AtFlags::EMPTY_PATH, StatxFlags::BASIC_STATS) {
            Ok(found) if found.stx_attributes_mask.contains(root) => {
                Ok(found.stx_attributes.contains(root))
            }
            // Before Linux 5.8: compares the device with the parent's, which misses bind mounts.
            Ok(_) | Err(Errno::NOSYS) => {
                let parent = fs::statat(self, c"..", AtFlags::empty())?;
                let here = fs::fstat(self)?;
                let is_root = parent.st_ino == here.st_ino;
                Ok(parent.st_dev != here.st_dev || is_root)
            }
            Err(e) => Err(e.into()),
        }
    }
}
