//! A directory on the path of the comparison.

use super::inode::InodeId;
use crate::sys::Dir;
use crate::tarball::LayerPath;
use std::ffi::{CStr, CString};
use std::io;

/// A directory, and what is still to be compared in it.
pub(super) struct Frame {
    /// Closed again when the way gets too deep; opened again when it comes back.
    pub(super) dir: Option<Dir>,
    pub(super) id: (u64, u64),
    /// How long its path is, in bytes.
    pub(super) path: usize,
    /// Where it is, if not all of it is compared.
    pub(super) place: Option<LayerPath>,
    pub(super) rest: std::vec::IntoIter<(CString, InodeId)>,
}

impl Frame {
    /// Opens it by way of one that is in it, if it was closed.
    pub(super) fn open_again(&mut self, inside: &Self) -> io::Result<()> {
        if let (None, Some(inside)) = (&self.dir, &inside.dir) {
            let dir = inside.open(c"..")?;
            if dir.stat_self()?.id != self.id {
                let why = "it was moved away meanwhile";
                return Err(io::Error::other(why));
            }
            self.dir = Some(dir);
        }
        Ok(())
    }
}

/// Adds a name to a path.
pub(super) fn push(path: &mut Vec<u8>, name: &CStr) {
    if !path.is_empty() {
        path.push(b'/');
    }
    path.extend_from_slice(name.to_bytes());
}

/// The path of a name in the directory `path`.
pub(super) fn joined(path: &[u8], name: &CStr) -> Vec<u8> {
    let mut path = path.to_vec();
    push(&mut path, name);
    path
}
