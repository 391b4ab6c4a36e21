//! Sets and removes extended attributes.

use super::Skipped;
use crate::changeset::{DEFAULT_ACL, is_host_xattr, is_overlay_mark};
use crate::error::EntryFault;
use crate::sys::{Dir, Handle as _};
use crate::tarball::Xattrs;
use std::ffi::CStr;
use std::io;

/// Sets the attributes of an entry. Those that cannot be set are counted, for one message at the end.
pub(super) fn set(
    xattrs: &Xattrs,
    skipped: &mut Skipped,
    set: impl Fn(&CStr, &[u8]) -> io::Result<()>,
) -> Result<(), EntryFault> {
    for (name, value) in xattrs.iter() {
        if is_host_xattr(name) {
            skipped.xattrs += usize::from(is_overlay_mark(name));
            continue;
        }
        match set(name, value) {
            Ok(()) => {}
            Err(e) if is_impossible(&e) => skipped.xattrs += 1,
            Err(e) if is_malformed(name, &e) => {
                let name = name.to_string_lossy().into_owned();
                return Err(EntryFault::InvalidXattr(name));
            }
            Err(e) => return Err(EntryFault::io("set an extended attribute", e)),
        }
    }
    Ok(())
}

/// Creates a fifo or a device without the default ACL of `dir`, which it would inherit: neither can be
/// opened to remove that afterwards.
pub(super) fn without_default_acl(
    dir: &Dir,
    create: impl FnOnce(&Dir) -> io::Result<()>,
) -> io::Result<()> {
    // A file system without ACLs has none to inherit.
    let Ok(acl) = dir.xattr(DEFAULT_ACL) else {
        return create(dir);
    };
    dir.remove_xattr(DEFAULT_ACL)?;
    let created = create(dir);
    dir.set_xattr(DEFAULT_ACL, &acl)?;
    created
}

/// Whether files that are created in `dir` inherit an ACL.
pub(super) fn has_default_acl(dir: &Dir) -> Result<bool, EntryFault> {
    Ok(names(dir)?
        .split(|&b| b == 0)
        .any(|name| name == DEFAULT_ACL.to_bytes()))
}

/// Removes the attributes that a lower layer set: they are replaced as a whole, like mode and owner
/// (image-spec layer.md, "Applying Changesets").
pub(super) fn clear(dir: &Dir) -> Result<(), EntryFault> {
    let all = names(dir)?;
    for name in all.split_inclusive(|&b| b == 0) {
        if let Ok(name) = CStr::from_bytes_with_nul(name)
            && !is_host_xattr(name)
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

/// The result of a removal, which succeeds if the attribute does not exist, or cannot.
pub(super) fn removed(result: io::Result<()>) -> Result<(), EntryFault> {
    const ENODATA: i32 = 61;
    match result {
        Ok(()) => Ok(()),
        Err(e) if e.raw_os_error() == Some(ENODATA) => Ok(()),
        Err(e) if is_impossible(&e) => Ok(()),
        Err(e) => Err(EntryFault::io("remove an extended attribute", e)),
    }
}

/// Whether the image is to blame for an attribute that cannot be set: its name has no end or is too long, or the
/// kernel knows the format of its value. ACLs may name ids that this user namespace lacks.
fn is_malformed(name: &CStr, error: &io::Error) -> bool {
    const ERANGE: i32 = 34;
    let is_refused =
        error.kind() == io::ErrorKind::InvalidInput || error.raw_os_error() == Some(ERANGE);
    is_refused && !name.to_bytes().starts_with(b"system.")
}

/// Whether an attribute is impossible for this user, this type of file, or this file system. Without
/// /proc, `Unopened` returns "not found".
fn is_impossible(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::Unsupported | io::ErrorKind::PermissionDenied | io::ErrorKind::NotFound
    )
}
