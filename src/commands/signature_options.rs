//! The options that demand signatures.

use super::user_file::read_whole;
use crate::error::{ConfigurationFault, Error, SignatureFault};
use crate::oci::Digest;
use crate::sigstore::{Demand, DemandedSigner, Policy, PublicKey, TrustedRoot, bundles};
use crate::source::{GivenBundles, SignaturePolicy};
use std::path::{Path, PathBuf};

/// The largest file that is read, in bytes: of keys, trusted roots and bundles.
const MAX_FILE: u64 = 64 << 20;

/// The options as the user gave them. No file was read yet.
#[derive(Clone, Debug, Default)]
pub(crate) struct SignatureOptions {
    /// `--signed-by`: files of public keys.
    pub(crate) keys: Vec<PathBuf>,
    /// `--built-by`, or `--signer` and `--issuer`.
    pub(crate) signer: Option<DemandedSigner>,
    pub(crate) bundle: Option<PathBuf>,
    pub(crate) trusted_root: Option<PathBuf>,
}

impl SignatureOptions {
    /// Whether an image without signatures is good enough.
    pub(crate) fn demands_none(&self) -> bool {
        self.keys.is_empty() && self.signer.is_none()
    }

    /// What an image must be signed with; None if nothing is demanded.
    pub(super) fn policy(&self, is_for_archive: bool) -> Result<Option<SignaturePolicy>, Error> {
        let policy = (!self.demands_none()).then(|| self.listing_policy(is_for_archive));
        policy.transpose()
    }

    /// The same, which may demand nothing: for `inspect`, which lists signatures even then.
    pub(super) fn listing_policy(&self, is_for_archive: bool) -> Result<SignaturePolicy, Error> {
        let keys = self.keys.iter().map(|path| key(path));
        let keys = keys.collect::<Result<Vec<_>, _>>()?;
        let mut demanded = Vec::new();
        let mut demands = Vec::new();
        if !keys.is_empty() {
            let mut fingerprints: Vec<_> = keys.iter().map(PublicKey::fingerprint).collect();
            fingerprints.sort();
            fingerprints.dedup();
            let options = fingerprints.iter().map(|key| format!("--signed-by {key}"));
            demanded.extend(options);
            demands.push(Demand::Keys(keys));
        }
        if let Some(signer) = &self.signer {
            demanded.push(signer.to_string());
            demands.push(Demand::Signer(signer.clone()));
        }
        let (roots, digest) = self.roots()?;
        demanded.push(format!("--trusted-root {digest}"));
        Ok(SignaturePolicy {
            policy: Policy { demands, roots },
            demanded: demanded.join(" "),
            has_embedded_roots: self.trusted_root.is_none(),
            bundles: self.bundles()?,
            is_for_archive,
        })
    }

    /// The trusted roots, and the digest of their file.
    fn roots(&self) -> Result<(Vec<TrustedRoot>, Digest), Error> {
        let Some(path) = &self.trusted_root else {
            return Ok((TrustedRoot::embedded(), TrustedRoot::embedded_digest()));
        };
        let bytes = read_whole(path, MAX_FILE)?;
        let roots = TrustedRoot::parse_all(&bytes).map_err(|why| unusable(path, why))?;
        Ok((roots, Digest::sha256(&bytes)))
    }

    fn bundles(&self) -> Result<Option<GivenBundles>, Error> {
        let Some(path) = &self.bundle else {
            return Ok(None);
        };
        let bytes = read_whole(path, MAX_FILE)?;
        let bundles = bundles(&bytes).map_err(|why| unusable(path, why))?;
        Ok(Some(GivenBundles {
            origin: path.display().to_string(),
            bundles: bundles.into_iter().map(<[u8]>::to_vec).collect(),
        }))
    }
}

fn key(path: &Path) -> Result<PublicKey, Error> {
    let bytes = read_whole(path, MAX_FILE)?;
    let text = String::from_utf8_lossy(&bytes);
    PublicKey::from_pem(&text).map_err(|why| ConfigurationFault::Key(why).at(path))
}

fn unusable(path: &Path, why: SignatureFault) -> Error {
    ConfigurationFault::Sigstore(why).at(path)
}
