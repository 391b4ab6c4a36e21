//! A difference between the tree and the image, for people and programs.

use super::timestamp::Timestamp;
use crate::error::escaped;
use crate::sys::{Owner, Time};
use std::ffi::CString;
use std::fmt::{self, Display, Formatter};

/// One name that is not as in the image.
#[derive(Debug)]
pub struct Difference {
    /// The path in the tree, without a slash in front.
    pub path: Vec<u8>,
    /// What about it.
    pub change: Change,
}

/// What can be different.
#[derive(Debug)]
pub enum Change {
    /// It is not in the image.
    Added,
    /// It is not in the tree.
    Missing,
    /// This user may not read it, or a mount hides it.
    Unread,
    /// It is another one, in these ways.
    Changed(Vec<Aspect>),
}

/// One way to differ: what it should be, what it is.
#[derive(Debug)]
pub enum Aspect {
    /// Another kind of thing.
    Type(&'static str, &'static str),
    /// Permissions.
    Mode(u32, u32),
    /// User and group.
    Owner(Owner, Owner),
    /// The time of the last change.
    Mtime(Time, Time),
    /// The number of bytes.
    Size(u64, u64),
    /// The bytes.
    Contents,
    /// What a symlink says.
    Target(CString, CString),
    /// Which device.
    Device((u32, u32), (u32, u32)),
    /// An extended attribute that is there or not, or has another value.
    Xattr(CString),
    /// Two names are one file, or not.
    HardLink,
}

impl Change {
    /// What has happened to the path.
    pub(super) fn word(&self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Missing => "missing",
            Self::Unread => "unread",
            Self::Changed(_) => "changed",
        }
    }
}

impl Display for Difference {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let path = escaped(&String::from_utf8_lossy(&self.path));
        match &self.change {
            Change::Added | Change::Missing | Change::Unread => {
                write!(f, "{} /{path}", self.change.word())
            }
            Change::Changed(aspects) => {
                write!(f, "{} /{path}: ", self.change.word())?;
                for (number, aspect) in aspects.iter().enumerate() {
                    let comma = if number > 0 { ", " } else { "" };
                    write!(f, "{comma}{aspect}")?;
                }
                Ok(())
            }
        }
    }
}

impl Display for Aspect {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let text = |text: &CString| escaped(&text.to_string_lossy());
        match self {
            Self::Type(wanted, is) => write!(f, "type {wanted} is {is}"),
            Self::Mode(wanted, is) => write!(f, "mode {wanted:04o} is {is:04o}"),
            Self::Owner(wanted, is) => write!(
                f,
                "owner {}:{} is {}:{}",
                wanted.uid, wanted.gid, is.uid, is.gid
            ),
            Self::Mtime(wanted, is) => {
                write!(f, "mtime {} is {}", Timestamp(*wanted), Timestamp(*is))
            }
            Self::Size(wanted, is) => write!(f, "size {wanted} is {is}"),
            Self::Contents => f.write_str("contents"),
            Self::Target(wanted, is) => write!(f, "target {} is {}", text(wanted), text(is)),
            Self::Device(wanted, is) => {
                write!(f, "device {}:{} is {}:{}", wanted.0, wanted.1, is.0, is.1)
            }
            Self::Xattr(name) => write!(f, "xattr {}", text(name)),
            Self::HardLink => f.write_str("hard link"),
        }
    }
}
