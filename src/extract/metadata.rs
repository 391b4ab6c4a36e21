//! Owner, extended attributes, mode, times: in this order, because each step resets what later ones
//! set.
//!
//! chown clears setuid and `security.capability`, so it is first; a file that its mode makes
//! read-only takes no attribute any more, so the mode comes after them; times are last.

use super::xattr;
use super::{Cursor, Skipped};
use crate::changeset::{ACCESS_ACL, DEFAULT_ACL};
use crate::error::EntryFault;
use crate::sys::{Dir, FileKind, Handle, Host, NewNode, Owner, Special, Stat, Unopened, is_root};
use crate::tarball::{Entry, EntryKind};
use std::ffi::CStr;
use std::io;

/// Root of the image.
const ROOT: Owner = Owner { uid: 0, gid: 0 };

/// Who extracts, which decides what can be set.
pub(super) struct Privileges {
    root: bool,
    own: Owner,
    /// Whether others can exchange what has just been made.
    by_handle: bool,
}

/// What the directory that something was made in forced upon it.
#[derive(Clone, Copy)]
pub(super) struct InheritedMetadata {
    /// A group, from a setgid directory.
    group: bool,
    /// An ACL, from a default ACL.
    pub(super) acl: bool,
}

impl InheritedMetadata {
    pub(super) fn from(cursor: &Cursor) -> Self {
        Self {
            group: cursor.inherits_group(),
            acl: cursor.inherits_acl(),
        }
    }

    /// For what was there before.
    pub(super) fn nothing() -> Self {
        let (group, acl) = (false, false);
        Self { group, acl }
    }
}

impl Privileges {
    /// Those of this process.
    pub(super) fn new() -> Self {
        let host = Host::new();
        Self {
            root: is_root(),
            own: Owner {
                uid: host.uid,
                gid: host.gid,
            },
            by_handle: false,
        }
    }

    /// The same in a tree in which others may exchange names, or not.
    pub(super) fn by_handle(self, by_handle: bool) -> Self {
        Self { by_handle, ..self }
    }

    /// Who extracts.
    pub(super) fn own(&self) -> Owner {
        self.own
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
    fn owner(
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

    /// Finishes a file that was made with the permission bits of `entry` and is still open.
    pub(super) fn finish_file(
        &self,
        file: &impl Handle,
        entry: &Entry,
        inherited: InheritedMetadata,
        skipped: &mut Skipped,
    ) -> Result<(), EntryFault> {
        if let Some(owner) = self.owner(entry, inherited, skipped) {
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
        inherited: InheritedMetadata,
        skipped: &mut Skipped,
    ) -> Result<(), EntryFault> {
        match self.owner(entry, inherited, skipped) {
            Some(owner) => chown(dir.set_owner(owner), entry.owner)?,
            // A lower layer may have given it away.
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
        // A new one was made with its mode, but for what the kernel and its parent changed.
        let is_made = is_new && mode & !0o777 == 0 && !inherited.group && !inherited.acl;
        if is_made && entry.xattrs.is_empty() {
            return Ok(());
        }
        dir.set_mode(mode)
            .map_err(|e| EntryFault::io("set the mode", e))
    }

    /// Finishes what cannot be opened: symlinks, fifos and devices, by their name in `dir`. That is
    /// safe where only we can enter, and takes fewer system calls than a handle.
    pub(super) fn finish_name(
        &self,
        dir: &Dir,
        name: &CStr,
        entry: &Entry,
        inherited: InheritedMetadata,
        skipped: &mut Skipped,
    ) -> Result<(), EntryFault> {
        let owner = self.owner(entry, inherited, skipped);
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

/// The same where somebody else may put another thing in its place at any time: a link to a file of
/// root's would get the image's mode.
fn finish_node(
    dir: &Dir,
    name: &CStr,
    entry: &Entry,
    owner: Option<Owner>,
    skipped: &mut Skipped,
) -> Result<(), EntryFault> {
    let look = |e| EntryFault::io("look at", e);
    let node = NewNode::open(dir, name).map_err(look)?;
    let (found, here) = (node.stat().map_err(look)?, dir.stat_self().map_err(look)?);
    // A second name would be one of something that is elsewhere, too.
    if !is_a(entry, &found) || found.has_names || found.id.0 != here.id.0 {
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

/// Whether what is there is what the entry says.
fn is_a(entry: &Entry, found: &Stat) -> bool {
    match &entry.kind {
        EntryKind::Symlink { .. } => found.kind == FileKind::Symlink,
        EntryKind::Fifo => found.special == Some(Special::Fifo),
        EntryKind::Device {
            block: true,
            number,
        } => found.special == Some(Special::Block(*number)),
        EntryKind::Device { number, .. } => found.special == Some(Special::Character(*number)),
        _ => false,
    }
}

/// The kernel makes nothing with setuid, setgid or sticky; an ACL has its own idea of a mode.
fn needs_mode(entry: &Entry) -> bool {
    let differs = entry.mode & !0o777 != 0 || !entry.xattrs.is_empty();
    differs && !entry.is_symlink()
}

/// Makes a directory what one is that no entry describes: `owner`'s or ours, 0755, without
/// attributes.
pub(super) fn make_plain(dir: &Dir, owner: Option<Owner>) -> Result<(), EntryFault> {
    let owner = owner.unwrap_or_else(|| Privileges::new().own);
    chown(dir.set_owner(owner), owner)?;
    xattr::clear(dir)?;
    dir.set_mode(0o755)
        .map_err(|e| EntryFault::io("set the mode", e))
}

/// EINVAL from chown has one meaning: a user namespace that does not know the number.
pub(super) fn chown(result: io::Result<()>, owner: Owner) -> Result<(), EntryFault> {
    result.map_err(|e| match e.kind() {
        io::ErrorKind::InvalidInput => EntryFault::UnmappedOwner {
            uid: owner.uid,
            gid: owner.gid,
        },
        _ => EntryFault::io("set the owner", e),
    })
}
