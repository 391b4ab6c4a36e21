//! The documents of an image: indexes, manifests, configs.

use crate::error::Error;
use crate::oci::{Bytes, Descriptor, Digest, InvalidManifest};
use crate::registry::MAX_MANIFEST;

/// How many documents there may be: an index may name thousands.
const MAX_DOCUMENTS: usize = 1024;

/// What has been read, each document once. All are kept in memory, so together they are no longer than
/// one may be.
#[derive(Default)]
pub(super) struct Documents {
    all: Vec<(Descriptor, Bytes)>,
    size: u64,
}

impl Documents {
    /// A document that has been read.
    pub(super) fn find(&self, digest: &Digest) -> Option<Bytes> {
        let found = self.all.iter().find(|(known, _)| known.digest == *digest);
        found.map(|(_, bytes)| bytes.clone())
    }

    /// Adds a document, unless it is here already.
    pub(super) fn add(&mut self, document: Descriptor, bytes: Bytes) -> Result<(), Error> {
        if self.find(&document.digest).is_some() {
            return Ok(());
        }
        self.check_room(bytes.len() as u64)?;
        self.size += bytes.len() as u64;
        self.all.push((document, bytes));
        match self.all.len() > MAX_DOCUMENTS {
            true => Err(self.refused(InvalidManifest::TooMuch)),
            false => Ok(()),
        }
    }

    /// Refuses a document that would be too much, before it is read.
    pub(super) fn check_room(&self, size: u64) -> Result<(), Error> {
        match self.size.saturating_add(size) > MAX_MANIFEST && !self.all.is_empty() {
            true => Err(self.refused(InvalidManifest::TooLongInAll(MAX_MANIFEST))),
            false => Ok(()),
        }
    }

    /// All of them, each behind what names it.
    pub(super) fn into_all(self) -> Vec<(Descriptor, Bytes)> {
        self.all
    }

    /// What is wrong with the first one, which led to the others.
    pub(super) fn refused(&self, why: InvalidManifest) -> Error {
        let root = self.all.first();
        let what = root.map(|(root, _)| root.digest.to_string());
        Error::Manifest {
            what: what.unwrap_or_default(),
            why,
        }
    }
}
