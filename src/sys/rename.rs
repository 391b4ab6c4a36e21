//! Moves names between open directories, and syncs to disk what a rename depends on.

use super::Dir;
use rustix::fs::{self, RenameFlags};
use rustix::io::Errno;
use std::ffi::CStr;
use std::io;

impl Dir {
    /// Moves `name` to `new_name` in `new_dir`, replacing a file or an empty directory there.
    pub fn rename(&self, name: &CStr, new_dir: &Self, new_name: &CStr) -> io::Result<()> {
        Ok(fs::renameat(self, name, new_dir, new_name)?)
    }

    /// Moves `name` to `new_name` in `new_dir`, which must not exist. If the kernel or file system
    /// cannot check this atomically, someone else may create an empty directory or file in between,
    /// and lose it.
    pub fn rename_new(&self, name: &CStr, new_dir: &Self, new_name: &CStr) -> io::Result<()> {
        let only_new = RenameFlags::NOREPLACE;
        match fs::renameat_with(self, name, new_dir, new_name, only_new) {
            Err(e) if is_unsupported(e) => match new_dir.find(new_name)? {
                None => self.rename(name, new_dir, new_name),
                Some(_) => Err(io::ErrorKind::AlreadyExists.into()),
            },
            other => Ok(other?),
        }
    }

    /// Exchanges `name` and `other_name` in `other_dir` atomically. False if this is not supported:
    /// before Linux 3.15, and on some file systems (NFS, some of FUSE).
    pub fn exchange(&self, name: &CStr, other_dir: &Self, other_name: &CStr) -> io::Result<bool> {
        let both = RenameFlags::EXCHANGE;
        match fs::renameat_with(self, name, other_dir, other_name, both) {
            Err(e) if is_unsupported(e) => Ok(false),
            other => Ok(other.map(|()| true)?),
        }
    }

    /// Writes the whole file system of this directory to disk.
    pub fn sync_file_system(&self) -> io::Result<()> {
        match fs::syncfs(self) {
            // A kernel or sandbox without this call: sync as much as possible.
            Err(Errno::NOSYS) => self.as_file()?.sync_all(),
            other => Ok(other?),
        }
    }
}

/// Whether an error means that rename flags are unsupported. EPERM also comes from seccomp filters;
/// a rename that is really not permitted fails without flags as well.
fn is_unsupported(error: Errno) -> bool {
    matches!(
        error,
        Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP | Errno::PERM
    )
}
