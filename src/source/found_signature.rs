//! Signatures as registries and layouts keep them: bundles and cosign's legacy signatures, in the manifests of artifacts.

use super::bundle_artifact::bundle_artifact;
use crate::error::{Error, ErrorKind, RegistryError, SignatureFault};
use crate::oci::{ArtifactManifest, Bytes, Descriptor, Digest, EMPTY, referrers_tag};
use crate::sigstore::{Bundle, LEGACY_SIGNATURE, SIMPLE_SIGNING, is_of_images};
use std::collections::HashSet;
use std::rc::Rc;

/// How the media type of a bundle begins, which is also the type of its artifact.
const BUNDLE: &str = "application/vnd.dev.sigstore.bundle";

/// The largest bundle or payload that is read, in bytes.
pub(super) const MAX_SIGNATURE: u64 = 1 << 20;

/// How many blobs of one artifact are read, and how many bytes. Old cosign adds one for each signature.
const MAX_BLOBS: usize = 64;
const MAX_BYTES: u64 = 4 << 20;

/// A signature that was found for an image. Nothing in it was verified yet.
pub(crate) struct FoundSignature {
    pub(crate) bundle: Result<Bundle, SignatureFault>,
    /// Its blob in the artifact.
    pub(crate) blob: Descriptor,
    /// The JSON of the bundle; for a legacy signature, its payload. None if it is too large.
    pub(crate) bytes: Option<Bytes>,
    pub(crate) artifact: Rc<SignatureArtifact>,
}

/// The documents of one or more signatures, as an archive keeps them.
pub(crate) struct SignatureArtifact {
    /// Where it was found, for messages.
    pub(crate) origin: String,
    /// The tag `sha256-HEX.sig`, unless it is a referrer.
    pub(crate) tag: Option<String>,
    /// The manifest for which it was found.
    pub(crate) subject: Digest,
    pub(crate) manifest: (Descriptor, Bytes),
    /// Its config and its layers.
    pub(crate) blobs: Vec<(Descriptor, Bytes)>,
    /// Blobs that could not be read, and why.
    unread: Vec<(Descriptor, SignatureFault)>,
}

impl FoundSignature {
    /// One whose manifest, named by `entry`, cannot be used.
    pub(super) fn damaged(
        fault: SignatureFault,
        origin: String,
        entry: Descriptor,
        subject: &Digest,
    ) -> Self {
        let artifact = SignatureArtifact::unreadable(origin, entry.clone(), subject);
        Self {
            bundle: Err(fault),
            blob: entry,
            bytes: None,
            artifact: Rc::new(artifact),
        }
    }

    /// What tells it from other signatures, if it was read.
    pub(super) fn key(&self) -> Option<(Digest, Digest, Option<String>)> {
        self.bytes.as_ref()?;
        let is_legacy = self.blob.media_type == SIMPLE_SIGNING;
        let annotation = self.blob.annotation(LEGACY_SIGNATURE);
        let annotation = annotation.filter(|_| is_legacy).map(str::to_owned);
        let manifest = self.artifact.digest().clone();
        Some((manifest, self.blob.digest.clone(), annotation))
    }

    /// Its artifact, for an archive, now that it is known to be of `signed`, one of the subjects: a bundle from a file says nothing of
    /// that, and one in a registry may have been attached to another.
    pub(super) fn artifact_for(
        &self,
        signed: &Digest,
        subjects: &[Descriptor],
    ) -> Rc<SignatureArtifact> {
        let subject = subjects.iter().find(|subject| subject.digest == *signed);
        match (subject, &self.bytes) {
            (Some(subject), Some(json))
                if self.blob.media_type.starts_with(BUNDLE) && self.artifact.subject != *signed =>
            {
                let origin = self.artifact.origin.clone();
                Rc::new(SignatureArtifact::of_bundle(origin, json, subject))
            }
            _ => Rc::clone(&self.artifact),
        }
    }
}

impl SignatureArtifact {
    /// Reads the blobs of an artifact with `fetch`: those with signatures, and for an archive all. None if it is no signature, or
    /// if it belongs to another manifest than `subject`.
    pub(super) fn read(
        (origin, tag): (String, Option<String>),
        manifest: (Descriptor, Bytes),
        (subject, is_for_archive): (&Digest, bool),
        mut fetch: impl FnMut(&Descriptor) -> Result<Option<Bytes>, Error>,
    ) -> Result<Option<Self>, Error> {
        // Whatever else refers to an image is not for us: an SBOM, a scan, a chart.
        let Ok(parsed) = ArtifactManifest::parse(&manifest.1) else {
            return Ok(None);
        };
        if !is_signature_of(&parsed, subject) {
            return Ok(None);
        }
        let (entry, bytes) = manifest;
        let artifact_type = Some(parsed.artifact_type).filter(|kind| !kind.is_empty());
        // What a list says beside the digest is not to be believed.
        let entry = Descriptor {
            size: bytes.len() as u64,
            platform: None,
            artifact_type: artifact_type.or(entry.artifact_type),
            ..entry
        };
        let mut artifact = Self {
            origin,
            tag,
            subject: subject.clone(),
            manifest: (entry, bytes),
            blobs: Vec::new(),
            unread: Vec::new(),
        };
        let all = std::iter::once(parsed.config).chain(parsed.layers);
        let wanted = all.filter(|blob| is_for_archive || is_signature(&blob.media_type));
        let mut left = MAX_BYTES;
        for blob in wanted.take(MAX_BLOBS) {
            // Signatures by several keys are of one payload.
            let known = artifact
                .blobs
                .iter()
                .find(|(known, _)| known.digest == blob.digest);
            if let Some(bytes) = known.map(|(_, bytes)| bytes.clone()) {
                artifact.blobs.push((blob, bytes));
                continue;
            }
            if blob.size > MAX_SIGNATURE.min(left) {
                let fault = SignatureFault::TooLarge(blob.size);
                artifact.unread.push((blob, fault));
                continue;
            }
            left -= blob.size;
            let bytes = if blob.digest == Digest::sha256(EMPTY) {
                Ok(Some(Bytes::new(EMPTY.to_vec())))
            } else {
                fetch(&blob)
            };
            match bytes {
                Ok(Some(bytes)) => artifact.blobs.push((blob, bytes)),
                Ok(None) => artifact
                    .unread
                    .push((blob, SignatureFault::Malformed("its blob is missing"))),
                Err(error) => {
                    let fault = damage(error)?;
                    artifact.unread.push((blob, fault));
                }
            }
        }
        Ok(Some(artifact))
    }

