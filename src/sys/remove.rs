//! Removes a tree of any depth and width by open directories, in linear time.

use super::Handle as _;
use super::{Dir, Kind, is_root};
use std::ffi::{CStr, CString};
use std::io;

/// How many directories are held open at once. Deeper ones are first moved up.
const DEPTH: usize = 32;

/// Removes `name` in `parent` and all that is in it. Symlinks are removed, never followed.
/// Nothing under that name is fine; whether there was something.
pub fn remove_tree(parent: &Dir, name: &CStr) -> io::Result<bool> {
    let removed = match parent.unlink(name) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(false),
        // Linux says so of directories before any file system is asked.
        Err(e) if e.kind() == io::ErrorKind::IsADirectory => {
            let dir = open(parent, name)?;
            let mut moved = 0;
            // What lies deeper than `DEPTH` is moved up here and met again in the next round: a tree
            // can be deeper than the number of directories a process may have open.
            remove(parent, name, || clear(&dir, &dir, 0, &mut moved))
        }
        done => done,
    };
    removed.map(|()| true)
}

/// Removes the directory `name` once `clear` has removed what is in it. Some file systems skip names
/// when others go meanwhile; so there may be more, but only if there was something.
fn remove(
    parent: &Dir,
    name: &CStr,
    mut clear: impl FnMut() -> io::Result<bool>,
) -> io::Result<()> {
    loop {
        let was_empty = clear()?;
        match parent.rmdir(name) {
            Err(e) if e.kind() == io::ErrorKind::DirectoryNotEmpty && !was_empty => {}
            done => return done,
        }
    }
}

/// Removes all that is in `dir`, or moves it to `top`. True if there was nothing.
fn clear(dir: &Dir, top: &Dir, depth: usize, moved: &mut u64) -> io::Result<bool> {
    let mut was_empty = true;
    for entry in dir.entries()? {
        let entry = entry?;
        was_empty = false;
        let name = entry.name.as_c_str();
        let is_directory = match entry.kind {
            Some(kind) => kind == Kind::Directory,
            None => dir.stat(name)?.kind == Kind::Directory,
        };
        if !is_directory {
            dir.unlink(name)?;
        } else if depth == DEPTH {
            move_up(dir, name, top, moved)?;
        } else {
            // Most directories that deep hold nothing any more: try the cheap way first.
            let inner = open(dir, name)?;
            remove(dir, name, || clear(&inner, top, depth + 1, moved))?;
        }
    }
    Ok(was_empty)
}

/// Moves the directory `name` to a free name in `top`.
fn move_up(dir: &Dir, name: &CStr, top: &Dir, moved: &mut u64) -> io::Result<()> {
    loop {
        *moved += 1;
        // Without a NUL, whatever the number.
        let free = CString::new(format!(".moved-{moved}")).unwrap_or_default();
        match dir.rename_new(name, top, &free) {
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
            other => return other,
        }
    }
}

/// Opens a directory that is to be emptied; an ordinary user's own may lack the bits for it. What is
/// mounted there is no part of the tree, whoever mounted it: it is not touched.
fn open(parent: &Dir, name: &CStr) -> io::Result<Dir> {
    let dir = match parent.open(name) {
        Err(e) if e.kind() == io::ErrorKind::PermissionDenied => {
            parent.chmod(name, 0o700)?;
            parent.open(name)?
        }
        other => other?,
    };
    if dir.is_mount_point()? {
        return Err(io::Error::from(io::ErrorKind::ResourceBusy));
    }
    if !is_root() {
        let mode = dir.stat_self()?.mode;
        if mode & 0o700 != 0o700 {
            dir.set_mode(mode | 0o700)?;
        }
    }
    Ok(dir)
}
