//! Compares the tree on disk with the one in memory.

use super::Model;
use super::checksum::of_file;
use super::devices::Devices;
use super::difference::{Aspect, Change, Difference};
use super::frame::{Frame, joined, push};
use super::inode::{Inode, InodeId, InodeKind, ROOT};
use super::metadata::{DefaultOwner, aspects};
use super::scope::Scope;
use super::words::{word, word_of};
use super::xattrs::{self, XattrMap};
use crate::error::Error;
use crate::sys::{Dir, LOST_AND_FOUND, Special, Stat, Unopened};
use crate::tarball::LayerPath;
use std::collections::{BTreeSet, HashMap};
use std::ffi::{CStr, OsStr};
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

/// How many directories are held open at once: trees can be deeper than `ulimit -n`.
const MAX_OPEN: usize = 64;

/// What came of it.
pub struct Comparison<'m> {
    model: &'m Model,
    scope: &'m Scope,
    /// DEST, for messages.
    dest: PathBuf,
    maker: DefaultOwner,
    /// Where it is: another file system below is none of the image's.
    pub(super) device: u64,
    /// Which file on the disk a file with several names is, and the other way round.
    inodes: HashMap<InodeId, (u64, u64)>,
    files: HashMap<(u64, u64), InodeId>,
    /// What is not as in the image, in the order of paths.
    pub differences: Vec<Difference>,
    /// What is mounted in the tree and hides what would be compared: each is a difference, too.
    pub mounts: Vec<Vec<u8>>,
    /// The devices that are not there because they could not be made.
    pub unmade_devices: Vec<Vec<u8>>,
    /// Which excludes stand for something on the disk.
    excluded: BTreeSet<LayerPath>,
    devices: Devices,
}

impl<'m> Comparison<'m> {
    /// Compares what `scope` says of `root`, which is at `dest`, with a tree in memory. Nothing is
    /// written.
    pub fn new(model: &'m Model, scope: &'m Scope, root: &Dir, dest: &Path) -> Result<Self, Error> {
        let failed = |e| Error::io("look at", dest, e);
        let found = root.stat_self().map_err(failed)?;
        let mut comparison = Self {
            model,
            scope,
            dest: dest.to_owned(),
            maker: DefaultOwner::new(model),
            device: found.id.0,
            inodes: HashMap::new(),
            files: HashMap::new(),
            differences: Vec::new(),
            mounts: Vec::new(),
            unmade_devices: Vec::new(),
            excluded: BTreeSet::new(),
            devices: Devices::default(),
        };
        comparison.walk(root.try_clone().map_err(failed)?)?;
        comparison.conclude_devices(root.is_on_overlayfs().map_err(failed)?);
        comparison.differences.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(comparison)
    }

    /// The excludes that stand for nothing, neither in the image nor in the tree.
    pub fn unmatched(&self) -> Vec<String> {
        self.scope.unmatched(&self.excluded)
    }

    /// One directory after the other, and not one within the other: a tree can be thousands deep.
    fn walk(&mut self, root: Dir) -> Result<(), Error> {
        let mut path = Vec::new();
        let mut frames = vec![self.frame(root, ROOT, &path, self.scope.root())?];
        while let Some(frame) = frames.last_mut() {
            Error::unless_stopped()?;
            path.truncate(frame.path);
            let next = frame.rest.next();
            let (Some((name, id)), Some(dir)) = (next, &frame.dir) else {
                let done = frames.pop();
                if let (Some(done), Some(above)) = (done, frames.last_mut()) {
                    above.open_again(&done).map_err(|e| self.failed(&path, e))?;
                }
                continue;
            };
            push(&mut path, &name);
            let place = self.scope.below(frame.place.as_ref(), &name);
            if let Some(below) = self.entry(dir, &name, id, &path)? {
                frames.push(self.frame(below, id, &path, place)?);
                // The root stays open: there is no way back to it that others could not turn.
                if let Some(far) = frames.len().checked_sub(MAX_OPEN).filter(|far| *far > 0) {
                    frames[far].dir = None;
                }
            }
        }
        Ok(())
    }

    /// A directory that is there and should be: compares what it is, and which names are in it. Of
    /// what is at a `place`, not all is compared.
    fn frame(
        &mut self,
        dir: Dir,
        id: InodeId,
        path: &[u8],
        place: Option<LayerPath>,
    ) -> Result<Frame, Error> {
        let failed = |e| self.failed(path, e);
        let (model, scope) = (self.model, self.scope);
        let found = dir.stat_self().map_err(failed)?;
        let listed = dir.list().map_err(failed)?;
        let mut there: Vec<_> = listed.into_iter().map(|listed| listed.name).collect();
        there.sort();
        // At the root of a file system this is no content, and a pull leaves it alone.
        let is_mount = path.is_empty() && dir.is_mount_point().map_err(failed)?;
        there.retain(|name| !is_mount || name.as_c_str() != LOST_AND_FOUND);
        let own = self.xattrs(path, xattrs::of(&dir))?;
        let inode = model.inodes.get(id);
        let here = place.as_ref();
        let mut rest = Vec::new();
        let mut is_time_kept = !scope.excludes_in(here);
        if let InodeKind::Directory(wanted) = &inode.kind {
            for (name, id) in &wanted.entries {
                let is_ignored = is_mount && name.as_c_str() == LOST_AND_FOUND;
                let is_compared = !is_ignored && scope.keeps(here, name);
                if is_compared && there.binary_search(name).is_err() {
                    self.missing(*id, joined(path, name));
                }
            }
            for name in there {
                match wanted.entries.get(&name) {
                    _ if !scope.keeps(here, &name) => {
                        self.excluded.extend(scope.excluded(here, &name));
                    }
                    Some(id) => rest.push((name, *id)),
                    // The time of the directory is that of the name.
                    None if scope.ignore.added => is_time_kept = false,
                    None => self.add(joined(path, &name), Change::Added),
                }
            }
        }
        if let Some(said) = &inode.metadata
            && scope.holds(here)
        {
            let mut aspects = aspects(said, inode, &found, own.as_ref(), &self.maker);
            aspects.retain(|aspect| is_time_kept || !matches!(aspect, Aspect::Mtime(..)));
            self.changed(path, aspects);
        }
        Ok(Frame {
            dir: Some(dir),
            id: found.id,
            path: path.len(),
            place,
            rest: rest.into_iter(),
        })
    }

