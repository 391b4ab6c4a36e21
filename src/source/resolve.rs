//! From a name to an image: index, manifest, config.

use super::{Source, parse, select, verified};
use crate::error::{Error, Part};
use crate::oci::{Config, Descriptor, Digest, Document, Image, Wanted};
use crate::progress::Progress;

/// Where a name has led.
pub(super) struct Followed {
    pub(super) image: Image,
    /// The bytes of its config.
    pub(super) config: Vec<u8>,
    /// What lies between the name and the image, the manifest being the last.
    pub(super) documents: Vec<(Descriptor, Vec<u8>)>,
}

impl Source<'_> {
    /// Follows the name to the manifest for `wanted`, and that to its config. Nothing else will be
    /// asked for.
    pub fn resolve(&mut self, wanted: &Wanted, progress: Progress) -> Result<Image, Error> {
        let Followed { image, config, .. } = self.follow(wanted, progress)?;
        let image = Image {
            config_bytes: config,
            ..image
        };
        if let Self::Layout(layout) = self {
            layout.narrow(&image);
        }
        Ok(image)
    }

    pub(super) fn follow(
        &mut self,
        wanted: &Wanted,
        progress: Progress,
    ) -> Result<Followed, Error> {
        let name = self.to_string();
        let (root, document) = self.root()?;
        let mut documents = Vec::new();
        let chosen = select::choose(&name, root.clone(), document, wanted, |descriptor| {
            let bytes = self.manifest(descriptor)?;
            let document = parse(&descriptor.digest, &bytes, &descriptor.media_type);
            documents.push((descriptor.clone(), bytes));
            document
        })?;
        if let Self::Registry(cached) = self {
            let manifest = &chosen.manifest;
            cached.require(std::iter::once(&manifest.config).chain(&manifest.layers))?;
        }
        let bytes = self.config(&chosen.manifest.config)?;
        let digest = chosen.digest.to_string();
        let malformed = |why| Error::Manifest {
            what: digest.clone(),
            why,
        };
        let config = Config::parse(&bytes).map_err(malformed)?;
        let image = Image::new(root, chosen.digest, chosen.manifest, &config);
        let image = image.map_err(malformed)?;
        if chosen.unconfirmed {
            select::confirm(&name, &image, wanted, progress)?;
        }
        Ok(Followed {
            image,
            config: bytes,
            documents,
        })
    }

    pub(super) fn root(&mut self) -> Result<(Digest, Document), Error> {
        match self {
            Self::Registry(cached) => {
                let (digest, served) = cached.root()?;
                let mut document = parse(&digest, &served.bytes, &served.media_type);
                // Who names a tag does not know what it stands for.
                if let (Err(Error::Manifest { what, .. }), None) =
                    (&mut document, cached.reference().digest())
                {
                    *what = format!("{}: {what}", cached.reference());
                }
                let document = document?;
                Ok((digest, document))
            }
            Self::Layout(layout) => layout.document(),
        }
    }

    pub(super) fn manifest(&mut self, descriptor: &Descriptor) -> Result<Vec<u8>, Error> {
        let bytes = match self {
            Self::Registry(cached) => cached.manifest(&descriptor.digest)?,
            Self::Layout(layout) => layout.bytes(descriptor)?,
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
