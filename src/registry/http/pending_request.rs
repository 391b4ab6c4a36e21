//! A request that is sent before its response is needed. Redirects are followed meanwhile.
//!
//! ```text
//! send_ahead       sends the request
//! check_pending    receives the response; if it is a redirect, sends the request that it leads to
//! request          (of client.rs) sends nothing, and waits for the response if it has not arrived
//! ```

use super::client::Client;
use super::redirect::Redirects;
use super::request::Request;
use super::response::Response;
use super::url::Url;
use crate::error::Error;

/// A request that was sent, but whose response is not needed yet.
pub(super) struct PendingRequest {
    url: Url,
    authorization: Option<String>,
    /// The value of its `Range` header.
    range: Option<String>,
    redirects: Redirects,
    /// The response once it has arrived, or the error that came instead.
    outcome: Option<Result<Response, Error>>,
}

impl PendingRequest {
    fn headers(&self) -> Vec<(&'static str, &str)> {
        self.range
            .iter()
            .map(|range| ("range", range.as_str()))
            .collect()
    }

    /// The headers of the request for the current URL.
    fn next_headers(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.headers().into_iter().chain(self.redirects.headers())
    }

    fn request<'r>(&'r self, headers: &'r [(&'static str, &'r str)]) -> Request<'r> {
        Request {
            headers,
            authorization: self.authorization.as_deref(),
            ..Request::get(&self.url, 0)
        }
    }
}

impl Client {
    /// Sends a GET for `url` without waiting for the response, which [`Client::request`] will pick
    /// up. False if that is not possible.
    pub(crate) fn send_ahead(
        &self,
        url: Url,
        authorization: Option<String>,
        range: Option<String>,
    ) -> bool {
        if self.pending.take().is_some() {
            // The response to the earlier request, which is not wanted any more, would come first.
            self.connections.close();
        }
        let pending = PendingRequest {
            redirects: Redirects::of(Request {
                authorization: authorization.as_deref(),
                ..Request::get(&url, 0)
            }),
            url,
            authorization,
            range,
            outcome: None,
        };
        self.connections.deadline().restart();
        let is_sent = self.send_only(&pending).is_ok();
        *self.pending.borrow_mut() = is_sent.then_some(pending);
        is_sent
    }

    /// Whether a request was sent whose response was not picked up yet.
    pub(crate) fn has_pending(&self) -> bool {
        self.pending.borrow().is_some()
    }

    /// The `Authorization` of the request for `url`, if it was sent ahead.
    pub(crate) fn pending_authorization(&self, url: &Url) -> Option<Option<String>> {
        let pending = self.pending.borrow();
        let pending = pending.as_ref().filter(|pending| pending.url == *url)?;
        Some(pending.authorization.clone())
    }

    /// Receives the response to the request sent ahead, if it has arrived; if it is a redirect, sends the
    /// next request, again without waiting. Returns the status of the last response, if there is one.
    pub(crate) fn check_pending(&self) -> Option<u16> {
        self.connections.deadline().restart();
        let mut pending = self.pending.take()?;
        while pending.outcome.is_none() && self.is_answered(&pending) {
            pending.outcome = self.follow_pending(&mut pending).transpose();
        }
        let response = pending
            .outcome
            .as_ref()
            .and_then(|outcome| outcome.as_ref().ok());
        let status = response.map(|response| response.status);
        *self.pending.borrow_mut() = Some(pending);
        status
    }

    /// The response that has arrived. None if it leads elsewhere; then that request is sent.
    fn follow_pending(&self, pending: &mut PendingRequest) -> Result<Option<Response>, Error> {
        let headers = pending.headers();
        let request = pending.request(&headers);
        // It has arrived: nothing is waited for.
        let response = self.exchange(pending.redirects.request(request))?;
        let mut redirects = pending.redirects.clone();
        if !redirects.follow(request, &response)? {
            return Ok(Some(response));
        }
        self.discard_redirect(response, &redirects);
        pending.redirects = redirects;
        self.send_only(pending)?;
        Ok(None)
    }

    fn send_only(&self, pending: &PendingRequest) -> Result<(), Error> {
        let url = &pending.redirects.url;
        let sent = self.connections.send_only(url, pending.next_headers());
        sent.map_err(|failure| failure.of(url))
    }

    fn is_answered(&self, pending: &PendingRequest) -> bool {
        let url = &pending.redirects.url;
        self.connections.is_answered(url, pending.next_headers())
    }

    /// How far `request` got when it was sent ahead of time: its redirects, and its outcome if that is
    /// known. Drops a pending request that is a different one.
    pub(super) fn take_pending(
        &self,
        request: Request<'_>,
    ) -> Option<(Redirects, Option<Result<Response, Error>>)> {
        let pending = self.pending.take()?;
        let is_same = request.method == "GET"
            && *request.headers == *pending.headers()
            && *request.url == pending.url
            && request.authorization == pending.authorization.as_deref();
        if !is_same {
            self.connections.close();
        }
        is_same.then_some((pending.redirects, pending.outcome))
    }
}
