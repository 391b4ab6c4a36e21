//! Whether a server is who it says it is.

use super::usage;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{
    CertificateError, DigitallySignedStruct, Error, OtherError, RootCertStore, SignatureScheme,
};

/// What webpki calls a certificate that could sign others and is shown by a server.
const CA_AS_SERVER: &str = "CaUsedAsEndEntity";

/// How certificates are checked: as rustls does without lists of revoked ones, whose code would be
/// 17 KiB.
#[derive(Debug)]
pub(super) struct Verifier {
    /// Nothing if any certificate is taken.
    roots: Option<RootCertStore>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl Verifier {
    /// Takes what these roots have signed; without roots, anything.
    pub(super) fn new(algorithms: WebPkiSupportedAlgorithms, roots: Option<RootCertStore>) -> Self {
        Self { roots, algorithms }
    }
}

impl ServerCertVerifier for Verifier {
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
                if !usage::may_serve(end_entity) {
                    return Err(CertificateError::InvalidPurpose.into());
                }
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
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

/// `openssl req -x509`, which docker's manual tells to use for a registry, makes a certificate that
/// signs itself and that is an authority. webpki refuses it as a server's even if it is trusted. It
/// has checked its time before; what is left is its name, what it says that its key is for, and whether
/// we trust whoever has its key: for any name, which is not so of an authority for some names only.
fn is_trusted_itself(certificate: &ParsedCertificate<'_>, roots: &RootCertStore) -> bool {
    let key = certificate.subject_public_key_info();
    // The store keeps the contents of that sequence, without its head of some bytes.
    roots.roots.iter().any(|root| {
        let trusted = root.subject_public_key_info.as_ref();
        let is_same = key.ends_with(trusted) && key.len() - trusted.len() <= 4;
        is_same && root.name_constraints.is_none()
    })
}
