//! `roots inspect DEST`: what a tree was made of. `roots inspect IMAGE`: what one would be made of.

use super::Inspect;
use crate::cache::Cache;
use crate::destination::Found;
use crate::error::Error;
use crate::oci::{Record, Summary};
use crate::progress::Progress;
use crate::source::{Name, Source};

impl Inspect {
    /// The record of DEST, or an image in short; as JSON, for people and programs.
    pub(super) fn run(&self) -> Result<String, Error> {
        // What there is, is a tree before it is a name; a folder may be a layout all the same.
        let is_tree = |image: &&Name| match image {
            Name::Registry(_) => self.dest.exists(),
            Name::Local(_) => self.dest.is_dir() && !self.dest.join("oci-layout").exists(),
        };
        match self.image.as_ref().filter(|image| !is_tree(image)) {
            Some(image) => self.summary(image),
            None => self.record(),
        }
    }

    fn summary(&self, image: &Name) -> Result<String, Error> {
        let mut source = Source::open(image, Some(&self.access), None, self.progress)?;
        let image = source.resolve(&self.wanted, self.progress)?;
        source.drain();
        let summary = Summary::new(source.to_string(), &image);
        Ok(format!("{}\n", summary.to_page()))
    }

    fn record(&self) -> Result<String, Error> {
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
        let cache = Cache::open_existing(path, true, Progress::silent()).ok()?;
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
