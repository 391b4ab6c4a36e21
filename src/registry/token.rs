//! Tokens: distribution's token specification. A registry's 401 says where to ask for one.

use super::challenge::Challenge;
use super::credentials::Credentials;
use super::fault::{Fault, MAX_BODY};
use super::http::{Answer, Http, Question};
use super::url::{Url, is_loopback};
use crate::error::Error;
use serde::Deserialize;
use std::net::IpAddr;
use std::time::Duration;

/// The longest answer of a token server that is read, in bytes.
const MAX_ANSWER: u64 = 1 << 20;

#[derive(Deserialize)]
struct Grant {
    token: Option<String>,
    access_token: Option<String>,
}

/// A token server, as one challenge describes it.
pub(super) struct TokenServer {
    realm: Url,
    service: Option<String>,
    scopes: Vec<String>,
}

impl TokenServer {
    /// Reads a Bearer challenge that came from `from`. Where it names no scope, `scope` is meant.
    pub(super) fn new(challenge: &Challenge, from: &Url, scope: &str) -> Result<Self, Error> {
        let wrong = |why| Error::Challenge {
            url: from.to_string(),
            why,
        };
        let realm = challenge
            .parameter("realm")
            .ok_or_else(|| wrong("asks for a token but not where to get it"))?;
        let realm = from
            .join(realm)
            .ok_or_else(|| wrong("sends to a token server that is no http address"))?;
        if from.is_https() && !realm.is_https() {
            return Err(wrong("sends to a token server without https"));
        }
        let scopes = challenge.parameter("scope").unwrap_or(scope).split(' ');
        let scopes = scopes
            .filter(|scope| !scope.is_empty())
            .map(str::to_owned)
            .collect();
        Ok(Self {
            realm,
            service: challenge.parameter("service").map(str::to_owned),
            scopes,
        })
    }

    /// Whether credentials of the registry at `registry` may go to this server. A registry can name
    /// any host here: not one that listens in plain text elsewhere, and not an address inside the
    /// user's own network, unless the registry is there itself.
    pub(super) fn is_trusted_by(&self, registry: &Url) -> bool {
        let host = self.realm.host();
        let same_host = host == registry.host();
        let address = host
            .trim_start_matches('[')
            .trim_end_matches(']')
            .parse::<IpAddr>();
        let inside = address.is_ok_and(is_inside) || is_loopback(host);
        same_host
            || (self.realm.is_https() && !inside)
            || (is_loopback(host) && is_loopback(registry.host()))
    }

    /// The address to ask at.
    pub(super) fn realm(&self) -> &Url {
        &self.realm
    }

    /// Asks for a token, with credentials or without.
    pub(super) fn ask(
        &self,
        http: &Http,
        credentials: Option<&Credentials>,
        retries: u32,
    ) -> Result<Answer, Error> {
        let mut url = self.realm.clone();
        if let Some(service) = &self.service {
            url = url.with_parameter("service", service);
        }
        for scope in &self.scopes {
            url = url.with_parameter("scope", scope);
        }
        let authorization = credentials.map(Credentials::basic);
        let authorization = authorization.as_deref();
        http.ask(Question {
            authorization,
            ..Question::get(&url, retries)
        })
    }
}

/// The value of an `Authorization` header, out of the answer of a token server; or its refusal.
pub(super) fn bearer(answer: Answer) -> Result<String, Refusal> {
    let url = answer.url.to_string();
    let status = answer.status;
    if status != 200 {
        let again = answer.retry_after();
        return Err(Refusal::Status(
            url,
            status,
            Fault::read(&answer.start_of_body(MAX_BODY)),
            again,
        ));
    }
    let wrong = |why: &str| {
        Refusal::Other(Error::Answer {
            url: url.clone(),
            why: why.to_owned(),
        })
    };
    let body = answer.bytes(MAX_ANSWER).map_err(Refusal::Other)?;
    let grant: Grant =
        serde_json::from_slice(&body).map_err(|_| wrong("not the answer of a token server"))?;
    let token = grant
        .token
        .filter(|token| !token.is_empty())
        .or(grant.access_token);
    let token = token
        .filter(|token| !token.is_empty())
        .ok_or_else(|| wrong("no token in the answer"))?;
    // A line break in it would smuggle in a header.
    if !token.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(wrong("a token with blanks or control characters"));
    }
    Ok(format!("Bearer {token}"))
}

/// Why there is no token.
pub(super) enum Refusal {
    /// The server's own words.
    Status(String, u16, Fault, Option<Duration>),
    /// No answer, or one that cannot be used.
    Other(Error),
}

fn is_inside(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            v4.is_loopback() || v4.is_private() || v4.is_link_local() || v4.is_unspecified()
        }
        IpAddr::V6(v6) => {
            v6.is_loopback()
                || v6.is_unspecified()
                || v6.is_unique_local()
                || v6.is_unicast_link_local()
                || v6.to_ipv4_mapped().is_some()
        }
    }
}
