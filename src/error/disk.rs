//! What to type next when a file or folder of this machine stands in the way.

use super::sentence::path_of;
use std::io::{self, ErrorKind};
use std::path::Path;

/// "Too many open files" has no kind of its own; the number is the same on every Linux.
const EMFILE: i32 = 24;

/// For a file or folder with a name.
pub(super) fn hint(action: &str, path: &Path, source: &io::Error) -> Option<String> {
    use ErrorKind::{NotFound, PermissionDenied};
    Some(match (action, source.kind()) {
        ("open the cache", _) => {
            "name another folder with --cache, or do without: --cache no".to_owned()
        }
        ("read", PermissionDenied) => "let this user read it, or run as root".to_owned(),
        ("follow the path", NotFound) => {
            "a link or a `..` on it leads to nothing: make that folder first".to_owned()
        }
        ("create", NotFound) => match path.parent() {
            Some(parent) => format!("make its folder first: mkdir -p {}", path_of(parent)),
            None => return None,
        },
        _ => return of_kind(source),
    })
}

/// For an entry of a layer, on its way into the tree.
pub(super) fn entry_hint(action: &str, source: &io::Error) -> Option<String> {
    match (action, source.kind()) {
        // In a container, root may not give files away.
        ("set the owner", ErrorKind::PermissionDenied) => {
            Some("pass --strip-owner, or run where root may give files away".to_owned())
        }
        _ => of_kind(source),
    }
}

fn of_kind(source: &io::Error) -> Option<String> {
    if source.raw_os_error() == Some(EMFILE) {
        return Some("allow more of them with `ulimit -n`".to_owned());
    }
    let hint = match source.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "make room, or choose another place",
        ErrorKind::PermissionDenied => "choose a place that you may write to, or run as root",
        ErrorKind::ReadOnlyFilesystem => "choose a place that can be written to",
        ErrorKind::FileTooLarge => "allow larger files with `ulimit -f`",
        _ => return None,
    };
    Some(hint.to_owned())
}

/// For what does not fit.
pub(super) fn full() -> Option<String> {
    of_kind(&ErrorKind::StorageFull.into())
}
