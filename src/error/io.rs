//! Failed system calls on files, on folders and on standard output.

use super::text::{around, os_reason, path_of};
use super::{Category, Error, Subject};
use std::fmt::{self, Display, Formatter};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// "Too many open files" has no [`ErrorKind`]; its number is the same on every Linux.
const EMFILE: i32 = 24;

pub(super) const DISK_FULL: &str = "make room, or choose another place";

/// A system call that failed.
#[derive(Debug)]
pub enum IoError {
    /// On DEST, its parent, the cache, an image on disk, or any other file or folder with a name.
    Path {
        /// A verb, as in "cannot open".
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The kernel's error.
        source: io::Error,
    },
    /// On the root of the tree.
    Tree {
        /// A verb, as in "cannot open".
        action: &'static str,
        /// The kernel's error.
        source: io::Error,
    },
    /// On standard output.
    Stdout(io::Error),
}

impl Error {
    /// The kernel refused to do `action` to `path`.
    pub fn io(action: &'static str, path: impl Into<PathBuf>, source: io::Error) -> Self {
        let path = path.into();
        let error = IoError::Path {
            action,
            path,
            source,
        };
        error.into()
    }

    /// The kernel refused to do `action` to the root of the tree.
    pub fn tree(action: &'static str, source: io::Error) -> Self {
        IoError::Tree { action, source }.into()
    }

    /// A result could not be written to standard output.
    pub fn stdout(source: io::Error) -> Self {
        IoError::Stdout(source).into()
    }
}

impl IoError {
    pub(super) fn is_full_disk(&self) -> bool {
        matches!(self, Self::Path { source, .. } | Self::Tree { source, .. } if is_full(source))
    }
}

impl Display for IoError {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path {
                action,
                path,
                source,
            } => write!(
                f,
                "{}: cannot {action}: {}",
                path_of(path),
                os_reason(source)
            ),
            Self::Tree { action, source } => {
                write!(f, "the tree: cannot {action}: {}", os_reason(source))
            }
            Self::Stdout(source) => {
                write!(f, "standard output: cannot write: {}", os_reason(source))
            }
        }
    }
}

impl Subject for IoError {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Path {
                action,
                path,
                source,
            } => path_hint(action, path, source),
            Self::Tree { action, source } => tree_hint(action, source).map(str::to_owned),
            Self::Stdout(_) => None,
        }
    }

    fn category(&self) -> Category {
        match self {
            Self::Path { .. } | Self::Tree { .. } => Category::Destination,
            // `roots digest IMAGE >FILE` can fill the disk, as a pull can.
            Self::Stdout(e) if is_full(e) || e.kind() == ErrorKind::FileTooLarge => {
                Category::Destination
            }
            Self::Stdout(_) => Category::Other,
        }
    }
}

pub(super) fn is_full(source: &io::Error) -> bool {
    matches!(
        source.kind(),
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded
    )
}

fn path_hint(action: &str, path: &Path, source: &io::Error) -> Option<String> {
    use ErrorKind::{NotFound, PermissionDenied};
    let hint = match (action, source.kind()) {
        ("open the cache", _) => "name another folder with --cache, or do without: --cache no",
        ("read", PermissionDenied) => "let this user read it, or run as root",
        ("follow the path", NotFound) => {
            "a symlink or `..` in the path leads nowhere: make that folder first"
        }
        ("clean up", PermissionDenied) => {
            let path = path_of(path);
            return Some(format!(
                "it holds files of other users: unshare --map-auto --map-root-user rm -r {path}, \
                 or rm -r {path} as root"
            ));
        }
        ("create", NotFound) => {
            let parent = path_of(path.parent()?);
            return around("make its folder first: mkdir -p ", &parent, "");
        }
        _ => kind_hint(source)?,
    };
    Some(hint.to_owned())
}

/// For the tree and its entries.
pub(super) fn tree_hint(action: &str, source: &io::Error) -> Option<&'static str> {
    match (action, source.kind()) {
        // In a container, root may not be allowed to change owners.
        ("set the owner", ErrorKind::PermissionDenied) => {
            Some("pass --strip-owner, or run where root may change owners")
        }
        _ => kind_hint(source),
    }
}

fn kind_hint(source: &io::Error) -> Option<&'static str> {
    if source.raw_os_error() == Some(EMFILE) {
        return Some("allow more of them with `ulimit -n`");
    }
    Some(match source.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => DISK_FULL,
        ErrorKind::PermissionDenied => "choose a place that you may write to, or run as root",
        ErrorKind::ReadOnlyFilesystem => "choose a place that can be written to",
        ErrorKind::FileTooLarge => "allow larger files with `ulimit -f`",
        _ => return None,
    })
}
