//! One directory on the path of a cursor.

use super::metadata::InheritedMetadata;
use crate::error::EntryFault;
use crate::sys::{Dir, Handle as _, Time};
use std::ffi::{CStr, CString};

/// A directory on the path.
pub(super) struct Component {
    pub(super) name: CString,
    /// Closed while the path is too deep, and opened again on the way back.
    pub(super) dir: Option<Dir>,
    /// To be set when the cursor leaves, because the contents have changed or will.
    pub(super) mtime: Option<Time>,
    /// What files created in it inherit.
    pub(super) inherited: InheritedMetadata,
}

impl Component {
    pub(super) fn new(name: &CStr, dir: Dir, mtime: Option<Time>) -> Self {
        Self {
            name: name.to_owned(),
            dir: Some(dir),
            mtime,
            inherited: InheritedMetadata::default(),
        }
    }

    /// Sets the recorded time, if there is one.
    pub(super) fn restore_mtime(&mut self) -> Result<(), EntryFault> {
        match (&self.dir, self.mtime.take()) {
            (Some(dir), Some(mtime)) => dir
                .set_mtime(mtime)
                .map_err(|e| EntryFault::io("set the time", e)),
            _ => Ok(()),
        }
    }
}
