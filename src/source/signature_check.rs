//! Checks that an image is signed as demanded, before any layer of it is asked for.

use super::Source;
use super::chain::ChainLink;
use super::discovery::SignatureQuery;
use super::found_signature::{FoundSignature, SignatureArtifact};
use super::given_bundles::GivenBundles;
use crate::error::{Error, SignatureError, SignatureFault, SignaturePlaces, escaped};
use crate::oci::{Descriptor, Digest};
use crate::progress::Progress;
use crate::record::{SignatureRecord, SignerRecord};
use crate::sigstore::{Demand, Policy, SignedDocument, TrustedRoot, Verified};
use std::rc::Rc;

/// What is demanded, and the signatures that were accepted so far.
pub(crate) struct SignatureCheck<'p> {
    policy: &'p SignaturePolicy,
    progress: Progress,
    /// Each with the number of the demand that it meets.
    accepted: Vec<(usize, AcceptedSignature)>,
}

/// What an image must be signed with, and where its signatures are.
pub(crate) struct SignaturePolicy {
    pub(crate) policy: Policy,
    /// The options, with digests of files in place of their names.
    pub(crate) demanded: String,
    /// Whether the trusted roots are the embedded ones.
    pub(crate) has_embedded_roots: bool,
    /// `--bundle`: the bundles in these files count, and no others.
    pub(crate) bundles: Option<GivenBundles>,
    /// Whether the signatures are to be kept in an archive.
    pub(crate) is_for_archive: bool,
}

/// A signature that holds and is as demanded.
pub(crate) struct AcceptedSignature {
    pub(crate) verified: Verified,
    pub(crate) artifact: Rc<SignatureArtifact>,
}

impl<'p> SignatureCheck<'p> {
    /// The check of a policy, if there is one.
    pub(crate) fn of(policy: Option<&'p SignaturePolicy>, progress: Progress) -> Option<Self> {
        policy.map(|policy| Self::new(policy, progress))
    }

    fn new(policy: &'p SignaturePolicy, progress: Progress) -> Self {
        Self {
            policy,
            progress,
            accepted: Vec::new(),
        }
    }

    /// The accepted signatures.
    pub(crate) fn accepted(&self) -> impl Iterator<Item = &AcceptedSignature> {
        self.accepted.iter().map(|(_, accepted)| accepted)
    }

    /// Whether all demands are met by signatures of these documents alone.
    pub(super) fn is_met_by(&self, documents: &[&Digest]) -> bool {
        let mut demands = 0..self.policy.policy.demands.len();
        demands.all(|number| self.is_met_in(number, documents.iter().copied()))
    }

    /// For the record of a tree.
    pub(crate) fn record(&self) -> SignatureRecord {
        SignatureRecord {
            demanded: self.policy.demanded.clone(),
            accepted: self.accepted().map(AcceptedSignature::record).collect(),
        }
    }

    /// Fails unless one of these documents, each of which leads to the next, has the demanded signatures.
    pub(super) fn run(&mut self, source: &Source<'_>, chain: &[ChainLink]) -> Result<(), Error> {
        let documents = chain.iter().map(|(descriptor, bytes)| SignedDocument {
            digest: &descriptor.digest,
            bytes: Some(bytes),
        });
        let documents: Vec<_> = documents.collect();
        if self.is_met_for(&documents) {
            return Ok(());
        }
        let subjects: Vec<_> = chain
            .iter()
            .map(|(descriptor, _)| descriptor.clone())
            .collect();
        let policy = self.policy;
        let query = SignatureQuery {
            subjects: &subjects,
            is_for_archive: policy.is_for_archive,
            is_for_list: false,
            progress: self.progress,
        };
        self.progress.working_on("looking for signatures");
        let mut faults = Vec::new();
        let mut take = |found: FoundSignature| {
            faults.extend(self.consider(&found, &subjects, &documents));
            self.is_met_for(&documents)
        };
        match (&policy.bundles, subjects.first()) {
            (Some(given), Some(subject)) => given.each(subject, &mut take),
            _ => source.find_signatures(&query, &mut take)?,
        }
        self.ask_github(source, &query, &documents, &mut faults)?;
        let Some(demand) = self.unmet(&documents).next() else {
            return Ok(());
        };
        let are_others_met = policy.policy.demands.len() > self.unmet(&documents).count();
        if are_others_met {
            // What met those is not at fault.
            faults.retain(|fault| !fault.is_of_another());
        }
        let searched = if policy.bundles.is_some() {
            SignaturePlaces::Bundle
        } else if source.is_offline() {
            SignaturePlaces::Nowhere
        } else if source.pinned().is_some() && chain.len() == 1 {
            SignaturePlaces::OfManifest
        } else {
            SignaturePlaces::All
        };
        Err(SignatureError {
            image: source.to_string(),
            faults,
            searched,
            unmet: are_others_met.then(|| demand.to_string()),
            roots_of: if policy.has_embedded_roots {
                TrustedRoot::embedded_date()
            } else {
                None
            },
        }
        .into())
    }

