//! Lists what says who made an image, for `inspect`. Nothing is refused here: each entry says whether its signature holds.

use super::Source;
use super::chain::ChainLink;
use super::discovery::SignatureQuery;
use super::found_signature::{FoundSignature, MAX_SIGNATURE};
use super::signature_check::SignaturePolicy;
use crate::error::{Category, Error, SignatureFault};
use crate::oci::{ArtifactManifest, Bytes, Descriptor, Digest, EntryDigest, IndexEntry, MediaKind};
use crate::progress::Progress;
use crate::report::{AttestationReport, AttestationStatus};
use crate::sigstore::{IN_TOTO, Provenance, PublicKey, SignedDocument, Verified};

/// How many are listed. Everybody who may push to a registry may add some.
const MAX_LISTED: usize = 64;

/// The types of predicates, as they are announced outside of statements.
const BUNDLE_PREDICATE: &str = "dev.sigstore.bundle.predicateType";
const BUILDKIT_PREDICATE: &str = "in-toto.io/predicate-type";

/// A signature or attestation of an image.
pub(crate) struct ListedAttestation {
    pub(crate) report: AttestationReport,
    pub(super) blob: Descriptor,
    /// None if it was not read.
    pub(super) bytes: Option<Bytes>,
}

/// An entry of an index for the attestations that BuildKit has made of an image.
pub(super) struct BuildkitEntry {
    manifest: Descriptor,
    image: Digest,
}

impl BuildkitEntry {
    /// Docker's `attestations/attestation-storage.md`. None if the entry does not name an image.
    pub(super) fn read(entry: &IndexEntry) -> Option<Self> {
        let image = entry.annotation("vnd.docker.reference.digest")?;
        let image = Digest::parse(image).ok()?;
        let EntryDigest::Known(digest) = &entry.digest else {
            return None;
        };
        // Without its annotations, which may be long.
        let manifest = Descriptor::new(&entry.media_type, digest.clone(), entry.size);
        Some(Self { manifest, image })
    }
}

