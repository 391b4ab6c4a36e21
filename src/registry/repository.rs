//! One repository on one host.

use super::MAX_MANIFEST;
use super::auth::authenticator::{AuthAttempts, Authenticator};
use super::config::upstream::Upstream;
use super::http::client::Client;
use super::http::link::next_page;
use super::http::request::Request;
use super::http::response::Response;
use super::http::url::{Url, form_encoded};
use super::transport::{SocketSet, Traffic};
use super::warning::Warnings;
use crate::error::{Error, RegistryError, ResponseFault};
use crate::oci::Reference;
use crate::progress::Progress;
use std::cell::{Cell, RefCell};
use std::fmt::Display;
use std::rc::Rc;
use std::time::Instant;

/// A repository from which to request manifests and blobs.
pub(super) struct Repository {
    http: Rc<Client>,
    /// Clients with connections of their own: as many as were needed at the same time.
    additional: RefCell<Vec<Rc<Client>>>,
    reference: Reference,
    origin: Url,
    authenticator: Authenticator,
    /// For mirrors: the registry it stands in for.
    mirrored: Option<String>,
    warnings: Warnings,
    progress: Progress,
    /// Whether this host was given up.
    pub(super) is_given_up: Cell<bool>,
}

impl Repository {
    /// The repository at an upstream.
    pub(super) fn new(
        upstream: Upstream,
        sockets: &SocketSet,
        progress: Progress,
    ) -> Result<Self, Error> {
        let Upstream {
            reference,
            scheme,
            options,
            mirrored,
        } = upstream;
        let origin = Url::new(scheme, reference.api_host(), String::new());
        Ok(Self {
            http: Rc::new(Client::new(&options, &origin, sockets, progress)),
            additional: RefCell::default(),
            authenticator: Authenticator::new(&reference, &origin, &options, progress)?,
            reference,
            origin,
            mirrored,
            warnings: Warnings::default(),
            progress,
            is_given_up: Cell::new(false),
        })
    }

    /// Host and port.
    pub(super) fn host(&self) -> &str {
        self.reference.api_host()
    }

    /// Whether this host is a mirror.
    pub(super) fn is_mirror(&self) -> bool {
        self.mirrored.is_some()
    }

    /// What has happened on the connections so far. Counts those that have received something `since` then.
    pub(super) fn traffic(&self, since: Instant) -> Traffic {
        self.http.traffic(since)
    }

    /// The HTTP client of this host.
    pub(super) fn http(&self) -> &Client {
        &self.http
    }

