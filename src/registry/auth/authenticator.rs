//! Answers a registry's 401 with credentials or a token.
//!
//! ```text
//! 1  request the manifest                     200: done
//! 2  401 with WWW-Authenticate                Basic: retry with the credentials
//! 3  Bearer: request a token at the realm     anonymous, or with the credentials
//! 4  retry with the token                     401 again: denied
//! ```
//! One more round each for a token with too small a scope, and for a public image requested with
//! stored credentials that the registry no longer accepts. A request ends after at most six rounds.

use super::challenge::{self, Challenge};
use super::credentials::Credentials;
use super::keychain::Keychain;
use super::token::{Refusal, TokenServer, bearer};
use crate::error::{ChallengeFault, Error, RegistryError, ResponseFault};
use crate::oci::Reference;
use crate::progress::Progress;
use crate::registry::config::options::RegistryOptions;
use crate::registry::error_body::ErrorBody;
use crate::registry::http::client::Client;
use crate::registry::http::response::Response;
use crate::registry::http::url::Url;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

/// The reason reported when rejected credentials are dropped.
const REFUSED: &str = "are refused";

/// Authenticates the user to one registry.
pub(crate) struct Authenticator {
    reference: Reference,
    origin: Url,
    keychain: Keychain,
    /// The `Authorization` that answered the last challenge.
    authorization: RefCell<Option<String>>,
    /// Whether the registry has accepted it at least once.
    has_worked: Cell<bool>,
    /// The scopes of the last token request.
    scopes: RefCell<Vec<String>>,
}

/// The authentication steps that one request has tried: each is tried once.
pub(crate) struct AuthAttempts {
    /// How often a token request is retried after a temporary failure.
    retries: u32,
    answered: bool,
    widened: bool,
}

impl AuthAttempts {
    /// No attempts so far.
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

    /// The `Authorization` header of the next request.
    pub(crate) fn authorization(&self) -> Option<String> {
        self.authorization.borrow().clone()
    }

    /// Whether to repeat the request with a new authorization, for which `client` may be needed. False for a storage server that the
    /// request was redirected to: it gets no credentials, and its challenges are ignored.
    pub(crate) fn authenticate(
        &self,
        client: &dyn Fn() -> Rc<Client>,
        response: &Response,
        attempts: &mut AuthAttempts,
    ) -> Result<bool, Error> {
        let is_own = response.url.same_origin(&self.origin);
        match response.status {
            401 if is_own => self.challenged(&client(), response, attempts),
            // Public ECR sends 400 for an expired token.
            400 if is_own => Ok(self.has_worked.take() && self.forget()),
            // GHCR sends 403 for a public image if the user's organization requires another login.
            403 if is_own && self.authorization.borrow().is_some() && self.drop_stored(REFUSED) => {
                *attempts = AuthAttempts::new(attempts.retries);
                Ok(true)
            }
            status => {
                let is_accepted = status < 400 || !is_own;
                self.has_worked.set(self.has_worked.get() || is_accepted);
                Ok(false)
            }
        }
    }

    fn challenged(
        &self,
        http: &Client,
        response: &Response,
        attempts: &mut AuthAttempts,
    ) -> Result<bool, Error> {
        let headers = response.headers("www-authenticate");
        let challenges: Vec<_> = headers.flat_map(|value| challenge::parse(&value)).collect();
        let bearer = find(&challenges, "bearer");
        if attempts.answered {
            // The credentials just sent were rejected.
            let Some(bearer) = bearer else {
                return Ok(false);
            };
            let widened = std::mem::replace(&mut attempts.widened, true);
            if (widened || !self.needs_more(bearer)) && !self.drop_stored(REFUSED) {
                return Ok(false);
            }
        }
        attempts.answered = true;
        let retries = attempts.retries;
        let mut authorization = self.authorize(http, response, &challenges, retries)?;
        // Do not send a password or ready-made token again that was just rejected.
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

    /// The `Authorization` header that answers one of the challenges, if possible: a token, or the
    /// password if no challenge leads to a token server.
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
        // A signal may have interrupted a credential helper.
        Error::unless_stopped()?;
        if let Some(Credentials::Token(token)) = credentials {
            return Ok(Some(format!("Bearer {token}")));
        }
        let Some(bearer) = find(challenges, "bearer") else {
            return match basic {
                Some(_) => Ok(password),
                None => Err(ChallengeFault::Missing.at(&response.url)),
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
            return Err(ChallengeFault::RealmUntrusted.at(server.realm()));
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
                Err(Refusal::Status(_, 401 | 403, body, _)) => {
                    self.denied(server.realm().authority(), body)
                }
                // The 404 concerns the token server, not the image.
                Err(Refusal::Status(url, 404, body, _)) => {
                    ResponseFault::NoTokenServer(body.message).at(&url)
                }
                Err(Refusal::Status(url, status, body, again)) => RegistryError::Status {
                    url,
                    status,
                    message: body.message,
                    retry_after: again,
                }
                .into(),
                Err(Refusal::Other(error)) => error,
            });
        }
    }

    /// The scopes to request: those of the challenge, and those of the previous token, which were
    /// needed but not enough.
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

    /// Whether the token was rejected because it lacks a scope that was not requested.
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

    /// Drops stored credentials, if any, along with the token they obtained.
    fn drop_stored(&self, why: &str) -> bool {
        let dropped = self.keychain.drop_stored(why);
        if dropped {
            self.forget();
        }
        dropped
    }

    /// The error for credentials or a token that the registry rejected.
    pub(crate) fn denied(&self, host: &str, body: ErrorBody) -> Error {
        RegistryError::Denied {
            image: self.reference.to_string(),
            host: host.to_owned(),
            message: body.message,
            credentials: self.keychain.origin(),
        }
        .into()
    }
}

/// Whether the challenge says `insufficient_scope`: RFC 6750, section 3.1.
fn is_too_small(bearer: &Challenge) -> bool {
    bearer.parameter("error") == Some("insufficient_scope")
}

/// The challenge with this scheme; of several, one that has a realm.
fn find<'c>(challenges: &'c [Challenge], scheme: &str) -> Option<&'c Challenge> {
    let found = || challenges.iter().filter(|found| found.scheme == scheme);
    let complete = found().find(|found| found.parameter("realm").is_some());
    complete.or_else(|| found().next())
}
