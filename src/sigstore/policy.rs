//! What the signatures of an image must prove before it is used.

use crate::error::SignatureFault;
use crate::sigstore::bundle::Bundle;
use crate::sigstore::identity::DemandedSigner;
use crate::sigstore::key::PublicKey;
use crate::sigstore::signed_document::{SignedDocument, Signer, Verified};
use crate::sigstore::trust::trusted_root::TrustedRoot;
use std::fmt;

/// All demands must be met, each by one signature.
#[derive(Clone, Debug)]
pub struct Policy {
    /// At least one, unless signatures are only listed.
    pub demands: Vec<Demand>,
    /// A signature must hold under one of these.
    pub roots: Vec<TrustedRoot>,
}

/// Who must have signed.
#[derive(Clone, Debug)]
pub enum Demand {
    /// The owner of one of these keys.
    Keys(Vec<PublicKey>),
    /// A signer whose certificate names him.
    Signer(DemandedSigner),
}

impl Demand {
    /// Where GitHub keeps what meets the demand: the owner, and the repository if there is one.
    pub fn at_github(&self) -> Option<(&str, Option<&str>)> {
        match self {
            Self::Keys(_) => None,
            Self::Signer(signer) => signer.at_github(),
        }
    }
}

/// The options, without the names of files.
impl fmt::Display for Demand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Keys(_) => f.write_str("--signed-by"),
            Self::Signer(signer) => write!(f, "{signer}"),
        }
    }
}

impl Policy {
    /// The keys among which the signer's may be.
    pub fn keys(&self) -> impl Iterator<Item = &PublicKey> {
        let keys = self.demands.iter().filter_map(|demand| match demand {
            Demand::Keys(keys) => Some(keys),
            Demand::Signer(_) => None,
        });
        keys.flatten()
    }

    /// Verifies that a signature meets one of the demands for one of the documents.
    pub fn verify(
        &self,
        demand: &Demand,
        bundle: &Bundle,
        documents: &[SignedDocument<'_>],
    ) -> Result<Verified, SignatureFault> {
        let verified = match demand {
            Demand::Signer(signer) => bundle.verify_signer(documents, signer, &self.roots),
            Demand::Keys(keys) => match bundle.verify_key(documents, keys, &self.roots) {
                Err(SignatureFault::NotByKey) => Err(self.signer_of(bundle, documents)),
                verified => verified,
            },
        };
        verified.and_then(Verified::of_image)
    }

    /// Why a signature that was made with a certificate is not by a key. Tells whose it is, if it holds.
    fn signer_of(&self, bundle: &Bundle, documents: &[SignedDocument<'_>]) -> SignatureFault {
        match bundle.verify_anybody(documents, &self.roots) {
            Ok(Verified {
                signer: Signer::Certified(claims),
                ..
            }) => claims.refused_by(None),
            _ => SignatureFault::NotByKey,
        }
    }
}
