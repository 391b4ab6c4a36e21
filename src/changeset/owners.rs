//! Owners that differ from the image's: `--strip-owner` and `--uid-shift`.

use super::xattr::{ACCESS_ACL, ACL_ENTRY, ACL_HEAD, DEFAULT_ACL};
use crate::error::EntryFault;
use crate::sys::Owner;
use crate::tarball::Entry;
use crate::tree_options::TreeOptions;
use std::ffi::CStr;

/// The owners of a tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owners {
    /// The owners in the image.
    OfImage,
    /// The user and group that this process runs as: `--strip-owner`.
    Stripped,
    /// The owners in the image, shifted to a user namespace that begins at this ID: `--uid-shift`.
    Shifted(u32),
}

/// Mode bits that give a program rights its caller lacks.
const SETUID_SETGID: u32 = 0o6000;
const CAPABILITY: &CStr = c"security.capability";

/// linux/capability.h: `struct vfs_ns_cap_data` begins with revision and flags, followed by four
/// words of capabilities (two in revision 1) and, in revision 3, the root user ID of a user
/// namespace.
const REVISION: usize = 3;
const NAMESPACED: u8 = 3;
const ROOT_ID: usize = 20;

/// The offset of the ID in an ACL entry, and the tags of entries that have one: acl(5).
const ACL_ID: usize = 4;
const ACL_USER: u8 = 0x02;
const ACL_GROUP: u8 = 0x08;

impl Owners {
    /// The owners that the options request.
    pub(crate) fn new(options: &TreeOptions) -> Self {
        match options.uid_shift() {
            _ if options.strip_owner() => Self::Stripped,
            0 => Self::OfImage,
            shift => Self::Shifted(shift),
        }
    }

    /// The owner of directories that no entry describes, and of everything with `--strip-owner`. None
    /// if they keep the owner that new files get. `own` is the user and group of this process.
    pub(crate) fn default_owner(self, own: Owner) -> Option<Owner> {
        match self {
            Self::OfImage => None,
            Self::Stripped => Some(own),
            Self::Shifted(shift) => Some(Owner {
                uid: shift,
                gid: shift,
            }),
        }
    }

    /// Changes the owner of an entry. Privileges tied to the owner or its root go with it: a
    /// setuid-root program would become setuid for the user who pulled it.
    pub(crate) fn alter(self, entry: &mut Entry, own: Owner) -> Result<(), EntryFault> {
        match self {
            Self::OfImage => {}
            Self::Stripped => {
                entry.owner = own;
                entry.mode &= !SETUID_SETGID;
                entry.xattrs.remove(CAPABILITY);
            }
            Self::Shifted(shift) => {
                entry.owner.uid = shifted(entry.owner.uid, shift)?;
                entry.owner.gid = shifted(entry.owner.gid, shift)?;
                let xattrs = &mut entry.xattrs;
                xattrs.alter(CAPABILITY, |value| capability(value, shift))?;
                for name in [ACCESS_ACL, DEFAULT_ACL] {
                    xattrs.alter(name, |value| acl(value, shift))?;
                }
            }
        }
        Ok(())
    }
}

/// The kernel reserves the highest number for "no ID".
fn shifted(id: u32, shift: u32) -> Result<u32, EntryFault> {
    let shifted = id.checked_add(shift).filter(|&id| id != u32::MAX);
    shifted.ok_or(EntryFault::Shifted(id))
}

/// Ties a capability to the user namespace whose root has the ID `shift`. It also applies in the
/// namespaces below that one.
fn capability(value: &mut Vec<u8>, shift: u32) -> Result<(), EntryFault> {
    let Some(revision) = value.get_mut(REVISION) else {
        return Ok(()); // Too short to be one: the kernel will refuse it.
    };
    *revision = NAMESPACED;
    value.resize(ROOT_ID + 4, 0);
    shift_id(&mut value[ROOT_ID..], shift)
}

fn acl(value: &mut [u8], shift: u32) -> Result<(), EntryFault> {
    let entries = value.get_mut(ACL_HEAD..).unwrap_or_default();
    for entry in entries.chunks_exact_mut(ACL_ENTRY) {
        if matches!(entry[0], ACL_USER | ACL_GROUP) {
            shift_id(&mut entry[ACL_ID..], shift)?;
        }
    }
    Ok(())
}

fn shift_id(bytes: &mut [u8], shift: u32) -> Result<(), EntryFault> {
    if let Some(id) = bytes.first_chunk_mut() {
        *id = shifted(u32::from_le_bytes(*id), shift)?.to_le_bytes();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capabilities_of_every_revision_become_those_of_the_namespace() {
        let words = [&[1, 2, 3, 4][..], &[5, 6, 7, 8]].concat();
        let more = [9, 10, 11, 12, 13, 14, 15, 16];
        for (revision, rest, root) in [
            (1, vec![], 70_000_u32),
            (2, more.to_vec(), 70_000),
            (3, [&more[..], &[1, 0, 0, 0]].concat(), 70_001),
        ] {
            let mut value = [&[1, 0, 0, revision], &words[..], &rest].concat();
            capability(&mut value, 70_000).unwrap();
            assert_eq!((value.len(), &value[..4]), (24, &[1, 0, 0, 3][..]));
            assert_eq!(value[4..12], words);
            let has_more = &value[12..20] == if revision == 1 { &[0; 8] } else { &more };
            assert!(has_more, "{revision}");
            assert_eq!(value[20..], root.to_le_bytes(), "{revision}");
        }
        let mut short = vec![1, 0, 0];
        capability(&mut short, 1).unwrap();
        assert_eq!(short, [1, 0, 0]);
    }

    #[test]
    fn ids_end_below_the_one_that_is_none() {
        assert_eq!(shifted(0, u32::MAX - 1).unwrap(), u32::MAX - 1);
        assert!(matches!(
            shifted(1, u32::MAX - 1),
            Err(EntryFault::Shifted(1))
        ));
        assert!(matches!(
            shifted(2, u32::MAX - 1),
            Err(EntryFault::Shifted(2))
        ));
    }
}
