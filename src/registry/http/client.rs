//! Sends a request, follows redirects, and retries where that may help.

use super::redirect::Redirects;
use super::request::Request;
use super::response::Response;
use super::retry::{Backoff, is_temporary};
use super::url::Url;
use crate::error::Error;
use crate::progress::{Progress, seconds};
use crate::registry::config::options::RegistryOptions;
use crate::registry::transport::Connections;
use crate::sys;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{Duration, Instant};

/// What a pause waits for, in messages.
const NEXT_TRY: &str = "the next try";
const MOMENT: Duration = Duration::from_millis(500);

/// An HTTP client with redirects and retries.
pub(crate) struct Client {
    connections: Connections,
    progress: Progress,
    /// A server whose `Retry-After` was too long to wait for at the time, and when it ends.
    busy: Rc<RefCell<Option<(Url, Instant)>>>,
    /// Whether any response was a redirect.
    is_redirecting: Rc<Cell<bool>>,
    /// The request that was sent ahead of time.
    pending: RefCell<Option<PendingRequest>>,
}

/// A request that was sent, but whose response is not needed yet.
struct PendingRequest {
    url: Url,
    authorization: Option<String>,
    redirects: Redirects,
    /// The response, once it has arrived.
    response: Option<Response>,
}

impl Client {
    /// Connects through the proxies of the environment to the server at `origin`, which the user
    /// named, and to those it redirects to.
    pub(crate) fn new(options: &RegistryOptions, origin: &Url, progress: Progress) -> Self {
        Self::over(Connections::new(options, origin, progress), progress)
    }

    /// Connects to a server on this machine or next to it, without a proxy.
    pub(crate) fn direct(options: &RegistryOptions, origin: &Url, progress: Progress) -> Self {
        Self::over(Connections::direct(options, origin, progress), progress)
    }

    fn over(connections: Connections, progress: Progress) -> Self {
        Self {
            connections,
            progress,
            busy: Rc::default(),
            is_redirecting: Rc::default(),
            pending: RefCell::default(),
        }
    }

    /// The same servers over a separate connection, which sends one request at a time ahead of
    /// need.
    pub(crate) fn for_prefetch(&self) -> Self {
        Self {
            connections: self.connections.for_prefetch(),
            progress: self.progress,
            busy: Rc::clone(&self.busy),
            is_redirecting: Rc::clone(&self.is_redirecting),
            pending: RefCell::default(),
        }
    }

    /// Sends a GET for `url` without waiting for the response, which [`Client::request`] will pick
    /// up. False if that is not possible.
    pub(crate) fn prefetch(&self, url: Url, authorization: Option<String>) -> bool {
        let request = Request {
            authorization: authorization.as_deref(),
            ..Request::get(&url, 0)
        };
        let redirects = Redirects::of(request);
        self.connections.deadline().restart();
        let is_sent = self.send_only(&redirects);
        *self.pending.borrow_mut() = is_sent.then_some(PendingRequest {
            url,
            authorization,
            redirects,
            response: None,
        });
        is_sent
    }

    /// Whether a request was sent whose response was not picked up yet.
    pub(crate) fn has_pending(&self) -> bool {
        self.pending.borrow().is_some()
    }

    /// Checks whether the request sent ahead was redirected, and if so sends the next one, again
    /// without waiting. False while there is no response; None if there will be none. A check takes
    /// a millisecond, so it is worthwhile only for servers that redirect.
    pub(crate) fn check_pending(&self) -> Option<bool> {
        if !self.is_redirecting.get() {
            return Some(true);
        }
        self.connections.deadline().restart();
        let pending = self.follow_pending(self.pending.take()?)?;
        let is_there = pending.response.is_some();
        *self.pending.borrow_mut() = Some(pending);
        Some(is_there)
    }

    fn follow_pending(&self, mut pending: PendingRequest) -> Option<PendingRequest> {
        while pending.response.is_none() && self.is_answered(&pending.redirects) {
            let request = Request {
                authorization: pending.authorization.as_deref(),
                ..Request::get(&pending.url, 0)
            };
            // Errors surface when the response is needed.
            let response = self.send_once(pending.redirects.request(request)).ok()?;
            match pending.redirects.follow(request, &response) {
                Ok(true) => {
                    self.discard_redirect(response, &pending.redirects);
                    if !self.send_only(&pending.redirects) {
                        return None;
                    }
                }
                Ok(false) | Err(_) => pending.response = Some(response),
            }
        }
        Some(pending)
    }

    fn send_only(&self, redirects: &Redirects) -> bool {
        self.connections
            .send_only(&redirects.url, redirects.headers())
    }

    fn is_answered(&self, redirects: &Redirects) -> bool {
        self.connections
            .is_answered(&redirects.url, redirects.headers())
    }

