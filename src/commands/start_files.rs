//! The files beside DEST that start it: `--nspawn` and `--unit`.

use super::Pull;
use crate::destination::{AtomicFile, Destination, Existing, KeepOld, SettingsKind, SystemdFile};
use crate::error::{DestinationFault, Error};
use crate::oci::{Digest, Image, InvalidManifest, RunConfig};
use crate::sys::Dir;
use crate::systemd::run_config;
use std::path::Path;

/// The files that a pull is asked to write, as they are found.
#[derive(Default)]
pub(super) struct StartFiles {
    nspawn: Option<SystemdFile>,
    unit: Option<SystemdFile>,
}

/// The new files, which do not have their names yet.
pub(super) struct NewStartFiles(Vec<AtomicFile>);

impl StartFiles {
    /// Whether all are there and of that manifest.
    pub(super) fn are_of(&self, manifest: &Digest) -> bool {
        self.all().all(|file| file.is_of(manifest))
    }

    /// Refuses a config that makes no sense before any layer is fetched.
    pub(super) fn check(&self, image: &Image) -> Result<(), Error> {
        match self.all().next() {
            Some(_) => run_config_of(image).map(drop),
            None => Ok(()),
        }
    }

    /// Refuses to keep the old tree where one of the files is to be: this would fail after the swap, when
    /// the new tree is already in place.
    fn spare(&self, keep_old: &KeepOld) -> Result<(), Error> {
        let path = keep_old.found().path();
        if self.all().any(|file| path.starts_with(file.path())) {
            let (path, why) = (path.to_owned(), DestinationFault::KeptInStartFile);
            return Err(Error::DestinationRefused { path, why });
        }
        Ok(())
    }

    /// The path of `NAME.nspawn`.
    pub(super) fn nspawn(&self) -> Option<&Path> {
        self.nspawn.as_ref().map(SystemdFile::path)
    }

    /// The path of `NAME.service`.
    pub(super) fn unit(&self) -> Option<&Path> {
        self.unit.as_ref().map(SystemdFile::path)
    }

    fn all(&self) -> impl Iterator<Item = &SystemdFile> {
        self.nspawn.iter().chain(&self.unit)
    }
}

impl NewStartFiles {
    /// Gives them their names.
    pub(super) fn commit(self) -> Result<(), Error> {
        self.0.into_iter().try_for_each(AtomicFile::commit)
    }
}

impl Pull {
    /// The files that are to be written, checked for what is in their place.
    pub(super) fn start_files(
        &self,
        existing: &Existing,
        keep_old: Option<&KeepOld>,
    ) -> Result<StartFiles, Error> {
        let file_of = |is_wanted: bool, kind| {
            let settings = || SystemdFile::beside(existing, kind, self.force);
            is_wanted.then(settings).transpose()
        };
        let files = StartFiles {
            nspawn: file_of(self.nspawn, SettingsKind::Nspawn)?,
            unit: file_of(self.unit, SettingsKind::Service)?,
        };
        if let Some(keep_old) = keep_old {
            files.spare(keep_old)?;
        }
        Ok(files)
    }

    /// Writes new ones beside, with what `root`, the tree that they start, says of users and programs.
    pub(super) fn write_start_files(
        &self,
        files: &StartFiles,
        destination: &Destination,
        image: &Image,
        root: &Dir,
    ) -> Result<NewStartFiles, Error> {
        let mut written = Vec::new();
        if let Some(file) = &files.nspawn {
            let text = self.nspawn_text(file.path(), image, root)?;
            written.push(file.write(destination, &text)?);
        }
        if let Some(file) = &files.unit {
            let text = self.service_text(file.path(), destination.path(), image, root)?;
            written.push(file.write(destination, &text)?);
        }
        Ok(NewStartFiles(written))
    }
}

/// How the image is run.
pub(super) fn run_config_of(image: &Image) -> Result<RunConfig, Error> {
    run_config(image).map_err(|why| malformed(image, why))
}

/// A config that makes no sense.
pub(super) fn malformed(image: &Image, why: InvalidManifest) -> Error {
    let what = image.digest.to_string();
    Error::Manifest { what, why }
}
