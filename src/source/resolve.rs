//! Resolves a name to an image: index, manifest, config.

use super::chain::chain_to;
use super::documents::Documents;
use super::signature_check::SignatureCheck;
use super::{Source, parse, platform, verified, within_limit};
use crate::error::{Error, ErrorKind, ImageError, Part};
use crate::oci::{Bytes, Config, Descriptor, Digest, Document, Image, PlatformRequest};
use crate::progress::Progress;

/// The documents that a name was resolved to.
pub(super) struct ResolvedDocuments {
    pub(super) image: Image,
    /// The manifest, if it differs from the document that the name stands for.
    pub(super) manifest: Option<Bytes>,
    /// The bytes of the config.
    pub(super) config: Bytes,
}

impl Source<'_> {
    /// Resolves the name to the manifest for the requested platform, and that to its config. In
    /// between, checks its signatures if any are demanded. Nothing but layers is needed afterwards.
    pub(crate) fn resolve(
        &mut self,
        request: &PlatformRequest,
        check: Option<&mut SignatureCheck<'_>>,
        progress: Progress,
    ) -> Result<Image, Error> {
        let mut documents = Documents::default();
        let resolved = self.resolve_documents(request, &mut documents, check, progress)?;
        Ok(self.narrowed(resolved))
    }

    /// The image, of which only the layers are needed from here on.
    pub(super) fn narrowed(&self, resolved: ResolvedDocuments) -> Image {
        let image = Image {
            config_bytes: resolved.config,
            ..resolved.image
        };
        if let Self::Layout(layout) = self {
            layout.narrow(&image);
        }
        image
    }

    /// The same, but adds all documents between the name and the image to `documents`, and reads none
    /// that is there already.
    pub(super) fn resolve_documents(
        &mut self,
        request: &PlatformRequest,
        documents: &mut Documents,
        check: Option<&mut SignatureCheck<'_>>,
        progress: Progress,
    ) -> Result<ResolvedDocuments, Error> {
        let resolved = self.resolve_unexplained(request, documents, check, progress);
        resolved.map_err(|error| self.explained(error))
    }

    /// Turns a source's `error` into the one to report.
    pub(super) fn explained(&self, error: Error) -> Error {
        match self {
            Self::Registry(_) => error,
            Self::Layout(layout) => layout.explained(error),
        }
    }

    fn resolve_unexplained(
        &mut self,
        request: &PlatformRequest,
        documents: &mut Documents,
        check: Option<&mut SignatureCheck<'_>>,
        progress: Progress,
    ) -> Result<ResolvedDocuments, Error> {
        let name = self.to_string();
        let (root, bytes, document) = self.root()?;
        let (size, media_type) = (bytes.len() as u64, document.media_type(&bytes, ""));
        documents.add(Descriptor::new(media_type, root.clone(), size), bytes)?;
        let mut manifest = None;
        let chosen = platform::choose(&name, root.clone(), document, request, |descriptor| {
            let bytes = self.document(descriptor, documents)?;
            let document = parse(&descriptor.digest, &bytes, &descriptor.media_type);
            manifest = Some(bytes);
            document
        })?;
        if let Self::Registry(cached) = self {
            let manifest = &chosen.manifest;
            cached.require(std::iter::once(&manifest.config).chain(&manifest.layers))?;
        }
        // An index that nobody has signed as demanded may say anything of a manifest that somebody has.
        let mut is_confirmed = !chosen.unconfirmed;
        if let Some(check) = check {
            check.run(self, &chain_to(&chosen.digest, documents.all()))?;
            is_confirmed &= check.is_met_by(&[&root]);
        }
        let config_blob = &chosen.manifest.config;
        let bytes = match documents.find(&config_blob.digest) {
            Some(bytes) => bytes,
            None => {
                within_limit(config_blob)?;
                documents.check_limit(config_blob.size)?;
                let bytes = Bytes::new(self.config(config_blob)?);
                documents.add(config_blob.clone(), bytes.clone())?;
                bytes
            }
        };
        let digest = chosen.digest.to_string();
        let malformed = |why| Error::manifest(&digest, why);
        let config = Config::named_by(config_blob, &bytes).map_err(malformed)?;
        let image = Image::new(root, chosen.digest, chosen.manifest, &config);
        let image = image.map_err(malformed)?;
        if !is_confirmed {
            platform::confirm(&name, &image, request, progress)?;
        }
        Ok(ResolvedDocuments {
            image,
            manifest,
            config: bytes,
        })
    }

    /// A manifest or index, kept among `documents`.
    pub(super) fn document(
        &mut self,
        descriptor: &Descriptor,
        documents: &mut Documents,
    ) -> Result<Bytes, Error> {
        if let Some(bytes) = documents.find(&descriptor.digest) {
            return verified(descriptor, Part::Manifest, bytes);
        }
        within_limit(descriptor)?;
        documents.check_limit(descriptor.size)?;
        let bytes = self.manifest(descriptor)?;
        documents.add(descriptor.clone(), bytes.clone())?;
        Ok(bytes)
    }

    pub(super) fn root(&mut self) -> Result<(Digest, Bytes, Document), Error> {
        match self {
            Self::Registry(cached) => {
                let (digest, served) = cached.root()?;
                let document = parse(&digest, &served.bytes, &served.media_type);
                let document = document.map_err(|error| match error.into_kind() {
                    // For a tag, name it beside the digest: the user typed only the tag.
                    ErrorKind::Image(ImageError::Manifest { subject, reason })
                        if cached.reference().digest().is_none() =>
                    {
                        let subject = format!("{}: {subject}", cached.reference());
                        Error::from(ImageError::Manifest { subject, reason })
                    }
                    other => other.into(),
                })?;
                Ok((digest, served.bytes, document))
            }
            Self::Layout(layout) => layout.document(),
        }
    }

    pub(super) fn manifest(&mut self, descriptor: &Descriptor) -> Result<Bytes, Error> {
        let bytes = match self {
            Self::Registry(cached) => cached.manifest(&descriptor.digest)?,
            Self::Layout(layout) => layout.bytes(descriptor)?.into(),
        };
        verified(descriptor, Part::Manifest, bytes)
    }

    pub(super) fn config(&mut self, descriptor: &Descriptor) -> Result<Vec<u8>, Error> {
        match self {
            Self::Registry(cached) => cached.config(descriptor),
            Self::Layout(layout) => verified(descriptor, Part::Blob, layout.bytes(descriptor)?),
        }
    }
}
