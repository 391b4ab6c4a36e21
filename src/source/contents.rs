//! The documents and blobs that a copy of an image needs.

use super::chain::{ChainLink, chain_to};
use super::copied_signatures::CopiedSignatures;
use super::documents::Documents;
use super::found_signature::SignatureArtifact;
use super::{Source, parse};
use crate::error::{Error, ErrorKind, ImageError};
use crate::oci::{
    Bytes, Descriptor, Digest, Document, Image, InvalidManifest, MediaKind, PlatformEntry,
    PlatformRequest,
};
use crate::progress::Progress;
use crate::registry::MAX_MANIFEST;
use std::collections::HashSet;
use std::rc::Rc;

/// The maximum number of documents and blobs copied: an index may list tens of thousands.
const MAX_NAMED: usize = 8192;

/// The platforms for which an image is copied.
pub(crate) enum Platforms {
    /// These; the first one is the main one.
    Some(Vec<PlatformRequest>),
    /// All, plus whatever else the index lists; the main image is the one for this platform, if
    /// any.
    All(PlatformRequest),
}

/// Everything that a copy of an image consists of.
pub(crate) struct ImageContents {
    /// The descriptor for `index.json`.
    pub(crate) root: Descriptor,
    /// The image for the main platform, if any.
    pub(crate) main: Option<Image>,
    /// Indexes, manifests and configs, each after the document that names it.
    pub(crate) documents: Vec<(Descriptor, Bytes)>,
    /// Layers, in the order in which they are applied.
    pub(crate) blobs: Vec<Descriptor>,
    /// Signatures of the root or of an image.
    pub(crate) signatures: Vec<Rc<SignatureArtifact>>,
}

impl ImageContents {
    /// Everything that the archive must hold.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Descriptor> {
        let signatures = self
            .signatures
            .iter()
            .flat_map(|signature| signature.documents());
        let documents = self.documents.iter().chain(signatures);
        documents.map(|(document, _)| document).chain(&self.blobs)
    }
}

