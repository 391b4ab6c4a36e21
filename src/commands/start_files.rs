//! The files beside DEST that start it: `--nspawn` and `--unit`.

use super::Pull;
use crate::destination::{AtomicFile, Destination, Existing, KeepOld, SettingsKind, SystemdFile};
use crate::error::{DestinationFault, Error};
use crate::extract::TreeReader;
use crate::oci::{Digest, Image, InvalidManifest, RunConfig};
use crate::progress::Progress;
use crate::sys::Dir;
use crate::systemd::run_config;
use std::path::Path;

/// The files that a pull was asked to write, as they are now.
pub(super) struct StartFiles {
    nspawn: Option<SystemdFile>,
    unit: Option<SystemdFile>,
    /// The value of `--uid-shift`.
    pub(super) uid_shift: u32,
    pub(super) progress: Progress,
}

/// The new files, which do not have their names yet.
pub(super) struct NewStartFiles(Vec<AtomicFile>);

impl StartFiles {
    /// Looks up the files on disk, and refuses those that may not be replaced.
    pub(super) fn find(
        pull: &Pull,
        existing: &Existing,
        keep_old: Option<&KeepOld>,
    ) -> Result<Self, Error> {
        let find = |kind| SystemdFile::beside(existing, kind, pull.force);
        let files = Self {
            nspawn: pull
                .nspawn
                .then(|| find(SettingsKind::Nspawn))
                .transpose()?,
            unit: pull.unit.then(|| find(SettingsKind::Service)).transpose()?,
            uid_shift: pull.tree_options.uid_shift(),
            progress: pull.progress,
        };
        if let Some(keep_old) = keep_old {
            files.spare(keep_old)?;
        }
        Ok(files)
    }

    /// Whether all files exist and were written for `manifest`.
    pub(super) fn are_of(&self, manifest: &Digest) -> bool {
        self.all().all(|file| file.is_of(manifest))
    }

    /// Refuses a malformed config before any layer is fetched.
    pub(super) fn check(&self, image: &Image) -> Result<(), Error> {
        match self.all().next() {
            Some(_) => run_config_of(image).map(drop),
            None => Ok(()),
        }
    }

    /// Refuses to keep the old tree where one of the files is to be: this would fail after the swap, when
    /// the new tree is already in place.
    fn spare(&self, keep_old: &KeepOld) -> Result<(), Error> {
        let path = keep_old.existing().path();
        if self.all().any(|file| path.starts_with(file.path())) {
            return Err(DestinationFault::KeptInStartFile.at(path));
        }
        Ok(())
    }

    /// Writes the new files beside the old ones. `root` is the tree that they start, whose users and
    /// programs are looked up.
    pub(super) fn write(
        &self,
        destination: &Destination,
        image: &Image,
        root: &Dir,
    ) -> Result<NewStartFiles, Error> {
        let mut written = Vec::new();
        if let Some(file) = &self.nspawn {
            let text = self.nspawn_text(file.path(), image, root)?;
            written.push(file.write(destination, &text)?);
        }
        if let Some(file) = &self.unit {
            let text = self.service_text(file.path(), destination.path(), image, root)?;
            written.push(file.write(destination, &text)?);
        }
        Ok(NewStartFiles(written))
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

    /// Names the fields of the config that systemd has no setting for.
    pub(super) fn warn_of_left_out(&self, path: &Path, left_out: &[&str]) {
        if !left_out.is_empty() {
            self.progress.warn(format_args!(
                "{}: cannot be told to systemd: {}",
                path.display(),
                left_out.join(", ")
            ));
        }
    }

    /// docker creates a missing working directory; systemd does not.
    pub(super) fn warn_of_working_dir(
        &self,
        path: &Path,
        config: &RunConfig,
        tree: &TreeReader<'_>,
    ) {
        let is_missing = |dir: &&String| dir.starts_with('/') && !tree.is_directory(dir);
        if config.workdir.as_ref().filter(is_missing).is_some() {
            self.progress.alarm(format_args!(
                "{}: the tree lacks its WorkingDirectory: make it there with mkdir -p",
                path.display()
            ));
        }
    }
}

impl NewStartFiles {
    /// Gives the files their names.
    pub(super) fn commit(self) -> Result<(), Error> {
        self.0.into_iter().try_for_each(AtomicFile::commit)
    }
}

/// How to run the image.
pub(super) fn run_config_of(image: &Image) -> Result<RunConfig, Error> {
    run_config(image).map_err(|why| malformed(image, why))
}

pub(super) fn malformed(image: &Image, why: InvalidManifest) -> Error {
    Error::manifest(image.digest.to_string(), why)
}
