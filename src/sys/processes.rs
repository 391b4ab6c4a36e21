//! Who uses a directory: processes that have their root, working directory or program in it, mounts of
//! it elsewhere, and mounts in it that only a container sees. What this process may not look at, as an ordinary user or in a container, is not found.
//!
//! A process in a container has another idea of paths, and its links in /proc say that idea. So what
//! counts is the directory itself, by its device and inode; what is above it is asked of the kernel.

use super::mountinfo::{self, mounts};
use super::{Dir, NewNode, pid};
use rustix::fs::{self, AtFlags, CWD, StatxFlags};
use std::collections::{HashMap, HashSet};
use std::ffi::{CStr, CString};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};

/// Who uses a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DirUser {
    /// A process.
    Process(Process),
    /// A mount of the directory, or of one in it, at this path.
    Mount(PathBuf),
    /// Whoever has locked this file, which stands for the directory.
    Lock(PathBuf),
}

/// A process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Process {
    /// Its number.
    pub pid: u32,
    /// The name that it gives itself, 15 bytes at most.
    pub name: String,
}

/// How many directories up the one that is looked for is found: beyond that, the path has to tell.
/// Anybody can start processes as deep down as they like.
const MAX_DEPTH: usize = 256;

/// What is in use.
struct SearchTarget<'t> {
    id: FileId,
    /// Absolute, without symlinks.
    path: &'t Path,
    /// Our own mount namespace: nowhere else does a path mean the same.
    namespace: Option<PathBuf>,
}

/// Device and inode.
type FileId = (u32, u32, u64);

/// The first that is found to use the directory `dir`, which is at `path`, an absolute path without
/// symlinks.
pub fn user_of(dir: &Dir, path: &Path) -> Option<DirUser> {
    let target = SearchTarget {
        id: id_of(dir)?,
        path,
        namespace: namespace_of("self"),
    };
    let pids = pids();
    let mut others = pids.iter().filter(|&&number| number != pid());
    if let Some(number) = others.find(|number| target.is_used_by(**number)) {
        return Some(DirUser::Process(Process::of(*number)));
    }
    target.mount(&pids)
}

/// The process that has the file `path` open.
pub fn holder_of(path: &Path) -> Option<Process> {
    let has_it_open = |number: &u32| {
        let files = std::fs::read_dir(format!("/proc/{number}/fd"));
        // To read a link asks no file system, which might never answer.
        let mut files = files.into_iter().flatten().flatten();
        files.any(|file| std::fs::read_link(file.path()).is_ok_and(|link| link == path))
    };
    let found = pids().into_iter().find(has_it_open);
    found.map(Process::of)
}

impl Process {
    fn of(pid: u32) -> Self {
        let name = std::fs::read(format!("/proc/{pid}/comm")).unwrap_or_default();
        let name = String::from_utf8_lossy(name.strip_suffix(b"\n").unwrap_or(&name)).into_owned();
        Self { pid, name }
    }
}

impl SearchTarget<'_> {
    fn is_used_by(&self, pid: u32) -> bool {
        let is_here = self.namespace.is_some() && namespace_of(pid) == self.namespace;
        let link = |name| format!("/proc/{pid}/{name}");
        let has_path_of = |name| is_here && self.has_path_of(&link(name));
        ["root", "cwd"]
            .into_iter()
            .any(|name| has_path_of(name) || self.is_above(&link(name)))
            || has_path_of("exe")
    }

    /// By its path, however far down.
    fn has_path_of(&self, link: &str) -> bool {
        std::fs::read_link(link).is_ok_and(|path| path.starts_with(self.path))
    }

    /// Whether the way up from there leads here. It ends on another file system: none but that of the
    /// directory is asked, because a server of NFS or FUSE may never answer.
    fn is_above(&self, link: &str) -> bool {
        let open = |dir: &dyn AsFd, name: &CStr| NewNode::open_target(&dir.as_fd(), name).ok();
        let mut here = CString::new(link).ok().and_then(|link| open(&CWD, &link));
        let mut below = None;
        for _ in 0..MAX_DEPTH {
            let (Some(node), Some(id)) = (&here, here.as_ref().and_then(id_of)) else {
                return false;
            };
            if id == self.id {
                return true;
            }
            // The root is above itself.
            if (id.0, id.1) != (self.id.0, self.id.1) || below == Some(id) {
                return false;
            }
            below = Some(id);
            here = open(node, c"..");
        }
        false
    }

    /// A mount of it, or of what is in it: of our own namespace, or of that of a process.
    fn mount(&self, pids: &[u32]) -> Option<DirUser> {
        let (device, root) = self.source()?;
        let is_ours = |mount: &mountinfo::Mount| {
            mount.device == device && mount.root.starts_with(&root)
                || mount
                    .layers
                    .iter()
                    .any(|layer| layer.starts_with(self.path))
        };
        if let Some(mount) = mounts(Path::new(mountinfo::OWN)).find(is_ours) {
            return Some(DirUser::Mount(mount.point));
        }
        let mut seen: HashSet<_> = self.namespace.iter().cloned().collect();
        // Whose namespace we may not see, whose mounts neither.
        let mut others = pids
            .iter()
            .filter(|pid| namespace_of(pid).is_some_and(|namespace| seen.insert(namespace)));
        let table = |pid: &u32| PathBuf::from(format!("/proc/{pid}/mountinfo"));
        let found = others.find(|pid| {
            let table = table(pid);
            mounts(&table).any(|mount| is_ours(&mount)) || has_mounts_in(&table, &device, &root)
        })?;
        Some(DirUser::Process(Process::of(*found)))
    }

    /// The file system that it is on, and where in there.
    fn source(&self) -> Option<(Vec<u8>, PathBuf)> {
        let above =
            mounts(Path::new(mountinfo::OWN)).filter(|mount| self.path.starts_with(&mount.point));
        // Of several at one place, the last one hides the others.
        let mount = above.max_by_key(|mount| mount.point.as_os_str().len())?;
        let below = self.path.strip_prefix(&mount.point).ok()?;
        Some((mount.device, mount.root.join(below)))
    }
}

/// Whether something is mounted in the directory `root` of a file system, in another namespace: Linux
/// unmounts it there when its mount point is removed here. Paths in there may be about anything, so it
/// is the mount that each one is on that tells.
fn has_mounts_in(table: &Path, device: &[u8], root: &Path) -> bool {
    let places = mounts(table).filter(|mount| mount.device == device);
    let places = places.filter_map(|mount| {
        let below = root.strip_prefix(&mount.root).ok()?;
        Some((mount.id, mount.point.join(below)))
    });
    let places: HashMap<_, _> = places.collect();
    let is_in = |mount: &mountinfo::Mount| {
        let place = places.get(&mount.parent);
        place.is_some_and(|place| mount.point != *place && mount.point.starts_with(place))
    };
    !places.is_empty() && mounts(table).any(|mount| is_in(&mount))
}

/// The processes, in the order of their numbers.
fn pids() -> Vec<u32> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let mut pids: Vec<_> = entries
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .collect();
    pids.sort_unstable();
    pids
}

fn namespace_of(process: impl std::fmt::Display) -> Option<PathBuf> {
    std::fs::read_link(format!("/proc/{process}/ns/mnt")).ok()
}

/// What it is, as far as that is known without asking a server.
fn id_of(dir: &impl AsFd) -> Option<FileId> {
    let flags = AtFlags::EMPTY_PATH | AtFlags::STATX_DONT_SYNC;
    let found = fs::statx(dir, c"", flags, StatxFlags::INO).ok()?;
    Some((found.stx_dev_major, found.stx_dev_minor, found.stx_ino))
}
