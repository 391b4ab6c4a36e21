//! Describes an image without fetching its layers.

use super::documents::Documents;
use super::resolve::ResolvedDocuments;
use super::{Source, parse, platform};
use crate::error::{Error, ImageError};
use crate::oci::{
    Annotations, Bytes, Descriptor, Digest, Document, Image, IndexEntry, PlatformRequest,
};
use crate::progress::Progress;
use crate::report::PlatformReport;

/// What `inspect` shows of an image.
pub(crate) struct ImageDetails {
    /// The digest of the document that the name stands for.
    pub(crate) root: Digest,
    /// The images listed in it, if it is an index.
    pub(crate) listed: Vec<PlatformReport>,
    /// How many attestations are listed beside them.
    pub(crate) attestations: usize,
    /// The annotations of the index.
    pub(crate) index_annotations: Annotations,
    /// The image for the platform. If no platform was requested, it may be missing: then the list
    /// is shown.
    pub(crate) image: Option<Image>,
    /// The annotations of its manifest.
    pub(crate) annotations: Annotations,
}

/// A document of an image, as served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RawDocument {
    /// The index that the name stands for.
    Index,
    /// The manifest for the platform.
    Manifest,
    /// Its config.
    Config,
}

impl Source<'_> {
    /// Reads everything except the layers.
    pub(crate) fn describe(
        &mut self,
        request: &PlatformRequest,
        progress: Progress,
    ) -> Result<ImageDetails, Error> {
        let (root, bytes, document) = self.root()?;
        let (mut listed, mut attestations) = (Vec::new(), 0);
        let mut index_annotations = Annotations::default();
        let mut annotations = Annotations::parse(&bytes);
        if let Document::Index(index) = document {
            index_annotations = std::mem::take(&mut annotations);
            let mut documents = Documents::default();
            let size = bytes.len() as u64;
            documents.add(Descriptor::new("", root.clone(), size), bytes)?;
            let mut fetch = |entry: &Descriptor| {
                let bytes = self.document(entry, &mut documents)?;
                parse(&entry.digest, &bytes, &entry.media_type)
            };
            let mut take = |entry: &IndexEntry| {
                if entry.is_attestation() {
                    attestations += 1
                } else {
                    listed.push(PlatformReport::new(entry))
                }
            };
            platform::Listing::of(&index, &mut fetch, &mut take)?;
        }
        let image = match self.resolve_documents(request, &mut Documents::default(), progress) {
            Err(missing)
                if missing.is_other_platform() && !request.explicit && !listed.is_empty() =>
            {
                progress.warn(&missing);
                None
            }
            other => {
                let resolved = other?;
                if let Some(manifest) = &resolved.manifest {
                    annotations = Annotations::parse(manifest);
                }
                Some(self.narrowed(resolved))
            }
        };
        Ok(ImageDetails {
            root,
            listed,
            attestations,
            index_annotations,
            image,
            annotations,
        })
    }

    /// The descriptor of the document that the name stands for.
    pub(crate) fn described(&mut self) -> Result<Descriptor, Error> {
        let described = self.root_bytes().map(|(root, _)| root);
        described.map_err(|error| self.explained(error))
    }

    /// The same, plus the manifest for a platform and its image.
    pub(crate) fn described_for(
        &mut self,
        request: &PlatformRequest,
        progress: Progress,
    ) -> Result<(Descriptor, Descriptor, Image), Error> {
        let root = self.described()?;
        let ResolvedDocuments {
            image, manifest, ..
        } = self.resolve_documents(request, &mut Documents::default(), progress)?;
        let described = match manifest {
            None => root.clone(),
            Some(bytes) => {
                let document = parse(&image.digest, &bytes, "")?;
                let media_type = document.media_type(&bytes, "");
                Descriptor::new(media_type, image.digest.clone(), bytes.len() as u64)
            }
        };
        Ok((root, described, image))
    }

    /// The verified bytes of a document, not re-serialised.
    pub(crate) fn raw(
        &mut self,
        what: RawDocument,
        request: &PlatformRequest,
        progress: Progress,
    ) -> Result<Bytes, Error> {
        let (root, bytes) = self.root_bytes()?;
        let is_index = matches!(
            parse(&root.digest, &bytes, &root.media_type)?,
            Document::Index(_)
        );
        match what {
            RawDocument::Index if is_index => return Ok(bytes),
            RawDocument::Index => return Err(ImageError::NotAnIndex(self.to_string()).into()),
            // If a platform was requested, the config must confirm it.
            RawDocument::Manifest if !is_index && !request.explicit => return Ok(bytes),
            RawDocument::Manifest | RawDocument::Config => {}
        }
        let ResolvedDocuments {
            config, manifest, ..
        } = self.resolve_documents(request, &mut Documents::default(), progress)?;
        Ok(match what {
            RawDocument::Manifest => manifest.unwrap_or(bytes),
            RawDocument::Index | RawDocument::Config => config,
        })
    }
}
