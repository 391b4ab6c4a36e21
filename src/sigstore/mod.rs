//! Signatures of sigstore, verified without a network and without a clock: bundles of cosign 3 and of GitHub, and what cosign made
//! before. Start with `verify.rs`, which has the order of the steps.
//!
//! ```text
//! policy ── verify ── bundle       what is there: certificate or key, signature, proofs
//!                  ── log          when it was made, by the word of a log
//!                  ── authority    when it was made, by the word of a timestamp server; who made it
//!                  ── trust        whose word counts
//!                  ── identity     who is demanded
//!                  ── signed_document, statement    of what
//!                     key, hash, encoding
//! ```
//!
//! `provenance` only reads what `inspect` shows.

mod authority;
mod bundle;
mod encoding;
mod hash;
mod identity;
mod key;
mod log;
mod policy;
mod provenance;
mod signed_document;
mod statement;
mod trust;
mod verify;

#[cfg(test)]
mod tests;

pub use authority::certificate::Certificate;
pub use authority::claims::SignerClaims;
pub use bundle::envelope::IN_TOTO;
pub use bundle::legacy::{LEGACY_SIGNATURE, SIMPLE_SIGNING};
pub use bundle::{Bundle, bundles};
pub use identity::{DemandedSigner, Workflow};
pub use key::PublicKey;
pub use log::merkle::InclusionProof;
pub use policy::{Demand, Policy};
pub use provenance::Provenance;
pub use signed_document::{SignedDocument, Signer, Verified};
pub use statement::is_of_images;
pub use trust::trusted_root::TrustedRoot;
