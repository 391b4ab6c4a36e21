//! `roots digest IMAGE...`: prints the digest that `pull` would extract here.

use super::PrintDigest;
use super::lock_line::lock_line;
use crate::error::Error;
use crate::oci;
use crate::report::DigestReport;
use crate::source::{ImageName, Source};

impl PrintDigest {
    /// The digest of one image, or lines of `REFERENCE@DIGEST`, which make a lock; as JSON, an object for
    /// each image.
    pub(super) fn run(&self) -> Result<String, Error> {
        let mut lines = String::new();
        for image in &self.images {
            let mut source = Source::open(image, Some(&self.options), None, self.progress)?;
            if self.progress.is_json() {
                lines += &self.report(&mut source)?;
                source.drain();
                continue;
            }
            let digest = self.of(&mut source)?;
            source.drain();
            lines += &match self.lock || self.images.len() > 1 {
                true => line(image, &source, &digest),
                false => format!("{digest}\n"),
            };
        }
        Ok(lines)
    }

    /// The image as an object. For its type and size, what the name stands for is read, not only asked for.
    fn report(&self, source: &mut Source<'_>) -> Result<String, Error> {
        let (root, manifest) = match self.index {
            true => (source.described()?, None),
            false => {
                let (root, manifest, image) =
                    source.described_for(&self.platform, self.progress)?;
                (root, Some((manifest, image)))
            }
        };
        let manifest = manifest.as_ref().map(|(manifest, image)| (manifest, image));
        Ok(DigestReport::new(source.full_name(), &root, manifest).to_line())
    }

    /// The digest of the manifest for the platform, or of what the name itself stands for.
    fn of(&self, source: &mut Source<'_>) -> Result<oci::Digest, Error> {
        match self.index {
            true => source.digest(),
            false => Ok(source.resolve(&self.platform, self.progress)?.digest),
        }
    }
}

/// What an image is called in full, wherever it is, and its digest.
fn line(image: &ImageName, source: &Source<'_>, digest: &oci::Digest) -> String {
    let names = source.names().into_iter();
    let full = names.flat_map(|name| oci::Reference::parse(&name));
    let full = full.map(|reference| reference.name()).next();
    match image {
        ImageName::Registry(reference) => lock_line(&full, reference.name(), digest),
        ImageName::Local(local) => lock_line(&full, local, digest),
    }
}
