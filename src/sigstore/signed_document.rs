//! What was signed: the bytes, and what these say once their signature holds.

use crate::error::SignatureFault;
use crate::oci::Digest;
use crate::sigstore::authority::claims::SignerClaims;
use crate::sigstore::bundle::envelope::{IN_TOTO, pre_authentication_encoding};
use crate::sigstore::bundle::legacy;
use crate::sigstore::bundle::{Bundle, Content};
use crate::sigstore::encoding::time::rfc3339;
use crate::sigstore::hash::{hex, sha256};
use crate::sigstore::key::PublicKey;
use crate::sigstore::log::body::Recorded;
use crate::sigstore::statement::{Statement, is_of_images};

/// What may have been signed: one of the documents that lead to the tree.
#[derive(Clone, Copy, Debug)]
pub struct SignedDocument<'a> {
    /// Of the bytes that are used, computed here.
    pub digest: &'a Digest,
    /// The bytes with this digest, if the caller has them.
    pub bytes: Option<&'a [u8]>,
}

/// Who made a signature that holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signer {
    /// The owner of one of the keys.
    Key(PublicKey),
    /// The one whom the certificate names.
    Certified(SignerClaims),
}

/// A signature that holds.
#[derive(Clone, Debug)]
pub struct Verified {
    /// The document that it is of.
    pub digest: Digest,
    /// Who made it.
    pub signer: Signer,
    /// The first time that is proven, in seconds since 1970.
    pub time: Option<i64>,
    /// What the statement says, if it is one.
    pub predicate_type: Option<String>,
}

impl Verified {
    /// Fails if the signature is of something about an image, such as an SBOM, and not of the image.
    pub fn of_image(self) -> Result<Self, SignatureFault> {
        match self.predicate_type {
            Some(kind) if !is_of_images(&kind) => Err(SignatureFault::OtherPredicate(kind)),
            _ => Ok(self),
        }
    }

    /// The first time that is proven, as RFC 3339 writes it.
    pub fn shown_time(&self) -> Option<String> {
        self.time.map(rfc3339)
    }
}

impl Signer {
    /// What the certificate says, if there is one.
    pub fn claims(&self) -> Option<&SignerClaims> {
        match self {
            Self::Key(_) => None,
            Self::Certified(claims) => Some(claims),
        }
    }

    /// As in the certificate; for a key, its digest.
    pub fn identity(&self) -> String {
        match self {
            Self::Key(key) => key.fingerprint(),
            Self::Certified(claims) => claims.identity.clone(),
        }
    }
}

impl Bundle {
    /// The statement in it, which is not to be believed before the signature was verified.
    pub fn statement(&self) -> Option<&[u8]> {
        match &self.content {
            Content::Envelope(payload) => Some(payload),
            Content::Message(_) | Content::Simple(_) => None,
        }
    }

    /// The bytes that must have been signed.
    pub(crate) fn message(
        &self,
        documents: &[SignedDocument<'_>],
    ) -> Result<Vec<u8>, SignatureFault> {
        match &self.content {
            Content::Envelope(payload) => Ok(pre_authentication_encoding(IN_TOTO, payload)),
            Content::Simple(payload) => Ok(payload.clone()),
            Content::Message(hash) => {
                let signed = document_of(hash, documents).and_then(|document| document.bytes);
                let other = || SignatureFault::OtherDigest(Some(format!("sha256:{}", hex(hash))));
                signed.map(<[u8]>::to_vec).ok_or_else(other)
            }
        }
    }

    pub(crate) fn recorded<'a>(&'a self, material: &'a [u8], message: &'a [u8]) -> Recorded<'a> {
        Recorded {
            material,
            signature: &self.signature,
            message,
            payload: self.statement(),
        }
    }

    /// What was signed, now that the signature holds.
    pub(crate) fn claim(
        &self,
        documents: &[SignedDocument<'_>],
        signer: Signer,
        time: Option<i64>,
    ) -> Result<Verified, SignatureFault> {
        let (document, predicate_type) = match &self.content {
            Content::Envelope(payload) => {
                let statement = Statement::parse(payload)?;
                let found = documents
                    .iter()
                    .find(|document| statement.is_about(document.digest));
                let found = found.ok_or_else(|| SignatureFault::OtherDigest(statement.first()));
                (found?, Some(statement.predicate_type))
            }
            Content::Simple(payload) => {
                let digest = legacy::signed_digest(payload)?;
                let found = documents.iter().find(|document| *document.digest == digest);
                let other = || SignatureFault::OtherDigest(Some(digest.to_string()));
                (found.ok_or_else(other)?, None)
            }
            Content::Message(hash) => {
                let found = document_of(hash, documents);
                (found.ok_or(SignatureFault::OtherDigest(None))?, None)
            }
        };
        Ok(Verified {
            digest: document.digest.clone(),
            signer,
            time,
            predicate_type,
        })
    }
}

/// The document whose bytes have this SHA-256, and the digest that they are known by.
fn document_of<'a>(
    hash: &[u8],
    documents: &'a [SignedDocument<'a>],
) -> Option<&'a SignedDocument<'a>> {
    documents.iter().find(|document| {
        document.bytes.is_some_and(|bytes| {
            sha256(bytes) == hash
                && Digest::of(document.digest.algorithm(), bytes) == *document.digest
        })
    })
}
