//! Answers a registry's 401 with credentials or a token.
//!
//! ```text
//! 1  ask for the manifest                      200: done
//! 2  401 with WWW-Authenticate                 Basic: ask again with the credentials
//! 3  Bearer: ask the realm for a token         anonymous, or with the credentials
//! 4  ask again with the token                  401 again: denied
//! ```
//! One turn more each: for a token whose scope was too small, and for an image that is public, with
//! stored credentials that the registry no longer takes. Each request ends after six at most.

use super::challenge::{self, Challenge};
use super::credentials::Credentials;
use super::keychain::Keychain;
use super::token::{Refusal, TokenServer, bearer};
use crate::error::{AnswerFault, ChallengeFault, Error};
use crate::oci::Reference;
use crate::progress::Progress;
use crate::registry::config::options::RegistryOptions;
use crate::registry::error_body::ErrorBody;
use crate::registry::http::client::Client;
use crate::registry::http::response::Response;
use crate::registry::http::url::Url;
use std::cell::{Cell, RefCell};

/// What is said of credentials that are dropped.
const REFUSED: &str = "are refused";

/// Who may speak for the user at one registry.
pub(crate) struct Authenticator {
    reference: Reference,
    origin: Url,
    keychain: Keychain,
    /// What the last challenge was answered with.
    authorization: RefCell<Option<String>>,
    /// Whether the registry has let somebody in with it.
    has_worked: Cell<bool>,
    /// What the last token was asked for.
    scopes: RefCell<Vec<String>>,
}

/// What one request has been refused so far: each answer to a refusal is given once.
pub(crate) struct AuthAttempts {
    /// How often what may pass is tried again.
    retries: u32,
    answered: bool,
    widened: bool,
}

impl AuthAttempts {
    /// None yet.
    pub(crate) fn new(retries: u32) -> Self {
        Self {
            retries,
            answered: false,
            widened: false,
        }
    }
}

impl Authenticator {
    pub(crate) fn new(
        reference: &Reference,
        origin: &Url,
        options: &RegistryOptions,
        progress: Progress,
    ) -> Result<Self, Error> {
        Ok(Self {
            reference: reference.clone(),
            origin: origin.clone(),
            keychain: Keychain::new(reference, options, progress)?,
            authorization: RefCell::default(),
            has_worked: Cell::default(),
            scopes: RefCell::default(),
        })
    }

    /// What the next request goes with.
    pub(crate) fn authorization(&self) -> Option<String> {
        self.authorization.borrow().clone()
    }

    /// Whether the same request shall be made again, with another authorization. A storage server
    /// that was redirected to is not asked for: it gets no credentials, and its word on where to
    /// take them counts for nothing.
    pub(crate) fn authenticate(
        &self,
        http: &Client,
        response: &Response,
        refusals: &mut AuthAttempts,
    ) -> Result<bool, Error> {
        let is_own = response.url.same_origin(&self.origin);
        match response.status {
            401 if is_own => self.challenged(http, response, refusals),
            // Public ECR says so when a token has expired.
            400 if is_own => Ok(self.has_worked.take() && self.forget()),
            // GHCR says so of a public image to those whose organization wants another login.
            403 if is_own && self.authorization.borrow().is_some() && self.drop_stored(REFUSED) => {
                *refusals = AuthAttempts::new(refusals.retries);
                Ok(true)
            }
            status => {
                let let_in = status < 400 || !is_own;
                self.has_worked.set(self.has_worked.get() || let_in);
                Ok(false)
            }
        }
    }

    fn challenged(
        &self,
        http: &Client,
        response: &Response,
        refusals: &mut AuthAttempts,
    ) -> Result<bool, Error> {
        let headers = response.headers("www-authenticate");
        let challenges: Vec<_> = headers.flat_map(|value| challenge::parse(&value)).collect();
        let bearer = find(&challenges, "bearer");
        if refusals.answered {
            // What was given a moment ago has been refused.
            let Some(bearer) = bearer else {
                return Ok(false);
            };
            let widened = std::mem::replace(&mut refusals.widened, true);
            if (widened || !self.needs_more(bearer)) && !self.drop_stored(REFUSED) {
                return Ok(false);
            }
        }
        refusals.answered = true;
        let retries = refusals.retries;
        let mut authorization = self.authorize(http, response, &challenges, retries)?;
        // A password or a ready token that has just been refused is not shown again.
        let again = authorization.is_some() && authorization == self.authorization();
        if again && bearer.is_some() && self.drop_stored(REFUSED) {
            authorization = self.authorize(http, response, &challenges, retries)?;
        }
        let changed = authorization.is_some() && authorization != self.authorization();
        if changed {
            *self.authorization.borrow_mut() = authorization;
            self.has_worked.set(false);
        }
        Ok(changed)
    }

