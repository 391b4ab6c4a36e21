//! What the files of a layout lie in: a folder or an archive.

use crate::archive::Archive;
use crate::error::Error;
use crate::sys::Dir;
use std::ffi::CString;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// The files of a layout, by their paths in it.
pub(super) enum Store {
    /// A folder, and where it is.
    Folder(PathBuf, Dir),
    /// A file or a pipe.
    Archive(Box<Archive>),
}

impl Store {
    /// All of a small file, at most one byte more than `limit`: that shows that there is more.
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

    /// A file as a stream, if there is one of this name.
    pub(super) fn open(&self, name: &str) -> Result<Option<Box<dyn Read>>, Error> {
        let (path, folder) = match self {
            Self::Archive(archive) => return archive.open_member(name),
            Self::Folder(path, folder) => (path, folder),
        };
        match open_file(folder, name) {
            Ok(file) => Ok(Some(Box::new(Found {
                path: path.clone(),
                file,
            }))),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(disk(path, e)),
        }
    }

    /// Where it is, for messages.
    pub(super) fn path(&self) -> &Path {
        match self {
            Self::Folder(path, _) => path,
            Self::Archive(archive) => archive.input().path(),
        }
    }

    fn failed(&self, error: io::Error) -> Error {
        match error.downcast::<Error>() {
            Ok(ours) => ours,
            Err(error) => disk(self.path(), error),
        }
    }
}

/// The folders on the way must be folders; the file itself may be a link, as ostree has them.
fn open_file(folder: &Dir, name: &str) -> io::Result<File> {
    let component = |text: &str| CString::new(text).unwrap_or_default();
    match name.rsplit_once('/') {
        None => folder.open_linked_file(&component(name)),
        Some((way, name)) => {
            let mut at = folder.again()?;
            for step in way.split('/') {
                at = at.open(&component(step))?;
            }
            at.open_linked_file(&component(name))
        }
    }
}

/// A file of a layout, whose read errors are the disk's and not a decoder's.
struct Found {
    path: PathBuf,
    file: File,
}

impl Read for Found {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer);
        read.map_err(|e| io::Error::other(disk(&self.path, e)))
    }
}

pub(super) fn disk(path: &Path, source: io::Error) -> Error {
    Error::Disk {
        action: "read",
        path: path.to_owned(),
        source,
    }
}
