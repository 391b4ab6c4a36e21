//! Which extended attributes belong to this machine and not to the image.

use std::ffi::CStr;

pub(crate) const ACCESS_ACL: &CStr = c"system.posix_acl_access";
pub(crate) const DEFAULT_ACL: &CStr = c"system.posix_acl_default";

/// acl(5) in the kernel's binary form: a header of four bytes, then tag, permissions and id per
/// entry.
pub(crate) const ACL_HEAD: usize = 4;
pub(crate) const ACL_ENTRY: usize = 8;

/// Whether an attribute belongs to this machine, so that it is neither taken from an image nor
/// compared: the label that the SELinux policy assigns, the ACL of an NFS server, overlayfs marks,
/// and the record of a pull, with which an image could pass for another one.
pub(crate) fn is_host_xattr(name: &CStr) -> bool {
    if is_overlay_mark(name) {
        return true;
    }
    let name = name.to_bytes();
    name == b"security.selinux" || name == b"system.nfs4_acl" || name.starts_with(b"user.roots.")
}

/// Whether `verify` compares an attribute: all that are taken from an image, except those of IMA and
/// EVM. Where these are enabled, the kernel sets its own hashes on every file and overwrites those
/// from the image.
pub(crate) fn is_compared(name: &CStr) -> bool {
    let is_set_by_kernel = matches!(name.to_bytes(), b"security.ima" | b"security.evm");
    !is_set_by_kernel && !is_host_xattr(name)
}

/// Whether overlayfs uses this attribute for its layers. If the tree is later used as such a layer,
/// an attribute from the image would hide files, or give a file the contents of another.
pub(crate) fn is_overlay_mark(name: &CStr) -> bool {
    let name = name.to_bytes();
    name.starts_with(b"trusted.overlay.") || name.starts_with(b"user.overlay.")
}
