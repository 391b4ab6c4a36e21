//! Certificates and keys in PEM files: RFC 7468.

use crate::error::{CertificateFault, Error};
use crate::sys::read_file;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::path::Path;

/// The longest file that is read, in bytes: system bundles take a few hundred kilobytes.
const MAX_FILE: u64 = 16 << 20;

/// The certificates in a file that the user named. All must parse, and there must be at least one.
pub(crate) fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, Error> {
    let wrong = |reason: CertificateFault| reason.at(path);
    let bytes = read_file(path, MAX_FILE).map_err(|e| wrong(CertificateFault::Unreadable(e)))?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes).collect();
    match found {
        Ok(found) if found.is_empty() => Err(wrong(CertificateFault::NoCertificate)),
        Ok(found) => Ok(found),
        Err(_) => Err(wrong(CertificateFault::Malformed)),
    }
}

/// The certificates in a file of the system, skipping those that do not parse: a missing authority
/// causes an error of its own at the server that needs it.
pub(crate) fn certificates_if_any(path: &Path) -> Vec<CertificateDer<'static>> {
    let bytes = read_file(path, MAX_FILE).unwrap_or_default();
    CertificateDer::pem_slice_iter(&bytes).flatten().collect()
}

/// The first private key in a file: PKCS#8, PKCS#1 or SEC 1.
pub(crate) fn key(path: &Path) -> Result<PrivateKeyDer<'static>, Error> {
    let wrong = |reason: CertificateFault| reason.at(path);
    let bytes = read_file(path, MAX_FILE).map_err(|e| wrong(CertificateFault::Unreadable(e)))?;
    PrivateKeyDer::from_pem_slice(&bytes).map_err(|_| wrong(CertificateFault::NoKey))
}
