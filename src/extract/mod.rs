//! Applies layers to a tree: image-spec layer.md, "Applying Changesets".
//!
//! ```text
//! tar entries ── Entry ── EntryName (plain | whiteout) ── Cursor at its parent ── *at calls ── metadata
//! ```

mod component;
mod create;
mod cursor;
mod left_out;
mod links;
mod metadata;
mod reader;
mod select;
mod spill_set;
mod sweep;
mod upper_paths;
mod xattr;

pub use reader::TreeReader;

use crate::changeset::{EntryName, Owners};
use crate::error::{EntryFault, Error};
use crate::oci::{Digest, Image};
use crate::sys::{
    Dir, Exposure, Handle as _, LOST_AND_FOUND, file_size_limit, stop_inheriting_umask,
};
use crate::tarball::{BLOCK, Budget, Entries, Entry, EntryKind, Parents};
use crate::tree_options::TreeOptions;
use component::IfMissing;
use cursor::Cursor;
use metadata::{InheritedMetadata, Privileges};
use std::ffi::CString;
use std::io::{BufRead, ErrorKind};
use upper_paths::UpperPaths;

/// Applies layers, lowest first, to one tree.
pub struct Extractor {
    /// Stands where entries are made.
    cursor: Cursor,
    /// Stands where hard links point to.
    links: Cursor,
    made: UpperPaths,
    rights: Privileges,
    skipped: Skipped,
    layers: usize,
    size: Size,
    budget: Budget,
    owners: Owners,
    altered: TreeOptions,
    /// What was in the root before, if not all of the image stays there.
    before: Vec<CString>,
    exposure: Exposure,
    /// The entry of the root, which waits for the end where that is shut.
    root: Option<Entry>,
}

/// The size of the tree, against bombs: what was made, also if a later layer removed it again.
struct Size {
    /// In bytes: of each entry its contents, holes included, its attributes, and a header.
    made: u64,
    limit: Option<u64>,
    /// How large a single file may be: beyond it, a write kills the process (SIGXFSZ).
    file_limit: Option<u64>,
}

/// What an ordinary user or this file system could not take over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Skipped {
    /// Entries that belong to somebody else in the image.
    pub owners: usize,
    /// Those among them that do not belong to root: an ordinary user can keep them as root of a user
    /// namespace, where root's belong to that user in any case.
    pub non_root_owners: usize,
    /// Devices that were not made, each of their names counted.
    pub devices: usize,
    /// Extended attributes that were not set.
    pub xattrs: usize,
    /// What was to be left out and is not in the image.
    pub unmatched: Vec<String>,
}

impl Extractor {
    /// An extractor for the tree below `root`, which is an empty directory, and which may grow to
    /// `limit` bytes, `altered` or not. From here on, this process makes files with the modes it
    /// asks for.
    pub fn new(root: &Dir, limit: Option<u64>, altered: &TreeOptions) -> Result<Self, Error> {
        Self::exposed(root, limit, altered, Exposure::Private)
    }

    /// The same for a root that others may reach. What is in it is the file system's: `lost+found`.
    pub fn exposed(
        root: &Dir,
        limit: Option<u64>,
        altered: &TreeOptions,
        exposure: Exposure,
    ) -> Result<Self, Error> {
        stop_inheriting_umask();
        let again = || root.try_clone().map_err(|e| Error::tree("open", e));
        let mut cursor = Cursor::new(again()?);
        // Unless a layer says otherwise, the root is as old as directories that no layer lists. A
        // root that was there before has a group or an ACL of its own to pass on.
        let stat = root.stat_self().map_err(|e| Error::tree("look at", e))?;
        let acl = xattr::has_default_acl(root).map_err(EntryFault::in_tree)?;
        cursor.watch_acls = acl;
        cursor.describe(Default::default(), stat.mode & 0o2000 != 0, acl);
        let rights = Privileges::new().by_handle(exposure == Exposure::Open);
        let owners = Owners::new(altered);
        cursor.plain = owners.plain(rights.own());
        // One that is shut would be opened by its new owner.
        if let (Some(owner), Exposure::Private | Exposure::Open) = (cursor.plain, exposure) {
            metadata::chown(root.set_owner(owner), owner).map_err(EntryFault::in_tree)?;
        }
        let before = match altered.are_none() {
            true => Vec::new(),
            false => root.list().map_err(|e| Error::tree("list", e))?,
        };
        let mut links = Cursor::new(again()?);
        if exposure != Exposure::Private {
            let found = root.find(LOST_AND_FOUND);
            cursor.spares = found.map_err(|e| Error::tree("look at", e))?.is_some();
            links.spares = cursor.spares;
        }
        Ok(Self {
            cursor,
            links,
            made: UpperPaths::new(again()?),
            rights,
            skipped: Skipped::default(),
            layers: 0,
            size: Size {
                made: 0,
                limit,
                file_limit: file_size_limit(),
            },
            budget: Budget::new(limit),
            owners,
            altered: altered.clone(),
            before: before.into_iter().map(|entry| entry.name).collect(),
            exposure,
            root: None,
        })
    }

    /// Says whose layers will be applied: a large image may make more work than a small one.
    pub fn allow_for(&mut self, image: &Image) {
        self.budget.allow_for(image);
    }

