//! Describes an image without fetching its layers.

use super::attestation::{BuildkitEntry, ListedAttestation};
use super::chain::chain_to;
use super::documents::Documents;
use super::resolve::ResolvedDocuments;
use super::signature_check::{SignatureCheck, SignaturePolicy};
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
    pub(crate) attestation_entries: usize,
    /// Signatures and attestations, always in the same order.
    pub(crate) attestations: Vec<ListedAttestation>,
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
    /// Reads everything except the layers. `policy` says which keys and authorities are known.
    pub(crate) fn describe(
        &mut self,
        request: &PlatformRequest,
        mut check: Option<&mut SignatureCheck<'_>>,
        policy: &SignaturePolicy,
        progress: Progress,
    ) -> Result<ImageDetails, Error> {
        let (root, bytes, document) = self.root()?;
        let (mut listed, mut attestation_entries) = (Vec::new(), 0);
        let mut of_buildkit = Vec::new();
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
                    attestation_entries += 1;
                    of_buildkit.extend(BuildkitEntry::read(entry));
                } else {
                    listed.push(PlatformReport::new(entry));
                }
            };
            platform::Listing::of(&index, &mut fetch, &mut take)?;
        }
        let documents = &mut Documents::default();
        let image = match self.resolve_documents(request, documents, check.as_deref_mut(), progress)
        {
            Err(missing)
                if missing.is_other_platform() && !request.explicit && !listed.is_empty() =>
            {
                // The list itself must be signed, then.
                self.described(check.as_deref_mut())?;
                progress.warn(&missing);
                None
            }
            other => {
                let resolved = other?;
                if let Some(manifest) = &resolved.manifest {
                    annotations = Annotations::parse(manifest);
                }
                Some(resolved)
            }
        };
        let main = image.as_ref().map(|resolved| &resolved.image.digest);
        let chain = match main {
            Some(main) => chain_to(main, documents.all()),
            None => vec![self.root_bytes()?],
        };
        let mut root = root;
        if let (Some(check), Some(main)) = (check, main)
            && !check.is_met_by(&[&root])
        {
            // Nobody has signed what the index says beside this.
            root = main.clone();
            (listed, index_annotations) = (Vec::new(), Annotations::default());
            (of_buildkit, attestation_entries) = (Vec::new(), 0);
        }
        let attestations = self.attestations(&chain, (&of_buildkit, main), policy, progress)?;
        let image = image.map(|resolved| self.narrowed(resolved));
        Ok(ImageDetails {
            root,
            listed,
            attestation_entries,
            attestations,
            index_annotations,
            image,
            annotations,
        })
    }

    /// The descriptor of the document that the name stands for, which must itself be signed if
    /// signatures are demanded.
    pub(crate) fn described(
        &mut self,
        check: Option<&mut SignatureCheck<'_>>,
    ) -> Result<Descriptor, Error> {
        let root = self.root_bytes();
        let root = root.map_err(|error| self.explained(error))?;
        if let Some(check) = check {
            check.run(self, std::slice::from_ref(&root))?;
        }
        Ok(root.0)
    }

    /// The same, plus the manifest for a platform and its image. If only the latter is signed as demanded, both
    /// descriptors are its own.
    pub(crate) fn described_for(
        &mut self,
        request: &PlatformRequest,
        mut check: Option<&mut SignatureCheck<'_>>,
        progress: Progress,
    ) -> Result<(Descriptor, Descriptor, Image), Error> {
        let root = self.described(None)?;
        let documents = &mut Documents::default();
        let ResolvedDocuments {
            image, manifest, ..
        } = self.resolve_documents(request, documents, check.as_deref_mut(), progress)?;
        let described = match manifest {
            None => root.clone(),
            Some(bytes) => {
                let document = parse(&image.digest, &bytes, "")?;
                let media_type = document.media_type(&bytes, "");
                Descriptor::new(media_type, image.digest.clone(), bytes.len() as u64)
            }
        };
        let is_signed = check.is_none_or(|check| check.is_met_by(&[&root.digest]));
        let root = if is_signed { root } else { described.clone() };
        Ok((root, described, image))
    }

    /// The verified bytes of a document, not re-serialised, which must be signed if signatures are
    /// demanded.
    pub(crate) fn raw(
        &mut self,
        what: RawDocument,
        request: &PlatformRequest,
        check: Option<&mut SignatureCheck<'_>>,
        progress: Progress,
    ) -> Result<Bytes, Error> {
        let (root, bytes) = self.root_bytes()?;
        let is_index = matches!(
            parse(&root.digest, &bytes, &root.media_type)?,
            Document::Index(_)
        );
        let is_itself = match what {
            RawDocument::Index if is_index => true,
            RawDocument::Index => return Err(ImageError::NotAnIndex(self.to_string()).into()),
            // If a platform was requested, the config must confirm it.
            RawDocument::Manifest => !is_index && !request.explicit,
            RawDocument::Config => false,
        };
        if is_itself {
            self.described(check)?;
            return Ok(bytes);
        }
        let ResolvedDocuments {
            config, manifest, ..
        } = self.resolve_documents(request, &mut Documents::default(), check, progress)?;
        Ok(match what {
            RawDocument::Manifest => manifest.unwrap_or(bytes),
            RawDocument::Index | RawDocument::Config => config,
        })
    }
}
