//! Owner, extended attributes, mode, times: in this order, because each step resets some of the later
//! ones.
//!
//! chown clears setuid and `security.capability`, so it is first; a file that its mode makes read-only
//! takes no more attributes, so the mode comes after them; times are last.

use super::Skipped;
use super::xattr;
use crate::changeset::{ACCESS_ACL, DEFAULT_ACL};
use crate::error::EntryFault;
use crate::sys::{
    Dir, Exposure, FileKind, Handle, Host, NewNode, Owner, Special, Stat, Unopened, is_root,
};
use crate::tarball::{Entry, EntryKind};
use std::ffi::CStr;
use std::io;

/// The root user of the image.
const ROOT: Owner = Owner { uid: 0, gid: 0 };

/// The privileges of this process, which decide what can be set.
pub(super) struct Privileges {
    root: bool,
    own: Owner,
    /// Whether to use handles instead of names, because others can replace what was just created.
    by_handle: bool,
}

/// What a new file inherits from its directory, although its entry does not say so.
#[derive(Clone, Copy, Default)]
pub(super) struct InheritedMetadata {
    /// A group, from a setgid directory.
    pub(super) group: bool,
    /// An ACL, from a default ACL.
    pub(super) acl: bool,
}

impl Privileges {
    /// The privileges of this process in a tree with this exposure.
    pub(super) fn new(exposure: Exposure) -> Self {
        Self {
            root: is_root(),
            own: Host::new().owner(),
            by_handle: exposure == Exposure::Open,
        }
    }

    /// The user who extracts.
    pub(super) fn own(&self) -> Owner {
        self.own
    }

    /// The mode for a directory. An ordinary user keeps full access, or could neither fill nor remove
    /// the tree.
    pub(super) fn directory_mode(&self, mode: u32) -> u32 {
        if self.root { mode } else { mode | 0o700 }
    }

    pub(super) fn can_create_devices(&self) -> bool {
        self.root
    }

    /// The owner to set, if it differs from that of a new file.
    fn owner_to_set(
        &self,
        entry: &Entry,
        inherited: InheritedMetadata,
        skipped: &mut Skipped,
    ) -> Option<Owner> {
        if self.root {
            return (entry.owner != self.own || inherited.group).then_some(entry.owner);
        }
        if entry.owner != self.own {
            skipped.owners += 1;
            skipped.non_root_owners += usize::from(entry.owner != ROOT);
        }
        inherited.group.then_some(self.own)
    }

    /// Finishes a file that was created with [`Self::creation_mode`] and is still open.
    pub(super) fn finish_file(
        &self,
        file: &impl Handle,
        entry: &Entry,
        inherited: InheritedMetadata,
        skipped: &mut Skipped,
    ) -> Result<(), EntryFault> {
        if let Some(owner) = self.owner_to_set(entry, inherited, skipped) {
            chown(file.set_owner(owner), entry.owner)?;
        }
        if inherited.acl {
            xattr::removed(file.remove_xattr(ACCESS_ACL))?;
        }
        xattr::set(&entry.xattrs, skipped, |name, value| {
            file.set_xattr(name, value)
        })?;
        if entry.mode != self.creation_mode(entry) || inherited.acl || !entry.xattrs.is_empty() {
            file.set_mode(entry.mode)
                .map_err(|e| EntryFault::io("set the mode", e))?;
        }
        file.set_mtime(entry.mtime)
            .map_err(|e| EntryFault::io("set the time", e))
    }

    /// The mode to create a file with: the kernel takes no special bits, and an ordinary user must be
    /// able to set attributes.
    pub(super) fn creation_mode(&self, entry: &Entry) -> u32 {
        let writable = if entry.xattrs.is_empty() { 0 } else { 0o600 };
        (entry.mode & 0o777) | writable
    }

    /// Sets the metadata of a directory, except for the time, which is set when the cursor leaves it.
    pub(super) fn finish_directory(
        &self,
        dir: &Dir,
        entry: &Entry,
        is_new: bool,
        inherited: InheritedMetadata,
        skipped: &mut Skipped,
    ) -> Result<(), EntryFault> {
        match self.owner_to_set(entry, inherited, skipped) {
            Some(owner) => chown(dir.set_owner(owner), entry.owner)?,
            // A lower layer may have set another owner.
            None if !is_new && self.root => chown(dir.set_owner(entry.owner), entry.owner)?,
            None => {}
        }
        if inherited.acl && is_new {
            xattr::removed(dir.remove_xattr(ACCESS_ACL))?;
            xattr::removed(dir.remove_xattr(DEFAULT_ACL))?;
        }
        if !is_new {
            xattr::clear(dir)?;
        }
        xattr::set(&entry.xattrs, skipped, |name, value| {
            dir.set_xattr(name, value)
        })?;
        let mode = self.directory_mode(entry.mode);
        // A new one has its mode already, unless the kernel or the parent changed it.
        let has_mode = is_new && mode & !0o777 == 0 && !inherited.group && !inherited.acl;
        if has_mode && entry.xattrs.is_empty() {
            return Ok(());
        }
        dir.set_mode(mode)
            .map_err(|e| EntryFault::io("set the mode", e))
    }

