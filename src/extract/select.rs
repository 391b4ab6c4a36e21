//! Removes what `--include` and `--exclude` leave out, once all layers are applied: only then is it
//! known where a path leads and what a hard link links to.

use super::Extractor;
use super::component::IfMissing;
use super::cursor::Cursor;
use super::sweep::sweep;
use crate::changeset::{PathKind, Selection};
use crate::error::{EntryFault, Error};
use crate::sys::FileKind;
use crate::tarball::LayerPath;
use std::ffi::CString;
use std::io;

impl Extractor {
    /// Removes what was not asked for. The directories that stay keep their times.
    pub(super) fn select(&mut self) -> Result<(), Error> {
        let Self {
            cursor,
            altered,
            skipped,
            ..
        } = self;
        let mut look = |place: &LayerPath| look(cursor, place).map_err(EntryFault::in_tree);
        if let Some(selection) = Selection::new(altered, &mut look)? {
            skipped.unmatched = selection.unmatched();
            for directory in selection.directories() {
                let pruned = prune(cursor, &directory, &selection, &self.before);
                pruned.map_err(EntryFault::in_tree)?;
            }
        }
        Ok(())
    }
}

fn look(cursor: &mut Cursor, place: &LayerPath) -> Result<PathKind, EntryFault> {
    let Some((parents, name)) = place.split() else {
        return Ok(PathKind::Directory);
    };
    if !cursor.enter(parents, IfMissing::Report)? {
        return Ok(PathKind::Nothing);
    }
    let here = cursor.here()?;
    let found = match here.find(name) {
        // A symlink may say what no file can be called.
        Err(e) if e.kind() == io::ErrorKind::InvalidFilename => None,
        other => other.map_err(|e| EntryFault::io("look at", e))?,
    };
    Ok(match found.map(|found| found.kind) {
        None if cursor.has_left_out(name) => PathKind::Other,
        None => PathKind::Nothing,
        Some(FileKind::Directory) => PathKind::Directory,
        Some(FileKind::Symlink) => {
            let target = here.read_link(name);
            PathKind::Symlink(target.map_err(|e| EntryFault::io("read the link", e))?)
        }
        Some(_) => PathKind::Other,
    })
}

/// Removes what does not stay of one directory, unless that has gone itself. What was there `before`
/// the pull (`lost+found` of a mount point) is nobody's to remove.
fn prune(
    cursor: &mut Cursor,
    directory: &LayerPath,
    selection: &Selection,
    before: &[CString],
) -> Result<(), EntryFault> {
    if !cursor.enter(directory.as_parents(), IfMissing::Report)? {
        return Ok(());
    }
    let is_root = directory.split().is_none();
    sweep(cursor, &mut |_, name| {
        let is_ours = !(is_root && before.iter().any(|other| other.as_c_str() == name));
        Ok(!is_ours || selection.keeps(directory, name))
    })
}
