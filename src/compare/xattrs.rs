//! Extended attributes on disk, and in the form in which they are compared.

use crate::changeset::{ACCESS_ACL, ACL_ENTRY, ACL_HEAD};
use crate::sys::Handle;
use std::collections::BTreeMap;
use std::ffi::{CStr, CString};
use std::io;

/// The attributes of a file on disk.
pub(super) type XattrMap = BTreeMap<CString, Vec<u8>>;

/// The tag of the entry that bounds all others.
const ACL_MASK: u16 = 0x10;

/// Whether only root may set the attribute.
pub(super) fn is_for_root(name: &CStr) -> bool {
    let name = name.to_bytes();
    name.starts_with(b"security.") || name.starts_with(b"trusted.")
}

/// Whether Linux has attributes with this prefix.
pub(super) fn is_settable(name: &CStr) -> bool {
    let kinds: [&[u8]; 4] = [b"user.", b"security.", b"trusted.", b"system."];
    kinds.iter().any(|kind| name.to_bytes().starts_with(kind))
}

/// An attribute as the kernel stores it for a file with this mode. In an ACL, the permissions of the
/// owner, of the group or mask, and of others come from the mode; an ACL that says no more than the
/// mode is not stored, and None.
pub(super) fn normalized(name: &CStr, value: &[u8], mode: u32) -> Option<Vec<u8>> {
    if name != ACCESS_ACL || value.len() < ACL_HEAD {
        return Some(value.to_vec());
    }
    let mut value = value.to_vec();
    let mut has_more = false;
    for entry in value[ACL_HEAD..].chunks_exact_mut(ACL_ENTRY) {
        let tag = u16::from_le_bytes([entry[0], entry[1]]);
        let bits = match tag {
            0x01 => mode >> 6,
            0x20 => mode,
            ACL_MASK => mode >> 3,
            _ => {
                has_more |= !matches!(tag, 0x04);
                continue;
            }
        };
        has_more |= tag == ACL_MASK;
        entry[2..4].copy_from_slice(&((bits & 7) as u16).to_le_bytes());
    }
    has_more.then_some(value)
}

/// The attributes of an open file.
pub(super) fn read(handle: &impl Handle) -> io::Result<XattrMap> {
    let list = handle.list_xattrs()?;
    let names = list.split_inclusive(|&byte| byte == 0);
    let names = names.filter_map(|name| CStr::from_bytes_with_nul(name).ok());
    let pairs = names.map(|name| Ok((name.to_owned(), handle.xattr(name)?)));
    pairs.collect()
}
