//! Errors of HTTP with registries: responses, redirects, challenges, credentials, proxies.

use super::sentence::escaped;
use std::fmt::{self, Display, Formatter};

/// Why an answer is none.
#[derive(Debug)]
pub enum AnswerFault {
    /// More than so many bytes.
    TooLong(u64),
    /// Not what HTTP is.
    NotHttp,
    /// A head that is, and a body that is not.
    BodyNotHttp,
    /// More headers than are read.
    HeadTooLong,
    /// Where a token server should be, nothing is. What that said.
    NoTokenServer(String),
    /// Not what a token server answers.
    NotAGrant,
    /// An answer of a token server without a token.
    NoToken,
    /// A token that no header may have in it.
    BrokenToken,
    /// Not a list of tags.
    NotTags,
    /// A `Link` to the next page of tags that is not an address.
    BrokenLink,
    /// More pages of tags than are read, or a page that leads to itself.
    EndlessTags,
    /// All tags together are too long.
    TooManyTags,
    /// The repository has tags, and the address that is said to have more of them is not there.
    NoNextPage,
}

/// Why a redirect is not followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RedirectFault {
    /// It has no address, or one of something else.
    NotHttp,
    /// What comes over https could be altered on the way.
    ToPlainHttp,
    /// A registry must not make us ask servers that it cannot reach itself.
    Inward,
    /// Ten and more.
    TooMany,
    /// A password or token in the body of the question.
    WithSecret,
}

/// Why a registry's way to ask for authentication cannot be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChallengeFault {
    /// 401 without a challenge that is known.
    Silent,
    /// A Bearer challenge without a realm.
    NoRealm,
    /// A realm that is no address.
    RealmNotHttp,
    /// A realm without https, of a registry with it.
    RealmInPlain,
    /// A realm where credentials are not safe.
    Unsafe,
    /// A realm that the registry cannot reach itself.
    Inward,
}

impl Display for AnswerFault {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLong(limit) => return write!(f, "longer than {limit} bytes"),
            Self::NotHttp => "not an HTTP response",
            Self::BodyNotHttp => "not an HTTP response body: its chunks are malformed",
            Self::HeadTooLong => "the head of the answer is too long",
            Self::NoTokenServer(said) => {
                let text = format!("no token server: status 404 {said}");
                return f.write_str(&escaped(text.trim_end()));
            }
            Self::NotAGrant => "not the answer of a token server",
            Self::NoToken => "no token in the answer",
            Self::BrokenToken => "a token with blanks or control characters",
            Self::NotTags => "not a list of tags",
            Self::BrokenLink => "its Link header has no address of the next page",
            Self::TooManyTags => "more than 32 MiB of tags; --limit reads the start of the list",
            Self::NoNextPage => {
                "the next page of tags is not found, to which the Link header leads"
            }
            Self::EndlessTags => "the list of tags does not end; --limit reads the start of it",
        })
    }
}

impl Display for RedirectFault {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotHttp => "it does not lead to an http address",
            Self::ToPlainHttp => "it leads from https to http",
            Self::Inward => "it leads to where only this machine gets to",
            Self::TooMany => "too many in a row",
            Self::WithSecret => "it leads a secret to another server",
        })
    }
}

impl Display for ChallengeFault {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Silent => "status 401 without a WWW-Authenticate challenge",
            Self::NoRealm => "asks for a token but not where to get it",
            Self::RealmNotHttp => "sends to a token server that is no http address",
            Self::RealmInPlain => "sends to a token server without https",
            Self::Unsafe => "the registry wants credentials sent to it, which is not safe",
            Self::Inward => {
                "the registry wants a token from there, where only this machine gets to"
            }
        })
    }
}
