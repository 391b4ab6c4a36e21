//! A registry or token server violates HTTP, a specification, or the safety of its clients.

use crate::error::text::escaped;
use crate::error::{Error, RegistryError};
use std::fmt::{self, Display, Formatter};

/// Why a response cannot be used.
#[derive(Debug)]
pub enum ResponseFault {
    /// The limit in bytes.
    TooLong(u64),
    NotHttp,
    /// The headers were valid.
    BodyNotHttp,
    HeadTooLong,
    /// The realm of a challenge leads to a 404 with this message.
    NoTokenServer(String),
    NotATokenResponse,
    NoToken,
    /// A line break in a token would inject a header.
    InvalidToken,
    NotATagList,
    NotAttestations,
    /// A `Link` header.
    InvalidLink,
    /// More pages than are read, or one that links to itself.
    EndlessTags,
    TooManyTags,
    NoNextPage,
}

/// Why a redirect is not followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RedirectFault {
    NotHttp,
    /// From https: anybody on the way could read and alter the rest.
    ToPlainHttp,
    /// A registry must not make us ask servers that it cannot reach itself: server-side request forgery.
    ToPrivateAddress,
    TooMany,
    /// The body of the request has a password or a token.
    WithSecret,
}

/// Why a `WWW-Authenticate` challenge cannot be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChallengeFault {
    /// No challenge has a known scheme.
    Missing,
    NoRealm,
    RealmNotHttp,
    /// The registry itself uses https.
    RealmWithoutTls,
    /// Another host than the registry's would get the credentials.
    RealmUntrusted,
    /// The registry cannot reach the realm itself.
    RealmAtPrivateAddress,
}

impl ResponseFault {
    /// This fault of the response from `url`.
    pub fn at(self, url: &impl ToString) -> Error {
        let (url, reason) = (url.to_string(), self);
        RegistryError::Response { url, reason }.into()
    }
}

impl RedirectFault {
    /// This fault of a redirect by `url`.
    pub fn at(self, url: &impl ToString) -> Error {
        let (url, reason) = (url.to_string(), self);
        RegistryError::Redirect { url, reason }.into()
    }
}

impl ChallengeFault {
    /// This fault of a challenge by `url`, or of the realm `url`.
    pub fn at(self, url: &impl ToString) -> Error {
        let (url, reason) = (url.to_string(), self);
        RegistryError::Challenge { url, reason }.into()
    }
}

impl Display for ResponseFault {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLong(limit) => return write!(f, "longer than {limit} bytes"),
            Self::NotHttp => "not an HTTP response",
            Self::BodyNotHttp => "not an HTTP response body: its chunks are malformed",
            Self::HeadTooLong => "response headers are too long",
            Self::NoTokenServer(message) => {
                let text = format!("no token server: status 404 {message}");
                return f.write_str(&escaped(text.trim_end()));
            }
            Self::NotATokenResponse => "not a token response",
            Self::NoToken => "no token in the response",
            Self::InvalidToken => "a token with blanks or control characters",
            Self::NotATagList => "not a list of tags",
            Self::NotAttestations => "not a list of attestations",
            Self::InvalidLink => "its Link header has no address of the next page",
            Self::TooManyTags => "more than 32 MiB of tags; --limit reads the start of the list",
            Self::NoNextPage => "the next page of tags, named by the Link header, was not found",
            Self::EndlessTags => "the list of tags does not end; --limit reads the start of it",
        })
    }
}

impl Display for RedirectFault {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotHttp => "it does not lead to an http address",
            Self::ToPlainHttp => "it leads from https to http",
            Self::ToPrivateAddress => "it leads to a private address",
            Self::TooMany => "too many redirects",
            Self::WithSecret => "it would send credentials to another server",
        })
    }
}

impl Display for ChallengeFault {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missing => "status 401 without a WWW-Authenticate challenge",
            Self::NoRealm => "challenge without a realm",
            Self::RealmNotHttp => "the realm is not an http URL",
            Self::RealmWithoutTls => "sends to a token server without https",
            Self::RealmUntrusted => "the registry wants credentials sent to it, which is not safe",
            Self::RealmAtPrivateAddress => "token server at a private address",
        })
    }
}
