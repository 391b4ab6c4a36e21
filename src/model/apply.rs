//! Applies layers in memory, as `extract/mod.rs` and `extract/create.rs` do on disk.

use super::inode::{InodeId, InodeKind, Metadata, ROOT};
use super::{Model, checksum};
use crate::changeset::{EntryName, is_overlay_mark};
use crate::error::{EntryFault, Error};
use crate::oci::Digest;
use crate::tarball::{Entries, Entry, EntryKind, LayerPath, SparseMap};
use std::ffi::CStr;
use std::io::BufRead;

impl Model {
    /// Applies the layer `diff_id`, to the last byte of its stream.
    pub fn apply(&mut self, diff_id: &Digest, stream: &mut dyn BufRead) -> Result<(), Error> {
        self.made.begin_layer(self.layers == 0);
        self.layers += 1;
        let mut budget = self.budget;
        let mut entries = Entries::within(stream, &mut budget);
        let applied = self.apply_entries(&mut entries);
        applied.map_err(|fault| fault.in_layer(diff_id, entries.name()))?;
        self.budget = budget;
        Ok(())
    }

    fn apply_entries(&mut self, entries: &mut Entries<'_>) -> Result<(), EntryFault> {
        while let Some(mut entry) = entries.advance()? {
            entries.step(self.inodes.take_steps())?;
            self.owners.alter(&mut entry, self.own)?;
            let Some((parents, name)) = entry.path.split() else {
                if !matches!(entry.kind, EntryKind::Directory) {
                    return Err(EntryFault::RootIsNoDirectory);
                }
                self.inodes.get_mut(ROOT).metadata = Some(self.said(&entry)?);
                continue;
            };
            match EntryName::of(&entry.path)? {
                EntryName::AufsMetadata => {}
                EntryName::Plain => {
                    let Self { inodes, made, .. } = self;
                    let gives_way = |inodes: &_, directory, name: &_| {
                        made.is_from_below(inodes, directory, name)
                    };
                    let way = inodes.resolve_or_create(parents, gives_way)?;
                    let is_directory = matches!(entry.kind, EntryKind::Directory);
                    made.insert(inodes, way.end, name, is_directory, &way.implied);
                    self.make(&entry, way.end, name, entries)?;
                }
                EntryName::Whiteout(hidden) => {
                    if let Some(directory) = self.inodes.resolve(parents)? {
                        self.made.hide(&mut self.inodes, directory, &hidden);
                    }
                }
                EntryName::Opaque => {
                    if let Some(directory) = self.inodes.resolve(parents)? {
                        self.made.hide_contents(&mut self.inodes, directory);
                    }
                }
            }
        }
        entries.drain()
    }

    fn make(
        &mut self,
        entry: &Entry,
        directory: InodeId,
        name: &CStr,
        entries: &mut Entries<'_>,
    ) -> Result<(), EntryFault> {
        let kind = match &entry.kind {
            EntryKind::Directory => {
                let said = self.said(entry)?;
                let found = self.inodes.find(directory, name);
                match found.filter(|found| self.inodes.is_directory(*found)) {
                    Some(found) => self.inodes.get_mut(found).metadata = Some(said),
                    None => drop(self.inodes.put_directory(directory, name, said)),
                }
                return Ok(());
            }
            EntryKind::HardLink { target } => return self.hard_link(directory, name, target),
            EntryKind::File { size, holes } => {
                let islands = holes.as_ref().map(SparseMap::segments);
                let sum = checksum::of_entry(islands, *size, |take| entries.contents(take))?;
                InodeKind::File { size: *size, sum }
            }
            EntryKind::Symlink { target } if target.is_empty() => {
                return Err(EntryFault::EmptyLink);
            }
            EntryKind::Symlink { target } => InodeKind::Symlink(target.clone()),
            EntryKind::Fifo => InodeKind::Fifo,
            EntryKind::Device { block, number } => InodeKind::Device {
                block: *block,
                number: *number,
            },
        };
        let said = self.said(entry)?;
        self.inodes.put(directory, name, kind, said);
        Ok(())
    }

    /// What an entry says of what it makes.
    fn said(&mut self, entry: &Entry) -> Result<Metadata, EntryFault> {
        let names = entry.xattrs.iter().map(|(name, _)| name);
        let overlay_marks = names.filter(|name| is_overlay_mark(name)).count();
        Ok(Metadata {
            mode: entry.mode,
            owner: Some(entry.owner),
            mtime: entry.mtime,
            xattrs: self.xattrs.keep(entry)?,
            // An entry has fewer attributes than bytes of their names: 64 KiB.
            overlay_marks: u32::try_from(overlay_marks).unwrap_or(u32::MAX),
        })
    }

    fn hard_link(
        &mut self,
        directory: InodeId,
        name: &CStr,
        target: &LayerPath,
    ) -> Result<(), EntryFault> {
        let (parents, old_name) = target.split().ok_or(EntryFault::EmptyLink)?;
        let mut old = || {
            let way = self.inodes.resolve(parents)?;
            let found = way.and_then(|way| self.inodes.find(way, old_name));
            found.ok_or(EntryFault::LinkTargetMissing)
        };
        let found = old()?;
        if self.inodes.is_directory(found) {
            return Err(EntryFault::LinkToDirectory);
        }
        let there = self.inodes.find(directory, name);
        if there == Some(found) {
            return Ok(());
        }
        if there.is_some() {
            // What is removed may have led to what is linked to.
            self.inodes.remove(directory, name);
            let way = self.inodes.resolve(parents)?;
            if way.and_then(|way| self.inodes.find(way, old_name)) != Some(found) {
                return Err(EntryFault::LinkTargetMissing);
            }
        }
        self.inodes.put_name(directory, name, found);
        Ok(())
    }
}
