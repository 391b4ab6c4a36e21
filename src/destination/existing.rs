//! DEST before the pull. Its parent is opened once, here: otherwise the owner of a folder above it could
//! replace it while the pull waits for the network.

use super::path::located;
use super::{record, staging};
use crate::error::{DestinationFault, Error};
use crate::progress::Progress;
use crate::record::Record;
use crate::sys::{Dir, FileKind, Host, LOST_AND_FOUND, Location, NewNode, is_root};
use std::ffi::CStr;
use std::path::{Path, PathBuf};

/// DEST, which need not exist.
pub(crate) struct Existing {
    /// As typed.
    typed: PathBuf,
    location: Location,
    dir: Option<Dir>,
}

impl Existing {
    /// Opens DEST, if it exists. Anything but a folder is refused.
    pub(crate) fn at(dest: &Path) -> Result<Self, Error> {
        let location = located(dest)?;
        let dir = open_folder(&location)?;
        let typed = dest.to_owned();
        Ok(Self {
            typed,
            location,
            dir,
        })
    }

    /// Opens whatever is at `location`, which need not be a folder.
    pub(super) fn any(typed: &Path, location: Location) -> Self {
        let (typed, dir) = (typed.to_owned(), open_folder(&location).ok().flatten());
        Self {
            typed,
            location,
            dir,
        }
    }

    /// Opens DEST for a pull. If a pull was killed between two renames, first moves the old tree back.
    pub(crate) fn for_pull(dest: &Path, progress: Progress) -> Result<Self, Error> {
        let mut existing = Self::at(dest)?;
        if existing.dir.is_some() || !staging::put_back(&existing.location)? {
            return Ok(existing);
        }
        let path = existing.path().display();
        progress.warn(format_args!(
            "{path}: put back what a killed pull had moved away"
        ));
        let location = &mut existing.location;
        let node = NewNode::open(&location.above, &location.name);
        let node = node.and_then(|node| Ok((node.stat()?, node)));
        let (stat, node) = node.map_err(|e| Error::io("open", &location.path, e))?;
        location.found = Some((node, stat));
        existing.dir = open_folder(&existing.location)?;
        Ok(existing)
    }

    /// Opens DEST for a dry run, or the old tree that a pull would move back first.
    pub(crate) fn for_dry_run(dest: &Path) -> Result<Self, Error> {
        let existing = Self::at(dest)?;
        let dir = match existing.dir {
            None => staging::moved_away(&existing.location)?,
            dir => dir,
        };
        Ok(Self { dir, ..existing })
    }

    /// The absolute path.
    pub(crate) fn path(&self) -> &Path {
        &self.location.path
    }

    /// The inode, if it exists.
    pub(crate) fn inode(&self) -> Option<u64> {
        let stat = self.dir.as_ref()?.stat_self().ok()?;
        Some(stat.id.1)
    }

    /// The record in it, which anyone who may write to DEST can forge.
    pub(crate) fn record(&self) -> Option<Record> {
        record::read(self.dir.as_ref()?)
    }

    /// Whether only this ordinary user, or root, can have written the record: anyone who may write to a
    /// folder can set its attributes. Never true for root, because root in a container has the same uid.
    pub(crate) fn is_ours_alone(&self) -> bool {
        let Some(Ok(stat)) = self.dir.as_ref().map(Dir::stat_self) else {
            return false;
        };
        let is_shared = stat.mode & 0o022 != 0;
        let owner = stat.owner.uid;
        !is_root() && !is_shared && (owner == 0 || owner == Host::new().uid)
    }

    /// Writes the record into it. False if that is not possible.
    pub(crate) fn set_record(&self, record: &Record) -> bool {
        self.dir
            .as_ref()
            .is_some_and(|dir| record::write(dir, record))
    }

    /// Whether it is empty or missing. `lost+found` does not count.
    pub(crate) fn holds_nothing(&self) -> Result<bool, Error> {
        self.is_empty(true)
    }

    /// Refuses to replace a tree that contains one of the files that the pull reads, which are known only
    /// when the image is resolved. `needed` are paths without symlinks.
    pub(crate) fn spares(&self, needed: &[PathBuf]) -> Result<(), Error> {
        let path = self.path();
        let is_lost = |needed: &PathBuf| self.dir.is_some() && needed.starts_with(path);
        if needed.iter().any(is_lost) {
            return Err(DestinationFault::HoldsImage.at(path));
        }
        Ok(())
    }

    pub(super) fn location(&self) -> &Location {
        &self.location
    }

    pub(super) fn typed(&self) -> &Path {
        &self.typed
    }

    /// The folder, if it exists.
    pub(crate) fn dir(&self) -> Result<Option<Dir>, Error> {
        let clone = self.dir.as_ref().map(Dir::try_clone).transpose();
        clone.map_err(|e| Error::io("open", self.path(), e))
    }

    /// Whether it is empty or missing. For a mount point, which is filled in place, `lost+found` does not
    /// count.
    pub(super) fn is_empty(&self, in_place: bool) -> Result<bool, Error> {
        let Some(dir) = &self.dir else {
            return Ok(true);
        };
        let entries = dir
            .list()
            .map_err(|e| Error::io("look into", self.path(), e))?;
        let ignored = |name: &CStr| in_place && name == LOST_AND_FOUND;
        Ok(entries.iter().all(|entry| ignored(&entry.name)))
    }

    /// Why it cannot be renamed, if it cannot.
    pub(super) fn in_use(&self) -> Result<Option<DestinationFault>, Error> {
        let Some(dir) = &self.dir else {
            return Ok(None);
        };
        let is_mount_point = dir.is_mount_point();
        if is_mount_point.map_err(|e| Error::io("look at", self.path(), e))? {
            return Ok(Some(DestinationFault::MountPoint));
        }
        // The working directory of the caller must not move, nor one of its parents.
        let here = std::env::current_dir();
        Ok(here
            .is_ok_and(|here| here.starts_with(self.path()))
            .then_some(DestinationFault::WorkingDirectory))
    }
}

/// Opens the folder at `location`, if it exists.
fn open_folder(location: &Location) -> Result<Option<Dir>, Error> {
    match &location.found {
        None => Ok(None),
        Some((node, stat)) if stat.kind == FileKind::Directory => {
            let dir = node
                .open_dir()
                .map_err(|e| Error::io("open", &location.path, e));
            dir.map(Some)
        }
        Some(_) => Err(DestinationFault::NotAFolder.at(&location.path)),
    }
}
