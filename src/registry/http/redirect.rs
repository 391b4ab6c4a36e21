//! The redirects of one request. `Authorization` is sent only to the origin that it is meant for, and
//! no more once a redirect has left that origin, even if another leads back (CVE-2020-15157 and
//! similar; S3 rejects it with 400). Other headers, such as `Range`, go to every redirect's target.

use super::address::AddressScope;
use super::request::Request;
use super::response::Response;
use super::url::Url;
use crate::error::{Error, RedirectFault};

/// How many redirects are followed; other clients use the same limit.
const MAX_REDIRECTS: usize = 10;

/// The redirects followed so far.
#[derive(Clone)]
pub(crate) struct Redirects {
    /// The URL to request next.
    pub(crate) url: Url,
    /// The `Authorization` header for it, if any.
    pub(crate) authorization: Option<String>,
    redirects: usize,
}

impl Redirects {
    /// Starts at the URL of the request.
    pub(crate) fn of(request: Request<'_>) -> Self {
        Self {
            url: request.url.clone(),
            authorization: request.authorization.map(str::to_owned),
            redirects: 0,
        }
    }

    /// The request to send to the current URL.
    pub(crate) fn request<'w>(&'w self, request: Request<'w>) -> Request<'w> {
        Request {
            url: &self.url,
            authorization: self.authorization.as_deref(),
            ..request
        }
    }

    /// The headers of a request for the current URL that is sent ahead.
    pub(crate) fn headers(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let authorization = self.authorization.as_deref();
        authorization
            .map(|value| ("authorization", value))
            .into_iter()
    }

    /// Follows a redirect, if `response` is one; false if it is final.
    pub(crate) fn follow(
        &mut self,
        request: Request<'_>,
        response: &Response,
    ) -> Result<bool, Error> {
        if !matches!(response.status, 301 | 302 | 303 | 307 | 308) {
            return Ok(false);
        }
        let refused = |url: &Url, reason: RedirectFault| Err(reason.at(url));
        let location = response.location();
        let Some(next) = location.and_then(|location| self.url.join(&location)) else {
            return refused(&self.url, RedirectFault::NotHttp);
        };
        if self.url.is_https() && !next.is_https() {
            return refused(&self.url, RedirectFault::ToPlainHttp);
        }
        let here = AddressScope::of(request.url.host());
        if !here.may_redirect_to(AddressScope::of(next.host())) {
            return refused(&self.url, RedirectFault::ToPrivateAddress);
        }
        if self.redirects == MAX_REDIRECTS {
            return refused(request.url, RedirectFault::TooMany);
        }
        if !self.url.same_origin(&next) {
            if request.form.is_some() {
                return refused(&self.url, RedirectFault::WithSecret);
            }
            self.authorization = None;
        }
        self.redirects += 1;
        self.url = next;
        Ok(true)
    }
}
