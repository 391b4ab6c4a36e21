//! `NAME.nspawn` beside DEST, where systemd-nspawn looks for it and takes no setting from it that would
//! give privileges: whoever makes images decides what is in it. And `NAME.service`, beside it for the same
//! reason: nothing starts it before somebody has linked or copied it to where systemd looks.

use super::{AtomicFile, Destination, Existing, file_name};
use crate::error::{DestinationFault, Error};
use crate::oci::Digest;
use crate::sys::FileKind;
use crate::systemd::{FILE_MARK, is_machine_name, is_service_name, is_unit_path};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

/// As much of a file as tells whether it is ours.
const MAX_MARK: u64 = 256;

/// Which file.
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

    /// Whether systemd would look for such a file of DEST, and read it.
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

/// The file as it is found.
pub(crate) struct SystemdFile {
    path: PathBuf,
    /// The manifest that it says it is of.
    manifest: Option<String>,
}

impl SystemdFile {
    /// Looks for that of DEST. A file of somebody else's is replaced only with `force`.
    pub(crate) fn beside(found: &Existing, kind: SettingsKind, force: bool) -> Result<Self, Error> {
        let dest = found.path();
        let refused = |path: &Path, reason: DestinationFault| Err(reason.at(path));
        let name = dest.file_name().and_then(|name| name.to_str());
        let name = name.unwrap_or_default();
        if let Err(why) = kind.check(dest, name) {
            return refused(dest, why);
        }
        let path = dest.with_file_name(format!("{name}.{}", kind.extension()));
        let (kind, mark) = look(found, &path).map_err(|e| Error::io("look at", &path, e))?;
        let manifest = mark.strip_prefix(FILE_MARK).map(str::to_owned);
        match kind {
            None => {}
            Some(FileKind::File) if force || manifest.is_some() => {}
            Some(FileKind::File) => return refused(&path, DestinationFault::ForeignStartFile),
            Some(_) => return refused(&path, DestinationFault::StartFileNotAFile),
        }
        Ok(Self { path, manifest })
    }

    /// Whether it is there and of that manifest.
    pub(crate) fn is_of(&self, manifest: &Digest) -> bool {
        self.manifest.as_deref() == Some(manifest.to_string().as_str())
    }

    /// Writes the new one beside it; it takes its place when that is committed.
    pub(crate) fn write(&self, destination: &Destination, text: &str) -> Result<AtomicFile, Error> {
        let parent = destination.parent();
        let parent = parent.map_err(|e| Error::io("create", &self.path, e))?;
        let output = AtomicFile::create_in(parent, self.path.clone(), 0o644)?;
        let written = (&output).write_all(text.as_bytes());
        written.map_err(|e| Error::io("write", &self.path, e))?;
        Ok(output)
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

/// What is there, and its first line.
fn look(found: &Existing, path: &Path) -> io::Result<(Option<FileKind>, String)> {
    let missing = (None, String::new());
    let Some(parent) = found.place().parent()? else {
        return Ok(missing);
    };
    let name = file_name(path);
    let Some(found) = parent.find(&name)? else {
        return Ok(missing);
    };
    let mut start = Vec::new();
    if found.kind == FileKind::File {
        let file = parent.open_file(&name)?;
        file.take(MAX_MARK).read_to_end(&mut start)?;
    }
    let line = start.split(|byte| *byte == b'\n').next();
    let line = String::from_utf8_lossy(line.unwrap_or_default()).into_owned();
    Ok((Some(found.kind), line))
}
