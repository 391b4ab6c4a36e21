//! `roots digest IMAGE`: what `pull` would extract here, without extracting it.

use super::Digest;
use crate::error::Error;
use crate::oci;
use crate::source::Source;

impl Digest {
    /// The digest of the manifest for the platform, or of what the name itself stands for.
    pub(super) fn run(&self) -> Result<oci::Digest, Error> {
        let progress = self.progress;
        let mut source = Source::open(&self.image, Some(&self.access), None, progress)?;
        match self.index {
            true => source.digest(),
            false => Ok(source.resolve(&self.wanted, progress)?.digest),
        }
    }
}