    /// A name that is there and should be: compares what it is, and gives the directory that it is.
    fn entry(
        &mut self,
        dir: &Dir,
        name: &CStr,
        id: InodeId,
        path: &[u8],
    ) -> Result<Option<Dir>, Error> {
        let found = dir.stat(name).map_err(|e| self.failed(path, e))?;
        if self.is_hidden(dir, name, &found, path)? {
            return Ok(None);
        }
        let inode = self.model.inodes.get(id);
        let (wanted, is) = (word(&inode.kind), word_of(&found));
        if wanted != is {
            self.changed(path, vec![Aspect::Type(wanted, is)]);
            return Ok(None);
        }
        let unopened = Unopened { dir, name };
        let mut aspects = Vec::new();
        let own = match &inode.kind {
            InodeKind::Directory(_) => return self.opened(path, dir.open(name)),
            InodeKind::File { size, sum } => {
                let Some(file) = self.opened(path, dir.open_file(name))? else {
                    return Ok(None);
                };
                if *size != found.size {
                    aspects.push(Aspect::Size(*size, found.size));
                } else if of_file(&file, *size).map_err(|e| self.failed(path, e))? != *sum {
                    aspects.push(Aspect::Contents);
                }
                xattrs::of(&file)
            }
            InodeKind::Symlink(target) => {
                let is = dir.read_link(name).map_err(|e| self.failed(path, e))?;
                if is != *target {
                    aspects.push(Aspect::Target(target.clone(), is));
                }
                unopened.xattrs()
            }
            InodeKind::Device { number, .. } => {
                self.devices.found(&inode.kind);
                if let Some(Special::Block(is) | Special::Character(is)) = found.special
                    && is != *number
                {
                    aspects.push(Aspect::Device(*number, is));
                }
                unopened.xattrs()
            }
            InodeKind::Fifo => unopened.xattrs(),
        };
        let own = self.xattrs(path, own)?;
        if let Some(said) = &inode.metadata {
            let more = self::aspects(said, inode, &found, own.as_ref(), &self.maker);
            aspects.extend(more);
        }
        if !self.is_linked_as_in_image(id, inode, &found) {
            aspects.push(Aspect::HardLink);
        }
        self.changed(path, aspects);
        Ok(None)
    }

    /// What was opened, unless this user may not: then nothing can be said of it.
    fn opened<T>(&mut self, path: &[u8], opened: io::Result<T>) -> Result<Option<T>, Error> {
        match opened {
            Ok(opened) => Ok(Some(opened)),
            Err(e) if e.kind() == io::ErrorKind::PermissionDenied => {
                self.add(path.to_vec(), Change::Unread);
                Ok(None)
            }
            Err(e) => Err(self.failed(path, e)),
        }
    }

    /// Whether all names of a file are of one file, and of no other.
    fn is_linked_as_in_image(&mut self, id: InodeId, inode: &Inode, found: &Stat) -> bool {
        if inode.names < 2 && !found.has_names {
            return true;
        }
        let inode = *self.inodes.entry(id).or_insert(found.id);
        let file = *self.files.entry(found.id).or_insert(id);
        inode == found.id && file == id
    }

    /// Attributes, if there can be any: not on every file system, and without /proc not for all.
    fn xattrs(&self, path: &[u8], own: io::Result<XattrMap>) -> Result<Option<XattrMap>, Error> {
        use io::ErrorKind::{NotFound, Unsupported};
        match own {
            Ok(own) => Ok(Some(own)),
            Err(e) if matches!(e.kind(), Unsupported | NotFound) => Ok(None),
            Err(e) => Err(self.failed(path, e)),
        }
    }

    fn missing(&mut self, id: InodeId, path: Vec<u8>) {
        match &self.model.inodes.get(id).kind {
            kind @ InodeKind::Device { .. } => self.devices.missed(kind, path),
            _ => self.add(path, Change::Missing),
        }
    }

    fn conclude_devices(&mut self, is_on_overlayfs: bool) {
        let (unmade, removed) = std::mem::take(&mut self.devices).conclude(is_on_overlayfs);
        self.unmade_devices = unmade;
        for path in removed {
            self.add(path, Change::Missing);
        }
    }

    fn changed(&mut self, path: &[u8], mut aspects: Vec<Aspect>) {
        let ignore = self.scope.ignore;
        aspects.retain(|aspect| !ignore.times || !matches!(aspect, Aspect::Mtime(..)));
        if !aspects.is_empty() {
            self.add(path.to_vec(), Change::Changed(aspects));
        }
    }

    pub(super) fn add(&mut self, path: Vec<u8>, change: Change) {
        self.differences.push(Difference { path, change });
    }

    pub(super) fn failed(&self, path: &[u8], source: io::Error) -> Error {
        Error::io("look at", self.dest.join(OsStr::from_bytes(path)), source)
    }
}
