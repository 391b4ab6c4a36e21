//! A file that has its name when it is whole: written beside, flushed, renamed.

use super::{disk, file_name, in_the_way, name_beside};
use crate::error::{DestinationFault, Error};
use crate::sys::{Dir, Host, Kind, file_size_limit};
use std::cell::Cell;
use std::ffi::CString;
use std::fs::{File, TryLockError};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// A file on its way.
pub struct Output {
    path: PathBuf,
    file: File,
    /// Where it is so far; nothing where it is a device or a pipe, which is written to as it is.
    beside: Option<Beside>,
    /// How much may be written yet, in bytes, if there is a limit: to write beyond it would end the
    /// process.
    left: Cell<Option<u64>>,
}

/// The name that a file has before it is whole.
struct Beside {
    parent: Dir,
    name: CString,
}

impl Output {
    /// Begins a file for `path`, beside it; what a killed one has left is written over.
    pub fn create(path: &Path) -> Result<Self, Error> {
        let failed = |e| disk("create", path, e);
        if path
            .metadata()
            .is_ok_and(|found| !found.is_file() && !found.is_dir())
        {
            let file = File::options().write(true).open(path).map_err(failed)?;
            return Ok(Self {
                path: path.to_owned(),
                file,
                beside: None,
                left: Cell::new(None),
            });
        }
        // A link stays a link: what it leads to is replaced.
        let path = match path.canonicalize() {
            Ok(real) => real,
            Err(_) => std::path::absolute(path).map_err(failed)?,
        };
        if path.is_dir() || path.file_name().is_none() {
            let why = DestinationFault::NotAFile;
            return Err(Error::DestinationRefused { path, why });
        }
        Self::create_at(path, 0o666)
    }

    /// The same for a path that has no links to follow, with a mode in place of the usual one.
    pub(super) fn create_at(path: PathBuf, mode: u32) -> Result<Self, Error> {
        let beside = Beside::of(&path).map_err(|e| disk("create", &path, e))?;
        let file = beside.lock(&path, mode)?;
        file.set_len(0).map_err(|e| disk("create", &path, e))?;
        Ok(Self {
            path,
            file,
            beside: Some(beside),
            left: Cell::new(file_size_limit()),
        })
    }

    /// Gives it its name.
    pub fn commit(mut self) -> Result<(), Error> {
        let Some(Beside { parent, name }) = &self.beside else {
            return Ok(());
        };
        let kept = self
            .file
            .sync_all()
            .and_then(|()| parent.rename(name, parent, &file_name(&self.path)))
            .and_then(|()| parent.as_file()?.sync_all());
        kept.map_err(|e| disk("write", &self.path, e))?;
        self.beside = None;
        Ok(())
    }

    /// The folder that it grows in, unless it is a device or a pipe.
    pub fn folder(&self) -> Option<&Dir> {
        self.beside.as_ref().map(|beside| &beside.parent)
    }

    /// Where it will be.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Beside {
    fn of(path: &Path) -> io::Result<Self> {
        Ok(Self {
            parent: Dir::open_path(path.parent().unwrap_or(path))?,
            name: name_beside(path),
        })
    }

    /// Makes the file, or takes over what a killed save has left, and locks it.
    fn lock(&self, path: &Path, mode: u32) -> Result<File, Error> {
        let failed = |e| disk("create", path, e);
        loop {
            let file = match self.parent.open_lock(&self.name, mode) {
                Err(_) if self.is_no_file() => {
                    return Err(in_the_way(path, DestinationFault::ForeignFile));
                }
                other => other.map_err(failed)?,
            };
            match file.try_lock() {
                Err(TryLockError::WouldBlock) => {
                    return Err(Error::DestinationBusy(path.to_owned()));
                }
                Err(TryLockError::Error(e)) => return Err(failed(e)),
                Ok(()) => {}
            }
            // Between opening and locking it, its last owner may have given it its name.
            let now = self.parent.find(&self.name).map_err(failed)?;
            let own = file.metadata().map_err(failed)?;
            if now.is_none_or(|now| now.id != (own.dev(), own.ino())) {
                continue;
            }
            // Somebody else's could be written to after us.
            if own.is_file() && own.uid() == Host::new().uid && own.nlink() == 1 {
                return Ok(file);
            }
            return Err(in_the_way(path, DestinationFault::ForeignFile));
        }
    }

    /// Whether a folder or a link is there, which no file is opened of.
    fn is_no_file(&self) -> bool {
        let found = self.parent.find(&self.name);
        found.is_ok_and(|found| found.is_some_and(|found| found.kind != Kind::File))
    }
}

impl io::Write for &Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let left = self.left.get();
        if left.is_some_and(|left| left < bytes.len() as u64) {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let count = (&self.file).write(bytes)?;
        self.left.set(left.map(|left| left - count as u64));
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        if let Some(Beside { parent, name }) = &self.beside {
            // It is locked, and so nobody else's.
            let _ = parent.unlink(name);
        }
    }
}
