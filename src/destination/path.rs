//! The path of DEST, and the directories above it.

use crate::error::{DestinationFault, Error};
use crate::sys::{Dir, Location, Unlocated, locate};
use std::ffi::CString;
use std::io;
use std::path::{Component, Path};

/// systemd creates these with mode 0700, because the users of this machine must not run setuid files of
/// the trees in them.
const PRIVATE_PARENTS: [&str; 2] = ["/var/lib/machines", "/var/lib/portables"];

/// Resolves `path` as far as it exists. If DEST is a symlink to a directory, that directory is filled or
/// replaced, and the symlink stays.
pub(super) fn located(path: &Path) -> Result<Location, Error> {
    locate(path).map_err(|why| match why {
        Unlocated::Io(e) => Error::io("follow the path", path, e),
        Unlocated::ForeignLink(path) => DestinationFault::ForeignLink.at(path),
    })
}

/// Whether `path` is a directory such as `/etc`, `/usr` or `/home`.
pub(super) fn is_directly_below_root(path: &Path) -> bool {
    path.components()
        .filter(|part| matches!(part, Component::Normal(_)))
        .count()
        < 2
}

/// A directory above DEST that was created by this pull.
pub(super) struct Parent {
    above: Dir,
    name: CString,
    id: (u64, u64),
}

/// Creates the missing directories above DEST, each in the open handle of its parent. Returns the lowest
/// one, and those that were created, outermost first.
pub(super) fn make_parents(location: &Location) -> Result<(Dir, Vec<Parent>), Error> {
    let failed = |path: &Path, e| Error::io("create", path, e);
    let mut above = location
        .above
        .open_dir()
        .map_err(|e| failed(&location.path, e))?;
    let mut new_parents = Vec::new();
    for (number, name) in location.missing.iter().enumerate() {
        let up = location.missing.len() - number;
        let path = location.path.ancestors().nth(up).unwrap_or(&location.path);
        match make(&above, name, path) {
            Ok((dir, id)) => {
                let name = name.clone();
                let above = std::mem::replace(&mut above, dir);
                new_parents.push(Parent { above, name, id });
            }
            Err(e) => {
                remove_parents(&new_parents);
                return Err(failed(path, e));
            }
        }
    }
    Ok((above, new_parents))
}

fn make(above: &Dir, name: &CString, path: &Path) -> io::Result<(Dir, (u64, u64))> {
    // Never writable for the group, whatever the umask is.
    let is_private = PRIVATE_PARENTS
        .iter()
        .any(|private| path == Path::new(private));
    let mode = if is_private { 0o700 } else { 0o755 };
    above.mkdir(name, mode)?;
    let dir = above.open(name)?;
    let id = dir.stat_self()?.id;
    Ok((dir, id))
}

/// Removes the created directories that are still the same, and empty.
pub(super) fn remove_parents(new_parents: &[Parent]) {
    for Parent { above, name, id } in new_parents.iter().rev() {
        if matches!(above.find(name), Ok(Some(found)) if found.id == *id) {
            let _ = above.rmdir(name);
        }
    }
}