    /// Asks GitHub, which the user has not named, only if nothing else will do.
    fn ask_github(
        &mut self,
        source: &Source<'_>,
        query: &SignatureQuery<'_>,
        documents: &[SignedDocument<'_>],
        faults: &mut Vec<SignatureFault>,
    ) -> Result<(), Error> {
        let policy = self.policy;
        let place = self.unmet(documents).find_map(Demand::at_github);
        let Some(place) = place.filter(|_| policy.bundles.is_none()) else {
            return Ok(());
        };
        let mut others = Vec::new();
        let mut take = |found: FoundSignature| {
            others.extend(self.consider(&found, query.subjects, documents));
            self.is_met_for(documents)
        };
        match source.find_at_github(query, place, &mut take) {
            Err(error) if error.is_stopped() => return Err(error),
            // What the registry has is not as demanded, which matters more.
            Err(error) if !faults.is_empty() => self.progress.warn(&error),
            asked => asked?,
        }
        faults.append(&mut others);
        Ok(())
    }

    /// Accepts a signature that meets a demand which no other has met. Returns why it meets none.
    fn consider(
        &mut self,
        found: &FoundSignature,
        subjects: &[Descriptor],
        documents: &[SignedDocument<'_>],
    ) -> Option<SignatureFault> {
        let origin = &found.artifact.origin;
        let policy = &self.policy.policy;
        let mut fault = None;
        for (number, demand) in policy.demands.iter().enumerate() {
            if self.is_met(number, documents) {
                continue;
            }
            let bundle = found.bundle.as_ref().map_err(Clone::clone);
            match bundle.and_then(|bundle| policy.verify(demand, bundle, documents)) {
                Ok(verified) => {
                    let signer = verified.signer.identity();
                    let signer = escaped(&signer);
                    self.progress.step(format_args!("signed by {signer}"));
                    self.progress
                        .detail(format_args!("{origin}: of {}", verified.digest));
                    let artifact = found.artifact_for(&verified.digest, subjects);
                    let accepted = AcceptedSignature { verified, artifact };
                    self.accepted.push((number, accepted));
                    return None;
                }
                Err(other) => {
                    self.progress.detail(format_args!("{origin}: {other}"));
                    let weight = |fault: &SignatureFault| fault.weight();
                    let is_heavier = fault
                        .as_ref()
                        .is_none_or(|one| weight(one) <= weight(&other));
                    fault = if is_heavier { Some(other) } else { fault };
                }
            }
        }
        fault
    }

    fn is_met(&self, number: usize, documents: &[SignedDocument<'_>]) -> bool {
        let digests = documents.iter().map(|document| document.digest);
        self.is_met_in(number, digests)
    }

    fn is_met_in<'d>(
        &self,
        number: usize,
        mut documents: impl Iterator<Item = &'d Digest>,
    ) -> bool {
        documents.any(|document| {
            self.accepted
                .iter()
                .any(|(met, one)| *met == number && one.verified.digest == *document)
        })
    }

    fn unmet<'a>(
        &'a self,
        documents: &'a [SignedDocument<'_>],
    ) -> impl Iterator<Item = &'p Demand> + 'a {
        let demands = self.policy.policy.demands.iter().enumerate();
        let unmet = demands.filter(|(number, _)| !self.is_met(*number, documents));
        unmet.map(|(_, demand)| demand)
    }

    fn is_met_for(&self, documents: &[SignedDocument<'_>]) -> bool {
        self.unmet(documents).next().is_none()
    }
}

impl AcceptedSignature {
    fn record(&self) -> SignerRecord {
        let verified = &self.verified;
        let claims = verified.signer.claims();
        SignerRecord {
            signer: verified.signer.identity(),
            issuer: claims.and_then(|claims| claims.issuer.clone()),
            repository: claims.and_then(|claims| claims.repository.clone()),
            commit: claims.and_then(|claims| claims.commit.clone()),
            digest: verified.digest.clone(),
            time: verified.shown_time(),
        }
    }
}
