//! What is mounted where.

use super::Dir;
use rustix::fs::{self, AtFlags, StatxFlags};
use rustix::io::Errno;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

impl Dir {
    /// Whether a rename can lead from here to `other`: not from one mount to another, even if both
    /// are of one file system.
    pub fn is_on_mount_of(&self, other: &Self) -> io::Result<bool> {
        const MNT_ID: StatxFlags = StatxFlags::MNT_ID;
        let mount = |dir: &Self| match fs::statx(dir, c"", AtFlags::EMPTY_PATH, MNT_ID) {
            Ok(found) if found.stx_mask & MNT_ID.bits() != 0 => Ok(Some(found.stx_mnt_id)),
            // Before Linux 5.8.
            Ok(_) | Err(Errno::NOSYS) => Ok(None),
            Err(e) => Err(io::Error::from(e)),
        };
        match (mount(self)?, mount(other)?) {
            (Some(here), Some(there)) => Ok(here == there),
            _ => self.is_beside(other),
        }
    }

    /// Whether this directory is the root of a mount: a rename cannot replace it.
    pub fn is_mount_point(&self) -> io::Result<bool> {
        let root = fs::StatxAttributes::MOUNT_ROOT;
        match fs::statx(self, c"", AtFlags::EMPTY_PATH, StatxFlags::BASIC_STATS) {
            Ok(found) if found.stx_attributes_mask.contains(root) => {
                Ok(found.stx_attributes.contains(root))
            }
            // Before Linux 5.8: another device than the parent's, which misses bind mounts.
            Ok(_) | Err(Errno::NOSYS) => {
                let parent = fs::statat(self, c"..", AtFlags::empty())?;
                let here = fs::fstat(self)?;
                let is_root = parent.st_ino == here.st_ino;
                Ok(parent.st_dev != here.st_dev || is_root)
            }
            Err(e) => Err(e.into()),
        }
    }
}

/// Whether anything is mounted below `path`, an absolute path without symlinks. Without /proc nobody
/// knows; then it is found out where it is met.
pub fn has_mounts_below(path: &Path) -> bool {
    let mounts = std::fs::read("/proc/self/mountinfo").unwrap_or_default();
    let folder = [path.as_os_str().as_bytes(), b"/"].concat();
    mounts
        .split(|&b| b == b'\n')
        .any(|line| is_below(line, &folder))
}

/// proc(5): the fifth field is the mount point, with blanks and the like as `\ooo`.
fn is_below(line: &[u8], folder: &[u8]) -> bool {
    let Some(field) = line.split(|&b| b == b' ').nth(4) else {
        return false;
    };
    let mut point = Vec::with_capacity(field.len());
    let mut rest = field;
    while let [first, tail @ ..] = rest {
        let octal = tail
            .get(..3)
            .and_then(|digits| std::str::from_utf8(digits).ok());
        match octal.and_then(|digits| u8::from_str_radix(digits, 8).ok()) {
            Some(byte) if *first == b'\\' => {
                point.push(byte);
                rest = &tail[3..];
            }
            _ => {
                point.push(*first);
                rest = tail;
            }
        }
    }
    point.starts_with(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mount_points_are_told_from_their_siblings() {
        let line = b"36 35 98:0 / /srv/a\\040b/home rw,noatime - ext3 /dev/root rw";
        assert!(is_below(line, b"/srv/a b/"));
        assert!(is_below(line, b"/srv/"));
        assert!(!is_below(line, b"/srv/a/"));
        assert!(!is_below(line, b"/srv/a b/home/"));
        assert!(!is_below(b"", b"/"));
    }
}