    /// Requests `what` below the repository, and answers challenges as long as there is an answer
    /// that was not tried yet: a token may expire during a pull, but a registry that rejects a new
    /// token will reject the next one too.
    pub(super) fn send(
        &self,
        method: &'static str,
        what: &str,
        headers: &[(&'static str, &str)],
        retries: u32,
    ) -> Result<Response, Error> {
        self.send_over(&self.free_client(), method, what, headers, retries)
    }

    /// The same over the connections of `http`.
    pub(super) fn send_over(
        &self,
        http: &Client,
        method: &'static str,
        what: &str,
        headers: &[(&'static str, &str)],
        retries: u32,
    ) -> Result<Response, Error> {
        let url = self.url(what);
        let request = Request {
            method,
            headers,
            whole: what.starts_with("manifests/").then_some(MAX_MANIFEST),
            ..Request::get(&url, retries)
        };
        self.send_authorized(http, request)
    }

    /// Gets `url` from this host, reading up to `whole` bytes of the body.
    pub(super) fn get(
        &self,
        url: &Url,
        headers: &[(&'static str, &str)],
        whole: u64,
        retries: u32,
    ) -> Result<Response, Error> {
        let request = Request {
            headers,
            whole: Some(whole),
            ..Request::get(url, retries)
        };
        self.send_authorized(&self.free_client(), request)
    }

    fn send_authorized(&self, http: &Client, request: Request<'_>) -> Result<Response, Error> {
        let mut attempts = AuthAttempts::new(request.retries);
        let mut authorization = http.pending_authorization(request.url);
        loop {
            let authorization = authorization
                .take()
                .unwrap_or_else(|| self.authenticator.authorization());
            let response = http.request(Request {
                authorization: authorization.as_deref(),
                ..request
            })?;
            self.pass_on_warnings(&response);
            // A request that was sent ahead may have a token that was renewed meanwhile.
            let has_new = matches!(response.status, 400 | 401 | 403)
                && response.url.same_origin(&self.origin)
                && authorization != self.authenticator.authorization();
            let client = || self.free_client();
            if !has_new
                && !self
                    .authenticator
                    .authenticate(&client, &response, &mut attempts)?
            {
                return Ok(response);
            }
            response.discard();
        }
    }

    /// Requests a part of `what` without waiting for the response, and returns the client that will
    /// receive it; None if the request cannot be sent.
    pub(super) fn send_ahead(&self, what: &str, range: Option<String>) -> Option<Rc<Client>> {
        let client = self.free_client();
        let is_sent = client.send_ahead(self.url(what), self.authenticator.authorization(), range);
        is_sent.then_some(client)
    }

    /// A client that nobody uses: the first, or one of those beside it.
    pub(super) fn free_client(&self) -> Rc<Client> {
        let is_free = |client: &&Rc<Client>| Rc::strong_count(client) == 1;
        let mut clients = self.additional.borrow_mut();
        // The response to a request that was sent ahead, but is not wanted any more, would come first.
        clients.retain(|client| !(is_free(&client) && client.has_pending()));
        if let Some(free) = [&self.http].into_iter().chain(clients.iter()).find(is_free) {
            return Rc::clone(free);
        }
        let client = Rc::new(self.http.additional());
        clients.push(Rc::clone(&client));
        client
    }

    /// The URL of `what` in this repository.
    pub(super) fn url(&self, what: &str) -> Url {
        self.at(&format!("/v2/{}/{what}", self.reference.repository()))
    }

    /// The same path and query as `url`, but on this host.
    fn own(&self, url: &Url) -> Url {
        let url = url.to_wire();
        // Scheme, an empty part, host, and the rest.
        let path = url.splitn(4, '/').nth(3).unwrap_or_default();
        self.at(&format!("/{path}"))
    }

    /// The URL of the page after this one. Only path and query of the link count, as in skopeo: a registry behind
    /// a proxy may not know its own name or scheme, and a link must not redirect us to another host.
    pub(super) fn page_after(&self, response: &Response) -> Result<Option<Url>, ResponseFault> {
        for header in response.headers("link") {
            if let Some(target) = next_page(&header) {
                let url = response.url.join(target);
                let url = url.ok_or(ResponseFault::InvalidLink)?;
                return Ok(Some(self.own(&url)));
            }
        }
        Ok(None)
    }

    /// The URL of a path and query on this host.
    fn at(&self, path: &str) -> Url {
        let url = self.origin.join(path);
        let url = url.unwrap_or_else(|| self.origin.clone());
        match &self.mirrored {
            // distribution copies the query of a request into the links of its response.
            Some(registry) if !path.contains(&format!("ns={}", form_encoded(registry))) => {
                url.with_parameter("ns", registry)
            }
            _ => url,
        }
    }

    /// Reports what only `-v` shows.
    pub(super) fn detail(&self, message: &dyn Display) {
        self.progress.detail(message);
    }

    /// Reports the registry's `Warning` headers; those of a storage server are ignored.
    fn pass_on_warnings(&self, response: &Response) {
        let own = response.url.same_origin(&self.origin);
        let headers = response.headers("warning").filter(|_| own);
        let blank = |text: &str| self.progress.without_secrets(text);
        for text in headers.filter_map(|header| self.warnings.news(&header, blank)) {
            let host = self.host();
            self.progress.warn(format_args!("{host}: {text}"));
        }
    }

    /// The error for an unexpected response.
    pub(super) fn refused(&self, response: Response) -> Error {
        let (url, status) = (response.url.clone(), response.status);
        let again = response.retry_after();
        let own = url.same_origin(&self.origin);
        let body = response.error_body();
        match status {
            404 if own && !body.is_denied() => RegistryError::NotFound {
                image: self.reference.to_string(),
                message: body.message,
            }
            .into(),
            // No credentials were sent to a storage server, so its refusal says nothing about them.
            401 | 403 | 404 if own => self.authenticator.denied(url.authority(), body),
            _ if body.is_unknown() => RegistryError::NotFound {
                image: self.reference.to_string(),
                message: body.message,
            }
            .into(),
            _ => RegistryError::Status {
                url: url.to_string(),
                status,
                message: body.message,
                retry_after: again,
            }
            .into(),
        }
    }
}
