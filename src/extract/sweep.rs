//! Removes entries from one directory.

use super::cursor::Cursor;
use crate::error::EntryFault;
use std::ffi::CStr;
use std::mem;

/// Removes from the directory where `walk` stands all names of which `stays` says no. It may be
/// asked several times about those that stay: some file systems skip names when others go meanwhile,
/// so only what is listed while none goes is all there is.
pub(super) fn sweep(
    cursor: &mut Cursor,
    stays: &mut dyn FnMut(&Cursor, &CStr) -> Result<bool, EntryFault>,
) -> Result<(), EntryFault> {
    let list = |e| EntryFault::io("list", e);
    let mut has_removed = true;
    while mem::take(&mut has_removed) {
        for entry in cursor.here()?.entries().map_err(list)? {
            let entry = entry.map_err(list)?;
            if !stays(cursor, &entry.name)? {
                cursor.touch()?;
                let removed = cursor.remove(&entry.name);
                has_removed |= removed.map_err(|e| EntryFault::io("remove", e))?;
            }
        }
    }
    if !cursor.left_out.is_empty() {
        for name in cursor.left_out.names_in(&cursor.place()) {
            if !stays(cursor, &name)? {
                cursor.forget_left_out(&name);
            }
        }
    }
    Ok(())
}
