//! The path of DEST: what it means, and the directories above it.

use crate::error::{DestinationFault, Error};
use crate::sys::{Dir, Location, Unlocated, locate};
use std::ffi::CString;
use std::io;
use std::path::{Component, Path};

/// systemd makes these for itself alone: a tree in them may have setuid files that no user of this
/// machine is to run.
const SYSTEMD_ALONE: [&str; 2] = ["/var/lib/machines", "/var/lib/portables"];

/// Where `path` leads, as far as it exists. A symlink to a directory stays what it is: the directory is
/// filled or replaced.
pub(super) fn located(path: &Path) -> Result<Location, Error> {
    locate(path).map_err(|why| match why {
        Unlocated::Io(e) => Error::io("follow the path", path, e),
        Unlocated::ForeignLink(path) => DestinationFault::ForeignLink.at(path),
    })
}

/// Whether `path` is what `/etc`, `/usr` and `/home` are.
pub(super) fn is_directly_below_root(path: &Path) -> bool {
    path.components()
        .filter(|part| matches!(part, Component::Normal(_)))
        .count()
        < 2
}

/// A directory that was made above DEST.
pub(super) struct Parent {
    above: Dir,
    name: CString,
    id: (u64, u64),
}

/// Makes the directories above DEST that are missing, going down on handles. Returns the lowest, and
/// those that were made, outermost first.
pub(super) fn make_parents(place: &Location) -> Result<(Dir, Vec<Parent>), Error> {
    let failed = |path: &Path, e| Error::io("create", path, e);
    let mut above = place.above.open_dir().map_err(|e| failed(&place.path, e))?;
    let mut made = Vec::new();
    for (number, name) in place.missing.iter().enumerate() {
        let up = place.missing.len() - number;
        let path = place.path.ancestors().nth(up).unwrap_or(&place.path);
        match make(&above, name, path) {
            Ok((dir, id)) => {
                let name = name.clone();
                let above = std::mem::replace(&mut above, dir);
                made.push(Parent { above, name, id });
            }
            Err(e) => {
                remove_parents(&made);
                return Err(failed(path, e));
            }
        }
    }
    Ok((above, made))
}

fn make(above: &Dir, name: &CString, path: &Path) -> io::Result<(Dir, (u64, u64))> {
    // Not group-writable, whatever the umask says.
    let mode = match SYSTEMD_ALONE.iter().any(|alone| path == Path::new(alone)) {
        true => 0o700,
        false => 0o755,
    };
    above.mkdir(name, mode)?;
    let dir = above.open(name)?;
    let id = dir.stat_self()?.id;
    Ok((dir, id))
}

/// Only what is empty goes: something may have been put there since. And only what was made.
pub(super) fn remove_parents(made: &[Parent]) {
    for Parent { above, name, id } in made.iter().rev() {
        if matches!(above.find(name), Ok(Some(found)) if found.id == *id) {
            let _ = above.rmdir(name);
        }
    }
}