    /// How far `request` got when it was sent ahead of time: its redirects, and its response if that
    /// has arrived. Drops a pending request that is a different one.
    fn take_pending(&self, request: Request<'_>) -> Option<(Redirects, Option<Response>)> {
        let pending = self.pending.take()?;
        let is_same = request.method == "GET"
            && request.headers.is_empty()
            && *request.url == pending.url
            && request.authorization == pending.authorization.as_deref();
        if !is_same {
            self.connections.close();
        }
        is_same.then_some((pending.redirects, pending.response))
    }

    /// Sends a request until its response is final or retries are exhausted; then the last response
    /// counts.
    pub(crate) fn request(&self, request: Request<'_>) -> Result<Response, Error> {
        let mut backoff = Backoff::new(request.retries);
        self.wait_for(request.url, &mut backoff)?;
        loop {
            // One deadline for all redirects together.
            self.connections.deadline().restart();
            let (why, after) = match self
                .follow(request)
                .and_then(|response| response.gather(request.whole))
            {
                Ok(response) if !is_temporary(response.status) => return Ok(response),
                Ok(response) => {
                    let after = response.retry_after();
                    let Some(pause) = backoff.next(after) else {
                        let end = after.and_then(|after| Instant::now().checked_add(after));
                        *self.busy.borrow_mut() = end.map(|end| (request.url.clone(), end));
                        return Ok(response);
                    };
                    let why = format!("{}: status {}", response.url, response.status);
                    response.discard();
                    (why, pause)
                }
                Err(error) => {
                    // A request that used up its deadline would do so again.
                    let is_worth_it = error.is_transient() && !error.exceeded_deadline();
                    let pause = is_worth_it.then(|| backoff.next(None)).flatten();
                    let Some(pause) = pause else {
                        return Err(error);
                    };
                    (error.to_string(), pause)
                }
            };
            self.wait(&why, "trying again", after)?;
        }
    }

    /// Waits out a server's `Retry-After` within the limit of the backoff. It may stem from an
    /// earlier prefetch, for example.
    fn wait_for(&self, url: &Url, backoff: &mut Backoff) -> Result<(), Error> {
        let busy = self
            .busy
            .take()
            .filter(|(origin, _)| origin.same_origin(url));
        let left = busy.map(|(_, end)| end.saturating_duration_since(Instant::now()));
        if let Some(left) = left.filter(|left| !left.is_zero())
            && backoff.next(Some(left)).is_some()
        {
            self.wait(&format!("{url}: busy"), "asking", left)?;
        }
        Ok(())
    }

    /// Reports why it waits, and waits.
    pub(crate) fn wait(&self, why: &str, then: &str, pause: Duration) -> Result<(), Error> {
        let seconds = seconds(pause);
        self.progress
            .step(format_args!("{why}; {then} in {seconds} s"));
        let begun = Instant::now();
        self.progress.waiting_for(NEXT_TRY);
        while let Some(left) = pause.checked_sub(begun.elapsed()) {
            sys::pause(left.min(MOMENT));
            Error::unless_stopped()?;
            self.progress.stalled(NEXT_TRY, begun.elapsed());
        }
        Ok(())
    }

    /// Sends a request and follows redirects.
    fn follow(&self, request: Request<'_>) -> Result<Response, Error> {
        let pending = self.take_pending(request);
        let (mut redirects, mut pending) =
            pending.unwrap_or_else(|| (Redirects::of(request), None));
        loop {
            let response = match pending.take() {
                Some(response) => response,
                None => self.send_once(redirects.request(request))?,
            };
            if !redirects.follow(request, &response)? {
                return Ok(response);
            }
            self.discard_redirect(response, &redirects);
        }
    }

    /// Discards a redirect response.
    fn discard_redirect(&self, response: Response, redirects: &Redirects) {
        let (from, to) = (response.url.clone(), &redirects.url);
        response.discard();
        self.is_redirecting.set(true);
        self.progress.detail(format_args!("{from}: leads to {to}"));
    }

    fn send_once(&self, request: Request<'_>) -> Result<Response, Error> {
        Error::unless_stopped()?;
        let Request { method, url, .. } = request;
        let authorization = request.authorization.map(|value| ("authorization", value));
        let headers = request.headers.iter().copied().chain(authorization);
        self.progress.waiting_for(url.host());
        let response = self
            .connections
            .send(method, url, headers, request.form)
            .map_err(|failure| failure.of(url))?;
        let status = response.status().as_u16();
        self.progress
            .detail(format_args!("{method} {url}: {status}"));
        let deadline = self.connections.deadline().clone();
        Ok(Response::new(
            url.clone(),
            response,
            deadline,
            self.progress,
        ))
    }
}
