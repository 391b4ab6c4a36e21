//! Images that are not in a registry: a layout in a folder, an archive in a file or on standard
//! input.

use crate::archive::Input;
use crate::error::{Error, LayoutFault, Suggestion};
use crate::oci::{HUB, Reference};
use crate::sys::Dir;
use std::ffi::OsStr;
use std::fmt;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use super::store::disk;

/// What stands for standard input.
const STDIN: &str = "-";

/// A place on this machine as the user spells it, after containers-transports(5).
#[derive(Clone, Debug)]
pub struct Local {
    /// What is there.
    pub form: Form,
    /// `PATH[:NAME]`, or `-` in place of PATH.
    pub path: PathBuf,
}

/// What the spelling says of a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Nothing: the content tells.
    Any,
    /// `oci:`
    Layout,
    /// `oci-archive:`
    OciArchive,
    /// `docker-archive:`
    DockerArchive,
}

/// A place that there is.
pub(super) enum LocalPath {
    Folder(PathBuf, Dir),
    File(Input),
    Stdin(Input),
}

impl Local {
    /// Reads `oci:PATH` and the like. A path without any of that has to be told from a reference by
    /// who calls.
    pub fn parse(operand: &OsStr) -> Option<Self> {
        let bytes = operand.as_bytes();
        let forms = [
            (&b"oci:"[..], Form::Layout),
            (b"oci-archive:", Form::OciArchive),
            (b"docker-archive:", Form::DockerArchive),
        ];
        let (form, path) = forms
            .iter()
            .find_map(|(prefix, form)| Some((*form, bytes.strip_prefix(*prefix)?)))?;
        Some(Self::new(form, OsStr::from_bytes(path)))
    }

    /// A path as it is.
    pub fn new(form: Form, path: &OsStr) -> Self {
        let path = PathBuf::from(path);
        Self { form, path }
    }

    /// Whether it is standard input.
    pub fn is_stdin(&self) -> bool {
        let path = self.path.as_os_str().as_bytes();
        path == STDIN.as_bytes() || path.starts_with(b"-:")
    }

    /// Whether it is a pipe, a socket or a device: what was read from there is not there any more, and
    /// to open it may be to wait for ever.
    pub fn is_special(&self) -> bool {
        let found = self.split().0.metadata();
        found.is_ok_and(|found| !found.is_file() && !found.is_dir())
    }

    /// Opens what there is, with the name of the image in it if one was given: what stands behind a
    /// colon, where no path goes on.
    pub(super) fn place(&self) -> Result<(LocalPath, Option<String>), Error> {
        if self.is_stdin() {
            let name = self.path.to_string_lossy();
            let name = name.split_once(':').map(|(_, name)| name.to_owned());
            return Ok((LocalPath::Stdin(Input::stdin()?), name));
        }
        let (path, name) = self.split();
        let fault = |why| Error::Layout {
            path: path.clone(),
            why,
        };
        let place = match (Dir::open_path(&path), self.form) {
            (Ok(_), Form::OciArchive | Form::DockerArchive) => {
                return Err(fault(LayoutFault::IsAFolder));
            }
            (Ok(folder), _) => LocalPath::Folder(path, folder),
            (Err(e), form) => match (e.kind(), form) {
                (io::ErrorKind::NotADirectory, Form::Layout) => {
                    return Err(fault(LayoutFault::NotAFolder));
                }
                (io::ErrorKind::NotADirectory, _) => LocalPath::File(Input::open(&path)?),
                (io::ErrorKind::NotFound, Form::Layout) => {
                    return Err(fault(LayoutFault::NoFolder));
                }
                (io::ErrorKind::NotFound, Form::Any) => return Err(fault(LayoutFault::Nothing)),
                (io::ErrorKind::NotFound, _) => return Err(fault(LayoutFault::NoFile)),
                _ => return Err(disk(&path, e)),
            },
        };
        Ok((place, name))
    }

    /// The path and the name: cut at the last colon before which there is something, if there is
    /// nothing under the whole of it.
    fn split(&self) -> (PathBuf, Option<String>) {
        let whole = || (self.path.clone(), None);
        let Some(text) = self.path.to_str().filter(|_| !self.path.exists()) else {
            return whole();
        };
        let colons = text.match_indices(':').rev();
        let split = colons.map(|(at, _)| (Path::new(&text[..at]), &text[at + 1..]));
        let found = split
            .filter(|(_, name)| !name.is_empty())
            .find(|(path, _)| path.exists());
        found.map_or_else(whole, |(path, name)| {
            (path.to_owned(), Some(name.to_owned()))
        })
    }
}

/// An `error` of a registry that does not give the image, and may not have been meant: `image.tar`
/// is an image of Docker Hub.
pub(super) fn or_path(reference: &Reference, error: Error) -> Error {
    let repository = reference.repository();
    let path = match reference.registry() {
        HUB => PathBuf::from(repository.strip_prefix("library/").unwrap_or(repository)),
        host => Path::new(host).join(repository),
    };
    let is_miss = matches!(
        error,
        Error::NotFound { .. }
            | Error::Denied { .. }
            | Error::Network { .. }
            | Error::Offline { .. }
            | Error::Registry { .. }
            | Error::Tls { .. }
            | Error::ProxyRefused { .. }
    );
    // Many a folder is called like the image that was pulled into it.
    match is_miss && (path.is_file() || path.join("oci-layout").is_file()) {
        true => Error::Suggesting(Suggestion::Path(path), Box::new(error)),
        false => error,
    }
}

impl Form {
    /// How it is spelt.
    pub(super) fn prefix(self) -> &'static str {
        match self {
            Self::Any | Self::Layout => "oci",
            Self::OciArchive => "oci-archive",
            Self::DockerArchive => "docker-archive",
        }
    }
}

impl fmt::Display for Local {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.form.prefix(), self.path.display())
    }
}
