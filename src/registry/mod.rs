//! A registry, as distribution-spec describes it: manifests and blobs, from whichever host has
//! them.
//!
//! ```text
//! Registry ── Upstreams ── Repository ── Authenticator ── Client ─── Connections
//!    │        mirrors      one host     401: a token    retries,   pools, TLS,
//!    │        first                     or Basic        redirects  proxies
//!   Blob ──── FetchPlan ── SentRange
//!   resumes   what to      a response that
//!             request      is read ahead
//! ```

mod artifacts;
mod auth;
mod blob;
mod byte_range;
mod config;
mod connection_limit;
mod error_body;
mod fetch_plan;
mod github;
mod http;
mod repository;
mod segment;
mod sent_range;
mod tags;
mod tls;
mod transport;
mod upstreams;
mod warning;

pub use artifacts::{ArtifactHost, MAX_ARTIFACT};
pub use auth::auth_option::AuthOption;
pub use blob::Blob;
pub use config::mirror::Mirror;
pub use config::options::{ConnectionCount, RegistryOptions};
pub use github::GitHub;
pub use tags::{TagPages, TagRange};

use crate::error::{Error, ErrorKind, Part, RegistryError};
use crate::oci::{ACCEPT, Bytes, Descriptor, Digest, Document, InvalidManifest, Reference};
use crate::progress::Progress;
use fetch_plan::FetchPlan;
use std::rc::Rc;
use upstreams::Upstreams;

/// The longest manifest or index that is read, in bytes. distribution-spec requires at least 4 MiB.
pub const MAX_MANIFEST: u64 = 8 << 20;

/// One repository, on all hosts that may have it.
pub struct Registry {
    upstreams: Rc<Upstreams>,
    plan: Rc<FetchPlan>,
    options: RegistryOptions,
    progress: Progress,
}

/// A manifest or index as received, with its media type.
#[derive(Clone)]
pub struct RawManifest {
    /// The exact bytes that the digest covers.
    pub bytes: Bytes,
    /// The Content-Type; empty if there was none.
    pub media_type: String,
}

impl Registry {
    /// The repository of `reference`. Sends no request yet.
    pub fn new(
        reference: &Reference,
        options: &RegistryOptions,
        progress: Progress,
    ) -> Result<Self, Error> {
        let upstreams = Rc::new(Upstreams::new(reference, options, progress)?);
        let plan = FetchPlan::new(Rc::clone(&upstreams), options.connections.get(), progress);
        Ok(Self {
            upstreams,
            plan: Rc::new(plan),
            options: options.clone(),
            progress,
        })
    }

    /// The hosts to ask, in this order.
    pub fn hosts(&self) -> Vec<String> {
        self.upstreams.hosts()
    }

    /// GitHub's store of attestations, with the same options. Sends no request yet.
    pub fn github(&self) -> GitHub {
        GitHub::new(&self.options, self.progress)
    }

    /// The digest of a tag or digest, by a HEAD request, which Docker Hub does not count as a pull.
    /// None if the registry does not return a trustworthy digest.
    pub fn digest_of(&self, identifier: &str) -> Result<Option<Digest>, Error> {
        let what = format!("manifests/{identifier}");
        self.upstreams.try_each(|repository, retries| {
            let response = repository.send("HEAD", &what, &[("accept", ACCEPT)], retries)?;
            match response.status {
                200 => {
                    let digest = response.header("docker-content-digest");
                    Ok(digest.and_then(|digest| Digest::parse(digest).ok()))
                }
                _ if repository.is_mirror() => Err(repository.refused(response)),
                // A HEAD response has no error body; a GET of the manifest will tell.
                _ => Ok(None),
            }
        })
    }

    /// Fetches the manifest or index that a tag or digest stands for; if `wanted` is given, the one
    /// with that digest.
    pub fn manifest(
        &self,
        identifier: &str,
        wanted: Option<&Digest>,
    ) -> Result<RawManifest, Error> {
        let what = format!("manifests/{identifier}");
        self.upstreams.try_each(|repository, retries| {
            let response = repository.send("GET", &what, &[("accept", ACCEPT)], retries)?;
            if response.status != 200 {
                return Err(repository.refused(response));
            }
            let media_type = response
                .header("content-type")
                .unwrap_or_default()
                .to_owned();
            let bytes =
                response
                    .bytes(MAX_MANIFEST)
                    .map(Bytes::new)
                    .map_err(|e| match e.into_kind() {
                        ErrorKind::Registry(RegistryError::Response { url, .. }) => {
                            Error::manifest(url, InvalidManifest::TooLong(MAX_MANIFEST))
                        }
                        other => other.into(),
                    })?;
            if let Some(wanted) = wanted {
                let got = Digest::of(wanted.algorithm(), &bytes);
                Error::unless_equal(Part::Manifest, wanted, got)?;
            }
            // Some mirrors, and the gateways in front of them, return a login page with status 200.
            if repository.is_mirror()
                && let Err(
                    why @ (InvalidManifest::Json(_)
                    | InvalidManifest::MediaType(_)
                    | InvalidManifest::Missing(_)),
                ) = Document::parse(&bytes, &media_type)
            {
                return Err(Error::manifest(identifier, why));
            }
            Ok(RawManifest { bytes, media_type })
        })
    }

    /// The bytes of a blob from offset `from` on, as the server sends them.
    pub fn blob(&self, blob: &Descriptor, from: u64) -> Result<Blob, Error> {
        Blob::open(
            Rc::clone(&self.upstreams),
            Rc::clone(&self.plan),
            blob,
            from,
        )
    }

    /// Whether several responses delivered `blob`, each a part of it.
    pub fn was_split(&self, blob: &Digest) -> bool {
        self.plan.was_split(blob)
    }

    /// Makes all pulls with the same options use one connection from now on.
    pub fn use_one_connection(&self) {
        self.options.connections.set_to_one();
    }

    /// Plans the blobs that come after `current`, which may be read from elsewhere. They are requested
    /// before they are needed, as far as that pays. Errors surface when they are needed.
    pub fn plan_prefetch(
        &self,
        current: &Descriptor,
        is_elsewhere: bool,
        upcoming: &mut dyn Iterator<Item = &Descriptor>,
    ) {
        self.plan.plan_prefetch(current, upcoming);
        if is_elsewhere {
            self.plan.send_from_registry(current);
        }
    }
}
