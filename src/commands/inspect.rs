//! `roots inspect DEST`: what a tree was made of.

use super::Inspect;
use crate::cache::Cache;
use crate::destination::Found;
use crate::error::Error;
use crate::oci::Record;
use crate::progress::{Level, Progress};

impl Inspect {
    /// The record of DEST as JSON, for people and programs.
    pub(super) fn run(&self) -> Result<String, Error> {
        let found = match Found::at(&self.dest) {
            // A file is no tree.
            Err(Error::DestinationRefused { .. }) => return Err(self.no_record()),
            other => other?,
        };
        let record = found.record().or_else(|| self.noted(&found));
        let record = record.ok_or_else(|| self.no_record())?;
        Ok(format!("{}\n", record.to_page()))
    }

    /// What the cache knows of DEST. To look is no reason to make one.
    fn noted(&self, found: &Found) -> Option<Record> {
        let path = self
            .cache
            .path()
            .filter(|path| path.join("links").exists())?;
        let cache = Cache::open_existing(path, true, Progress::new(Level::Faults)).ok()?;
        noted(found, Some(&cache)).ok()?
    }

    fn no_record(&self) -> Error {
        Error::NoRecord(self.dest.clone())
    }
}

/// What a cache knows of a tree that could not take its record itself.
pub(super) fn noted(found: &Found, cache: Option<&Cache>) -> Result<Option<Record>, Error> {
    match (cache, found.inode()) {
        (Some(cache), Some(inode)) => cache.record(found.path(), inode),
        _ => Ok(None),
    }
}
