//! Owner, extended attributes, mode, times: in this order, because each spoils what came before.
//!
//! chown clears setuid and `security.capability`, so it is first; a file that its mode makes
//! read-only takes no attribute any more, so the mode comes after them; times are last.

use super::entry::Entry;
use super::pax::Xattr;
use super::{Skipped, Walk};
use crate::error::EntryFault;
use crate::sys::{Dir, Handle, Host, Owner, is_root};
use std::ffi::CStr;
use std::io;

/// Who extracts, which decides what can be set.
pub(super) struct Rights {
    root: bool,
    own: Owner,
}

/// What the directory that something was made in forced upon it.
#[derive(Clone, Copy)]
pub(super) struct Inherited {
    /// A group, from a setgid directory.
    group: bool,
    /// An ACL, from a default ACL.
    pub(super) acl: bool,
}

impl Inherited {
    pub(super) fn from(walk: &Walk) -> Self {
        Self {
            group: walk.inherits_group(),
            acl: walk.inherits_acl(),
        }
    }
}

const ACCESS_ACL: &CStr = c"system.posix_acl_access";
const DEFAULT_ACL: &CStr = c"system.posix_acl_default";

impl Rights {
    /// Those of this process.
    pub(super) fn new() -> Self {
        let host = Host::new();
        Self {
            root: is_root(),
            own: Owner {
                uid: host.uid,
                gid: host.gid,
            },
        }
    }

    /// The mode that a directory gets. An ordinary user keeps access to all of it, or the tree
    /// could be neither filled nor removed.
    pub(super) fn directory_mode(&self, mode: u32) -> u32 {
        if self.root { mode } else { mode | 0o700 }
    }

    /// Whether devices can be made.
    pub(super) fn devices(&self) -> bool {
        self.root
    }

    /// The owner to set, if one has to be set.
    fn owner(&self, entry: &Entry, inherited: Inherited, skipped: &mut Skipped) -> Option<Owner> {
        if self.root {
            return (entry.owner != self.own || inherited.group).then_some(entry.owner);
        }
        if entry.owner != self.own {
            skipped.owners += 1;
        }
        inherited.group.then_some(self.own)
    }

    /// Finishes a file that was made with the permission bits of `entry` and is still open.
    pub(super) fn finish_file(
        &self,
        file: &impl Handle,
        entry: &Entry,
        inherited: Inherited,
        skipped: &mut Skipped,
    ) -> Result<(), EntryFault> {
        if let Some(owner) = self.owner(entry, inherited, skipped) {
            chown(file.set_owner(owner), entry.owner)?;
        }
        if inherited.acl {
            remove(file, ACCESS_ACL)?;
        }
        self.set_xattrs(file, &entry.xattrs, skipped)?;
        if entry.mode != self.creation_mode(entry) || inherited.acl || !entry.xattrs.is_empty() {
            file.set_mode(entry.mode)
                .map_err(|e| EntryFault::io("set the mode", e))?;
        }
        file.set_mtime(entry.mtime)
            .map_err(|e| EntryFault::io("set the time", e))
    }

    /// The bits a file is made with: the kernel takes no special ones, and an ordinary user must be
    /// able to write attributes to it.
    pub(super) fn creation_mode(&self, entry: &Entry) -> u32 {
        let writable = if entry.xattrs.is_empty() { 0 } else { 0o600 };
        (entry.mode & 0o777) | writable
    }

    /// Sets all of a directory but its time, which it gets when the walk leaves it.
    pub(super) fn finish_directory(
        &self,
        dir: &Dir,
        entry: &Entry,
        is_new: bool,
        inherited: Inherited,
        skipped: &mut Skipped,
    ) -> Result<(), EntryFault> {
        match self.owner(entry, inherited, skipped) {
            Some(owner) => chown(dir.set_owner(owner), entry.owner)?,
            // A lower layer may have given it away.
            None if !is_new && self.root => chown(dir.set_owner(entry.owner), entry.owner)?,
            None => {}
        }
        if inherited.acl && is_new {
            remove(dir, ACCESS_ACL)?;
            remove(dir, DEFAULT_ACL)?;
        }
        if !is_new {
            clear_xattrs(dir)?;
        }
        self.set_xattrs(dir, &entry.xattrs, skipped)?;
        let mode = self.directory_mode(entry.mode);
        dir.set_mode(mode)
            .map_err(|e| EntryFault::io("set the mode", e))
    }

