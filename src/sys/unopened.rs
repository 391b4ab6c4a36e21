//! Extended attributes of files that must not be opened: symlinks, fifos, devices.
//!
//! Linux can set them by directory and name (setxattrat) only since 6.13. Before, this goes through
//! /proc, where the number of a descriptor denotes that open directory, whatever its path has
//! become, and the single name after it is not followed.

use super::Dir;
use rustix::fs::{self, XattrFlags};
use std::collections::BTreeMap;
use std::ffi::{CStr, CString};
use std::io;
use std::os::fd::{AsFd as _, AsRawFd as _};

/// A name in an open directory.
#[derive(Clone, Copy, Debug)]
pub struct Unopened<'d> {
    /// The directory.
    pub dir: &'d Dir,
    /// One component; a symlink is not followed.
    pub name: &'d CStr,
}

impl Unopened<'_> {
    /// Sets the extended attribute `name`. Without /proc, the error is ENOENT.
    pub fn set_xattr(&self, name: &CStr, value: &[u8]) -> io::Result<()> {
        Ok(fs::lsetxattr(
            self.path(),
            name,
            value,
            XattrFlags::empty(),
        )?)
    }

    /// Its extended attributes by name.
    pub fn xattrs(&self) -> io::Result<BTreeMap<CString, Vec<u8>>> {
        // The kernel's limit for a list of names and for a value is 64 KiB each.
        let mut names = Vec::with_capacity(65536);
        fs::llistxattr(self.path(), rustix::buffer::spare_capacity(&mut names))?;
        let names = names.split_inclusive(|&byte| byte == 0);
        let names = names.filter_map(|name| CStr::from_bytes_with_nul(name).ok());
        let values = names.map(|name| {
            let mut value = Vec::with_capacity(65536);
            fs::lgetxattr(
                self.path(),
                name,
                rustix::buffer::spare_capacity(&mut value),
            )?;
            Ok((name.to_owned(), value))
        });
        values.collect()
    }

    fn path(&self) -> Vec<u8> {
        let number = self.dir.as_fd().as_raw_fd();
        let mut path = format!("/proc/self/fd/{number}/").into_bytes();
        path.extend_from_slice(self.name.to_bytes());
        path
    }
}
