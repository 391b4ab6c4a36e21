//! Genuine signatures: data of other projects, which lies outside of this repository. `make conformance` runs these tests, which
//! fail if the folder is missing.

use roots::error::SignatureFault;
use roots::oci::Digest;
use roots::sigstore::{Bundle, DemandedSigner, SignedDocument, TrustedRoot, Verified};
use std::env;
use std::fs;
use std::path::{Path, PathBuf};

mod authorities;
mod cases;
mod legacy;
mod merkle;
mod table;

const GITHUB_ISSUER: &str = "https://token.actions.githubusercontent.com";

/// The folder of the data.
fn suite() -> PathBuf {
    let folder = env::var_os("SUITE").unwrap_or_else(|| "../shared/sigstore".into());
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    assert!(folder.is_dir(), "{}: no such folder", folder.display());
    folder
}

fn read(path: &str) -> Vec<u8> {
    let path = suite().join(path);
    fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn text(path: &str) -> String {
    String::from_utf8(read(path)).unwrap()
}

fn root(path: &str) -> Vec<TrustedRoot> {
    TrustedRoot::parse_all(&read(path)).unwrap()
}

/// A digest whose bytes the test does not have.
fn of_digest(digest: &Digest) -> [SignedDocument<'_>; 1] {
    [SignedDocument {
        digest,
        bytes: None,
    }]
}

fn exact(identity: &str, issuer: &str) -> DemandedSigner {
    DemandedSigner::Exact {
        identity: identity.to_owned(),
        issuer: issuer.to_owned(),
    }
}

/// Whoever has signed, asked for by his name.
fn by_its_own_name(
    bundle: &Bundle,
    artifacts: &[SignedDocument<'_>],
    roots: &[TrustedRoot],
) -> Result<Verified, SignatureFault> {
    let found = bundle.verify_anybody(artifacts, roots)?;
    let claims = found.signer.claims().unwrap();
    let signer = exact(&claims.identity, &claims.issuer.clone().unwrap());
    bundle.verify_signer(artifacts, &signer, roots)
}
