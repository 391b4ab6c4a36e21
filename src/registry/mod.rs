//! A registry, as distribution-spec describes it: manifests, blobs, and the handshake before both.
//!
//! ```text
//! 1  ask for the manifest                      200: done
//! 2  401 with WWW-Authenticate                 Basic: ask again with the credentials
//! 3  Bearer: ask the realm for a token         anonymous, or with the credentials
//! 4  ask again with the token                  401 again: denied
//! ```

mod challenge;
mod credentials;
mod fault;
mod http;
mod token;
mod url;

pub use credentials::Credentials;
pub use http::Stream;

use crate::error::Error;
use crate::oci::{ACCEPT, Descriptor, Digest, InvalidManifest, Reference};
use fault::{Fault, MAX_BODY};
use http::{Answer, Http, Question};
use token::{Refusal, TokenServer, bearer};
use url::{Scheme, Url, host_of, is_loopback};

/// The longest manifest or index that is read, in bytes. distribution-spec asks for 4 MiB at least.
pub const MAX_MANIFEST: u64 = 8 << 20;

/// One repository of a registry.
pub struct Registry {
    http: Http,
    reference: Reference,
    origin: Url,
    credentials: Option<Credentials>,
    /// What the last challenge was answered with.
    authorization: Option<String>,
}

/// The bytes of a manifest or index as they came, and what the registry says they are.
pub struct Served {
    /// The bytes that digests are over.
    pub bytes: Vec<u8>,
    /// The Content-Type, empty if there was none.
    pub media_type: String,
}

impl Registry {
    /// The repository that `reference` is in. Nothing is asked yet. Plain http is spoken with
    /// loopback hosts only, and never instead of https that failed.
    pub fn new(reference: &Reference, credentials: Option<Credentials>) -> Self {
        let host = reference.api_host();
        let scheme = if is_loopback(host_of(host)) {
            Scheme::Http
        } else {
            Scheme::Https
        };
        Self {
            http: Http::new(),
            reference: reference.clone(),
            origin: Url::new(scheme, host, String::new()),
            credentials,
            authorization: None,
        }
    }

    /// The digest that the registry says an identifier stands for, without its bytes: Docker Hub
    /// does not count this. Nothing where the registry does not say it in a way to be believed.
    pub fn digest_of(&mut self, identifier: &str) -> Result<Option<Digest>, Error> {
        let answer = self.ask("HEAD", &format!("manifests/{identifier}"), Some(ACCEPT))?;
        let digest = answer
            .header("docker-content-digest")
            .filter(|_| answer.status == 200);
        Ok(digest.and_then(|digest| Digest::parse(digest).ok()))
    }

    /// The manifest or index that an identifier, a tag or digest, stands for.
    pub fn manifest(&mut self, identifier: &str) -> Result<Served, Error> {
        let answer = self.ask("GET", &format!("manifests/{identifier}"), Some(ACCEPT))?;
        if answer.status != 200 {
            return Err(self.refused(answer));
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

    /// The bytes of a blob, as the wire brings them.
    pub fn blob(&mut self, blob: &Descriptor) -> Result<Stream, Error> {
        let answer = self.ask("GET", &format!("blobs/{}", blob.digest), None)?;
        match answer.status {
            200 => Ok(answer.stream()),
            404 => Err(unexpected(answer)),
            _ => Err(self.refused(answer)),
        }
    }

    /// Asks for `what` of the repository, and answers a challenge once: a token may have expired in
    /// mid-pull, but a registry that refuses a new one will refuse the next.
    fn ask(
        &mut self,
        method: &'static str,
        what: &str,
        accept: Option<&str>,
    ) -> Result<Answer, Error> {
        let path = format!("/v2/{}/{what}", self.reference.repository());
        let url = self
            .origin
            .join(&path)
            .unwrap_or_else(|| self.origin.clone());
        let question = Question {
            method,
            url: &url,
            accept,
            authorization: None,
        };
        let authorization = self.authorization.as_deref();
        let answer = self.http.ask(Question {
            authorization,
            ..question
        })?;
        // A storage server that was redirected to is not asked for: it gets no credentials, and its
        // word on where to take them counts for nothing.
        if answer.status != 401 || !answer.url.same_origin(&url) {
            return Ok(answer);
        }
        let Some(authorization) = self.authorize(&answer)? else {
            return Ok(answer);
        };
        let authorization = self.authorization.insert(authorization).as_str();
        self.http.ask(Question {
            authorization: Some(authorization),
            ..question
        })
    }

    /// Answers the challenges of a 401: with a token if one is asked for, else with the
    /// credentials. Nothing if there is nothing to answer with.
    fn authorize(&self, answer: &Answer) -> Result<Option<String>, Error> {
        let headers = answer.headers("www-authenticate");
        let challenges: Vec<_> = headers.flat_map(challenge::parse).collect();
        let scope = format!("repository:{}:pull", self.reference.repository());
        if let Some(challenge) = challenges
            .iter()
            .find(|challenge| challenge.scheme == "bearer")
        {
            let server = TokenServer::new(challenge, &answer.url, &scope)?;
            return self.token(&server).map(Some);
        }
        if challenges
            .iter()
            .any(|challenge| challenge.scheme == "basic")
        {
            return Ok(self.credentials.as_ref().map(Credentials::basic));
        }
        let why = "denies access without saying how to get it";
        Err(Error::Challenge {
            url: answer.url.to_string(),
            why,
        })
    }

    fn token(&self, server: &TokenServer) -> Result<String, Error> {
        if self.credentials.is_some() && !server.is_trusted_by(&self.origin) {
            let why = "the registry wants credentials sent to it, which is not safe";
            return Err(Error::Challenge {
                url: server.realm().to_string(),
                why,
            });
        }
        let answer = server.ask(&self.http, self.credentials.as_ref())?;
        bearer(answer).map_err(|refusal| match refusal {
            Refusal::Status(_, 401 | 403, fault) => self.denied(server.realm().host(), fault),
            Refusal::Status(url, status, fault) => Error::Registry {
                url,
                status,
                said: fault.said,
            },
            Refusal::Other(error) => error,
        })
    }

    fn refused(&self, answer: Answer) -> Error {
        let (url, status) = (answer.url.clone(), answer.status);
        let fault = Fault::read(&answer.start_of_body(MAX_BODY));
        match status {
            404 if !fault.is_denied() => Error::NotFound {
                image: self.reference.to_string(),
                said: fault.said,
            },
            401 | 403 | 404 => self.denied(url.host(), fault),
            _ if fault.is_unknown() => Error::NotFound {
                image: self.reference.to_string(),
                said: fault.said,
            },
            _ => Error::Registry {
                url: url.to_string(),
                status,
                said: fault.said,
            },
        }
    }

    fn denied(&self, host: &str, fault: Fault) -> Error {
        Error::Denied {
            image: self.reference.to_string(),
            host: host.to_owned(),
            said: fault.said,
            had_credentials: self.credentials.is_some(),
        }
    }
}

fn unexpected(answer: Answer) -> Error {
    let (url, status) = (answer.url.to_string(), answer.status);
    Error::Registry {
        url,
        status,
        said: Fault::read(&answer.start_of_body(MAX_BODY)).said,
    }
}
