//! Mounts in the tree. What they hide is in the tree again when they are gone, and nobody has compared
//! it: a check that passes over it would find nothing wrong with a changed program.

use super::comparison::Comparison;
use super::difference::Change;
use crate::error::Error;
use crate::sys::{Dir, FileKind, Stat};
use std::ffi::CStr;

impl Comparison<'_> {
    /// Whether a mount hides what the tree has at `path`, which is `name` in `dir`: then this is noted
    /// as a difference. The device alone does not tell, since a bind mount can be of the same file
    /// system, and files on overlayfs have devices of their own.
    pub(super) fn is_hidden(
        &mut self,
        dir: &Dir,
        name: &CStr,
        found: &Stat,
        path: &[u8],
    ) -> Result<bool, Error> {
        let is_elsewhere = found.kind == FileKind::Directory && found.id.0 != self.device;
        let is_mount = || dir.has_mount_at(name).map_err(|e| self.failed(path, e));
        let is_hidden = is_elsewhere || is_mount()?;
        if is_hidden {
            self.mounts.push(path.to_vec());
            self.add(path.to_vec(), Change::Unread);
        }
        Ok(is_hidden)
    }
}