    /// Finishes what cannot be opened: symlinks, fifos and devices, by their name in `dir`. That is
    /// safe where only this user can enter, and takes fewer system calls than a handle.
    pub(super) fn finish_name(
        &self,
        dir: &Dir,
        name: &CStr,
        entry: &Entry,
        inherited: InheritedMetadata,
        skipped: &mut Skipped,
    ) -> Result<(), EntryFault> {
        let owner = self.owner_to_set(entry, inherited, skipped);
        if self.by_handle {
            return finish_node(dir, name, entry, owner, skipped);
        }
        if let Some(owner) = owner {
            chown(dir.chown(name, owner), entry.owner)?;
        }
        let unopened = Unopened { dir, name };
        xattr::set(&entry.xattrs, skipped, |name, value| {
            unopened.set_xattr(name, value)
        })?;
        if needs_mode(entry) {
            dir.chmod(name, entry.mode)
                .map_err(|e| EntryFault::io("set the mode", e))?;
        }
        dir.set_times(name, entry.mtime)
            .map_err(|e| EntryFault::io("set the time", e))
    }
}

/// The same by handle, where other users may replace the file at any time: a hard link to one of root's
/// files would get the mode from the image.
fn finish_node(
    dir: &Dir,
    name: &CStr,
    entry: &Entry,
    owner: Option<Owner>,
    skipped: &mut Skipped,
) -> Result<(), EntryFault> {
    let look = |e| EntryFault::io("look at", e);
    let node = NewNode::open(dir, name).map_err(look)?;
    let (stat, here) = (node.stat().map_err(look)?, dir.stat_self().map_err(look)?);
    // A file with several names may be a hard link to one outside the tree.
    if !has_type(&stat, entry) || stat.has_names || stat.id.0 != here.id.0 {
        let why = io::Error::other("another process has replaced it");
        return Err(EntryFault::io("set the mode", why));
    }
    if let Some(owner) = owner {
        chown(node.set_owner(owner), entry.owner)?;
    }
    xattr::set(&entry.xattrs, skipped, |name, value| {
        node.set_xattr(name, value)
    })?;
    if needs_mode(entry) {
        node.set_mode(dir, name, entry.mode)
            .map_err(|e| EntryFault::io("set the mode", e))?;
    }
    node.set_mtime(entry.mtime)
        .map_err(|e| EntryFault::io("set the time", e))
}

/// Whether a file has the type of the entry.
fn has_type(stat: &Stat, entry: &Entry) -> bool {
    match &entry.kind {
        EntryKind::Symlink { .. } => stat.kind == FileKind::Symlink,
        EntryKind::Fifo => stat.special == Some(Special::Fifo),
        EntryKind::Device {
            block: true,
            number,
        } => stat.special == Some(Special::Block(*number)),
        EntryKind::Device { number, .. } => stat.special == Some(Special::Character(*number)),
        _ => false,
    }
}

/// The kernel creates no file with setuid, setgid or sticky, and an ACL changes the mode.
fn needs_mode(entry: &Entry) -> bool {
    let differs = entry.mode & !0o777 != 0 || !entry.xattrs.is_empty();
    differs && !entry.is_symlink()
}

/// Gives a directory the metadata of one that no entry describes: owned by `owner` or else by this
/// user, 0755, without attributes.
pub(super) fn make_plain(dir: &Dir, owner: Option<Owner>) -> Result<(), EntryFault> {
    let owner = owner.unwrap_or_else(|| Host::new().owner());
    chown(dir.set_owner(owner), owner)?;
    xattr::clear(dir)?;
    dir.set_mode(0o755)
        .map_err(|e| EntryFault::io("set the mode", e))
}

/// EINVAL from chown means that the user namespace has no such ID.
pub(super) fn chown(result: io::Result<()>, owner: Owner) -> Result<(), EntryFault> {
    result.map_err(|e| match e.kind() {
        io::ErrorKind::InvalidInput => EntryFault::UnmappedOwner {
            uid: owner.uid,
            gid: owner.gid,
        },
        _ => EntryFault::io("set the owner", e),
    })
}
