//! `certs.d`: what docker and podman store for one server, containers-certs.d(5). `NAME.crt` is a
//! trusted authority; `NAME.cert` and `NAME.key` are the client certificate.

use super::pem;
use crate::error::{CertificateFault, Error};
use crate::oci::{HUB, HUB_HOST};
use crate::sys::home;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// Below the home directory (containers/image ignores XDG_CONFIG_HOME here), then system-wide. The first existing directory of a server wins.
const OF_USER: &str = ".config/containers/certs.d";
const OF_SYSTEM: [&str; 2] = ["/etc/containers/certs.d", "/etc/docker/certs.d"];

/// The certificates configured for one server.
#[derive(Default)]
pub(crate) struct CertsD {
    pub(crate) authorities: Vec<(PathBuf, Vec<CertificateDer<'static>>)>,
    pub(crate) client: Option<ClientCertificate>,
}

/// A client certificate.
pub(crate) struct ClientCertificate {
    pub(crate) chain: Vec<CertificateDer<'static>>,
    pub(crate) key: PrivateKeyDer<'static>,
    /// The file of the private key.
    pub(crate) path: PathBuf,
}

impl CertsD {
    /// The certificates for `host[:port]`, if any.
    pub(crate) fn of(host: &str) -> Result<Option<Self>, Error> {
        let user = home().filter(|home| home.is_absolute());
        let user = user.map(|home| home.join(OF_USER));
        // Directories are named as in image names.
        let names = if host == HUB_HOST {
            vec![HUB, host]
        } else {
            vec![host]
        };
        for folder in user.into_iter().chain(OF_SYSTEM.iter().map(PathBuf::from)) {
            for name in &names {
                if let Some(files) = files(&folder, name)? {
                    return Self::read(&files).map(Some);
                }
            }
        }
        Ok(None)
    }

    fn read(files: &[PathBuf]) -> Result<Self, Error> {
        let mut found = Self::default();
        for path in files {
            match path.extension().and_then(|extension| extension.to_str()) {
                Some("crt") => {
                    let authorities = pem::certificates(path)?;
                    found.authorities.push((path.clone(), authorities));
                }
                Some("cert") => {
                    let client = ClientCertificate {
                        path: half_of(path, "key", files)?,
                        chain: pem::certificates(path)?,
                        key: pem::key(&path.with_extension("key"))?,
                    };
                    // Of several, the first by name.
                    found.client.get_or_insert(client);
                }
                Some("key") => drop(half_of(path, "cert", files)?),
                _ => {}
            }
        }
        Ok(found)
    }
}

/// The files for a server in a `certs.d`, sorted. An unreadable directory counts as missing, as in
/// docker and podman.
fn files(certs_d: &Path, host: &str) -> Result<Option<Vec<PathBuf>>, Error> {
    // Hosts also come from redirects, and `..` would be another directory.
    if host.starts_with('.') {
        return Ok(None);
    }
    let folder = certs_d.join(host);
    let entries = match fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(e) => {
            return match e.kind() {
                ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::PermissionDenied => {
                    Ok(None)
                }
                _ => Err(CertificateFault::Unreadable(e).at(folder)),
            };
        }
    };
    let mut files = entries
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|e| CertificateFault::Unreadable(e).at(folder))?;
    files.sort();
    Ok(Some(files))
}

/// The other half of a pair, which must exist.
fn half_of(path: &Path, extension: &str, files: &[PathBuf]) -> Result<PathBuf, Error> {
    let other = path.with_extension(extension);
    if files.contains(&other) {
        return Ok(other);
    }
    let name = other.file_name().unwrap_or_default().to_string_lossy();
    Err(CertificateFault::MissingHalf(name.into_owned()).at(path))
}
