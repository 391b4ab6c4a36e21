//! Mounts in the tree. What they hide is part of the tree, but cannot be compared. Ignoring it would
//! overlook a changed program that is back after `umount`.

use super::comparison::Comparison;
use super::difference::Change;
use crate::error::Error;
use crate::sys::{Dir, FileKind, Stat};
use std::ffi::CStr;

impl Comparison<'_> {
    /// Whether a mount hides `path`, which is `name` in `dir`; then it becomes a difference. The device
    /// number alone does not tell: a bind mount can be of the same file system, and files on overlayfs
    /// have device numbers of their own.
    pub(super) fn is_hidden(
        &mut self,
        dir: &Dir,
        name: &CStr,
        stat: &Stat,
        path: &[u8],
    ) -> Result<bool, Error> {
        let is_elsewhere = stat.kind == FileKind::Directory && stat.id.0 != self.device;
        let is_mount = || dir.has_mount_at(name).map_err(|e| self.failed(path, e));
        let is_hidden = is_elsewhere || is_mount()?;
        if is_hidden {
            self.mounts.push(path.to_vec());
            self.add(path.to_vec(), Change::Unread);
        }
        Ok(is_hidden)
    }
}
