//! Removes from one directory what does not stay there.

use super::walk::Cursor;
use crate::error::EntryFault;
use std::ffi::CStr;
use std::mem;

/// Removes from the directory where `walk` stands all names of which `stays` says no. It may be
/// asked several times about those that stay: some file systems skip names when others go meanwhile,
/// so only what is listed while none goes is all there is.
pub(super) fn sweep(
    walk: &mut Cursor,
    stays: &mut dyn FnMut(&Cursor, &CStr) -> Result<bool, EntryFault>,
) -> Result<(), EntryFault> {
    let list = |e| EntryFault::io("list", e);
    let mut has_removed = true;
    while mem::take(&mut has_removed) {
        for entry in walk.here()?.entries().map_err(list)? {
            let entry = entry.map_err(list)?;
            if !stays(walk, &entry.name)? {
                walk.touch()?;
                let removed = walk.remove(&entry.name);
                has_removed |= removed.map_err(|e| EntryFault::io("remove", e))?;
            }
        }
    }
    if !walk.left_out.is_empty() {
        for name in walk.left_out.names_in(&walk.place()) {
            if !stays(walk, &name)? {
                walk.forget_left_out(&name);
            }
        }
    }
    Ok(())
}
