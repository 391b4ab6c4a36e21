//! Compares the tree on disk with the one in memory.

use super::devices::Devices;
use super::difference::{Aspect, Change, Difference};
use super::directory::{OpenDirectory, joined, push};
use super::file_type::{actual_type, expected_type};
use super::metadata::{Puller, aspects};
use super::scope::Scope;
use super::xattrs::{self, XattrMap};
use crate::error::Error;
use crate::sys::{Dir, LOST_AND_FOUND, Special, Stat, Unopened};
use crate::tarball::LayerPath;
use crate::tree::{Checksum, ImageTree, Inode, InodeId, InodeKind, ROOT};
use std::collections::{BTreeSet, HashMap};
use std::ffi::{CStr, OsStr};
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

/// How many directories are held open at once: trees can be deeper than `ulimit -n`.
const MAX_OPEN: usize = 64;

/// The result of a comparison.
pub struct Comparison<'t> {
    tree: &'t ImageTree,
    scope: &'t Scope,
    /// DEST, for messages.
    dest: PathBuf,
    puller: Puller,
    /// The device of the root: other file systems below it are not part of the tree.
    pub(super) device: u64,
    /// Device and inode on disk of each inode with several names, and the other way round.
    inodes: HashMap<InodeId, (u64, u64)>,
    files: HashMap<(u64, u64), InodeId>,
    /// Sorted by path.
    pub differences: Vec<Difference>,
    /// Mount points in the tree, which hide what would be compared. Each is a difference, too.
    pub mounts: Vec<Vec<u8>>,
    /// Devices that are missing because they could not be created.
    pub unmade_devices: Vec<Vec<u8>>,
    /// The excluded paths that exist on disk.
    excluded: BTreeSet<LayerPath>,
    devices: Devices,
}

