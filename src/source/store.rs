//! What the files of a layout lie in: a folder or an archive.

use crate::archive::Archive;
use crate::error::{Absence, Error, LinkFault};
use crate::sys::{Dir, Kind};
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

    /// Whether there is a file of this name. An archive that flows by is read to its end to know.
    pub(super) fn has(&self, name: &str) -> bool {
        match self {
            Self::Archive(archive) => matches!(archive.locate(name), Ok(Ok(_))),
            Self::Folder(_, folder) => open_file(folder, name).is_ok(),
        }
    }

    /// Why there is no file of this name, if that is known.
    pub(super) fn absence(&self, name: &str) -> Option<Absence> {
        match self {
            Self::Archive(archive) => archive.locate(name).ok()?.err(),
            Self::Folder(_, folder) => dangling(folder, name).ok().flatten(),
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

/// Links are the user's own, and lead anywhere: several layouts share one store by a link in the place
/// of `blobs`, and ostree links the files. What is read is verified.
fn open_file(folder: &Dir, name: &str) -> io::Result<File> {
    match name.rsplit_once('/') {
        None => folder.open_linked_file(&component(name)),
        Some((way, name)) => {
            let mut at = folder.again()?;
            for step in way.split('/') {
                at = at.open_linked(&component(step))?;
            }
            at.open_linked_file(&component(name))
        }
    }
}

fn component(name: &str) -> CString {
    CString::new(name).unwrap_or_default()
}

/// The first name on the way that is a link to what is not there.
fn dangling(folder: &Dir, name: &str) -> io::Result<Option<Absence>> {
    let mut at = folder.again()?;
    let ends = name.match_indices('/').map(|(end, _)| end);
    for end in ends.chain([name.len()]) {
        let way = &name[..end];
        let step = component(way.rsplit('/').next().unwrap_or(way));
        let is_link = at.stat(&step)?.kind == Kind::Symlink;
        let opened = match end == name.len() {
            true => at.open_linked_file(&step).map(|_| at.again()),
            false => at.open_linked(&step).map(Ok),
        };
        at = match opened {
            Ok(next) => next?,
            Err(e) if is_link && e.kind() == io::ErrorKind::NotFound => {
                return Ok(Some(Absence::Link {
                    name: way.to_owned(),
                    target: at.read_link(&step)?.to_string_lossy().into_owned(),
                    why: LinkFault::Dangling,
                }));
            }
            Err(e) => return Err(e),
        };
    }
    Ok(None)
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
