//! A registry, as distribution-spec describes it: manifests and blobs, from whichever host has them.
//!
//! ```text
//! Registry ── Endpoint ── Authority ── Http ── Wire
//! which        one host    401: a       retries,   connections,
//! host, and    at a time   token or     redirects  TLS
//! the next                 Basic
//! ```

mod access;
mod authority;
mod blob;
mod challenge;
mod credentials;
mod endpoint;
mod fault;
mod http;
mod place;
mod retry;
mod token;
mod url;
mod wire;

pub use access::Access;
pub use blob::Blob;
pub use credentials::Passed;

use crate::error::Error;
use crate::oci::{ACCEPT, Descriptor, Digest, InvalidManifest, Reference};
use crate::progress::Progress;
use endpoint::Endpoint;
use std::rc::Rc;

/// The longest manifest or index that is read, in bytes. distribution-spec asks for 4 MiB at least.
pub const MAX_MANIFEST: u64 = 8 << 20;

/// One repository.
pub struct Registry {
    endpoint: Rc<Endpoint>,
    retries: u32,
}

/// When a blob is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// At once, so that it is worth some patience.
    Now,
    /// Later, so that it may be asked for again.
    Ahead,
}

/// The bytes of a manifest or index as they came, and what the registry says they are.
pub struct Served {
    /// The bytes that digests are over.
    pub bytes: Vec<u8>,
    /// The Content-Type, empty if there was none.
    pub media_type: String,
}

impl Registry {
    /// The repository that `reference` is in. Nothing is asked yet.
    pub fn new(reference: &Reference, access: &Access, progress: Progress) -> Result<Self, Error> {
        Ok(Self {
            endpoint: Rc::new(Endpoint::new(reference, access, progress)?),
            retries: access.retries,
        })
    }

    /// The digest that the registry says an identifier stands for, without its bytes: Docker Hub
    /// does not count this. Nothing where the registry does not say it in a way to be believed.
    pub fn digest_of(&self, identifier: &str) -> Result<Option<Digest>, Error> {
        let what = format!("manifests/{identifier}");
        let accept = [("accept", ACCEPT)];
        let answer = self.endpoint.ask("HEAD", &what, &accept, self.retries)?;
        let digest = answer
            .header("docker-content-digest")
            .filter(|_| answer.status == 200);
        Ok(digest.and_then(|digest| Digest::parse(digest).ok()))
    }

    /// The manifest or index that an identifier, a tag or digest, stands for.
    pub fn manifest(&self, identifier: &str) -> Result<Served, Error> {
        let what = format!("manifests/{identifier}");
        let accept = [("accept", ACCEPT)];
        let answer = self.endpoint.ask("GET", &what, &accept, self.retries)?;
        if answer.status != 200 {
            return Err(self.endpoint.refused(answer));
        }
        let media_type = answer.header("content-type").unwrap_or_default().to_owned();
        let bytes = answer.bytes(MAX_MANIFEST).map_err(|e| match e {
            Error::Answer { url, .. } => Error::Manifest {
                what: url,
                why: InvalidManifest::TooLong(MAX_MANIFEST),
            },
            other => other,
        })?;
        Ok(Served { bytes, media_type })
    }

    /// The bytes of a blob from offset `from` on, as the wire brings them.
    pub fn blob(&self, blob: &Descriptor, from: u64, asked: Asked) -> Result<Blob, Error> {
        Blob::open(Rc::clone(&self.endpoint), blob, from, asked, self.retries)
    }
}