impl<'t> Comparison<'t> {
    /// Compares the part in `scope` of `root`, which is at `dest` and was pulled by `puller`, with
    /// `tree`.
    pub fn new(
        tree: &'t ImageTree,
        scope: &'t Scope,
        puller: Puller,
        root: &Dir,
        dest: &Path,
    ) -> Result<Self, Error> {
        let failed = |e| Error::io("look at", dest, e);
        let stat = root.stat_self().map_err(failed)?;
        let mut comparison = Self {
            tree,
            scope,
            dest: dest.to_owned(),
            puller,
            device: stat.id.0,
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

    /// The excludes that match nothing, neither in the image nor on disk.
    pub fn unmatched(&self) -> Vec<String> {
        self.scope.unmatched(&self.excluded)
    }

    /// Compares all directories, iterating instead of recursing: a tree can be thousands deep.
    fn walk(&mut self, root: Dir) -> Result<(), Error> {
        let mut path = Vec::new();
        let mut open = vec![self.directory(root, ROOT, &path, self.scope.root())?];
        while let Some(directory) = open.last_mut() {
            Error::unless_stopped()?;
            path.truncate(directory.path_length);
            let next = directory.names.next();
            let (Some((name, id)), Some(dir)) = (next, &directory.dir) else {
                let child = open.pop();
                if let (Some(child), Some(parent)) = (child, open.last_mut()) {
                    parent.reopen(&child).map_err(|e| self.failed(&path, e))?;
                }
                continue;
            };
            push(&mut path, &name);
            let scoped = self.scope.below(directory.scoped.as_ref(), &name);
            if let Some(child) = self.entry(dir, &name, id, &path)? {
                open.push(self.directory(child, id, &path, scoped)?);
                // The root stays open, because others could change where `..` leads.
                if let Some(far) = open.len().checked_sub(MAX_OPEN).filter(|far| *far > 0) {
                    open[far].dir = None;
                }
            }
        }
        Ok(())
    }

    /// Compares the metadata and the names of a directory. `scoped` is its path if not all of it is
    /// compared.
    fn directory(
        &mut self,
        dir: Dir,
        id: InodeId,
        path: &[u8],
        scoped: Option<LayerPath>,
    ) -> Result<OpenDirectory, Error> {
        let failed = |e| self.failed(path, e);
        let (tree, scope) = (self.tree, self.scope);
        let stat = dir.stat_self().map_err(failed)?;
        let listed = dir.list().map_err(failed)?;
        let mut actual: Vec<_> = listed.into_iter().map(|listed| listed.name).collect();
        actual.sort();
        // At the root of a file system, `lost+found` is the file system's, and a pull leaves it alone.
        let is_mount = path.is_empty() && dir.is_mount_point().map_err(failed)?;
        actual.retain(|name| !is_mount || name.as_c_str() != LOST_AND_FOUND);
        let xattrs = self.xattrs(path, xattrs::read(&dir))?;
        let inode = tree.inodes().get(id);
        let here = scoped.as_ref();
        let mut names = Vec::new();
        let mut is_mtime_compared = !scope.excludes_in(here);
        if let InodeKind::Directory(expected) = &inode.kind {
            for (name, id) in expected {
                let is_ignored = is_mount && name.as_c_str() == LOST_AND_FOUND;
                let is_compared = !is_ignored && scope.keeps(here, name);
                if is_compared && actual.binary_search(name).is_err() {
                    self.missing(*id, joined(path, name));
                }
            }
            for name in actual {
                match expected.get(&name) {
                    _ if !scope.keeps(here, &name) => {
                        self.excluded.extend(scope.excluded(here, &name));
                    }
                    Some(id) => names.push((name, *id)),
                    // The name changed the time of the directory too.
                    None if scope.ignore.added => is_mtime_compared = false,
                    None => self.add(joined(path, &name), Change::Added),
                }
            }
        }
        if let Some(expected) = &inode.metadata
            && scope.holds(here)
        {
            let mut aspects = aspects(expected, inode, &stat, xattrs.as_ref(), &self.puller);
            aspects.retain(|aspect| is_mtime_compared || !matches!(aspect, Aspect::Mtime(..)));
            self.changed(path, aspects);
        }
        Ok(OpenDirectory {
            dir: Some(dir),
            id: stat.id,
            path_length: path.len(),
            scoped,
            names: names.into_iter(),
        })
    }

    /// Compares a file that exists on both sides. Returns it if it is a directory, to be compared next.
    fn entry(
        &mut self,
        dir: &Dir,
        name: &CStr,
        id: InodeId,
        path: &[u8],
    ) -> Result<Option<Dir>, Error> {
        let stat = dir.stat(name).map_err(|e| self.failed(path, e))?;
        if self.is_hidden(dir, name, &stat, path)? {
            return Ok(None);
        }
        let inode = self.tree.inodes().get(id);
        let (expected, actual) = (expected_type(&inode.kind), actual_type(&stat));
        if expected != actual {
            self.changed(path, vec![Aspect::Type(expected, actual)]);
            return Ok(None);
        }
        let unopened = Unopened { dir, name };
        let mut aspects = Vec::new();
        let xattrs = match &inode.kind {
            InodeKind::Directory(_) => return self.opened(path, dir.open(name)),
            InodeKind::File { size, checksum } => {
                let Some(file) = self.opened(path, dir.open_file(name))? else {
                    return Ok(None);
                };
                if *size != stat.size {
                    aspects.push(Aspect::Size(*size, stat.size));
                } else {
                    let actual = Checksum::of_file(&file, *size);
                    if actual.map_err(|e| self.failed(path, e))? != *checksum {
                        aspects.push(Aspect::Contents);
                    }
                }
                xattrs::read(&file)
            }
            InodeKind::Symlink(target) => {
                let actual = dir.read_link(name).map_err(|e| self.failed(path, e))?;
                if actual != *target {
                    aspects.push(Aspect::Target(target.clone(), actual));
                }
                unopened.xattrs()
            }
            InodeKind::Device { number, .. } => {
                self.devices.record(&inode.kind);
                if let Some(Special::Block(actual) | Special::Character(actual)) = stat.special
                    && actual != *number
                {
                    aspects.push(Aspect::Device(*number, actual));
                }
                unopened.xattrs()
            }
            InodeKind::Fifo => unopened.xattrs(),
        };
        let xattrs = self.xattrs(path, xattrs)?;
        if let Some(expected) = &inode.metadata {
            let more = self::aspects(expected, inode, &stat, xattrs.as_ref(), &self.puller);
            aspects.extend(more);
        }
        if !self.is_linked_as_in_image(id, inode, &stat) {
            aspects.push(Aspect::HardLink);
        }
        self.changed(path, aspects);
        Ok(None)
    }

    /// What was opened; None if this user may not read it, which counts as a difference.
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

    /// Whether this name belongs to the same hard-linked file in the image and on disk.
    fn is_linked_as_in_image(&mut self, id: InodeId, inode: &Inode, stat: &Stat) -> bool {
        if inode.links < 2 && !stat.has_names {
            return true;
        }
        let inode = *self.inodes.entry(id).or_insert(stat.id);
        let file = *self.files.entry(stat.id).or_insert(id);
        inode == stat.id && file == id
    }

    /// The attributes; None on file systems without them, and for symlinks and special files if there
    /// is no /proc.
    fn xattrs(&self, path: &[u8], xattrs: io::Result<XattrMap>) -> Result<Option<XattrMap>, Error> {
        use io::ErrorKind::{NotFound, Unsupported};
        match xattrs {
            Ok(xattrs) => Ok(Some(xattrs)),
            Err(e) if matches!(e.kind(), Unsupported | NotFound) => Ok(None),
            Err(e) => Err(self.failed(path, e)),
        }
    }

    fn missing(&mut self, id: InodeId, path: Vec<u8>) {
        match &self.tree.inodes().get(id).kind {
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
