//! Sends a request, follows redirects, and retries where that may help.

use super::pending_request::PendingRequest;
use super::redirect::Redirects;
use super::request::Request;
use super::response::Response;
use super::retry::{Backoff, is_temporary};
use super::url::Url;
use crate::error::Error;
use crate::progress::{Progress, seconds};
use crate::registry::config::options::RegistryOptions;
use crate::registry::transport::{Connections, SocketSet, Traffic};
use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, Instant};

/// What a pause waits for, in messages.
const NEXT_TRY: &str = "the next try";
const MOMENT: Duration = Duration::from_millis(500);

/// An HTTP client with redirects and retries.
pub(crate) struct Client {
    pub(super) connections: Connections,
    progress: Progress,
    /// A server whose `Retry-After` was too long to wait for at the time, and when it ends.
    busy: Rc<RefCell<Option<(Url, Instant)>>>,
    /// The request that was sent ahead of time.
    pub(super) pending: RefCell<Option<PendingRequest>>,
}

impl Client {
    /// Connects through the proxies of the environment to the server at `origin`, which the user
    /// named, and to those it redirects to.
    pub(crate) fn new(
        options: &RegistryOptions,
        origin: &Url,
        sockets: &SocketSet,
        progress: Progress,
    ) -> Self {
        let connections = Connections::new(options, origin, sockets.clone(), progress);
        Self::over(connections, progress)
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
            pending: RefCell::default(),
        }
    }

    /// The same servers over connections of its own: a client sends one request at a time.
    pub(crate) fn additional(&self) -> Self {
        Self {
            connections: self.connections.additional(),
            progress: self.progress,
            busy: Rc::clone(&self.busy),
            pending: RefCell::default(),
        }
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
    /// earlier request that was sent ahead, for example.
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

    /// Reads ahead as much as this many connections at once need.
    pub(crate) fn read_ahead_for(&self, connections: usize) {
        self.connections.read_ahead_for(connections);
    }

    /// What has happened on its connections so far. Counts those that have received something `since` then.
    pub(crate) fn traffic(&self, since: Instant) -> Traffic {
        self.connections.traffic(since)
    }

    /// Reports why it waits, and waits.
    pub(crate) fn wait(&self, why: &str, then: &str, pause: Duration) -> Result<(), Error> {
        let seconds = seconds(pause);
        self.progress
            .step(format_args!("{why}; {then} in {seconds} s"));
        let begun = Instant::now();
        self.progress.waiting_for(NEXT_TRY);
        while let Some(left) = pause.checked_sub(begun.elapsed()) {
            // After a signal, this fails as the next line does.
            let _ = self.connections.pause(left.min(MOMENT));
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
                Some(outcome) => outcome?,
                None => self.send_once(redirects.request(request))?,
            };
            if !redirects.follow(request, &response)? {
                return Ok(response);
            }
            self.discard_redirect(response, &redirects);
        }
    }

    /// Discards a redirect response.
    pub(super) fn discard_redirect(&self, response: Response, redirects: &Redirects) {
        let (from, to) = (response.url.clone(), &redirects.url);
        response.discard();
        self.progress.detail(format_args!("{from}: leads to {to}"));
    }

    fn send_once(&self, request: Request<'_>) -> Result<Response, Error> {
        self.progress.waiting_for(request.url.host());
        self.exchange(request)
    }

    /// Sends a request, unless it was sent ahead, and returns the response.
    pub(super) fn exchange(&self, request: Request<'_>) -> Result<Response, Error> {
        Error::unless_stopped()?;
        let Request { method, url, .. } = request;
        let authorization = request.authorization.map(|value| ("authorization", value));
        let headers = request.headers.iter().copied().chain(authorization);
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
