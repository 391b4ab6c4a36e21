//! The trusted authorities: Mozilla's roots as of the build, the system's, and those of
//! `--ca-file`, all combined.

use super::certs_d::CertsD;
use super::ecdsa::beside;
use super::pem;
use super::verifier::ServerVerifier;
use crate::error::{CertificateFault, Error, TlsFault};
use crate::registry::config::options::RegistryOptions;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, RootCertStore};
use std::env::var_os;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// System bundles of trusted authorities.
const BUNDLES: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// Directories with one file per authority, used if there is no bundle.
const FOLDERS: [&str; 2] = ["/etc/ssl/certs", "/etc/pki/tls/certs"];

/// The TLS client configurations: trusted authorities and client certificates.
#[derive(Clone, Debug)]
pub(crate) struct TlsConfigs {
    provider: Arc<CryptoProvider>,
    roots: RootCertStore,
    /// Whether the server that the user named may present any certificate. Token servers and
    /// storage hosts, which only that server names, never may.
    insecure: bool,
    /// For hosts without settings of their own. Only this one caches sessions.
    usual: Arc<ClientConfig>,
}

impl TlsConfigs {
    /// Reads the authorities of the system and the user.
    pub(crate) fn read(options: &RegistryOptions) -> Result<Self, Error> {
        let mut roots = RootCertStore {
            roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
        };
        // rustls could not use roots that it cannot parse; some bundles contain such roots.
        roots.add_parsable_certificates(of_system());
        for path in &options.ca_files {
            add(&mut roots, pem::certificates(path)?, path)?;
        }
        let ring = ring::default_provider();
        let provider = Arc::new(CryptoProvider {
            signature_verification_algorithms: beside(ring.signature_verification_algorithms),
            ..ring
        });
        let nobody = CertsD::default();
        let usual = config(&provider, &roots, false, nobody, "")?;
        Ok(Self {
            provider,
            roots,
            insecure: options.insecure,
            usual,
        })
    }

    /// The configuration for a server, which the user may have `named`, and whether a client
    /// certificate is configured for it.
    pub(crate) fn for_host(
        &self,
        host: &str,
        named: bool,
    ) -> Result<(Arc<ClientConfig>, bool), Error> {
        let insecure = self.insecure && named;
        let certificates = match CertsD::of(host)? {
            None if !insecure => return Ok((Arc::clone(&self.usual), false)),
            found => found.unwrap_or_default(),
        };
        let mut roots = self.roots.clone();
        for (path, authorities) in &certificates.authorities {
            add(&mut roots, authorities.clone(), path)?;
        }
        let has_client = certificates.client.is_some();
        let config = config(&self.provider, &roots, insecure, certificates, host)?;
        Ok((config, has_client))
    }
}

fn config(
    provider: &Arc<CryptoProvider>,
    roots: &RootCertStore,
    insecure: bool,
    certificates: CertsD,
    host: &str,
) -> Result<Arc<ClientConfig>, Error> {
    let algorithms = provider.signature_verification_algorithms;
    let verifier = ServerVerifier::new(algorithms, (!insecure).then(|| roots.clone()));
    let builder = ClientConfig::builder_with_provider(Arc::clone(provider))
        .with_safe_default_protocol_versions()
        .map_err(|_| TlsFault::Other("there is no version of TLS").of(host))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier));
    let config = match certificates.client {
        Some(client) => builder
            .with_client_auth_cert(client.chain, client.key)
            .map_err(|error| {
                let reason = match error {
                    rustls::Error::General(_) => CertificateFault::UnsupportedKey,
                    _ => CertificateFault::KeyMismatch,
                };
                reason.at(client.path)
            })?,
        None => builder.with_no_client_auth(),
    };
    Ok(Arc::new(config))
}

fn add(
    roots: &mut RootCertStore,
    certificates: Vec<CertificateDer<'static>>,
    path: &Path,
) -> Result<(), Error> {
    certificates.into_iter().try_for_each(|certificate| {
        roots
            .add(certificate)
            .map_err(|_| CertificateFault::Malformed.at(path))
    })
}

/// The system's authorities, found as OpenSSL does: its variables replace the default file and
/// directory.
fn of_system() -> Vec<CertificateDer<'static>> {
    let set = |value: &OsString| !value.is_empty();
    let file = var_os("SSL_CERT_FILE").filter(set).map(PathBuf::from);
    let folders = var_os("SSL_CERT_DIR").filter(set);
    let mut found = match file {
        Some(file) => pem::certificates_if_any(&file),
        None => BUNDLES
            .iter()
            .map(|bundle| pem::certificates_if_any(Path::new(bundle)))
            .find(|found| !found.is_empty())
            .unwrap_or_default(),
    };
    let folders: Vec<_> = match folders {
        Some(folders) => std::env::split_paths(&folders).collect(),
        None if found.is_empty() => FOLDERS.iter().map(PathBuf::from).collect(),
        None => Vec::new(),
    };
    let files = folders.iter().flat_map(fs::read_dir).flatten().flatten();
    found.extend(files.flat_map(|file| pem::certificates_if_any(&file.path())));
    found
}