    /// Finishes what cannot be opened: symlinks, fifos and devices, by their name in `dir`.
    pub(super) fn finish_name(
        &self,
        dir: &Dir,
        name: &CStr,
        entry: &Entry,
        inherited: Inherited,
        skipped: &mut Skipped,
    ) -> Result<(), EntryFault> {
        if let Some(owner) = self.owner(entry, inherited, skipped) {
            chown(dir.chown(name, owner), entry.owner)?;
        }
        skipped.xattrs += entry
            .xattrs
            .iter()
            .filter(|xattr| !is_ignored(&xattr.name))
            .count();
        if !entry.is_symlink() && entry.mode & !0o777 != 0 {
            dir.chmod(name, entry.mode)
                .map_err(|e| EntryFault::io("set the mode", e))?;
        }
        dir.set_times(name, entry.mtime)
            .map_err(|e| EntryFault::io("set the time", e))
    }

    fn set_xattrs(
        &self,
        handle: &impl Handle,
        xattrs: &[Xattr],
        skipped: &mut Skipped,
    ) -> Result<(), EntryFault> {
        for xattr in xattrs.iter().filter(|xattr| !is_ignored(&xattr.name)) {
            match handle.set_xattr(&xattr.name, &xattr.value) {
                Ok(()) => {}
                // Not this user's to set, or not on this file system: counted, and said once.
                Err(e) if e.kind() == io::ErrorKind::Unsupported => skipped.xattrs += 1,
                Err(e) if e.kind() == io::ErrorKind::PermissionDenied => skipped.xattrs += 1,
                Err(e) => return Err(EntryFault::io("set an extended attribute", e)),
            }
        }
        Ok(())
    }
}

/// Makes a directory what one is that no entry describes: ours, 0755, without attributes.
pub(super) fn make_plain(dir: &Dir) -> Result<(), EntryFault> {
    let own = Rights::new().own;
    chown(dir.set_owner(own), own)?;
    clear_xattrs(dir)?;
    dir.set_mode(0o755)
        .map_err(|e| EntryFault::io("set the mode", e))
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
    Ok(xattr_names(dir)?
        .split(|&b| b == 0)
        .any(|name| name == DEFAULT_ACL.to_bytes()))
}

/// Whether this attribute makes what is made in its directory differ from what was asked for.
pub(super) fn is_default_acl(xattr: &Xattr) -> bool {
    xattr.name.as_c_str() == DEFAULT_ACL
}

/// Attributes that belong to the machine and not to the image: the label its policy gives, the ACL
/// of a server, and the marks of an overlay, which would mean something else in a plain tree.
fn is_ignored(name: &CStr) -> bool {
    let name = name.to_bytes();
    name == b"security.selinux"
        || name == b"system.nfs4_acl"
        || name.starts_with(b"trusted.overlay.")
        || name.starts_with(b"user.overlay.")
}

/// Removes what a lower layer set: attributes are replaced as a whole, like mode and owner
/// (image-spec layer.md, "Applying Changesets").
fn clear_xattrs(dir: &Dir) -> Result<(), EntryFault> {
    let names = xattr_names(dir)?;
    for name in names.split_inclusive(|&b| b == 0) {
        if let Ok(name) = CStr::from_bytes_with_nul(name)
            && !is_ignored(name)
        {
            remove(dir, name)?;
        }
    }
    Ok(())
}

fn xattr_names(dir: &Dir) -> Result<Vec<u8>, EntryFault> {
    match dir.list_xattrs() {
        Err(e) if e.kind() == io::ErrorKind::Unsupported => Ok(Vec::new()),
        other => other.map_err(|e| EntryFault::io("list the extended attributes", e)),
    }
}

fn remove(handle: &impl Handle, name: &CStr) -> Result<(), EntryFault> {
    const ENODATA: i32 = 61;
    match handle.remove_xattr(name) {
        Ok(()) => Ok(()),
        Err(e) if e.raw_os_error() == Some(ENODATA) => Ok(()),
        Err(e) if e.kind() == io::ErrorKind::Unsupported => Ok(()),
        Err(e) if e.kind() == io::ErrorKind::PermissionDenied => Ok(()),
        Err(e) => Err(EntryFault::io("remove an extended attribute", e)),
    }
}

/// EINVAL from chown has one meaning: a user namespace that does not know the number.
fn chown(result: io::Result<()>, owner: Owner) -> Result<(), EntryFault> {
    result.map_err(|e| match e.kind() {
        io::ErrorKind::InvalidInput => EntryFault::UnmappedOwner {
            uid: owner.uid,
            gid: owner.gid,
        },
        _ => EntryFault::io("set the owner", e),
    })
}
