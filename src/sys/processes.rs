//! Finds users of a directory: processes that have their root, working directory or program in it,
//! mounts of it elsewhere, and mounts in it that only a container sees. Those that this process may
//! not inspect, as an ordinary user or in a container, are not found.
//!
//! Paths differ for a process in a container, and so do its links in /proc. So directories are
//! compared by device and inode, and their ancestors are determined by the kernel.

use super::mountinfo::{self, mounts};
use super::{Dir, NewNode, pid};
use rustix::fs::{self, AtFlags, CWD, StatxFlags};
use std::collections::{HashMap, HashSet};
use std::ffi::{CStr, CString};
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// A user of a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DirUser {
    /// A process.
    Process(Process),
    /// A mount of the directory, or of one in it, at this path.
    Mount(PathBuf),
    /// Whoever has locked this file, which stands for the directory, if that can be seen.
    Lock(PathBuf, Option<Process>),
}

/// A process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Process {
    /// The process ID.
    pub pid: u32,
    /// The name that it gives itself, at most 15 bytes.
    pub name: String,
}

/// How many levels up the directory is searched for; beyond that, only the path is compared. Anyone
/// can start processes arbitrarily deep.
const MAX_DEPTH: usize = 256;

/// How many threads of one process are looked at: anybody can start as many as the kernel allows.
const MAX_THREADS: usize = 4096;

/// The directory whose users are sought.
struct SearchTarget<'t> {
    id: FileId,
    /// Absolute, without symlinks.
    path: &'t Path,
    /// Our own mount namespace: paths mean the same only there.
    namespace: Option<PathBuf>,
}

/// Device and inode.
type FileId = (u32, u32, u64);

/// The first user found of the directory `dir`, whose `path` is absolute and without symlinks.
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

/// A process that has the file `path` open.
pub fn holder_of(path: &Path) -> Option<Process> {
    let has_it_open = |number: &u32| {
        let files = std::fs::read_dir(format!("/proc/{number}/fd"));
        // Reading a link does not access its file system, which might never respond.
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
        let has_path_of = |link: &str| is_here && self.has_path_of(link);
        let is_in = |task: &str| {
            let links = ["root", "cwd"].map(|name| format!("{task}/{name}"));
            links
                .iter()
                .any(|link| has_path_of(link) || self.is_above(link))
        };
        let process = format!("/proc/{pid}");
        // After unshare(CLONE_FS), a thread has a root and a working directory of its own.
        is_in(&process)
            || has_path_of(&format!("{process}/exe"))
            || threads(pid).any(|task| is_in(&task))
    }

    /// Whether the link's path is in the directory, at any depth.
    fn has_path_of(&self, link: &str) -> bool {
        std::fs::read_link(link).is_ok_and(|path| path.starts_with(self.path))
    }

    /// Whether the directory is an ancestor of the link's target. The search ends at another file
    /// system: only the directory's own is accessed, because an NFS or FUSE server may never
    /// respond.
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
            // The root is its own parent.
            if (id.0, id.1) != (self.id.0, self.id.1) || below == Some(id) {
                return false;
            }
            below = Some(id);
            here = open(node, c"..");
        }
        false
    }

    /// A mount of the directory, or of something in it, in our own namespace or in that of a
    /// process.
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
        // If we may not see a namespace, we may not see its mounts either.
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

    /// The file system that it is on, and the path within it.
    fn source(&self) -> Option<(Vec<u8>, PathBuf)> {
        let above =
            mounts(Path::new(mountinfo::OWN)).filter(|mount| self.path.starts_with(&mount.point));
        // Of several at the same place, the last one hides the others.
        let mount = above.max_by_key(|mount| mount.point.as_os_str().len())?;
        let below = self.path.strip_prefix(&mount.point).ok()?;
        Some((mount.device, mount.root.join(below)))
    }
}

/// Whether something is mounted in the directory `root` of a file system, in another namespace:
/// Linux unmounts it there when its mount point is removed here. Paths in that namespace may have
/// other meanings, so each mount is judged by its parent mount.
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

/// The process IDs, sorted.
fn pids() -> Vec<u32> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let mut pids: Vec<_> = entries
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .collect();
    pids.sort_unstable();
    pids
}

/// The other threads of a process, as folders of /proc. One thread alone costs one system call.
fn threads(pid: u32) -> impl Iterator<Item = String> {
    let folder = format!("/proc/{pid}/task");
    // Each thread is a folder, and so a link to the one above it.
    let are_more = std::fs::metadata(&folder).is_ok_and(|found| found.nlink() > 3);
    let entries = are_more.then(|| std::fs::read_dir(&folder));
    let entries = entries.into_iter().flatten().flatten().flatten();
    let tasks = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let others = tasks.filter(move |task: &u32| *task != pid);
    others
        .take(MAX_THREADS)
        .map(move |task| format!("{folder}/{task}"))
}

fn namespace_of(process: impl std::fmt::Display) -> Option<PathBuf> {
    std::fs::read_link(format!("/proc/{process}/ns/mnt")).ok()
}

/// Its device and inode, as far as known without querying a server.
fn id_of(dir: &impl AsFd) -> Option<FileId> {
    let flags = AtFlags::EMPTY_PATH | AtFlags::STATX_DONT_SYNC;
    let found = fs::statx(dir, c"", flags, StatxFlags::INO).ok()?;
    Some((found.stx_dev_major, found.stx_dev_minor, found.stx_ino))
}