    /// The signatures in it.
    pub(super) fn signatures(self) -> Vec<FoundSignature> {
        let artifact = Rc::new(self);
        let mut seen = HashSet::new();
        let signatures = artifact.blobs.iter().filter_map(|(blob, bytes)| {
            let bundle = if blob.media_type.starts_with(BUNDLE) {
                // A manifest may name it many times.
                seen.insert(&blob.digest).then_some(())?;
                Bundle::parse(bytes)
            } else if blob.media_type == SIMPLE_SIGNING {
                Bundle::from_legacy(bytes, |key| blob.annotation(key))
            } else {
                return None;
            };
            Some(FoundSignature {
                bundle,
                blob: blob.clone(),
                bytes: Some(bytes.clone()),
                artifact: Rc::clone(&artifact),
            })
        });
        let unread = artifact.unread.iter();
        let unread = unread.filter(|(blob, _)| is_signature(&blob.media_type));
        let unread = unread.map(|(blob, fault)| FoundSignature {
            bundle: Err(fault.clone()),
            blob: blob.clone(),
            bytes: None,
            artifact: Rc::clone(&artifact),
        });
        signatures.chain(unread).collect()
    }

    /// A bundle that is in no registry, as the artifact that cosign and GitHub's actions make of it.
    pub(super) fn of_bundle(origin: String, json: &[u8], subject: &Descriptor) -> Self {
        let (manifest, blobs) = bundle_artifact(json, subject);
        Self {
            origin,
            tag: None,
            subject: subject.digest.clone(),
            manifest,
            blobs,
            unread: Vec::new(),
        }
    }

    /// An artifact whose manifest could not be read.
    pub(super) fn unreadable(origin: String, entry: Descriptor, subject: &Digest) -> Self {
        Self {
            origin,
            tag: None,
            subject: subject.clone(),
            manifest: (entry, Bytes::default()),
            blobs: Vec::new(),
            unread: Vec::new(),
        }
    }

    /// The digest of its manifest.
    pub(crate) fn digest(&self) -> &Digest {
        &self.manifest.0.digest
    }

    /// Whether all its blobs were read.
    pub(super) fn is_whole(&self) -> bool {
        self.unread.is_empty() && !self.manifest.1.is_empty()
    }

    /// The size of all documents, in bytes.
    pub(super) fn size(&self) -> u64 {
        self.documents().map(|(_, bytes)| bytes.len() as u64).sum()
    }

    /// Its entry in the `index.json` of an archive.
    pub(crate) fn entry(&self) -> Descriptor {
        let entry = Descriptor {
            annotations: None,
            ..self.manifest.0.clone()
        };
        // In a layout, it may have any name.
        let own = format!("{}.sig", referrers_tag(&self.subject));
        match &self.tag {
            Some(tag) if *tag == own => entry.tagged(tag),
            _ => entry,
        }
    }

    /// All documents.
    pub(crate) fn documents(&self) -> impl Iterator<Item = &(Descriptor, Bytes)> {
        std::iter::once(&self.manifest).chain(&self.blobs)
    }
}

/// What is wrong with a signature if a document of it is not what its digest says. It must not hide others, since everybody who may
/// push to a registry may add it. All other errors are the caller's.
pub(super) fn damage(error: Error) -> Result<SignatureFault, Error> {
    match error.kind() {
        ErrorKind::Image(_) | ErrorKind::Registry(RegistryError::Response { .. }) => {
            Ok(SignatureFault::Damaged(error.to_string()))
        }
        _ => Err(error),
    }
}

fn is_signature(media_type: &str) -> bool {
    media_type.starts_with(BUNDLE) || media_type == SIMPLE_SIGNING
}

/// A legacy signature need not say whose it is: its payload does.
fn is_signature_of(artifact: &ArtifactManifest, subject: &Digest) -> bool {
    let mut types = artifact
        .layers
        .iter()
        .map(|layer| layer.media_type.as_str());
    match &artifact.subject {
        Some(found) => found == subject && types.any(is_signature),
        None => types.any(|media_type| media_type == SIMPLE_SIGNING),
    }
}

/// Whether an entry of a list is announced as something other than a signature, such as an SBOM. Nobody signs such hints: they only
/// spare requests.
pub(super) fn is_of_no_use(entry: &Descriptor) -> bool {
    let predicate = entry.annotation("dev.sigstore.bundle.predicateType");
    predicate.is_some_and(|predicate| !is_of_images(predicate))
}

/// Whether an entry of a list is announced as a signature: these are read first. GHCR and old clients write another type there, so the
/// others are read as well.
pub(super) fn is_announced(entry: &Descriptor) -> bool {
    let artifact_type = entry.artifact_type.as_deref();
    artifact_type.is_some_and(|kind| kind.starts_with(BUNDLE))
}
