//! Images that are not in a registry: a layout in a directory, an archive in a file or on standard
//! input.

use crate::archive::Input;
use crate::error::{CacheError, Error, ErrorKind, LayoutFault, RegistryError, Suggestion};
use crate::oci::{HUB, Reference};
use crate::sys::Dir;
use std::ffi::OsStr;
use std::fmt;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

/// The path that means standard input.
const STDIN: &str = "-";

/// A local image as the user types it, after containers-transports(5).
#[derive(Clone, Debug)]
pub(crate) struct Local {
    /// The format.
    pub(crate) form: Form,
    /// `PATH[:NAME]`, or `-` in place of PATH.
    pub(crate) path: PathBuf,
}

/// The format that the transport prefix demands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// No prefix: detect the format from the content.
    Any,
    /// `oci:`
    Layout,
    /// `oci-archive:`
    OciArchive,
    /// `docker-archive:`
    DockerArchive,
}

/// A path that exists.
pub(super) enum LocalPath {
    Folder(PathBuf, Dir),
    File(Input),
    Stdin(Input),
}

impl Local {
    /// Parses `oci:PATH` and the like. None without such a prefix: the caller must tell a path from
    /// a reference.
    pub(crate) fn parse(operand: &OsStr) -> Option<Self> {
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

    /// A path taken literally.
    pub(crate) fn new(form: Form, path: &OsStr) -> Self {
        let path = PathBuf::from(path);
        Self { form, path }
    }

    /// Whether it is standard input.
    pub(crate) fn is_stdin(&self) -> bool {
        let path = self.path.as_os_str().as_bytes();
        path == STDIN.as_bytes() || path.starts_with(b"-:")
    }

    /// Whether it is a pipe, socket or device: it can be read only once, and opening it may block
    /// for ever.
    pub(crate) fn is_special(&self) -> bool {
        let found = self.split().0.metadata();
        found.is_ok_and(|found| !found.is_file() && !found.is_dir())
    }

    /// Opens the path, and returns the name of the image if one follows a colon that is not part of
    /// the path.
    pub(super) fn open(&self) -> Result<(LocalPath, Option<String>), Error> {
        if self.is_stdin() {
            let name = self.path.to_string_lossy();
            let name = name.split_once(':').map(|(_, name)| name.to_owned());
            return Ok((LocalPath::Stdin(Input::stdin()?), name));
        }
        let (path, name) = self.split();
        let opened = match (Dir::open_path(&path), self.form) {
            (Ok(_), Form::OciArchive | Form::DockerArchive) => {
                return Err(LayoutFault::IsAFolder.at(&path));
            }
            (Ok(folder), _) => LocalPath::Folder(path, folder),
            (Err(e), form) => match (e.kind(), form) {
                (io::ErrorKind::NotADirectory, Form::Layout) => {
                    return Err(LayoutFault::NotAFolder.at(&path));
                }
                (io::ErrorKind::NotADirectory, _) => LocalPath::File(Input::open(&path)?),
                (io::ErrorKind::NotFound, Form::Layout) => {
                    return Err(LayoutFault::NoFolder.at(&path));
                }
                (io::ErrorKind::NotFound, Form::Any) => {
                    return Err(LayoutFault::NothingThere.at(&path));
                }
                (io::ErrorKind::NotFound, _) => return Err(LayoutFault::NoFile.at(&path)),
                _ => return Err(Error::io("read", &path, e)),
            },
        };
        Ok((opened, name))
    }

    /// Splits path and name: if the whole does not exist as a path, at the last colon before which
    /// an existing path ends.
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

/// Adds a hint to a registry's `error` if the user may have meant a path: `image.tar` is also the
/// name of an image on Docker Hub.
pub(super) fn or_path(reference: &Reference, error: Error) -> Error {
    let repository = reference.repository();
    let path = match reference.registry() {
        HUB => PathBuf::from(repository.strip_prefix("library/").unwrap_or(repository)),
        host => Path::new(host).join(repository),
    };
    let is_miss = matches!(
        error.kind(),
        ErrorKind::Registry(
            RegistryError::NotFound { .. }
                | RegistryError::Denied { .. }
                | RegistryError::Status { .. }
        ) | ErrorKind::Network(_)
            | ErrorKind::Cache(CacheError::Offline { .. })
            | ErrorKind::Tls(_)
    );
    // Directories are often named like the image that was pulled into them.
    if is_miss && (path.is_file() || path.join("oci-layout").is_file()) {
        error.suggesting(Suggestion::Path(path))
    } else {
        error
    }
}

impl Form {
    /// The transport prefix.
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
