//! Tokens: distribution's token specification. A registry's 401 names the token server.

use super::challenge::Challenge;
use super::credentials::{Credentials, basic};
use crate::error::{ChallengeFault, Error, ResponseFault};
use crate::registry::error_body::ErrorBody;
use crate::registry::http::address::AddressScope;
use crate::registry::http::client::Client;
use crate::registry::http::request::Request;
use crate::registry::http::response::Response;
use crate::registry::http::url::{Url, form_encoded};
use serde::Deserialize;
use std::time::Duration;

/// The longest response of a token server that is read, in bytes.
const MAX_ANSWER: u64 = 1 << 20;

/// OAuth's `client_id`.
const CLIENT: &str = "roots";

#[derive(Deserialize)]
struct Grant {
    token: Option<String>,
    access_token: Option<String>,
}

/// A token server, as a challenge describes it.
pub(crate) struct TokenServer {
    realm: Url,
    service: Option<String>,
    scopes: Vec<String>,
}

impl TokenServer {
    /// Parses a Bearer challenge received from `from`.
    pub(crate) fn new(
        challenge: &Challenge,
        from: &Url,
        scopes: Vec<String>,
    ) -> Result<Self, Error> {
        let wrong = |reason: ChallengeFault| reason.at(from);
        let realm = challenge
            .parameter("realm")
            .ok_or_else(|| wrong(ChallengeFault::NoRealm))?;
        let realm = from
            .join(realm)
            .ok_or_else(|| wrong(ChallengeFault::RealmNotHttp))?;
        if from.is_https() && !realm.is_https() {
            return Err(wrong(ChallengeFault::RealmWithoutTls));
        }
        Ok(Self {
            realm,
            service: challenge.parameter("service").map(str::to_owned),
            scopes,
        })
    }

    /// Whether credentials for `registry` may be sent to this server. A registry can name any host
    /// as its token server: refused are plain http elsewhere, and addresses inside the user's
    /// network unless the registry is there itself.
    pub(crate) fn is_trusted_by(&self, registry: &Url) -> bool {
        let (here, there) = (
            AddressScope::of(registry.host()),
            AddressScope::of(self.realm.host()),
        );
        self.realm.host() == registry.host()
            || (self.realm.is_https() && there == AddressScope::Anywhere)
            || (there == AddressScope::Machine && here == AddressScope::Machine)
    }

    /// Refuses a server that the registry should not be able to reach, even without credentials:
    /// its response is sent to the registry, as a token.
    pub(crate) fn must_be_reachable_for(&self, registry: &Url) -> Result<(), Error> {
        let here = AddressScope::of(registry.host());
        if here.may_redirect_to(AddressScope::of(self.realm.host())) {
            Ok(())
        } else {
            Err(ChallengeFault::RealmAtPrivateAddress.at(&self.realm))
        }
    }

    /// The URL to request tokens at.
    pub(crate) fn realm(&self) -> &Url {
        &self.realm
    }

    /// The scopes that were requested.
    pub(crate) fn into_scopes(self) -> Vec<String> {
        self.scopes
    }

    /// Requests a token, with credentials or without.
    pub(crate) fn ask(
        &self,
        http: &Client,
        credentials: Option<&Credentials>,
        retries: u32,
    ) -> Result<Response, Error> {
        let authorization = match credentials {
            Some(Credentials::Identity { user, token }) => {
                let response = self.refresh(http, token, retries)?;
                // Not every token server supports this flow: 404 and 405 say so, and containerd has
                // seen 400 and 401. The other flow accepts an identity token in place of a
                // password.
                if !matches!(response.status, 400 | 401 | 404 | 405) {
                    return Ok(response);
                }
                response.discard();
                Some(basic(user, token))
            }
            Some(other) => other.basic(),
            None => None,
        };
        let mut url = self.realm.clone();
        if let Some(service) = &self.service {
            url = url.with_parameter("service", service);
        }
        for scope in &self.scopes {
            url = url.with_parameter("scope", scope);
        }
        http.request(Request {
            authorization: authorization.as_deref(),
            whole: Some(MAX_ANSWER),
            ..Request::get(&url, retries)
        })
    }

    /// distribution's `oauth.md`: an identity token is a refresh token of RFC 6749, section 6.
    fn refresh(&self, http: &Client, token: &str, retries: u32) -> Result<Response, Error> {
        let mut form = vec![
            ("grant_type", "refresh_token".to_owned()),
            ("client_id", CLIENT.to_owned()),
            ("refresh_token", token.to_owned()),
            ("scope", self.scopes.join(" ")),
        ];
        form.extend(self.service.clone().map(|service| ("service", service)));
        let form: Vec<_> = form
            .iter()
            .map(|(name, value)| format!("{name}={}", form_encoded(value)))
            .collect();
        http.request(Request {
            method: "POST",
            headers: &[("content-type", "application/x-www-form-urlencoded")],
            form: Some(&form.join("&")),
            whole: Some(MAX_ANSWER),
            ..Request::get(&self.realm, retries)
        })
    }
}

/// The `Authorization` header made from the response of a token server, or its refusal.
pub(crate) fn bearer(response: Response) -> Result<String, Refusal> {
    let url = response.url.to_string();
    let status = response.status;
    if status != 200 {
        let again = response.retry_after();
        return Err(Refusal::Status(url, status, response.error_body(), again));
    }
    let wrong = |reason: ResponseFault| Refusal::Other(reason.at(&url));
    let body = response.bytes(MAX_ANSWER).map_err(Refusal::Other)?;
    let grant: Grant =
        serde_json::from_slice(&body).map_err(|_| wrong(ResponseFault::NotATokenResponse))?;
    let token = grant
        .token
        .filter(|token| !token.is_empty())
        .or(grant.access_token);
    let token = token
        .filter(|token| !token.is_empty())
        .ok_or_else(|| wrong(ResponseFault::NoToken))?;
    // A line break would inject a header.
    if !token.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(wrong(ResponseFault::InvalidToken));
    }
    Ok(format!("Bearer {token}"))
}

/// Why no token was issued.
pub(crate) enum Refusal {
    /// The server refused: URL, status, error body, `Retry-After`.
    Status(String, u16, ErrorBody, Option<Duration>),
    /// No response, or an unusable one.
    Other(Error),
}
