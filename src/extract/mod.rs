//! Applies layers to a tree: image-spec layer.md, "Applying Changesets".
//!
//! ```text
//! tar entries ── Entry ── Name (plain | whiteout) ── Walk to its parent ── *at calls ── metadata
//! ```

mod entries;
mod entry;
mod header;
mod metadata;
mod path;
mod pax;
mod sparse;
mod step;
mod walk;
mod whiteout;

use crate::error::{EntryFault, Error};
use crate::oci::Digest;
use crate::sys::{Dir, Kind, remove_tree, stop_inheriting_umask};
use entries::Entries;
use entry::{Entry, EntryKind};
use header::BLOCK;
use metadata::{Inherited, Rights, is_default_acl};
use path::LayerPath;
use sparse::{Filler, Map};
use std::ffi::CStr;
use std::io::{self, BufRead, Write};
use walk::{Missing, Walk};
use whiteout::{Made, Name};

/// Applies layers, lowest first, to one tree.
pub struct Extractor {
    /// Stands where entries are made.
    walk: Walk,
    /// Stands where hard links point to.
    links: Walk,
    made: Made,
    rights: Rights,
    skipped: Skipped,
    layers: usize,
    size: Size,
}

/// The size of the tree, against bombs: what was made, also if a later layer removed it again.
struct Size {
    /// In bytes: the contents of each file, holes included, and a header for each entry.
    made: u64,
    limit: Option<u64>,
}

/// What an ordinary user or this file system could not take over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Skipped {
    /// Entries that belong to somebody else in the image.
    pub owners: usize,
    /// Devices that were not made.
    pub devices: usize,
    /// Extended attributes that were not set.
    pub xattrs: usize,
}

impl Extractor {
    /// An extractor for the tree below `root`, which is an empty directory, and which may grow to
    /// `limit` bytes. From here on, this process makes files with the modes it asks for.
    pub fn new(root: &Dir, limit: Option<u64>) -> Result<Self, Error> {
        stop_inheriting_umask();
        let again = || root.again().map_err(|e| Error::tree("open", e));
        let mut walk = Walk::new(again()?);
        // Unless a layer says otherwise, the root is as old as directories that no layer lists.
        walk.describe(Default::default(), false, false);
        Ok(Self {
            walk,
            links: Walk::new(again()?),
            made: Made::default(),
            rights: Rights::new(),
            skipped: Skipped::default(),
            layers: 0,
            size: Size { made: 0, limit },
        })
    }

    /// Applies the layer `diff_id`, to the last byte of its stream.
    pub fn apply(&mut self, diff_id: &Digest, stream: &mut dyn BufRead) -> Result<(), Error> {
        self.made.begin_layer(self.layers == 0);
        self.layers += 1;
        let mut entries = Entries::new(stream);
        let applied = self.apply_entries(&mut entries);
        applied.map_err(|fault| fault.in_layer(diff_id, entries.name()))
    }

    /// Gives the directories that are still open their times, and says what was left out.
    pub fn finish(mut self) -> Result<Skipped, Error> {
        self.walk.restart().map_err(|fault| fault.in_tree())?;
        Ok(self.skipped)
    }

    fn apply_entries(&mut self, entries: &mut Entries<'_>) -> Result<(), EntryFault> {
        while let Some(entry) = entries.next()? {
            self.size.add(&entry)?;
            let Some((parents, name)) = entry.path.split() else {
                self.describe_root(&entry)?;
                continue;
            };
            match Name::of(&entry.path)? {
                Name::Bookkeeping => {}
                Name::Plain => {
                    self.walk.enter(parents, Missing::Make)?;
                    self.walk.change()?;
                    self.made.insert(&self.walk, name);
                    self.make(&entry, name, entries)?;
                }
                Name::Whiteout(hidden) => {
                    self.links.restart()?;
                    if self.walk.enter(parents, Missing::Tell)? {
                        self.made.hide(&mut self.walk, &hidden)?;
                    }
                }
                Name::Opaque => {
                    self.links.restart()?;
                    if self.walk.enter(parents, Missing::Tell)? {
                        self.made.hide_contents(&mut self.walk)?;
                    }
                }
            }
        }
        entries.drain()
    }

    /// The entry for the root itself: a directory, or an attack (CVE-2021-29136).
    fn describe_root(&mut self, entry: &Entry) -> Result<(), EntryFault> {
        if !matches!(entry.kind, EntryKind::Directory) {
            return Err(EntryFault::RootIsNoDirectory);
        }
        self.walk.leave(0)?;
        self.describe(entry, false, Inherited::from(&self.walk))
    }

    /// Makes what `entry` says under `name` in the directory where the walk stands.
    fn make(
        &mut self,
        entry: &Entry,
        name: &CStr,
        entries: &mut Entries<'_>,
    ) -> Result<(), EntryFault> {
        let inherited = Inherited::from(&self.walk);
        match &entry.kind {
            EntryKind::Directory => return self.directory(entry, name, inherited),
            EntryKind::File { holes, .. } => {
                return self.file(entry, holes.as_ref(), name, inherited, entries);
            }
            EntryKind::HardLink { target } => return self.hard_link(name, target),
            EntryKind::Device { .. } if !self.rights.devices() => {
                self.skipped.devices += 1;
                return self.remove(name);
            }
            EntryKind::Symlink { target } if target.is_empty() => {
                return Err(EntryFault::EmptyLink);
            }
            EntryKind::Symlink { target } => self.replacing(name, |dir| dir.symlink(target, name)),
            EntryKind::Fifo => self.replacing(name, |dir| dir.mkfifo(name, entry.mode & 0o777)),
            EntryKind::Device { block, number } => self.replacing(name, |dir| {
                dir.mknod(name, *block, entry.mode & 0o777, *number)
            }),
        }?;
        let here = self.walk.here()?;
        self.rights
            .finish_name(here, name, entry, inherited, &mut self.skipped)
    }

