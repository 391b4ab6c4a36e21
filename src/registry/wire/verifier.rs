//! Whether a server is who it says it is.

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{
    CertificateError, DigitallySignedStruct, Error, OtherError, RootCertStore, SignatureScheme,
};
use std::sync::Arc;

/// What webpki calls a certificate that could sign others and is shown by a server.
const CA_AS_SERVER: &str = "CaUsedAsEndEntity";

/// How certificates are checked.
#[derive(Debug)]
pub(super) struct Verifier {
    /// Nothing if any certificate is taken.
    webpki: Option<Arc<WebPkiServerVerifier>>,
    roots: RootCertStore,
    schemes: Vec<SignatureScheme>,
}

impl Verifier {
    /// Takes what these roots have signed; without roots, anything.
    pub(super) fn new(
        provider: &Arc<CryptoProvider>,
        roots: Option<&RootCertStore>,
    ) -> Result<Self, rustls::client::VerifierBuilderError> {
        let webpki = roots.map(|roots| {
            let roots = Arc::new(roots.clone());
            WebPkiServerVerifier::builder_with_provider(roots, Arc::clone(provider)).build()
        });
        Ok(Self {
            webpki: webpki.transpose()?,
            roots: roots.cloned().unwrap_or(RootCertStore::empty()),
            schemes: provider
                .signature_verification_algorithms
                .supported_schemes(),
        })
    }

    /// `openssl req -x509`, which docker's manual tells to use for a registry, makes a certificate
    /// that signs itself and that is an authority. webpki refuses it as a server's even if it is
    /// trusted. It has checked its time before; what is left is its name, and whether we trust it.
    fn is_trusted_itself(&self, certificate: &ParsedCertificate<'_>) -> bool {
        let key = certificate.subject_public_key_info();
        // The store keeps the contents of that sequence, without its head of some bytes.
        self.roots.roots.iter().any(|root| {
            let root = root.subject_public_key_info.as_ref();
            key.ends_with(root) && key.len() - root.len() <= 4
        })
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let Some(webpki) = &self.webpki else {
            return Ok(ServerCertVerified::assertion());
        };
        let verified =
            webpki.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now);
        match verified {
            Err(Error::InvalidCertificate(CertificateError::Other(OtherError(why))))
                if why.to_string() == CA_AS_SERVER =>
            {
                let certificate = ParsedCertificate::try_from(end_entity)?;
                if !self.is_trusted_itself(&certificate) {
                    return Err(CertificateError::UnknownIssuer.into());
                }
                verify_server_name(&certificate, server_name)?;
                Ok(ServerCertVerified::assertion())
            }
            other => other,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        match &self.webpki {
            Some(webpki) => webpki.verify_tls12_signature(message, certificate, signature),
            None => Ok(HandshakeSignatureValid::assertion()),
        }
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        match &self.webpki {
            Some(webpki) => webpki.verify_tls13_signature(message, certificate, signature),
            None => Ok(HandshakeSignatureValid::assertion()),
        }
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.schemes.clone()
    }
}
