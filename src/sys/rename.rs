//! Moving names between open directories, and what must have reached the disk before and after.

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

    /// Moves `name` to `new_name` in `new_dir`, where nothing may be. Where the kernel or the file
    /// system cannot look and move in one step, somebody else may come in between, and lose an empty
    /// directory or a file.
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

    /// Exchanges `name` and `other_name` in `other_dir` in one step. Whether that can be done: not
    /// before Linux 3.15, and not on every file system (NFS, some of FUSE).
    pub fn exchange(&self, name: &CStr, other_dir: &Self, other_name: &CStr) -> io::Result<bool> {
        let both = RenameFlags::EXCHANGE;
        match fs::renameat_with(self, name, other_dir, other_name, both) {
            Err(e) if is_unsupported(e) => Ok(false),
            other => Ok(other.map(|()| true)?),
        }
    }

    /// Has the file system that this directory is on write all it has to the disk.
    pub fn sync_file_system(&self) -> io::Result<()> {
        match fs::syncfs(self) {
            // A kernel or a sandbox that does not know the call: then as far as that is possible.
            Err(Errno::NOSYS) => self.as_file()?.sync_all(),
            other => Ok(other?),
        }
    }
}

/// What a rename with flags says where these are not known. EPERM comes from seccomp filters, too,
/// and a rename that is really not permitted fails without flags as well.
fn is_unsupported(error: Errno) -> bool {
    matches!(
        error,
        Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP | Errno::PERM
    )
}
