//! A directory on the path of the comparison.

use crate::sys::Dir;
use crate::tarball::LayerPath;
use crate::tree::InodeId;
use std::ffi::{CStr, CString};
use std::io;

/// A directory, and the names in it that are still to be compared.
pub(super) struct OpenDirectory {
    /// Closed while the path is too deep, and opened again on the way back.
    pub(super) dir: Option<Dir>,
    /// Device and inode.
    pub(super) id: (u64, u64),
    /// The length of its path in bytes.
    pub(super) path_length: usize,
    /// Its path, if not all of it is compared.
    pub(super) scoped: Option<LayerPath>,
    pub(super) names: std::vec::IntoIter<(CString, InodeId)>,
}

impl OpenDirectory {
    /// Opens it again, if it is closed, through the `..` of `child`.
    pub(super) fn reopen(&mut self, child: &Self) -> io::Result<()> {
        if let (None, Some(child)) = (&self.dir, &child.dir) {
            let dir = child.open(c"..")?;
            if dir.stat_self()?.id != self.id {
                return Err(io::Error::other("it was moved away meanwhile"));
            }
            self.dir = Some(dir);
        }
        Ok(())
    }
}

/// Appends a name to a path.
pub(super) fn push(path: &mut Vec<u8>, name: &CStr) {
    if !path.is_empty() {
        path.push(b'/');
    }
    path.extend_from_slice(name.to_bytes());
}

/// The path of `name` in the directory `path`.
pub(super) fn joined(path: &[u8], name: &CStr) -> Vec<u8> {
    let mut path = path.to_vec();
    push(&mut path, name);
    path
}
