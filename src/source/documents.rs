//! The documents of an image: indexes, manifests, configs.

use crate::error::Error;
use crate::oci::{Bytes, Descriptor, Digest, InvalidManifest};
use crate::registry::MAX_MANIFEST;

/// The maximum number of documents: an index may list thousands.
const MAX_DOCUMENTS: usize = 1024;

/// The documents read so far, each once. They are kept in memory, so all together are limited to
/// the maximum size of one.
#[derive(Default)]
pub(super) struct Documents {
    all: Vec<(Descriptor, Bytes)>,
    size: u64,
}

impl Documents {
    /// A document that was read before.
    pub(super) fn find(&self, digest: &Digest) -> Option<Bytes> {
        let found = self.all.iter().find(|(known, _)| known.digest == *digest);
        found.map(|(_, bytes)| bytes.clone())
    }

    /// Adds a document, unless it is present already.
    pub(super) fn add(&mut self, document: Descriptor, bytes: Bytes) -> Result<(), Error> {
        if self.find(&document.digest).is_some() {
            return Ok(());
        }
        self.check_limit(bytes.len() as u64)?;
        self.size += bytes.len() as u64;
        self.all.push((document, bytes));
        if self.all.len() > MAX_DOCUMENTS {
            Err(self.refused(InvalidManifest::TooMuch))
        } else {
            Ok(())
        }
    }

    /// Refuses a document that exceeds the limit, before it is read.
    pub(super) fn check_limit(&self, size: u64) -> Result<(), Error> {
        if self.size.saturating_add(size) > MAX_MANIFEST && !self.all.is_empty() {
            Err(self.refused(InvalidManifest::TooLongInAll(MAX_MANIFEST)))
        } else {
            Ok(())
        }
    }

    /// All documents, each after the one that names it.
    pub(super) fn all(&self) -> &[(Descriptor, Bytes)] {
        &self.all
    }

    /// Consumes it, and returns all documents.
    pub(super) fn into_all(self) -> Vec<(Descriptor, Bytes)> {
        self.all
    }

    /// The error for the first document, which led to the others.
    pub(super) fn refused(&self, why: InvalidManifest) -> Error {
        let root = self.all.first();
        let subject = root.map(|(root, _)| root.digest.to_string());
        Error::manifest(subject.unwrap_or_default(), why)
    }
}