    /// Applies the layer `diff_id`, to the last byte of its stream.
    pub fn apply(&mut self, diff_id: &Digest, stream: &mut dyn BufRead) -> Result<(), Error> {
        let begun = self.made.begin_layer(self.layers == 0);
        begun.map_err(EntryFault::in_tree)?;
        self.layers += 1;
        let mut budget = self.budget;
        let mut entries = Entries::within(stream, &mut budget);
        let applied = self.apply_entries(&mut entries);
        applied.map_err(|fault| fault.in_layer(diff_id, entries.name()))?;
        self.budget = budget;
        Ok(())
    }

    /// Removes what was not asked for, gives the directories that are still open their times, and
    /// says what was left out.
    pub fn finish(mut self) -> Result<Skipped, Error> {
        self.select()?;
        self.cursor.restart().map_err(|fault| fault.in_tree())?;
        self.finish_root().map_err(EntryFault::in_tree)?;
        Ok(self.skipped)
    }

    /// Gives a root that was shut what the image says of it: from here on, others may enter.
    fn finish_root(&mut self) -> Result<(), EntryFault> {
        let Exposure::Shut(mode) = self.exposure else {
            return Ok(());
        };
        let root = self.cursor.here()?;
        if let Some(entry) = &self.root {
            let inherited = InheritedMetadata::nothing();
            let skipped = &mut self.skipped;
            return self
                .rights
                .finish_directory(root, entry, false, inherited, skipped);
        }
        if let Some(owner) = self.cursor.plain {
            metadata::chown(root.set_owner(owner), owner)?;
        }
        root.set_mode(mode)
            .map_err(|e| EntryFault::io("set the mode", e))
    }

    fn apply_entries(&mut self, entries: &mut Entries<'_>) -> Result<(), EntryFault> {
        while let Some(mut entry) = entries.advance()? {
            entries.step(self.cursor.take_steps() + self.links.take_steps())?;
            self.size.add(&entry)?;
            self.owners.alter(&mut entry, self.rights.own())?;
            let Some((parents, name)) = entry.path.split() else {
                self.describe_root(entry)?;
                continue;
            };
            match EntryName::of(&entry.path)? {
                EntryName::AufsMetadata => {}
                EntryName::Plain => {
                    if !self.enter(parents)? || self.cursor.is_spared(name) {
                        continue;
                    }
                    self.cursor.touch()?;
                    let is_directory = matches!(entry.kind, EntryKind::Directory);
                    self.made.insert(&mut self.cursor, name, is_directory)?;
                    self.make(&entry, name, entries)?;
                }
                EntryName::Whiteout(hidden) => {
                    self.links.restart()?;
                    if self.cursor.enter(parents, IfMissing::Report)? {
                        self.made.hide(&mut self.cursor, &hidden)?;
                    }
                }
                EntryName::Opaque => {
                    self.links.restart()?;
                    if self.cursor.enter(parents, IfMissing::Report)? {
                        self.made.hide_contents(&mut self.cursor)?;
                    }
                }
            }
        }
        entries.drain()
    }

    /// Goes to where an entry belongs. What a lower layer has on the way and is not a directory gives way to
    /// one: the path changes as a whole, as if the layer had an entry for it too (image-spec layer.md,
    /// "Changeset over existing files"). In its own layer it is refused, for the layer contradicts itself.
    fn enter(&mut self, parents: Parents<'_>) -> Result<bool, EntryFault> {
        match self.cursor.enter(parents, IfMissing::Make) {
            Err(EntryFault::ParentIsFile) => {}
            other => return other,
        }
        match self.cursor.take_obstacle() {
            Some(name) if self.made.is_from_below(&mut self.cursor, &name)? => {
                self.cursor.touch()?;
                self.remove(&name)?;
                self.cursor.enter(parents, IfMissing::Make)
            }
            _ => Err(EntryFault::ParentIsFile),
        }
    }

    /// The entry for the root itself: a directory, or an attack (CVE-2021-29136).
    fn describe_root(&mut self, entry: Entry) -> Result<(), EntryFault> {
        if !matches!(entry.kind, EntryKind::Directory) {
            return Err(EntryFault::RootIsNoDirectory);
        }
        self.cursor.leave(0)?;
        if let Exposure::Shut(_) = self.exposure {
            self.announce(&entry);
            self.root = Some(entry);
            return Ok(());
        }
        self.set_metadata(&entry, false, InheritedMetadata::from(&self.cursor))
    }
}

impl Size {
    fn add(&mut self, entry: &Entry) -> Result<(), EntryFault> {
        let contents = if let EntryKind::File { size, .. } = entry.kind {
            size
        } else {
            0
        };
        if self.file_limit.is_some_and(|limit| contents > limit) {
            return Err(EntryFault::io("write", ErrorKind::FileTooLarge.into()));
        }
        // On tmpfs, attributes take as much memory as contents do.
        let (_, attributes) = entry.xattrs.size();
        self.made = self
            .made
            .saturating_add(contents)
            .saturating_add(attributes + BLOCK as u64);
        match self.limit {
            Some(limit) if self.made > limit => Err(EntryFault::OverLimit(limit)),
            _ => Ok(()),
        }
    }
}
