//! The order of the steps. Each may refuse; what was signed is parsed only when all before have passed.
//!
//! ```text
//!              bundle | legacy signature
//!                          │
//!   with a key             │   with a certificate, under one trusted root
//!   ────────────           │   ──────────────────────────────────────────
//!   signature              │   signature ── timestamps ─┐
//!   log entries, if known  │               log entries ─┴─ proven times ── path at each ── SCT
//!         │                │                                                               │
//!         │                │                              signer ── usage of the certificate
//!         └────────────────┼────────────────────────────────┘
//!                          │
//!                 claim: digest, predicate
//! ```

use crate::error::SignatureFault;
use crate::sigstore::authority::certificate::{CODE_SIGNING, Certificate};
use crate::sigstore::authority::claims::SignerClaims;
use crate::sigstore::authority::sct;
use crate::sigstore::authority::timestamp;
use crate::sigstore::bundle::{Bundle, Material};
use crate::sigstore::identity::DemandedSigner;
use crate::sigstore::key::PublicKey;
use crate::sigstore::log::entry::ProvenEntry;
use crate::sigstore::signed_document::{SignedDocument, Signer, Verified};
use crate::sigstore::trust::trusted_root::TrustedRoot;

/// How many timestamps are verified. Bundles have one, and more only if they were stamped by several servers.
const MAX_STAMPS: usize = 8;

impl Bundle {
    /// Verifies that one of the keys has signed one of the documents.
    pub fn verify_key(
        &self,
        documents: &[SignedDocument<'_>],
        keys: &[PublicKey],
        roots: &[TrustedRoot],
    ) -> Result<Verified, SignatureFault> {
        if !matches!(self.material, Material::Key) {
            return Err(SignatureFault::NotByKey);
        }
        let message = self.message(documents)?;
        let key = keys
            .iter()
            .find(|key| key.has_signed(&message, &self.signature))
            .ok_or(SignatureFault::OtherKey)?;
        let recorded = self.recorded(key.der(), &message);
        let mut time = None;
        // A key needs no log. If one is known, it must not contradict.
        for root in roots {
            for entry in &self.entries {
                let proven = entry.verify(&root.logs, &recorded)?;
                time = time.or(proven.and_then(|proven| proven.time));
            }
        }
        self.claim(documents, Signer::Key(key.clone()), time)
    }

    /// Verifies that the demanded signer has signed one of the documents, under one of the roots.
    pub fn verify_signer(
        &self,
        documents: &[SignedDocument<'_>],
        signer: &DemandedSigner,
        roots: &[TrustedRoot],
    ) -> Result<Verified, SignatureFault> {
        let (claims, time) = self.certified(documents, roots)?;
        if !signer.accepts(&claims) {
            return Err(claims.refused_by(Some(signer)));
        }
        self.claim(documents, Signer::Certified(claims), Some(time))
    }

    /// Verifies that somebody has signed one of the documents, and tells who. To be shown, never to be believed: everybody in
    /// the world can make such a signature.
    pub fn verify_anybody(
        &self,
        documents: &[SignedDocument<'_>],
        roots: &[TrustedRoot],
    ) -> Result<Verified, SignatureFault> {
        let (claims, time) = self.certified(documents, roots)?;
        self.claim(documents, Signer::Certified(claims), Some(time))
    }

    /// The signer, and the first proven time, under the first root where everything holds.
    fn certified(
        &self,
        documents: &[SignedDocument<'_>],
        roots: &[TrustedRoot],
    ) -> Result<(SignerClaims, i64), SignatureFault> {
        let Material::Certificate(leaf) = &self.material else {
            return Err(SignatureFault::NotByCertificate);
        };
        let message = self.message(documents)?;
        let mut fault = SignatureFault::UnknownAuthority;
        for root in roots {
            match self.certified_under(root, leaf, &message) {
                Ok(certified) => return Ok(certified),
                Err(other) if other.weight() >= fault.weight() => fault = other,
                Err(_) => {}
            }
        }
        Err(fault)
    }

    fn certified_under(
        &self,
        root: &TrustedRoot,
        leaf: &Certificate,
        message: &[u8],
    ) -> Result<(SignerClaims, i64), SignatureFault> {
        // First, since it takes the least: a bundle may have many timestamps.
        let key = leaf.key();
        if !key.is_some_and(|key| key.has_signed(message, &self.signature)) {
            return Err(SignatureFault::Invalid(
                "the signature does not match what was signed",
            ));
        }
        let times = self.proven_times(root, leaf, message)?;
        for time in &times {
            if !leaf.validity().contains(*time) {
                let reason = "the certificate was not valid when it was used";
                return Err(SignatureFault::Invalid(reason));
            }
            let authorities = root.certificate_authorities.iter();
            let issuer = authorities
                .filter_map(|authority| authority.issuer_at(leaf, *time, CODE_SIGNING))
                .next()
                .ok_or(SignatureFault::UnknownAuthority)?;
            if !root.ct_logs.is_empty() && !sct::is_logged(leaf, &issuer, &root.ct_logs) {
                return Err(SignatureFault::Invalid("no log has seen the certificate"));
            }
        }
        if !leaf.may_sign(CODE_SIGNING) {
            return Err(SignatureFault::Invalid(
                "the certificate is not for signing",
            ));
        }
        let claims = SignerClaims::of(leaf);
        let claims = claims.ok_or(SignatureFault::Malformed("the names in the certificate"))?;
        let time = times.iter().min().copied();
        Ok((claims, time.ok_or(SignatureFault::NoTime)?))
    }

    /// When the signature existed, at least one. The clock of the machine does not count.
    fn proven_times(
        &self,
        root: &TrustedRoot,
        leaf: &Certificate,
        message: &[u8],
    ) -> Result<Vec<i64>, SignatureFault> {
        let authorities = &root.timestamp_authorities;
        let stamps = self.timestamps.iter().take(MAX_STAMPS);
        let mut times: Vec<_> = stamps
            .filter_map(|stamp| timestamp::verify(stamp, &self.signature, authorities))
            .collect();
        let recorded = self.recorded(leaf.der(), message);
        let mut proven = Vec::new();
        for entry in &self.entries {
            proven.extend(entry.verify(&root.logs, &recorded)?);
        }
        times.extend(proven.iter().filter_map(|entry| entry.time));
        let is_unknown = proven.is_empty() && !self.entries.is_empty();
        if is_unknown && (times.is_empty() || !root.logs.is_empty()) {
            return Err(SignatureFault::UnknownLog);
        }
        if times.is_empty() {
            return Err(SignatureFault::NoTime);
        }
        if proven.is_empty() && !root.logs.is_empty() {
            return Err(SignatureFault::NotLogged);
        }
        // A log of Rekor v2 knows no time: one of the others must be of its years.
        let was_in_use =
            |entry: &ProvenEntry<'_>| times.iter().any(|time| entry.log.in_use.contains(*time));
        if !proven.iter().all(was_in_use) {
            return Err(SignatureFault::Invalid(
                "the log was not in use at that time",
            ));
        }
        Ok(times)
    }
}
