//! `NAME.nspawn` and `NAME.service` beside DEST. The author of the image decides what is in them, so they
//! get no privileges there: systemd-nspawn ignores privileged settings in a `.nspawn` file beside a tree,
//! and systemd starts no service before an administrator has linked it.

use super::{AtomicFile, Destination, Existing, file_name};
use crate::error::{DestinationFault, Error};
use crate::oci::Digest;
use crate::sys::FileKind;
use crate::systemd::{FILE_MARK, is_machine_name, is_service_name, is_unit_path};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

/// How much of a file is read to find [`FILE_MARK`], in bytes.
const MAX_MARK: u64 = 256;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SettingsKind {
    /// `NAME.nspawn`
    Nspawn,
    /// `NAME.service`
    Service,
}

impl SettingsKind {
    fn extension(self) -> &'static str {
        match self {
            Self::Nspawn => "nspawn",
            Self::Service => "service",
        }
    }

    /// Refuses a DEST for which systemd would not find the file, or not accept it.
    fn check(self, dest: &Path, name: &str) -> Result<(), DestinationFault> {
        match self {
            Self::Nspawn if !is_machine_name(name) => Err(DestinationFault::InvalidMachineName),
            Self::Service if !is_service_name(name) => Err(DestinationFault::InvalidServiceName),
            Self::Service if !dest.to_str().is_some_and(is_unit_path) => {
                Err(DestinationFault::InvalidUnitPath)
            }
            _ => Ok(()),
        }
    }
}

/// A file beside DEST, which need not exist.
pub(crate) struct SystemdFile {
    path: PathBuf,
    /// The digest in its first line.
    manifest: Option<String>,
}

impl SystemdFile {
    /// Looks for the file of DEST. A file that no pull has written is refused without `force`.
    pub(crate) fn beside(
        existing: &Existing,
        kind: SettingsKind,
        force: bool,
    ) -> Result<Self, Error> {
        let dest = existing.path();
        let refused = |path: &Path, reason: DestinationFault| Err(reason.at(path));
        let name = dest.file_name().and_then(|name| name.to_str());
        let name = name.unwrap_or_default();
        if let Err(why) = kind.check(dest, name) {
            return refused(dest, why);
        }
        let path = dest.with_file_name(format!("{name}.{}", kind.extension()));
        let (kind, mark) = look(existing, &path).map_err(|e| Error::io("look at", &path, e))?;
        let manifest = mark.strip_prefix(FILE_MARK).map(str::to_owned);
        match kind {
            None => {}
            Some(FileKind::File) if force || manifest.is_some() => {}
            Some(FileKind::File) => return refused(&path, DestinationFault::ForeignStartFile),
            Some(_) => return refused(&path, DestinationFault::StartFileNotAFile),
        }
        Ok(Self { path, manifest })
    }

    /// Whether it exists and was written for that manifest.
    pub(crate) fn is_of(&self, manifest: &Digest) -> bool {
        self.manifest.as_deref() == Some(manifest.to_string().as_str())
    }

    /// Writes a new one beside it, which replaces it when it is committed.
    pub(crate) fn write(&self, destination: &Destination, text: &str) -> Result<AtomicFile, Error> {
        let parent = destination.parent();
        let parent = parent.map_err(|e| Error::io("create", &self.path, e))?;
        let output = AtomicFile::create_in(parent, self.path.clone(), 0o644)?;
        let written = (&output).write_all(text.as_bytes());
        written.map_err(|e| Error::io("write", &self.path, e))?;
        Ok(output)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

/// The kind of the file at `path`, and its first line.
fn look(existing: &Existing, path: &Path) -> io::Result<(Option<FileKind>, String)> {
    let missing = (None, String::new());
    let Some(parent) = existing.location().parent()? else {
        return Ok(missing);
    };
    let name = file_name(path);
    let Some(stat) = parent.find(&name)? else {
        return Ok(missing);
    };
    let mut start = Vec::new();
    if stat.kind == FileKind::File {
        let file = parent.open_file(&name)?;
        file.take(MAX_MARK).read_to_end(&mut start)?;
    }
    let line = start.split(|byte| *byte == b'\n').next();
    let line = String::from_utf8_lossy(line.unwrap_or_default()).into_owned();
    Ok((Some(stat.kind), line))
}
