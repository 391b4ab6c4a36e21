//! A registry, as distribution-spec describes it: manifests and blobs, from whichever host has them.
//!
//! ```text
//! Registry ── Endpoints ── Endpoint ── Authority ── Http ──── Wire
//! what        mirrors      one host    401: a       retries,  connections,
//!             first                    token or     redirects TLS, proxies
//!                                      Basic
//! ```

mod access;
mod ahead;
mod answer;
mod authority;
mod blob;
mod challenge;
mod credentials;
mod endpoint;
mod endpoints;
mod fault;
mod http;
mod link;
mod mirror;
mod place;
mod question;
mod registries_conf;
mod registry_entry;
mod retry;
mod route;
mod tags;
mod token;
mod toml;
mod toml_table;
mod url;
mod warning;
mod way;
mod wire;

pub use access::RegistryOptions;
pub use blob::Blob;
pub use credentials::AuthOption;
pub use mirror::Mirror;
pub use tags::{TagRange, TagPages};

use crate::error::{Error, Part};
use crate::oci::{ACCEPT, Bytes, Descriptor, Digest, Document, InvalidManifest, Reference};
use crate::progress::Progress;
use ahead::Prefetch;
use endpoints::Upstreams;
use std::rc::Rc;

/// The longest manifest or index that is read, in bytes. distribution-spec asks for 4 MiB at least.
pub const MAX_MANIFEST: u64 = 8 << 20;

/// One repository, on all hosts that may have it.
pub struct Registry {
    endpoints: Rc<Upstreams>,
    ahead: Prefetch,
}

/// When a blob is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FetchMode {
    /// At once, so that it is worth some patience.
    Demand,
    /// Later, so that it may be asked for again.
    Prefetch,
}

/// The bytes of a manifest or index as they came, and what the registry says they are.
#[derive(Clone)]
pub struct RawManifest {
    /// The bytes that digests are over.
    pub bytes: Bytes,
    /// The Content-Type, empty if there was none.
    pub media_type: String,
}

impl Registry {
    /// The repository that `reference` is in. Nothing is asked yet.
    pub fn new(reference: &Reference, access: &RegistryOptions, progress: Progress) -> Result<Self, Error> {
        Ok(Self {
            endpoints: Rc::new(Upstreams::new(reference, access, progress)?),
            ahead: Prefetch::default(),
        })
    }

    /// The hosts that are asked, in this order.
    pub fn hosts(&self) -> Vec<String> {
        self.endpoints.hosts()
    }

    /// The digest that the registry says an identifier stands for, without its bytes: Docker Hub
    /// does not count this. Nothing where the registry does not say it in a way to be believed.
    pub fn digest_of(&self, identifier: &str) -> Result<Option<Digest>, Error> {
        let what = format!("manifests/{identifier}");
        self.endpoints.first(|endpoint, retries| {
            let answer = endpoint.ask("HEAD", &what, &[("accept", ACCEPT)], retries)?;
            match answer.status {
                200 => {
                    let digest = answer.header("docker-content-digest");
                    Ok(digest.and_then(|digest| Digest::parse(digest).ok()))
                }
                _ if endpoint.is_mirror() => Err(endpoint.refused(answer)),
                // A HEAD has no body to say why: who wants to know asks for the manifest.
                _ => Ok(None),
            }
        })
    }

    /// The manifest or index that an identifier, a tag or digest, stands for; if it is `wanted` by
    /// its digest, that one.
    pub fn manifest(&self, identifier: &str, wanted: Option<&Digest>) -> Result<RawManifest, Error> {
        let what = format!("manifests/{identifier}");
        self.endpoints.first(|endpoint, retries| {
            let answer = endpoint.ask("GET", &what, &[("accept", ACCEPT)], retries)?;
            if answer.status != 200 {
                return Err(endpoint.refused(answer));
            }
            let media_type = answer.header("content-type").unwrap_or_default().to_owned();
            let bytes = answer
                .bytes(MAX_MANIFEST)
                .map(Bytes::new)
                .map_err(|e| match e {
                    Error::Answer { url, .. } => Error::Manifest {
                        what: url,
                        why: InvalidManifest::TooLong(MAX_MANIFEST),
                    },
                    other => other,
                })?;
            if let Some(wanted) = wanted {
                let got = Digest::of(wanted.algorithm(), &bytes);
                Error::unless_equal(Part::Manifest, wanted, got)?;
            }
            // Some mirrors, and what sits in front of them, greet with a page and status 200.
            if endpoint.is_mirror()
                && let Err(
                    why @ (InvalidManifest::Json(_)
                    | InvalidManifest::MediaType(_)
                    | InvalidManifest::Missing(_)),
                ) = Document::parse(&bytes, &media_type)
            {
                let what = identifier.to_owned();
                return Err(Error::Manifest { what, why });
            }
            Ok(RawManifest { bytes, media_type })
        })
    }

    /// The bytes of a blob from offset `from` on, as the wire brings them.
    pub fn blob(&self, blob: &Descriptor, from: u64, asked: FetchMode) -> Result<Blob, Error> {
        let begun = self.ahead.take(&blob.digest).filter(|_| from == 0);
        let opened = Blob::open(Rc::clone(&self.endpoints), blob, from, asked, begun);
        if opened.is_err() && asked == FetchMode::Prefetch {
            self.ahead.stop();
        }
        opened
    }

    /// Asks for blobs that will be wanted when `before` bytes have come, as far as that makes sense.
    /// What goes wrong here is found when they are wanted.
    pub fn begin(&self, before: u64, blobs: &mut dyn Iterator<Item = &Descriptor>) {
        self.ahead.begin(&self.endpoints, before, blobs);
    }
}
