//! The result of stat in our own types.

use super::Host;
use rustix::fs::{self, FileType};
use std::io;
use std::os::fd::AsFd;

/// The type of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// A directory.
    Directory,
    /// A symbolic link.
    Symlink,
    /// A regular file.
    File,
    /// A fifo, socket or device.
    Special,
}

/// The type of a special file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Special {
    /// A named pipe.
    Fifo,
    /// A socket.
    Socket,
    /// A block device, major and minor.
    Block((u32, u32)),
    /// A character device, major and minor.
    Character((u32, u32)),
}

/// A point in time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Time {
    /// Seconds since 1970, negative before.
    pub seconds: i64,
    /// Nanoseconds, below 1,000,000,000.
    pub nanoseconds: u32,
}

/// The owner of a file, by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owner {
    /// User id.
    pub uid: u32,
    /// Group id.
    pub gid: u32,
}

/// The metadata of a file.
#[derive(Clone, Copy, Debug)]
pub struct Stat {
    /// Its type.
    pub kind: FileKind,
    /// The type of a special file.
    pub special: Option<Special>,
    /// Whether it has more than one hard link.
    pub has_names: bool,
    /// Permission bits, with setuid, setgid and sticky.
    pub mode: u32,
    /// The owner.
    pub owner: Owner,
    /// The last modification.
    pub mtime: Time,
    /// The size in bytes.
    pub size: u64,
    /// Device and inode, which identify it under any name.
    pub id: (u64, u64),
}

impl Stat {
    /// Whether it belongs to another user, root excepted.
    pub(super) fn is_of_others(&self) -> bool {
        ![0, Host::new().uid].contains(&self.owner.uid)
    }

    /// The metadata of an open file.
    pub fn of(file: &impl AsFd) -> io::Result<Self> {
        Ok(Self::new(&fs::fstat(file)?))
    }

    pub(super) fn new(stat: &fs::Stat) -> Self {
        Self {
            kind: kind(FileType::from_raw_mode(stat.st_mode)).unwrap_or(FileKind::Special),
            special: special(stat),
            has_names: stat.st_nlink > 1,
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

fn special(stat: &fs::Stat) -> Option<Special> {
    let number = || (fs::major(stat.st_rdev), fs::minor(stat.st_rdev));
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::Fifo => Some(Special::Fifo),
        FileType::Socket => Some(Special::Socket),
        FileType::BlockDevice => Some(Special::Block(number())),
        FileType::CharacterDevice => Some(Special::Character(number())),
        _ => None,
    }
}

pub(super) fn kind(file_type: FileType) -> Option<FileKind> {
    match file_type {
        FileType::Directory => Some(FileKind::Directory),
        FileType::Symlink => Some(FileKind::Symlink),
        FileType::RegularFile => Some(FileKind::File),
        FileType::Unknown => None,
        _ => Some(FileKind::Special),
    }
}
