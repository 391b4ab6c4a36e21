//! One thing in a tree.

use super::show;
use crate::support::image::sha256;
use std::collections::BTreeMap;
use std::fs::{self, Metadata};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::Path;

/// One thing in a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    pub kind: Kind,
    /// Permission, setuid, setgid and sticky bits.
    pub mode: u32,
    pub uid: u32,
    pub gid: u32,
    /// Of files only: that of a folder is its file system's affair.
    pub size: u64,
    /// Seconds and nanoseconds.
    pub mtime: (i64, i64),
    /// Where a symbolic link points.
    pub target: Option<Vec<u8>>,
    /// Major and minor number of a device.
    pub device: Option<(u32, u32)>,
    /// The smallest path of the same inode, where there are several in the tree.
    pub twin: Option<Vec<u8>>,
    /// Extended attributes, but not the security module's label, which is the host's affair.
    pub xattrs: BTreeMap<String, Vec<u8>>,
    /// Digest of a file's contents; none if it cannot be read.
    pub sha256: Option<String>,
}

/// The kinds of things, by the letters of `find -type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    File,
    Dir,
    Symlink,
    Fifo,
    CharDevice,
    BlockDevice,
    Socket,
}

impl Node {
    /// Reads all there is to know of a path, except who its twins are.
    pub(super) fn read(path: &Path, metadata: &Metadata) -> Self {
        let kind = Kind::of(metadata);
        let contents = if kind == Kind::File {
            fs::read(path).ok()
        } else {
            None
        };
        let device = matches!(kind, Kind::CharDevice | Kind::BlockDevice);
        let (major, minor) = (
            rustix::fs::major(metadata.rdev()),
            rustix::fs::minor(metadata.rdev()),
        );
        Self {
            kind,
            mode: metadata.mode() & 0o7777,
            uid: metadata.uid(),
            gid: metadata.gid(),
            size: if kind == Kind::File {
                metadata.size()
            } else {
                0
            },
            mtime: (metadata.mtime(), metadata.mtime_nsec()),
            target: fs::read_link(path)
                .ok()
                .map(|target| target.as_os_str().as_bytes().to_vec()),
            device: device.then_some((major, minor)),
            twin: None,
            xattrs: xattrs(path),
            sha256: contents.map(sha256),
        }
    }

    /// Which fields differ, and how.
    pub fn differences(&self, other: &Self) -> Vec<String> {
        let mut differences = Vec::new();
        let mut compare = |name: &str, left: String, right: String| {
            if left != right {
                differences.push(format!("{name} {left} / {right}"));
            }
        };
        let shown = |path: &Option<Vec<u8>>| path.as_deref().map_or("none".to_owned(), show);
        let attributes = |node: &Self| {
            let pairs = node
                .xattrs
                .iter()
                .map(|(name, value)| format!("{name}={}", value.escape_ascii()));
            format!("[{}]", pairs.collect::<Vec<_>>().join(" "))
        };
        compare(
            "kind",
            format!("{:?}", self.kind),
            format!("{:?}", other.kind),
        );
        compare(
            "mode",
            format!("{:04o}", self.mode),
            format!("{:04o}", other.mode),
        );
        compare(
            "owner",
            format!("{}:{}", self.uid, self.gid),
            format!("{}:{}", other.uid, other.gid),
        );
        compare("size", self.size.to_string(), other.size.to_string());
        compare(
            "mtime",
            format!("{:?}", self.mtime),
            format!("{:?}", other.mtime),
        );
        compare("target", shown(&self.target), shown(&other.target));
        compare(
            "device",
            format!("{:?}", self.device),
            format!("{:?}", other.device),
        );
        compare("twin", shown(&self.twin), shown(&other.twin));
        compare("xattrs", attributes(self), attributes(other));
        compare(
            "contents",
            format!("{:?}", self.sha256),
            format!("{:?}", other.sha256),
        );
        differences
    }
}

impl Kind {
    fn of(metadata: &Metadata) -> Self {
        let is = metadata.file_type();
        match () {
            () if is.is_symlink() => Self::Symlink,
            () if is.is_dir() => Self::Dir,
            () if is.is_file() => Self::File,
            () if is.is_fifo() => Self::Fifo,
            () if is.is_char_device() => Self::CharDevice,
            () if is.is_block_device() => Self::BlockDevice,
            () => Self::Socket,
        }
    }
}

fn xattrs(path: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut names = vec![0; 64 * 1024];
    // File systems without attributes, and files that may not be read, have none.
    let size = rustix::fs::llistxattr(path, &mut names[..]).unwrap_or(0);
    let names = names[..size]
        .split(|&byte| byte == 0)
        .filter(|name| !name.is_empty());
    let names = names.map(|name| String::from_utf8_lossy(name).into_owned());
    let mut value = vec![0; 64 * 1024];
    // The machine's own, and the record that a pull writes to the root of a tree.
    let others = ["security.selinux", "user.roots.image"];
    names
        .filter(|name| !others.contains(&name.as_str()))
        .filter_map(|name| {
            let size = rustix::fs::lgetxattr(path, &*name, &mut value[..]).ok()?;
            Some((name, value[..size].to_vec()))
        })
        .collect()
}