impl Source<'_> {
    /// The signatures of these documents, each of which leads to the next, and the attestations in the index: those of `image`, or
    /// of all images. What cannot be asked for is a warning.
    pub(super) fn attestations(
        &mut self,
        chain: &[ChainLink],
        (entries, image): (&[BuildkitEntry], Option<&Digest>),
        policy: &SignaturePolicy,
        progress: Progress,
    ) -> Result<Vec<ListedAttestation>, Error> {
        progress.working_on("looking for signatures");
        let (mut attestations, mut failure) = self.signatures(chain, policy, progress);
        for entry in entries {
            if attestations.len() >= MAX_LISTED || image.is_some_and(|image| entry.image != *image)
            {
                continue;
            }
            match self.of_buildkit(entry) {
                Ok(found) => attestations.extend(found),
                // A copy of one platform lacks the attestations.
                Err(error) if error.category() == Category::NotFound => {}
                Err(error) if error.is_stopped() => return Err(error),
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        attestations.truncate(MAX_LISTED);
        match failure {
            Some(error) if error.is_stopped() => return Err(error),
            Some(error) => progress.warn(format_args!("attestations may be missing: {error}")),
            None => {}
        }
        Ok(attestations)
    }

    /// The signatures of the documents, always in the same order, and why there may be more.
    fn signatures(
        &self,
        chain: &[ChainLink],
        policy: &SignaturePolicy,
        progress: Progress,
    ) -> (Vec<ListedAttestation>, Option<Error>) {
        let subjects = chain.iter().map(|(descriptor, _)| descriptor.clone());
        let subjects: Vec<_> = subjects.collect();
        let query = SignatureQuery {
            subjects: &subjects,
            is_for_archive: false,
            is_for_list: true,
            progress,
        };
        let mut all: Vec<FoundSignature> = Vec::new();
        let mut take = |found: FoundSignature| {
            all.push(found);
            all.len() == MAX_LISTED
        };
        let found = match (&policy.bundles, subjects.first()) {
            (Some(given), Some(subject)) => {
                given.each(subject, &mut take);
                Ok(())
            }
            _ => self.find_signatures(&query, &mut take),
        };
        let position = |digest: &Digest| subjects.iter().position(|one| one.digest == *digest);
        // Stable: signatures in one artifact keep their order.
        all.sort_by_cached_key(|found| {
            let artifact = &found.artifact;
            let manifest = artifact.manifest.0.digest.clone();
            (
                position(&artifact.subject),
                artifact.tag.is_some(),
                manifest,
            )
        });
        let listed = all.into_iter().map(|one| listed(one, chain, policy));
        (listed.collect(), found.err())
    }

    /// The statements in an attestation manifest.
    fn of_buildkit(&mut self, entry: &BuildkitEntry) -> Result<Vec<ListedAttestation>, Error> {
        super::within_limit(&entry.manifest)?;
        let bytes = self.manifest(&entry.manifest)?;
        let manifest = ArtifactManifest::parse(&bytes);
        let manifest =
            manifest.map_err(|why| Error::manifest(entry.manifest.digest.to_string(), why))?;
        let mut attestations = Vec::new();
        let statements = manifest
            .layers
            .into_iter()
            .filter(|layer| layer.media_type == IN_TOTO);
        for blob in statements.take(MAX_LISTED) {
            let subject = ("manifest", &entry.image);
            let status = AttestationStatus::Unsigned;
            let mut report = AttestationReport::new(subject, (&blob.digest, blob.size), status);
            if let Some(kind) = blob.annotation(BUILDKIT_PREDICATE) {
                report.add_statement(kind.to_owned(), Provenance::default());
            }
            let mut bytes = None;
            if report.shows_contents() && blob.size <= MAX_SIGNATURE {
                let statement = Bytes::new(self.config(&blob)?);
                if let Some((kind, provenance)) = Provenance::of_statement(&statement) {
                    report.add_statement(kind, provenance);
                }
                bytes = Some(statement);
            }
            attestations.push(ListedAttestation {
                report,
                blob,
                bytes,
            });
        }
        Ok(attestations)
    }

    /// The bytes of an attestation as they are.
    pub(crate) fn attestation_bytes(
        &mut self,
        attestation: &ListedAttestation,
    ) -> Result<Bytes, Error> {
        match &attestation.bytes {
            Some(bytes) => Ok(bytes.clone()),
            None => self.config(&attestation.blob).map(Bytes::new),
        }
    }
}

fn listed(
    found: FoundSignature,
    chain: &[ChainLink],
    policy: &SignaturePolicy,
) -> ListedAttestation {
    let documents = chain.iter().map(|(descriptor, bytes)| SignedDocument {
        digest: &descriptor.digest,
        bytes: Some(bytes),
    });
    let documents: Vec<_> = documents.collect();
    let verified = verified(&found, &documents, policy);
    let subject = match &verified {
        Ok(verified) => &verified.digest,
        Err(_) => &found.artifact.subject,
    };
    let is_index = |(descriptor, _): &ChainLink| {
        descriptor.digest == *subject && descriptor.kind() == MediaKind::Index
    };
    let of = if chain.iter().any(is_index) {
        "index"
    } else {
        "manifest"
    };
    let status = match &verified {
        Err(SignatureFault::NotByCertificate | SignatureFault::OtherKey) => {
            AttestationStatus::KeyUnknown
        }
        Err(fault) => AttestationStatus::NotVerified {
            reason: fault.to_string(),
        },
        Ok(verified) => AttestationStatus::verified(verified),
    };
    let blob = found.blob;
    let mut report = AttestationReport::new((of, subject), (&blob.digest, blob.size), status);
    let statement = found
        .bundle
        .as_ref()
        .ok()
        .and_then(|bundle| bundle.statement());
    if let Some((kind, provenance)) = statement.and_then(Provenance::of_statement) {
        report.add_statement(kind, provenance);
    } else if let Some(kind) = found.artifact.manifest.0.annotation(BUNDLE_PREDICATE) {
        report.add_statement(kind.to_owned(), Provenance::default());
    }
    if let Ok(verified) = &verified {
        report.add_claims(verified);
    }
    ListedAttestation {
        report,
        blob,
        bytes: found.bytes,
    }
}

/// Verifies a signature of anybody: by one of the keys that the user has given, else by its certificate.
fn verified(
    found: &FoundSignature,
    documents: &[SignedDocument<'_>],
    policy: &SignaturePolicy,
) -> Result<Verified, SignatureFault> {
    let bundle = found.bundle.as_ref().map_err(Clone::clone)?;
    let roots = &policy.policy.roots;
    match bundle.verify_anybody(documents, roots) {
        Err(SignatureFault::NotByCertificate) => {
            let keys: Vec<PublicKey> = policy.policy.keys().cloned().collect();
            bundle.verify_key(documents, &keys, roots)
        }
        verified => verified,
    }
}
