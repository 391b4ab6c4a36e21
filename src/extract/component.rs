//! One directory on the path of a cursor.

use crate::error::EntryFault;
use crate::sys::{Dir, Handle as _, Time};
use std::ffi::{CStr, CString};

/// A directory that a walk stands in.
pub(super) struct Component {
    pub(super) name: CString,
    /// Stands for the place, whatever names led to it.
    pub(super) key: u64,
    /// Closed again when the way gets too deep; opened again when it comes back.
    pub(super) dir: Option<Dir>,
    /// To be set when the way leaves: contents have changed, or will.
    pub(super) mtime: Option<Time>,
    /// Whether what is made in here gets this directory's group.
    pub(super) setgid: bool,
    /// Whether a default ACL makes what is made in here differ from what was asked for.
    pub(super) acl: bool,
}

/// What to do about directories on the way that do not exist.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum IfMissing {
    /// Make them: 0755, root's, and as old as 1970, so that the same image gives the same tree.
    Make,
    /// Say so.
    Report,
}

/// What one step down from a directory came to.
pub(super) enum StepOutcome {
    Down,
    Link(CString),
    Nowhere,
    /// Something stands there that is not a directory.
    Blocked,
}

/// A directory that no entry describes, as far as is known.
pub(super) struct ImpliedDirectory {
    pub(super) key: u64,
    /// Whether it was made, and holds nothing but what is made in it.
    pub(super) is_new: bool,
}

impl Component {
    pub(super) fn new(name: &CStr, key: u64, dir: Dir, mtime: Option<Time>) -> Self {
        Self {
            name: name.to_owned(),
            key,
            dir: Some(dir),
            mtime,
            setgid: false,
            acl: false,
        }
    }

    /// Gives the directory the time it is to have.
    pub(super) fn restore_mtime(&mut self) -> Result<(), EntryFault> {
        match (&self.dir, self.mtime.take()) {
            (Some(dir), Some(mtime)) => dir
                .set_mtime(mtime)
                .map_err(|e| EntryFault::io("set the time", e)),
            _ => Ok(()),
        }
    }
}
