//! Extended attributes: which ones belong to the image, and what to do where they cannot be set.

use super::Skipped;
use crate::changeset::{DEFAULT_ACL, is_of_machine, is_overlay_mark};
use crate::error::EntryFault;
use crate::sys::{Dir, Handle as _};
use crate::tarball::Xattrs;
use std::ffi::CStr;
use std::io;

/// Sets what an entry says. What cannot be is counted, and said once at the end.
pub(super) fn set(
    xattrs: &Xattrs,
    skipped: &mut Skipped,
    set: impl Fn(&CStr, &[u8]) -> io::Result<()>,
) -> Result<(), EntryFault> {
    for (name, value) in xattrs.iter() {
        if is_of_machine(name) {
            skipped.xattrs += usize::from(is_overlay_mark(name));
            continue;
        }
        match set(name, value) {
            Ok(()) => {}
            Err(e) if cannot_be(&e) => skipped.xattrs += 1,
            Err(e) => return Err(EntryFault::io("set an extended attribute", e)),
        }
    }
    Ok(())
}

/// Makes a fifo or a device in `dir`, whose default ACL it would keep: neither can be opened to take
/// that away again.
pub(super) fn without_default_acl(
    dir: &Dir,
    make: impl FnOnce(&Dir) -> io::Result<()>,
) -> io::Result<()> {
    // A file system without ACLs has none to keep.
    let Ok(acl) = dir.xattr(DEFAULT_ACL) else {
        return make(dir);
    };
    dir.remove_xattr(DEFAULT_ACL)?;
    let made = make(dir);
    dir.set_xattr(DEFAULT_ACL, &acl)?;
    made
}

/// Whether what is made in `dir` gets an ACL.
pub(super) fn has_default_acl(dir: &Dir) -> Result<bool, EntryFault> {
    Ok(names(dir)?
        .split(|&b| b == 0)
        .any(|name| name == DEFAULT_ACL.to_bytes()))
}

/// Removes what a lower layer set: attributes are replaced as a whole, like mode and owner
/// (image-spec layer.md, "Applying Changesets").
pub(super) fn clear(dir: &Dir) -> Result<(), EntryFault> {
    let all = names(dir)?;
    for name in all.split_inclusive(|&b| b == 0) {
        if let Ok(name) = CStr::from_bytes_with_nul(name)
            && !is_of_machine(name)
        {
            removed(dir.remove_xattr(name))?;
        }
    }
    Ok(())
}

fn names(dir: &Dir) -> Result<Vec<u8>, EntryFault> {
    match dir.list_xattrs() {
        Err(e) if e.kind() == io::ErrorKind::Unsupported => Ok(Vec::new()),
        other => other.map_err(|e| EntryFault::io("list the extended attributes", e)),
    }
}

/// What a removal comes to: an attribute that is not there, or cannot be, is as good as removed.
pub(super) fn removed(result: io::Result<()>) -> Result<(), EntryFault> {
    const ENODATA: i32 = 61;
    match result {
        Ok(()) => Ok(()),
        Err(e) if e.raw_os_error() == Some(ENODATA) => Ok(()),
        Err(e) if cannot_be(&e) => Ok(()),
        Err(e) => Err(EntryFault::io("remove an extended attribute", e)),
    }
}

/// Not this user's to set, not on this kind of file, or not on this file system; "not found" is
/// what `Unopened` says where there is no /proc.
fn cannot_be(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::Unsupported | io::ErrorKind::PermissionDenied | io::ErrorKind::NotFound
    )
}
