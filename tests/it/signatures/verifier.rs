//! The verifier, with signatures that are right but for one thing. Each file alters one part.
#![allow(
    clippy::needless_pass_by_value,
    reason = "a bundle is given as text or as JSON"
)]

use crate::support::sigstore::{Signer, Signing, Sigstore, Statement};
use roots::error::SignatureFault;
use roots::oci::Digest;
use roots::sigstore::{Bundle, DemandedSigner, SignedDocument, TrustedRoot, Verified};
use serde_json::Value;

mod bundles;
mod certificates;
mod entries;
mod json;
mod keys;
mod legacy;
mod logs;
mod proofs;
mod roots_of_trust;
mod signers;
mod statements;
mod timestamps;

const MANIFEST: &[u8] = br#"{"schemaVersion": 2}"#;

fn digest() -> Digest {
    Digest::sha256(MANIFEST)
}

fn invalid(what: &'static str) -> Option<SignatureFault> {
    Some(SignatureFault::Invalid(what))
}

fn malformed(what: &'static str) -> Option<SignatureFault> {
    Some(SignatureFault::Malformed(what))
}

/// The entry of the log in a bundle.
fn entry(bundle: &mut Value) -> &mut Value {
    &mut bundle["verificationMaterial"]["tlogEntries"][0]
}

/// An instance, and a workflow of `o/r` that signs with it.
struct Setup {
    sigstore: Sigstore,
    signer: Signer,
}

impl Setup {
    fn public() -> Self {
        Self::of(Sigstore::new())
    }

    fn github() -> Self {
        Self::of(Sigstore::github())
    }

    fn of(sigstore: Sigstore) -> Self {
        Self {
            sigstore,
            signer: Signer::workflow("o/r"),
        }
    }

    fn sign(&self) -> Signing<'_> {
        self.sign_as(&self.signer)
    }

    fn sign_as(&self, signer: &Signer) -> Signing<'_> {
        self.sigstore.sign(Statement::signature(&digest()), signer)
    }

    /// Why a bundle is refused, where a workflow of `o/r` is demanded. None if it is accepted.
    fn fault(&self, bundle: impl ToString) -> Option<SignatureFault> {
        fault_under(&self.sigstore.trusted_root(), bundle)
    }
}

fn fault_under(root: &str, bundle: impl ToString) -> Option<SignatureFault> {
    verify(root, bundle, &DemandedSigner::built_by("o/r").unwrap()).err()
}

fn verify(
    root: &str,
    bundle: impl ToString,
    demanded: &DemandedSigner,
) -> Result<Verified, SignatureFault> {
    let digest = digest();
    let artifacts = [SignedDocument {
        digest: &digest,
        bytes: Some(MANIFEST),
    }];
    let roots = TrustedRoot::parse_all(root.as_bytes())?;
    let bundle = Bundle::parse(bundle.to_string().as_bytes())?;
    bundle
        .verify_signer(&artifacts, demanded, &roots)?
        .of_image()
}
