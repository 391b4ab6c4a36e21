//! The storage of a layout's files: a directory or an archive.

use super::folder::Folder;
use crate::archive::Archive;
use crate::error::{Absence, Error, LayoutFault};
use std::io::{self, Read};
use std::path::Path;

/// The files of a layout, by their paths in it.
pub(super) enum Store {
    /// A directory.
    Folder(Folder),
    /// A file or a pipe.
    Archive(Box<Archive>),
}

impl Store {
    /// Reads a small file up to one byte beyond `limit`, which shows whether it is longer.
    pub(super) fn bytes(&self, name: &str, limit: u64) -> Result<Option<Vec<u8>>, Error> {
        if let Self::Archive(archive) = self {
            return archive.bytes(name, limit);
        }
        let Some(file) = self.open(name)? else {
            return Ok(None);
        };
        let mut bytes = Vec::new();
        let read = file.take(limit + 1).read_to_end(&mut bytes);
        read.map_err(|e| self.failed(e))?;
        Ok(Some(bytes))
    }

    /// Opens a file as a stream, if it exists.
    pub(super) fn open(&self, name: &str) -> Result<Option<Box<dyn Read>>, Error> {
        match self {
            Self::Archive(archive) => archive.open_member(name),
            Self::Folder(folder) => folder.open(name),
        }
    }

    /// Whether a file exists. A streamed archive is read to its end to find out.
    pub(super) fn has(&self, name: &str) -> bool {
        match self {
            Self::Archive(archive) => matches!(archive.locate(name), Ok(Ok(_))),
            Self::Folder(folder) => folder.has(name),
        }
    }

    /// Why a file is absent, if known.
    pub(super) fn absence(&self, name: &str) -> Option<Absence> {
        match self {
            Self::Archive(archive) => archive.locate(name).ok()?.err(),
            Self::Folder(folder) => folder.dangling(name),
        }
    }

    /// Refuses a dangling symlink with this name.
    pub(super) fn refuse_dangling(&self, name: &str) -> Result<(), Error> {
        match self.absence(name) {
            Some(why @ Absence::Link { .. }) => Err(LayoutFault::Absent(why).at(self.path())),
            _ => Ok(()),
        }
    }

    /// The path, for messages.
    pub(super) fn path(&self) -> &Path {
        match self {
            Self::Folder(folder) => folder.path(),
            Self::Archive(archive) => archive.input().path(),
        }
    }

    fn failed(&self, error: io::Error) -> Error {
        match error.downcast::<Error>() {
            Ok(ours) => ours,
            Err(error) => Error::io("read", self.path(), error),
        }
    }
}
