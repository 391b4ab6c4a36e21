//! Who else can reach a tree while it grows.

use std::ffi::CStr;

/// A fresh ext4 has this at its root. It is no content, and fsck needs it.
pub const LOST_AND_FOUND: &CStr = c"lost+found";

/// Who can exchange names in a tree while it grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exposure {
    /// Nobody: it is in a folder that only we can enter.
    Private,
    /// Nobody: only we can enter its root, which stood there before. It gets this mode at the end, if
    /// the image has none for it.
    Shut(u32),
    /// The owner of its root, which stood there before, and whoever may write to it.
    Open,
}
