//! The files of a layout in a folder.
//!
//! Links are the user's own, and lead anywhere: several layouts share one store by a link in the place
//! of `blobs`, and ostree links the files. What is read is verified.

use super::store::{disk, fault};
use crate::error::{Absence, Error, LayoutFault, LinkFault};
use crate::sys::{Dir, FileKind, is_loop, trail};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::ffi::CString;
use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};

/// An open folder.
pub(super) struct Folder {
    path: PathBuf,
    dir: Dir,
    /// The files that have been read or will be, by their paths in it.
    used: RefCell<BTreeSet<String>>,
}

/// Where opening a file has failed.
struct OpenFailure {
    /// The path in the layout as far as it was followed.
    way: String,
    /// The folder in which its last component stands, and that.
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

    /// Opens a file, if there is one of this name.
    pub(super) fn open(&self, name: &str) -> Result<Option<Box<dyn Read>>, Error> {
        self.mark_used(name.to_owned());
        match self.walk(name).map_err(|e| disk(&self.path, e))? {
            Ok(file) => Ok(Some(Box::new(LayoutBlob {
                path: self.path.join(name),
                file,
            }))),
            Err(failure) if failure.error.kind() == ErrorKind::NotFound => Ok(None),
            Err(failure) => Err(self.unusable(name, failure)),
        }
    }

    /// Whether a file of this name can be opened.
    pub(super) fn has(&self, name: &str) -> bool {
        matches!(self.walk(name), Ok(Ok(_)))
    }

    /// A file that will be read.
    pub(super) fn mark_used(&self, name: String) {
        self.used.borrow_mut().insert(name);
    }

    /// All that is removed with the folder, with the files that are used, or with a link to any of them.
    pub(super) fn places(&self) -> Vec<PathBuf> {
        let used = self.used.borrow();
        let used = used.iter().map(String::as_str);
        let folders = ["", "blobs", "blobs/sha256", "blobs/sha512"];
        let names = folders.into_iter().chain(used);
        names
            .flat_map(|name| trail(&self.path.join(name)))
            .collect()
    }

    /// The first name on the way that is a link to what is not there.
    pub(super) fn dangling(&self, name: &str) -> Option<Absence> {
        let failure = self.walk(name).ok()?.err()?;
        match failure.error.kind() {
            ErrorKind::NotFound => failure.link(LinkFault::Dangling),
            _ => None,
        }
    }

    /// Opens each folder on the way, and then the file, so that it is known which of them fails.
    fn walk(&self, name: &str) -> io::Result<Result<File, OpenFailure>> {
        let mut at = self.dir.try_clone()?;
        let mut steps = name.split('/').peekable();
        let mut way = String::new();
        while let Some(step) = steps.next() {
            way.push_str(step);
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
                        way,
                        parent: at,
                        name: step,
                        error,
                    }));
                }
            }
            way.push('/');
        }
        Err(ErrorKind::NotFound.into())
    }

    /// What is wrong with something that is there, on the way to the file `name`.
    fn unusable(&self, name: &str, failure: OpenFailure) -> Error {
        let path = self.path.join(&failure.way);
        let is_below_file = failure.error.kind() == ErrorKind::NotADirectory;
        let why = match failure.way.len() == name.len() {
            _ if is_loop(&failure.error) => LinkFault::TooMany,
            true if is_below_file || (path.exists() && !path.is_file()) => LinkFault::NotAFile,
            false if is_below_file => LinkFault::NotAFolder,
            _ => return disk(&path, failure.error),
        };
        let absence = failure.link(why).unwrap_or(match why {
            LinkFault::NotAFolder => Absence::NotAFolder(failure.way),
            _ => Absence::NotAFile(failure.way),
        });
        fault(&self.path, LayoutFault::Unusable(absence))
    }
}

impl OpenFailure {
    /// The same as a fault of the link that it is about, if it is about one.
    fn link(&self, why: LinkFault) -> Option<Absence> {
        let found = self.parent.stat(&self.name).ok()?;
        let target = match found.kind {
            FileKind::Symlink => self.parent.read_link(&self.name).ok()?,
            _ => return None,
        };
        Some(Absence::Link {
            name: self.way.clone(),
            target: target.to_string_lossy().into_owned(),
            why,
        })
    }
}

/// A file of a layout, whose read errors are the disk's and not a decoder's.
struct LayoutBlob {
    path: PathBuf,
    file: File,
}

impl Read for LayoutBlob {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer);
        read.map_err(|e| io::Error::other(disk(&self.path, e)))
    }
}
