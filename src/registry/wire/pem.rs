//! Certificates and keys in files: PEM, RFC 7468.

use crate::error::{CertificateFault, Error};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::path::Path;

/// The certificates in a file that the user named: all of them, and one at least.
pub(super) fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, Error> {
    let wrong = |why| Error::Certificate {
        path: path.to_owned(),
        why,
    };
    let bytes = std::fs::read(path).map_err(|e| wrong(CertificateFault::Unreadable(e)))?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes).collect();
    match found {
        Ok(found) if found.is_empty() => Err(wrong(CertificateFault::NoCertificate)),
        Ok(found) => Ok(found),
        Err(_) => Err(wrong(CertificateFault::Malformed)),
    }
}

/// The certificates in a file of the system's, as far as they can be understood: what is missing
/// leads to an error of its own, at the server that needs it.
pub(super) fn certificates_if_any(path: &Path) -> Vec<CertificateDer<'static>> {
    let bytes = std::fs::read(path).unwrap_or_default();
    CertificateDer::pem_slice_iter(&bytes).flatten().collect()
}

/// The first private key in a file: PKCS#8, PKCS#1 or SEC 1.
pub(super) fn key(path: &Path) -> Result<PrivateKeyDer<'static>, Error> {
    let wrong = |why| Error::Certificate {
        path: path.to_owned(),
        why,
    };
    let bytes = std::fs::read(path).map_err(|e| wrong(CertificateFault::Unreadable(e)))?;
    PrivateKeyDer::from_pem_slice(&bytes).map_err(|_| wrong(CertificateFault::NoKey))
}
