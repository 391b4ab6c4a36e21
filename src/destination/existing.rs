//! DEST before the pull. Its parent is opened here, once: the owner of a folder on the way could
//! put something else there while a pull waits for the network.

use super::path::located;
use super::{record, staging};
use crate::error::{DestinationFault, Error};
use crate::progress::Progress;
use crate::record::Record;
use crate::sys::{Dir, FileKind, Host, LOST_AND_FOUND, Location, NewNode, is_root};
use std::ffi::CStr;
use std::path::{Path, PathBuf};

/// DEST, which may be there or not.
pub(crate) struct Existing {
    /// As typed.
    typed: PathBuf,
    place: Location,
    dir: Option<Dir>,
}

impl Existing {
    /// Looks for DEST. What is there and no folder is nobody's to replace.
    pub(crate) fn at(dest: &Path) -> Result<Self, Error> {
        let place = located(dest)?;
        let dir = existing(&place)?;
        let typed = dest.to_owned();
        Ok(Self { typed, place, dir })
    }

    /// What is there, which may be no folder.
    pub(super) fn any(typed: &Path, place: Location) -> Self {
        let (typed, dir) = (typed.to_owned(), existing(&place).ok().flatten());
        Self { typed, place, dir }
    }

    /// The same for a pull, which first mends what one that was killed has left: where no single
    /// rename can swap two trees, the old one was moved away and the new one has not come.
    pub(crate) fn for_pull(dest: &Path, progress: Progress) -> Result<Self, Error> {
        let mut found = Self::at(dest)?;
        if found.dir.is_some() || !staging::put_back(&found.place)? {
            return Ok(found);
        }
        let path = found.path().display();
        progress.warn(format_args!(
            "{path}: put back what a killed pull had moved away"
        ));
        let place = &mut found.place;
        let node = NewNode::open(&place.above, &place.name);
        let node = node.and_then(|node| Ok((node.stat()?, node)));
        let (stat, node) = node.map_err(|e| Error::io("open", &place.path, e))?;
        place.found = Some((node, stat));
        found.dir = existing(&found.place)?;
        Ok(found)
    }

    /// The same for a dry run, which moves nothing: it looks at what a pull would put back first.
    pub(crate) fn for_dry_run(dest: &Path) -> Result<Self, Error> {
        let found = Self::at(dest)?;
        let dir = match found.dir {
            None => staging::moved_away(&found.place)?,
            there => there,
        };
        Ok(Self { dir, ..found })
    }

    /// The absolute path.
    pub(crate) fn path(&self) -> &Path {
        &self.place.path
    }

    /// The number of its inode, if it is there.
    pub(crate) fn inode(&self) -> Option<u64> {
        let stat = self.dir.as_ref()?.stat_self().ok()?;
        Some(stat.id.1)
    }

    /// What it says it was made of.
    pub(crate) fn record(&self) -> Option<Record> {
        record::read(self.dir.as_ref()?)
    }

    /// Whether the record in it is one that nobody but this ordinary user, or root, can have written:
    /// the kernel lets set attributes of a folder who may write to it. For root this is never so: root
    /// in a container has the same number.
    pub(crate) fn is_ours_alone(&self) -> bool {
        let Some(Ok(found)) = self.dir.as_ref().map(Dir::stat_self) else {
            return false;
        };
        let is_shared = found.mode & 0o022 != 0;
        let owner = found.owner.uid;
        !is_root() && !is_shared && (owner == 0 || owner == Host::new().uid)
    }

    /// Writes down what it was made of; whether that could be done.
    pub(crate) fn set_record(&self, record: &Record) -> bool {
        self.dir
            .as_ref()
            .is_some_and(|dir| record::write(dir, record))
    }

    /// Whether there is nothing in it to lose.
    pub(crate) fn holds_nothing(&self) -> Result<bool, Error> {
        self.is_empty(true)
    }

    /// Refuses to replace a tree that holds one of the files that the pull reads, or a link to one:
    /// which these are is known only when the image is. `needed` are paths without symlinks.
    pub(crate) fn spares(&self, needed: &[PathBuf]) -> Result<(), Error> {
        let path = self.path();
        let is_lost = |needed: &PathBuf| self.dir.is_some() && needed.starts_with(path);
        match needed.iter().any(is_lost) {
            true => Err(DestinationFault::HoldsImage.at(path)),
            false => Ok(()),
        }
    }

    /// Where it is, or will be.
    pub(super) fn place(&self) -> &Location {
        &self.place
    }

    pub(super) fn typed(&self) -> &Path {
        &self.typed
    }

    /// The folder, opened, if there is one.
    pub(crate) fn dir(&self) -> Result<Option<Dir>, Error> {
        let again = self.dir.as_ref().map(Dir::try_clone).transpose();
        again.map_err(|e| Error::io("open", self.path(), e))
    }

    /// Whether there is nothing to lose; of a mount point, `lost+found` is no content.
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

    /// Why it cannot be renamed, if so.
    pub(super) fn in_use(&self) -> Result<Option<DestinationFault>, Error> {
        let Some(dir) = &self.dir else {
            return Ok(None);
        };
        let is_mount_point = dir.is_mount_point();
        if is_mount_point.map_err(|e| Error::io("look at", self.path(), e))? {
            return Ok(Some(DestinationFault::MountPoint));
        }
        // The working directory must not be pulled away from under whoever called, also not by a
        // rename of one of its parents.
        let here = std::env::current_dir();
        Ok(here
            .is_ok_and(|here| here.starts_with(self.path()))
            .then_some(DestinationFault::WorkingDirectory))
    }
}

/// DEST, opened, if it is there.
fn existing(place: &Location) -> Result<Option<Dir>, Error> {
    match &place.found {
        None => Ok(None),
        Some((node, stat)) if stat.kind == FileKind::Directory => {
            let dir = node
                .open_dir()
                .map_err(|e| Error::io("open", &place.path, e));
            dir.map(Some)
        }
        Some(_) => Err(DestinationFault::NotAFolder.at(&place.path)),
    }
}
