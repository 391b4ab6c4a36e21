//! Who else can access a tree while it is written.

use std::ffi::CStr;

/// A new ext4 file system has this at its root. It is not content, and fsck needs it.
pub const LOST_AND_FOUND: &CStr = c"lost+found";

/// Who can replace names in a tree while it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exposure {
    /// Nobody: it is in a directory that only we can enter.
    Private,
    /// Nobody: only we can enter its root, which existed before. It gets this mode at the end,
    /// unless the image sets one.
    Shut(u32),
    /// The owner of its root, which existed before, and anyone who may write to it.
    Open,
}
