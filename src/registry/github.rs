//! GitHub's store of attestations: workflows put them there, and often nowhere else.
//! <https://docs.github.com/rest/repos/attestations>.
//!
//! It is a server that the user has not named, and gets nothing but the digest: no token, no credentials of a registry.

use super::RegistryOptions;
use super::http::client::Client;
use super::http::link::next_page;
use super::http::request::Request;
use super::http::response::Response;
use super::http::url::{Scheme, Url, form_encoded};
use super::transport::SocketSet;
use crate::error::{Error, RegistryError, ResponseFault};
use crate::oci::{BoundedList, Digest};
use crate::progress::Progress;
use serde::Deserialize;
use serde_json::value::RawValue;

const SERVER: &str = "api.github.com";

/// The type of what the actions `attest` and `attest-build-provenance` say of an image.
const PROVENANCE: &str = "https://slsa.dev/provenance/v1";

/// How many pages are read. Each has up to 30 attestations of one digest.
const MAX_PAGES: usize = 8;

/// The longest page, in bytes.
const MAX_PAGE: u64 = 8 << 20;

/// A client of GitHub's API.
pub struct GitHub {
    client: Client,
    origin: Url,
    retries: u32,
}

#[derive(Deserialize)]
struct AttestationPage<'p> {
    #[serde(borrow)]
    attestations: BoundedList<Attestation<'p>>,
}

#[derive(Deserialize)]
struct Attestation<'p> {
    /// `null` if it is kept elsewhere, at a URL that is not for everybody.
    #[serde(borrow)]
    bundle: Option<&'p RawValue>,
}

impl GitHub {
    /// Sends no request yet.
    pub fn new(options: &RegistryOptions, progress: Progress) -> Self {
        let options = RegistryOptions {
            auth: None,
            insecure: false,
            ..options.clone()
        };
        let origin = Url::new(Scheme::Https, SERVER, String::new());
        Self {
            client: Client::new(&options, &origin, &SocketSet::default(), progress),
            origin,
            retries: options.retries,
        }
    }

    /// Passes to `take`, until that returns true, the bundles that workflows of `owner` have stored for the digest, as JSON;
    /// only those of one repository, if it is given. Returns whether `take` has enough.
    pub fn find_bundle(
        &self,
        (owner, repository): (&str, Option<&str>),
        digest: &Digest,
        take: &mut dyn FnMut(&[u8]) -> bool,
    ) -> Result<bool, Error> {
        let kind = form_encoded(PROVENANCE);
        let below = |place: &str| format!("/{place}/attestations/{digest}?predicate_type={kind}");
        match repository {
            Some(name) => self.find_in(&below(&format!("repos/{owner}/{name}")), take),
            // An owner is an organisation or a person.
            None => Ok(self.find_in(&below(&format!("orgs/{owner}")), take)?
                || self.find_in(&below(&format!("users/{owner}")), take)?),
        }
    }

    fn find_in(&self, path: &str, take: &mut dyn FnMut(&[u8]) -> bool) -> Result<bool, Error> {
        let mut next = self.origin.join(path);
        for _ in 0..MAX_PAGES {
            let Some(url) = next.take() else { break };
            let response = self.client.request(Request {
                headers: &[("accept", "application/vnd.github+json")],
                whole: Some(MAX_PAGE),
                ..Request::get(&url, self.retries)
            })?;
            match response.status {
                200 => {}
                404 => break,
                _ => return Err(refused(response)),
            }
            next = response
                .headers("link")
                .find_map(|header| next_page(&header).and_then(|target| url.join(target)))
                .filter(|next| next.same_origin(&self.origin));
            let bytes = response.bytes(MAX_PAGE)?;
            let page: AttestationPage<'_> = serde_json::from_slice(&bytes)
                .map_err(|_| ResponseFault::NotAttestations.at(&url))?;
            let mut bundles = page.attestations.0.iter().filter_map(|one| one.bundle);
            if bundles.any(|bundle| take(bundle.get().as_bytes())) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// The error for any other status. Clients without a token have 60 requests an hour for each address; after that, and after too many
/// at once, the status is 429, or 403 with the same meaning.
fn refused(response: Response) -> Error {
    let is_limited = response.header("x-ratelimit-remaining") == Some("0")
        || response.header("retry-after").is_some();
    let (url, status) = (response.url.to_string(), response.status);
    let retry_after = response.retry_after();
    let message = response.error_body().message;
    if status == 429 || status == 403 && is_limited {
        return RegistryError::RateLimit(url).into();
    }
    RegistryError::Status {
        url,
        status,
        message,
        retry_after,
    }
    .into()
}
