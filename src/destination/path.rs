//! The path of DEST: what it means, and the directories above it.

use super::disk;
use crate::error::Error;
use std::fs;
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Component, Path, PathBuf};

/// DEST as a path without symlinks, `.` and `..`, as far as it exists. A symlink to a directory
/// stays what it is: the directory is filled or replaced.
pub(super) fn absolute(dest: &Path) -> io::Result<PathBuf> {
    let path = std::path::absolute(dest)?;
    let mut missing = PathBuf::new();
    let mut parts = path.components();
    loop {
        let existing = parts.as_path();
        let error = match existing.canonicalize() {
            Ok(real) => return Ok(real.join(missing).components().collect()),
            Err(e) => e,
        };
        // A symlink to nowhere, or `missing/..`: there is no meaning that would be safe to guess.
        let dangling = existing.symlink_metadata().is_ok();
        match parts.next_back() {
            Some(Component::Normal(name))
                if error.kind() == io::ErrorKind::NotFound && !dangling =>
            {
                missing = Path::new(name).join(missing);
            }
            _ => return Err(error),
        }
    }
}

/// Whether `path` is what `/etc`, `/usr` and `/home` are.
pub(super) fn is_directly_below_root(path: &Path) -> bool {
    path.components()
        .filter(|part| matches!(part, Component::Normal(_)))
        .count()
        < 2
}

/// Makes the directories above `path` that are missing, and says which.
pub(super) fn make_parents(path: &Path) -> Result<Vec<PathBuf>, Error> {
    let missing: Vec<_> = path
        .ancestors()
        .skip(1)
        .take_while(|path| !path.exists())
        .collect();
    let mut made = Vec::new();
    for path in missing.into_iter().rev() {
        // Not group-writable, whatever the umask says.
        if let Err(e) = fs::DirBuilder::new().mode(0o755).create(path) {
            remove_parents(&made);
            return Err(disk("create", path, e));
        }
        made.push(path.to_owned());
    }
    Ok(made)
}

/// Only what is empty goes: something may have been put there since.
pub(super) fn remove_parents(made: &[PathBuf]) {
    for path in made.iter().rev() {
        let _ = fs::remove_dir(path);
    }
}
