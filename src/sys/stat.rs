//! What stat says, in our own words.

use rustix::fs::{self, FileType};

/// What stands under a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A directory.
    Directory,
    /// A symbolic link.
    Symlink,
    /// A regular file.
    File,
    /// A fifo, socket or device.
    Special,
}

/// A point in time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Time {
    /// Seconds since 1970, negative before.
    pub seconds: i64,
    /// Nanoseconds, below 1,000,000,000.
    pub nanoseconds: u32,
}

/// Who owns something, by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owner {
    /// User id.
    pub uid: u32,
    /// Group id.
    pub gid: u32,
}

/// What stat says.
#[derive(Clone, Copy, Debug)]
pub struct Stat {
    /// What it is.
    pub kind: Kind,
    /// Permission bits, with setuid, setgid and sticky.
    pub mode: u32,
    /// The owner.
    pub owner: Owner,
    /// The last modification.
    pub mtime: Time,
    /// The size in bytes.
    pub size: u64,
    /// Device and inode: what it is, whatever it is called.
    pub id: (u64, u64),
}

impl Stat {
    pub(super) fn new(stat: &fs::Stat) -> Self {
        Self {
            kind: kind(FileType::from_raw_mode(stat.st_mode)).unwrap_or(Kind::Special),
            mode: stat.st_mode & 0o7777,
            owner: Owner {
                uid: stat.st_uid,
                gid: stat.st_gid,
            },
            mtime: Time {
                seconds: stat.st_mtime,
                nanoseconds: stat.st_mtime_nsec as u32,
            },
            size: stat.st_size as u64,
            id: (stat.st_dev, stat.st_ino),
        }
    }
}

pub(super) fn kind(file_type: FileType) -> Option<Kind> {
    match file_type {
        FileType::Directory => Some(Kind::Directory),
        FileType::Symlink => Some(Kind::Symlink),
        FileType::RegularFile => Some(Kind::File),
        FileType::Unknown => None,
        _ => Some(Kind::Special),
    }
}
