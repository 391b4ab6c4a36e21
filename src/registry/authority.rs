//! What a registry's 401 is answered with.
//!
//! ```text
//! 1  ask for the manifest                      200: done
//! 2  401 with WWW-Authenticate                 Basic: ask again with the credentials
//! 3  Bearer: ask the realm for a token         anonymous, or with the credentials
//! 4  ask again with the token                  401 again: denied
//! ```

use super::access::Access;
use super::challenge;
use super::credentials::Credentials;
use super::fault::Fault;
use super::http::{Answer, Http};
use super::token::{Refusal, TokenServer, bearer};
use super::url::Url;
use crate::error::Error;
use crate::oci::Reference;
use crate::progress::Progress;

/// Who may speak for the user at one registry.
pub(super) struct Authority {
    reference: Reference,
    origin: Url,
    credentials: Option<Credentials>,
    retries: u32,
}

impl Authority {
    pub(super) fn new(
        reference: &Reference,
        origin: &Url,
        access: &Access,
        _progress: Progress,
    ) -> Result<Self, Error> {
        let auth = access.auth.as_deref();
        Ok(Self {
            reference: reference.clone(),
            origin: origin.clone(),
            credentials: auth.map(Credentials::read).transpose()?,
            retries: access.retries,
        })
    }

    /// The value of an `Authorization` header that answers the challenges of a 401: a token if one
    /// is asked for, else the credentials. Nothing if there is nothing to answer with.
    pub(super) fn answer(&self, http: &Http, answer: &Answer) -> Result<Option<String>, Error> {
        let headers = answer.headers("www-authenticate");
        let challenges: Vec<_> = headers.flat_map(challenge::parse).collect();
        let scope = format!("repository:{}:pull", self.reference.repository());
        let find = |scheme| challenges.iter().find(|found| found.scheme == scheme);
        if let Some(challenge) = find("bearer") {
            let server = TokenServer::new(challenge, &answer.url, &scope)?;
            return self.token(http, &server).map(Some);
        }
        if find("basic").is_some() {
            return Ok(self.credentials.as_ref().map(Credentials::basic));
        }
        let why = "denies access without saying how to get it";
        Err(Error::Challenge {
            url: answer.url.to_string(),
            why,
        })
    }

    fn token(&self, http: &Http, server: &TokenServer) -> Result<String, Error> {
        if self.credentials.is_some() && !server.is_trusted_by(&self.origin) {
            let why = "the registry wants credentials sent to it, which is not safe";
            return Err(Error::Challenge {
                url: server.realm().to_string(),
                why,
            });
        }
        let answer = server.ask(http, self.credentials.as_ref(), self.retries)?;
        bearer(answer).map_err(|refusal| match refusal {
            Refusal::Status(_, 401 | 403, fault, _) => self.denied(server.realm().host(), fault),
            Refusal::Status(url, status, fault, again) => Error::Registry {
                url,
                status,
                said: fault.said,
                again,
            },
            Refusal::Other(error) => error,
        })
    }

    /// The registry has refused what it was answered with.
    pub(super) fn denied(&self, host: &str, fault: Fault) -> Error {
        Error::Denied {
            image: self.reference.to_string(),
            host: host.to_owned(),
            said: fault.said,
            had_credentials: self.credentials.is_some(),
        }
    }
}