impl Source<'_> {
    /// Reads all documents of the image, but no layers yet.
    pub(crate) fn contents(
        &mut self,
        platforms: &Platforms,
        signatures: CopiedSignatures<'_, '_>,
        progress: Progress,
    ) -> Result<ImageContents, Error> {
        let contents = match platforms {
            Platforms::All(request) => self.all_contents(request, signatures, progress),
            Platforms::Some(requests) => self.some_contents(requests, signatures, progress),
        };
        contents.map_err(|error| self.explained(error))
    }

    /// A single manifest on its own; several through their index, byte for byte.
    fn some_contents(
        &mut self,
        requests: &[PlatformRequest],
        mut signatures: CopiedSignatures<'_, '_>,
        progress: Progress,
    ) -> Result<ImageContents, Error> {
        let (root, bytes) = self.root_bytes()?;
        let mut documents = Documents::default();
        documents.add(root.clone(), bytes)?;
        // Several stay in their index, which then has to be signed itself: it may list others.
        let (of_index, mut of_image) = if requests.len() > 1 {
            (signatures.check.as_deref_mut(), None)
        } else {
            (None, signatures.check.as_deref_mut())
        };
        if let Some(check) = of_index {
            check.run(self, documents.all())?;
        }
        let mut images = Vec::new();
        for request in requests {
            let check = of_image.as_deref_mut();
            let resolved = self.resolve_documents(request, &mut documents, check, progress)?;
            images.push(resolved.image);
        }
        let chain = match &images[..] {
            [only] => chain_to(&only.digest, documents.all()),
            _ => without_configs(documents.all()),
        };
        let (mut signatures, signed) = signatures.find(self, &chain, progress)?;
        let mut documents = documents.into_all();
        let mut root = root;
        if let [only] = &images[..] {
            // Whatever stands above the signed document, or else above the manifest, is not needed.
            let is_signed = |(document, _): &ChainLink| signed.contains(&document.digest);
            let start = chain.iter().position(is_signed);
            let kept = &chain[start.unwrap_or(chain.len().saturating_sub(1))..];
            let is_kept = |digest: &Digest| kept.iter().any(|(one, _)| one.digest == *digest);
            documents.retain(|(document, _)| {
                is_kept(&document.digest) || document.digest == only.config.digest
            });
            let (kept_signatures, others): (Vec<_>, Vec<_>) = signatures
                .into_iter()
                .partition(|signature| is_kept(&signature.subject));
            signatures = kept_signatures;
            for other in others {
                progress.warn(format_args!(
                    "{}: not saved, since it is of an index that is not signed as demanded",
                    other.origin
                ));
            }
            // Keep the annotations of the image, and the name.
            let annotations = root.annotations;
            root = Descriptor {
                annotations,
                ..documents[0].0.clone()
            };
        }
        name_platform(&mut root, &images);
        let layers = images.iter().flat_map(|image| &image.layers);
        Ok(ImageContents {
            root,
            blobs: layers.map(|layer| layer.blob.clone()).collect(),
            main: images.into_iter().next(),
            documents,
            signatures,
        })
    }

    /// Everything that the index lists, including attestations and unknown entries.
    fn all_contents(
        &mut self,
        request: &PlatformRequest,
        mut signatures: CopiedSignatures<'_, '_>,
        progress: Progress,
    ) -> Result<ImageContents, Error> {
        let (root, bytes) = self.root_bytes()?;
        if let Some(check) = signatures.check.as_deref_mut() {
            check.run(self, &[(root.clone(), bytes.clone())])?;
        }
        let mut contents = ImageContents {
            root: root.clone(),
            main: None,
            documents: Vec::new(),
            blobs: Vec::new(),
            signatures: Vec::new(),
        };
        let mut seen = HashSet::from([root.digest.clone()]);
        let mut documents = Documents::default();
        let mut waiting = Vec::new();
        let mut current = Some((root, bytes));
        while let Some((descriptor, bytes)) = current {
            let is_index = descriptor.kind() == MediaKind::Index;
            let named = Document::names(&bytes)
                .map_err(|why| Error::manifest(descriptor.digest.to_string(), why))?;
            documents.add(descriptor, bytes)?;
            let before = waiting.len();
            for named in named {
                if !seen.insert(named.digest.clone()) {
                    continue;
                }
                if seen.len() > MAX_NAMED {
                    return Err(documents.refused(InvalidManifest::TooMuch));
                }
                match named.kind() {
                    MediaKind::Index | MediaKind::Manifest => waiting.push(named),
                    MediaKind::Config if named.size <= MAX_MANIFEST => {
                        documents.check_limit(named.size)?;
                        let bytes = Bytes::new(self.config(&named)?);
                        documents.add(named, bytes)?;
                    }
                    // Whatever it is, a registry should serve it as a manifest.
                    MediaKind::Other if is_index && named.size <= MAX_MANIFEST => {
                        match self.document(&named, &mut documents) {
                            Ok(_) => {}
                            Err(error) if error.is_not_served() || error.is_offline() => {
                                contents.blobs.push(named);
                            }
                            Err(error) => return Err(error),
                        }
                    }
                    _ => contents.blobs.push(named),
                }
            }
            // The stack is last in, first out, so push in reverse.
            waiting[before..].reverse();
            current = match waiting.pop() {
                Some(next) => {
                    documents.check_limit(next.size)?;
                    let bytes = self.manifest(&next)?;
                    Some((next, bytes))
                }
                None => None,
            };
        }
        if let Self::Registry(cached) = self {
            cached.require(&contents.blobs)?;
        }
        let subjects = without_configs(documents.all());
        (contents.signatures, _) = signatures.find(self, &subjects, progress)?;
        contents.main = self.main_image(request, &mut documents, progress)?;
        contents.documents = documents.into_all();
        name_platform(&mut contents.root, contents.main.as_slice());
        Ok(contents)
    }

    /// The image for `request`, or else the first one for any platform.
    fn main_image(
        &mut self,
        request: &PlatformRequest,
        documents: &mut Documents,
        progress: Progress,
    ) -> Result<Option<Image>, Error> {
        let resolved = self.resolve_documents(request, documents, None, progress);
        let resolved = match resolved {
            Err(error) => match error.into_kind() {
                ErrorKind::Image(ImageError::NoPlatform { available, .. }) => {
                    let Some(platform) = available.into_iter().next() else {
                        return Ok(None);
                    };
                    let explicit = true;
                    let first = PlatformRequest { platform, explicit };
                    self.resolve_documents(&first, documents, None, progress)
                }
                other => Err(other.into()),
            },
            resolved => resolved,
        };
        match resolved {
            Ok(resolved) => Ok(Some(resolved.image)),
            Err(error) => match error.kind() {
                // An index that is copied whole need not contain images.
                ErrorKind::Image(ImageError::Manifest { .. }) => Ok(None),
                _ => Err(error),
            },
        }
    }

    /// The descriptor and bytes of the document that the name stands for.
    pub(super) fn root_bytes(&mut self) -> Result<(Descriptor, Bytes), Error> {
        let (entry, bytes) = match self {
            Self::Registry(cached) => {
                let (digest, served) = cached.root()?;
                let size = served.bytes.len() as u64;
                let entry = Descriptor::new(served.media_type, digest, size);
                (entry, served.bytes)
            }
            Self::Layout(layout) => (layout.root().clone(), layout.root_bytes()?),
        };
        let document = parse(&entry.digest, &bytes, &entry.media_type)?;
        let media_type = document.media_type(&bytes, &entry.media_type);
        Ok((
            Descriptor {
                media_type,
                ..entry
            },
            bytes,
        ))
    }
}

/// The indexes and manifests.
fn without_configs(documents: &[ChainLink]) -> Vec<ChainLink> {
    let is_manifest = |(document, _): &&ChainLink| {
        matches!(document.kind(), MediaKind::Index | MediaKind::Manifest)
    };
    documents.iter().filter(is_manifest).cloned().collect()
}

/// Sets the platform of the root from its config, unless an index has set it.
fn name_platform(root: &mut Descriptor, images: &[Image]) {
    let itself = images.iter().find(|image| image.digest == root.digest);
    let platform = itself.and_then(|image| image.platform.as_ref());
    root.platform = root.platform.take().or(platform.map(PlatformEntry::from));
}
