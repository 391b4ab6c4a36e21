//! The files of a layout in a directory.
//!
//! Symlinks are the user's own and may lead anywhere: several layouts share a store by a symlink at
//! `blobs`, and ostree links the files. Whatever is read is verified.

use crate::error::{Absence, Error, LayoutFault, LinkFault};
use crate::sys::{Dir, FileKind, is_loop, trail};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::ffi::CString;
use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};

/// An open directory.
pub(super) struct Folder {
    path: PathBuf,
    dir: Dir,
    /// The files that were read or will be, by their paths in the layout.
    used: RefCell<BTreeSet<String>>,
}

/// The point at which opening a file failed.
struct OpenFailure {
    /// The path in the layout up to that point.
    walked: String,
    /// The directory that contains the last component of that path, and the component.
    parent: Dir,
    name: CString,
    error: io::Error,
}

impl Folder {
    pub(super) fn new(path: PathBuf, dir: Dir) -> Self {
        let used = RefCell::default();
        Self { path, dir, used }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Opens a file, if it exists.
    pub(super) fn open(&self, name: &str) -> Result<Option<Box<dyn Read>>, Error> {
        self.mark_used(name.to_owned());
        match self
            .walk(name)
            .map_err(|e| Error::io("read", &self.path, e))?
        {
            Ok(file) => Ok(Some(Box::new(LayoutBlob {
                path: self.path.join(name),
                file,
            }))),
            Err(failure) if failure.error.kind() == ErrorKind::NotFound => Ok(None),
            Err(failure) => Err(self.unusable(name, failure)),
        }
    }

    /// Whether a file with this name can be opened.
    pub(super) fn has(&self, name: &str) -> bool {
        matches!(self.walk(name), Ok(Ok(_)))
    }

    /// Records a file that will be read.
    pub(super) fn mark_used(&self, name: String) {
        self.used.borrow_mut().insert(name);
    }

    /// The paths whose removal would remove the directory, the files in use, or a symlink to any of
    /// them.
    pub(super) fn paths(&self) -> Vec<PathBuf> {
        let used = self.used.borrow();
        let used = used.iter().map(String::as_str);
        let folders = ["", "blobs", "blobs/sha256", "blobs/sha512"];
        let names = folders.into_iter().chain(used);
        names
            .flat_map(|name| trail(&self.path.join(name)))
            .collect()
    }

    /// The first component of the path that is a dangling symlink.
    pub(super) fn dangling(&self, name: &str) -> Option<Absence> {
        let failure = self.walk(name).ok()?.err()?;
        match failure.error.kind() {
            ErrorKind::NotFound => failure.link(LinkFault::Dangling),
            _ => None,
        }
    }

    /// Opens each directory of the path, and then the file, to know which of them fails.
    fn walk(&self, name: &str) -> io::Result<Result<File, OpenFailure>> {
        let mut at = self.dir.try_clone()?;
        let mut steps = name.split('/').peekable();
        let mut walked = String::new();
        while let Some(step) = steps.next() {
            walked.push_str(step);
            let step = CString::new(step)?;
            let opened = match steps.peek() {
                Some(_) => at.open_linked(&step).map(Err),
                None => at.open_linked_file(&step).map(Ok),
            };
            match opened {
                Ok(Ok(file)) => return Ok(Ok(file)),
                Ok(Err(next)) => at = next,
                Err(error) => {
                    return Ok(Err(OpenFailure {
                        walked,
                        parent: at,
                        name: step,
                        error,
                    }));
                }
            }
            walked.push('/');
        }
        Err(ErrorKind::NotFound.into())
    }

    /// The error if something on the path to the file `name` exists, but cannot be used.
    fn unusable(&self, name: &str, failure: OpenFailure) -> Error {
        let path = self.path.join(&failure.walked);
        let is_below_file = failure.error.kind() == ErrorKind::NotADirectory;
        let why = match failure.walked.len() == name.len() {
            _ if is_loop(&failure.error) => LinkFault::TooMany,
            true if is_below_file || (path.exists() && !path.is_file()) => LinkFault::NotAFile,
            false if is_below_file => LinkFault::NotAFolder,
            _ => return Error::io("read", path, failure.error),
        };
        let absence = failure.link(why).unwrap_or(match why {
            LinkFault::NotAFolder => Absence::NotAFolder(failure.walked),
            _ => Absence::NotAFile(failure.walked),
        });
        LayoutFault::Unusable(absence).at(&self.path)
    }
}

impl OpenFailure {
    /// The same as an error of the symlink involved, if any.
    fn link(&self, why: LinkFault) -> Option<Absence> {
        let found = self.parent.stat(&self.name).ok()?;
        let target = match found.kind {
            FileKind::Symlink => self.parent.read_link(&self.name).ok()?,
            _ => return None,
        };
        Some(Absence::Link {
            name: self.walked.clone(),
            target: target.to_string_lossy().into_owned(),
            reason: why,
        })
    }
}

/// A file of a layout. Its read errors are attributed to the disk, not to a decoder.
struct LayoutBlob {
    path: PathBuf,
    file: File,
}

impl Read for LayoutBlob {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer);
        read.map_err(|e| io::Error::other(Error::io("read", &self.path, e)))
    }
}