    /// A directory merges with a directory that is there; anything else gives way to it, also a
    /// symlink to a directory.
    fn directory(
        &mut self,
        entry: &Entry,
        name: &CStr,
        inherited: Inherited,
    ) -> Result<(), EntryFault> {
        let mode = self.rights.directory_mode(entry.mode) & 0o777;
        let is_directory = |e: &io::Error, dir: &Dir| {
            let found = (e.kind() == io::ErrorKind::AlreadyExists).then(|| dir.stat(name).ok());
            found
                .flatten()
                .is_some_and(|found| found.kind == Kind::Directory)
        };
        let here = self.walk.here()?;
        let is_new = match here.mkdir(name, mode) {
            Ok(()) => true,
            Err(e) if is_directory(&e, here) => false,
            Err(_) => {
                self.replacing(name, |dir| dir.mkdir(name, mode))?;
                true
            }
        };
        let dir = self
            .walk
            .here()?
            .open(name)
            .map_err(|e| EntryFault::io("open", e))?;
        self.walk.push(name, dir, None)?;
        self.describe(entry, is_new, inherited)
    }

    /// Sets what `entry` says of the directory where the walk stands.
    fn describe(
        &mut self,
        entry: &Entry,
        is_new: bool,
        inherited: Inherited,
    ) -> Result<(), EntryFault> {
        let acl = entry.xattrs.iter().any(is_default_acl);
        self.walk.watch_acls |= acl;
        self.walk
            .describe(entry.mtime, entry.mode & 0o2000 != 0, acl);
        let here = self.walk.here()?;
        self.rights
            .finish_directory(here, entry, is_new, inherited, &mut self.skipped)
    }

    /// A file, with its holes if it has any.
    fn file(
        &mut self,
        entry: &Entry,
        holes: Option<&Map>,
        name: &CStr,
        inherited: Inherited,
        entries: &mut Entries<'_>,
    ) -> Result<(), EntryFault> {
        let mode = self.rights.creation_mode(entry);
        let mut file = self.replacing(name, |dir| dir.create(name, mode))?;
        match holes {
            None => entries.contents(|piece| {
                file.write_all(piece)
                    .map_err(|e| EntryFault::io("write", e))
            }),
            Some(map) => {
                let mut filler = Filler::new(&mut file, map)?;
                entries.contents(|piece| filler.write(piece))
            }
        }?;
        self.rights
            .finish_file(&file, entry, inherited, &mut self.skipped)
    }

    /// A second name for what is in the tree already, in this layer or below. The way to it may
    /// lead through symlinks; it may itself be one, and is not followed.
    fn hard_link(&mut self, name: &CStr, target: &LayerPath) -> Result<(), EntryFault> {
        let (parents, old_name) = target.split().ok_or(EntryFault::EmptyLink)?;
        if !self.links.enter(parents, Missing::Tell)? {
            return Err(EntryFault::LinkTargetMissing);
        }
        let found = self
            .links
            .here()?
            .find(old_name)
            .map_err(|e| EntryFault::io("look at", e))?;
        let found = found.ok_or(EntryFault::LinkTargetMissing)?;
        if found.kind == Kind::Directory {
            return Err(EntryFault::LinkToDirectory);
        }
        match self.walk.here()?.link(name, self.links.here()?, old_name) {
            Ok(()) => return Ok(()),
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
            Err(e) => return Err(EntryFault::io("link", e)),
        }
        // Its own second name already, or the very same name: to replace it would be to lose it.
        let there = self
            .walk
            .here()?
            .stat(name)
            .map_err(|e| EntryFault::io("look at", e))?;
        if there.id == found.id {
            return Ok(());
        }
        self.remove(name)?;
        if !self.links.enter(parents, Missing::Tell)? {
            return Err(EntryFault::LinkTargetMissing);
        }
        let linked = self.walk.here()?.link(name, self.links.here()?, old_name);
        linked.map_err(|e| EntryFault::io("link", e))
    }

    /// Makes something under `name`, and if there is something already, removes that first: no look
    /// before, because almost always there is nothing.
    fn replacing<T>(
        &mut self,
        name: &CStr,
        make: impl Fn(&Dir) -> io::Result<T>,
    ) -> Result<T, EntryFault> {
        match make(self.walk.here()?) {
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {
                self.remove(name)?;
                make(self.walk.here()?)
            }
            other => other,
        }
        .map_err(|e| EntryFault::io("create", e))
    }

    fn remove(&mut self, name: &CStr) -> Result<(), EntryFault> {
        // What is removed may be a directory that the other walk holds open.
        self.links.restart()?;
        remove_tree(self.walk.here()?, name).map_err(|e| EntryFault::io("replace", e))
    }
}

impl Size {
    fn add(&mut self, entry: &Entry) -> Result<(), EntryFault> {
        let contents = if let EntryKind::File { size, .. } = entry.kind {
            size
        } else {
            0
        };
        self.made = self
            .made
            .saturating_add(contents)
            .saturating_add(BLOCK as u64);
        match self.limit {
            Some(limit) if self.made > limit => Err(EntryFault::OverLimit(limit)),
            _ => Ok(()),
        }
    }
}