    /// The value of an `Authorization` header that answers one of the challenges, if there is
    /// something to answer with: a token, or where there is no way to one, the password.
    fn authorize(
        &self,
        http: &Client,
        response: &Response,
        challenges: &[Challenge],
        retries: u32,
    ) -> Result<Option<String>, Error> {
        let basic = find(challenges, "basic");
        let password = basic.and_then(|_| self.keychain.credentials().and_then(Credentials::basic));
        let credentials = self.keychain.credentials();
        // A signal may have ended the wait for a helper that has them.
        Error::unless_stopped()?;
        if let Some(Credentials::Token(token)) = credentials {
            return Ok(Some(format!("Bearer {token}")));
        }
        let Some(bearer) = find(challenges, "bearer") else {
            return match basic {
                Some(_) => Ok(password),
                None => Err(Error::Challenge {
                    url: response.url.to_string(),
                    why: ChallengeFault::Silent,
                }),
            };
        };
        match TokenServer::new(bearer, &response.url, self.scopes_of(bearer)) {
            Err(error) => password.map(Some).ok_or(error),
            Ok(server) if password.is_some() && !server.is_trusted_by(&self.origin) => Ok(password),
            Ok(server) => self.token(http, server, retries).map(Some),
        }
    }

    /// A token, anonymous or for the credentials.
    fn token(&self, http: &Client, server: TokenServer, retries: u32) -> Result<String, Error> {
        let unsafe_there = "would go where it is not safe";
        let is_safe = self.keychain.credentials().is_none() || server.is_trusted_by(&self.origin);
        if !is_safe && !self.drop_stored(unsafe_there) {
            return Err(Error::Challenge {
                url: server.realm().to_string(),
                why: ChallengeFault::Unsafe,
            });
        }
        server.must_be_reachable_for(&self.origin)?;
        loop {
            let response = server.ask(http, self.keychain.credentials(), retries)?;
            return Err(match bearer(response) {
                Ok(token) => {
                    self.keychain.conceal(token.trim_start_matches("Bearer "));
                    *self.scopes.borrow_mut() = server.into_scopes();
                    return Ok(token);
                }
                Err(Refusal::Status(_, 401 | 403, ..)) if self.drop_stored(REFUSED) => continue,
                Err(Refusal::Status(_, 401 | 403, fault, _)) => {
                    self.denied(server.realm().authority(), fault)
                }
                // Not the image is missing.
                Err(Refusal::Status(url, 404, fault, _)) => Error::Answer {
                    url,
                    why: AnswerFault::NoTokenServer(fault.said),
                },
                Err(Refusal::Status(url, status, fault, again)) => Error::Registry {
                    url,
                    status,
                    said: fault.said,
                    again,
                },
                Err(Refusal::Other(error)) => error,
            });
        }
    }

    /// What a token is asked for: what the challenge says, and after that also what one was given
    /// for before and did not suffice.
    fn scopes_of(&self, bearer: &Challenge) -> Vec<String> {
        let mut scopes = bearer.scopes();
        if scopes.is_empty() {
            scopes.push(self.own_scope());
        }
        if is_too_small(bearer) {
            let before = self.scopes.borrow();
            let more = before
                .iter()
                .filter(|scope| !bearer.scopes().contains(scope));
            scopes.extend(more.cloned());
        }
        scopes
    }

    /// Whether a token was refused for want of a scope that was not asked for.
    fn needs_more(&self, bearer: &Challenge) -> bool {
        if let Some(Credentials::Token(_)) = self.keychain.credentials() {
            return false;
        }
        let asked = self.scopes.borrow();
        is_too_small(bearer) && self.scopes_of(bearer).iter().any(|s| !asked.contains(s))
    }

    fn own_scope(&self) -> String {
        format!("repository:{}:pull", self.reference.repository())
    }

    fn forget(&self) -> bool {
        self.authorization.take().is_some()
    }

    /// Goes on without stored credentials, if there are such, and without what they were worth.
    fn drop_stored(&self, why: &str) -> bool {
        let dropped = self.keychain.drop_stored(why);
        if dropped {
            self.forget();
        }
        dropped
    }

    /// The registry has refused what it was answered with.
    pub(crate) fn denied(&self, host: &str, fault: ErrorBody) -> Error {
        Error::Denied {
            image: self.reference.to_string(),
            host: host.to_owned(),
            said: fault.said,
            credentials: self.keychain.origin(),
        }
    }
}

/// RFC 6750, section 3.1.
fn is_too_small(bearer: &Challenge) -> bool {
    bearer.parameter("error") == Some("insufficient_scope")
}

/// The challenge of a scheme, of several one that says where to go.
fn find<'c>(challenges: &'c [Challenge], scheme: &str) -> Option<&'c Challenge> {
    let found = || challenges.iter().filter(|found| found.scheme == scheme);
    let complete = found().find(|found| found.parameter("realm").is_some());
    complete.or_else(|| found().next())
}
