//! `roots digest IMAGE...`: prints the digest that `pull` would extract here.

use super::PrintDigest;
use super::lock_line::lock_line;
use crate::error::Error;
use crate::oci;
use crate::report::DigestReport;
use crate::source::{ImageName, SignatureCheck, SignaturePolicy, Source};

impl PrintDigest {
    /// Prints one digest, or the lines `REFERENCE@DIGEST` of a lock file, or a JSON object for each image.
    pub(super) fn run(&self) -> Result<String, Error> {
        let policy = self.signatures.policy(false)?;
        let policy = policy.as_ref();
        let mut lines = String::new();
        for image in &self.images {
            let mut source = Source::open(image, Some(&self.options), None, self.progress)?;
            if self.progress.is_json() {
                lines += &self.report(&mut source, policy)?;
                source.drain();
                continue;
            }
            let digest = self.digest(&mut source, policy)?;
            source.drain();
            lines += &if self.lock || self.images.len() > 1 {
                line(image, &source, &digest)
            } else {
                format!("{digest}\n")
            };
        }
        Ok(lines)
    }

    /// The JSON object of an image. It has the type and size of the index, so a HEAD request is not enough.
    fn report(
        &self,
        source: &mut Source<'_>,
        policy: Option<&SignaturePolicy>,
    ) -> Result<String, Error> {
        let mut check = SignatureCheck::of(policy, self.progress);
        let check = check.as_mut();
        let (root, manifest) = if self.index {
            (source.described(check)?, None)
        } else {
            let (root, manifest, image) =
                source.described_for(&self.platform, check, self.progress)?;
            (root, Some((manifest, image)))
        };
        let manifest = manifest.as_ref().map(|(manifest, image)| (manifest, image));
        Ok(DigestReport::new(source.full_name(), &root, manifest).to_line())
    }

    /// The digest of the manifest for the platform, or with `--index` the one that the tag stands for.
    fn digest(
        &self,
        source: &mut Source<'_>,
        policy: Option<&SignaturePolicy>,
    ) -> Result<oci::Digest, Error> {
        let mut check = SignatureCheck::of(policy, self.progress);
        let check = check.as_mut();
        match (self.index, check) {
            (true, None) => source.digest(),
            (true, check) => Ok(source.described(check)?.digest),
            (false, check) => {
                let image = source.resolve(&self.platform, check, self.progress)?;
                Ok(image.digest)
            }
        }
    }
}

/// The line of a lock file.
fn line(image: &ImageName, source: &Source<'_>, digest: &oci::Digest) -> String {
    let names = source.names().into_iter();
    let references = names.flat_map(|name| oci::Reference::parse(&name));
    let full = references.map(|reference| reference.name()).next();
    match image {
        ImageName::Registry(reference) => lock_line(&full, reference.name(), digest),
        ImageName::Local(local) => lock_line(&full, local, digest),
    }
}
