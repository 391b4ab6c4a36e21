//! Verifies a server's certificate.

use super::algorithm::rsa_bits;
use super::key_usage;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{
    CertificateError, DigitallySignedStruct, Error, OtherError, RootCertStore, SignatureScheme,
};
use std::fmt;
use std::sync::Arc;

/// webpki's name for the error that a server presents an authority's certificate.
const CA_AS_SERVER: &str = "CaUsedAsEndEntity";

/// The shortest RSA key that ring accepts, in bits.
const MIN_RSA_BITS: usize = 2048;

/// Verifies certificates as rustls does without revocation lists, whose code would take 17 KiB.
#[derive(Debug)]
pub(crate) struct ServerVerifier {
    /// None to accept any certificate.
    roots: Option<RootCertStore>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl ServerVerifier {
    /// Trusts what these roots have signed; without roots, any certificate.
    pub(crate) fn new(algorithms: WebPkiSupportedAlgorithms, roots: Option<RootCertStore>) -> Self {
        Self { roots, algorithms }
    }
}

impl ServerCertVerifier for ServerVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let Some(roots) = &self.roots else {
            return Ok(ServerCertVerified::assertion());
        };
        let certificate = ParsedCertificate::try_from(end_entity)?;
        let signed = verify_server_cert_signed_by_trust_anchor(
            &certificate,
            roots,
            intermediates,
            now,
            self.algorithms.all,
        );
        match signed {
            Err(Error::InvalidCertificate(CertificateError::Other(OtherError(why))))
                if why.to_string() == CA_AS_SERVER =>
            {
                if !is_trusted_itself(&certificate, roots) {
                    return Err(CertificateError::UnknownIssuer.into());
                }
                if !key_usage::may_serve(end_entity) {
                    return Err(CertificateError::InvalidPurpose.into());
                }
            }
            // Also returned for keys that ring rejects.
            Err(error) if is_bad_signature(&error) => {
                let keys = roots
                    .roots
                    .iter()
                    .map(|root| &*root.subject_public_key_info);
                let weak = keys.filter_map(rsa_bits).chain(
                    intermediates
                        .iter()
                        .chain([end_entity])
                        .filter_map(key_bits),
                );
                return Err(blamed_on_key(error, weak.min()));
            }
            other => other?,
        }
        verify_server_name(&certificate, server_name)?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        if self.roots.is_none() {
            return Ok(HandshakeSignatureValid::assertion());
        }
        verify_tls12_signature(message, certificate, signature, &self.algorithms)
            .map_err(|error| blamed_on_key(error, key_bits(certificate)))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        if self.roots.is_none() {
            return Ok(HandshakeSignatureValid::assertion());
        }
        verify_tls13_signature(message, certificate, signature, &self.algorithms)
            .map_err(|error| blamed_on_key(error, key_bits(certificate)))
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

/// The size of an RSA key that is too short, in bits.
#[derive(Debug)]
pub(crate) struct WeakKey(pub(crate) usize);

impl fmt::Display for WeakKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an RSA key of {} bits", self.0)
    }
}

impl std::error::Error for WeakKey {}

fn is_bad_signature(error: &Error) -> bool {
    matches!(
        error,
        Error::InvalidCertificate(CertificateError::BadSignature)
    )
}

/// ring reports short RSA keys as bad signatures; this reports the key instead.
fn blamed_on_key(error: Error, bits: Option<usize>) -> Error {
    match bits.filter(|bits| *bits < MIN_RSA_BITS && is_bad_signature(&error)) {
        Some(bits) => CertificateError::Other(OtherError(Arc::new(WeakKey(bits)))).into(),
        None => error,
    }
}

fn key_bits(certificate: &CertificateDer<'_>) -> Option<usize> {
    let certificate = ParsedCertificate::try_from(certificate).ok()?;
    rsa_bits(&certificate.subject_public_key_info())
}

/// `openssl req -x509`, which docker's manual recommends for a registry, makes a self-signed
/// certificate that is an authority. webpki refuses it as a server's even if it is trusted. It has
/// checked the validity period by then; left to check are the name, the key usage, and whether we
/// trust its key for any name, unlike that of an authority with name constraints.
fn is_trusted_itself(certificate: &ParsedCertificate<'_>, roots: &RootCertStore) -> bool {
    let key = certificate.subject_public_key_info();
    // The store keeps the contents of the sequence, without its header.
    roots.roots.iter().any(|root| {
        let trusted = root.subject_public_key_info.as_ref();
        let is_same = key.ends_with(trusted) && key.len() - trusted.len() <= 4;
        is_same && root.name_constraints.is_none()
    })
}
