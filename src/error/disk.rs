//! Hints for errors of local files and folders.

use super::sentence::{around, path_of};
use std::io::{self, ErrorKind};
use std::path::Path;

/// "Too many open files" has no kind of its own; the number is the same on every Linux.
const EMFILE: i32 = 24;

/// For what does not fit.
pub(super) const FULL: &str = "make room, or choose another place";

/// For a file or folder with a name.
pub(super) fn hint(action: &str, path: &Path, source: &io::Error) -> Option<String> {
    use ErrorKind::{NotFound, PermissionDenied};
    let hint = match (action, source.kind()) {
        ("open the cache", _) => "name another folder with --cache, or do without: --cache no",
        ("read", PermissionDenied) => "let this user read it, or run as root",
        ("follow the path", NotFound) => {
            "a link or a `..` on it leads to nothing: make that folder first"
        }
        ("create", NotFound) => {
            let parent = path_of(path.parent()?);
            return around("make its folder first: mkdir -p ", &parent, "");
        }
        _ => of_kind(source)?,
    };
    around(hint, "", "")
}

/// For an entry of a layer, on its way into the tree.
pub(super) fn entry_hint(action: &str, source: &io::Error) -> Option<&'static str> {
    match (action, source.kind()) {
        // In a container, root may not give files away.
        ("set the owner", ErrorKind::PermissionDenied) => {
            Some("pass --strip-owner, or run where root may give files away")
        }
        _ => of_kind(source),
    }
}

fn of_kind(source: &io::Error) -> Option<&'static str> {
    if source.raw_os_error() == Some(EMFILE) {
        return Some("allow more of them with `ulimit -n`");
    }
    Some(match source.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => FULL,
        ErrorKind::PermissionDenied => "choose a place that you may write to, or run as root",
        ErrorKind::ReadOnlyFilesystem => "choose a place that can be written to",
        ErrorKind::FileTooLarge => "allow larger files with `ulimit -f`",
        _ => return None,
    })
}
