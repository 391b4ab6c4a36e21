//! A difference between the tree and the image, for people and programs.

use super::timestamp::Timestamp;
use crate::error::escaped;
use crate::sys::{Owner, Time};
use std::ffi::CString;
use std::fmt::{self, Display, Formatter};

/// A path that is not as in the image.
#[derive(Debug)]
pub struct Difference {
    /// Relative to the root of the tree.
    pub path: Vec<u8>,
    /// How it differs.
    pub change: Change,
}

/// How a path differs.
#[derive(Debug)]
pub enum Change {
    /// It is not in the image.
    Added,
    /// It is not in the tree.
    Missing,
    /// This user may not read it, or a mount hides it.
    Unread,
    /// It differs in these aspects.
    Changed(Vec<Aspect>),
}

/// A property that differs: first as in the image, then as on disk.
#[derive(Debug)]
pub enum Aspect {
    /// The type of the file.
    Type(&'static str, &'static str),
    /// Permissions.
    Mode(u32, u32),
    /// User and group.
    Owner(Owner, Owner),
    /// The modification time.
    Mtime(Time, Time),
    /// In bytes.
    Size(u64, u64),
    /// The contents of a file of the same size.
    Contents,
    /// The target of a symlink.
    Target(CString, CString),
    /// Major and minor number.
    Device((u32, u32), (u32, u32)),
    /// An extended attribute that is missing, added, or has another value.
    Xattr(CString),
    /// Two names are hard links of one file only on one side.
    HardLink,
}

impl Change {
    /// The word for it in the output.
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
            Self::Type(expected, actual) => write!(f, "type {expected} is {actual}"),
            Self::Mode(expected, actual) => write!(f, "mode {expected:04o} is {actual:04o}"),
            Self::Owner(expected, actual) => write!(
                f,
                "owner {}:{} is {}:{}",
                expected.uid, expected.gid, actual.uid, actual.gid
            ),
            Self::Mtime(expected, actual) => {
                write!(
                    f,
                    "mtime {} is {}",
                    Timestamp(*expected),
                    Timestamp(*actual)
                )
            }
            Self::Size(expected, actual) => write!(f, "size {expected} is {actual}"),
            Self::Contents => f.write_str("contents"),
            Self::Target(expected, actual) => {
                write!(f, "target {} is {}", text(expected), text(actual))
            }
            Self::Device(expected, actual) => {
                write!(
                    f,
                    "device {}:{} is {}:{}",
                    expected.0, expected.1, actual.0, actual.1
                )
            }
            Self::Xattr(name) => write!(f, "xattr {}", text(name)),
            Self::HardLink => f.write_str("hard link"),
        }
    }
}
