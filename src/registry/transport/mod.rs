//! Connections over ureq, kept open between requests.
//!
//! What ureq does by default and must not do here: follow redirects (we decide which headers to
//! send), read proxy variables (its rules differ from curl's), decode bodies (digests cover the
//! bytes as sent), trust a single list of authorities, resolve names per request and in a thread.
//!
//! ```text
//! Agent ── Tunnel ───────── Connect ──────── StallReporter ── Tls ───────── FinalOnly ── Connection
//! ureq's   ureq's CONNECT   resolves names,  reports stalls,  certs.d of    drops 1xx    may supply
//! pool     to a proxy       opens a Socket   ends at signals  this host                  a response
//! ```
//! `Tls` verifies with `ServerVerifier` and `TlsConfigs`: Mozilla's roots, the system's, --ca-file.

mod connect;
mod connection;
mod deadline;
mod error;
mod interim;
pub(super) mod named_server;
mod no_proxy;
pub(super) mod proxy;
mod socket;
mod stall;

pub(super) use deadline::Deadline;
pub(super) use error::Failure;

use super::auth::credentials::forms;
use super::config::options::RegistryOptions;
use super::http::url::Url;
use super::tls::connector::Tls;
use super::tls::roots::TlsConfigs;
use crate::progress::Progress;
use connect::{AddressPreference, Connect, NoResolver};
use connection::{AnswerMode, ConnectionStarter, IS_ANSWERED, Wait};
use interim::FinalOnly;
use named_server::NamedServer;
use proxy::Proxies;
use stall::StallReporter;
use std::cell::{OnceCell, RefCell};
use std::rc::Rc;
use std::time::Duration;
use ureq::http::request::Builder;
use ureq::http::{Request, Response, header};
use ureq::unversioned::transport::{ConnectProxyConnector, Connector};
use ureq::{Agent, Body, Proxy, ProxyProtocol};

/// How long an idle connection is kept for the next request: extracting a layer takes a while.
const IDLE: Duration = Duration::from_secs(60);

/// Input and output buffers of a connection, in bytes: for responses, and requests with tokens.
const BUFFERS: (usize, usize) = (128 << 10, 128 << 10);

/// The same for prefetch connections, of which several are open at once, for small layers.
const LANE: (usize, usize) = (64 << 10, 32 << 10);

/// Pools of connections, and how to make them.
pub(super) struct Connections {
    options: RegistryOptions,
    proxies: Rc<Proxies>,
    /// Loaded on demand: reading the authorities takes milliseconds, which plain http need not
    /// spend.
    trust: OnceCell<TlsConfigs>,
    agents: RefCell<Vec<Pool>>,
    passable: AddressPreference,
    early: AnswerMode,
    deadline: Deadline,
    /// The server that the user named.
    named: NamedServer,
    /// Whether requests are sent ahead of time.
    is_lane: bool,
    progress: Progress,
}

/// Connections with the same proxy and TLS settings.
struct Pool {
    tls: bool,
    proxy: Option<Proxy>,
    agent: Agent,
}

impl Connections {
    /// Opens no connection yet. They go to the server at `origin`, which the user named, and to
    /// those it redirects to, through the proxies of the environment.
    pub(super) fn new(options: &RegistryOptions, origin: &Url, progress: Progress) -> Self {
        Self::with(options, origin, Proxies::of_environment(), progress)
    }

    /// The same, without any proxy.
    pub(super) fn direct(options: &RegistryOptions, origin: &Url, progress: Progress) -> Self {
        Self::with(options, origin, Proxies::none(), progress)
    }

    fn with(options: &RegistryOptions, origin: &Url, proxies: Proxies, progress: Progress) -> Self {
        Self {
            options: options.clone(),
            proxies: Rc::new(proxies),
            trust: OnceCell::new(),
            agents: RefCell::default(),
            passable: AddressPreference::default(),
            early: AnswerMode::default(),
            deadline: Deadline::new(options.timeout),
            named: NamedServer::new(origin),
            is_lane: false,
            progress,
        }
    }

    /// A separate pool for the same servers, for requests that are sent ahead of time.
    pub(super) fn lane(&self) -> Self {
        Self {
            options: self.options.clone(),
            proxies: Rc::clone(&self.proxies),
            trust: self.trust.clone(),
            agents: RefCell::default(),
            passable: self.passable.clone(),
            early: AnswerMode::default(),
            deadline: self.deadline.another(),
            named: self.named.clone(),
            is_lane: true,
            progress: self.progress,
        }
    }

    /// Sends a GET without waiting for its response; sending the same with [`Connections::send`]
    /// will wait. False if that is not possible.
    pub(super) fn begin<'h>(
        &self,
        url: &Url,
        headers: impl Iterator<Item = (&'static str, &'h str)>,
    ) -> bool {
        self.run(Wait::Sent, "GET", url, headers, None).is_ok()
    }

    /// Whether the request sent ahead has a response, or never will have one.
    pub(super) fn is_answered<'h>(
        &self,
        url: &Url,
        headers: impl Iterator<Item = (&'static str, &'h str)>,
    ) -> bool {
        let seen = self.run(Wait::Look, "GET", url, headers, None);
        seen.is_ok_and(|seen| seen.headers().contains_key(IS_ANSWERED))
    }

    /// Sends a request, unless it was sent ahead, and waits for the headers of its response.
    /// Redirects are responses too.
    pub(super) fn send<'h>(
        &self,
        method: &str,
        url: &Url,
        headers: impl Iterator<Item = (&'static str, &'h str)>,
        body: Option<&str>,
    ) -> Result<Response<Body>, Failure> {
        self.run(Wait::Answer, method, url, headers, body)
    }

    /// When the current response must be complete.
    pub(super) fn deadline(&self) -> &Deadline {
        &self.deadline
    }

    /// Drops a request sent ahead, if any: the next request is a different one.
    pub(super) fn give_up(&self) {
        drop(self.agents.take());
    }

    fn run<'h>(
        &self,
        wait: Wait,
        method: &str,
        url: &Url,
        headers: impl Iterator<Item = (&'static str, &'h str)>,
        body: Option<&str>,
    ) -> Result<Response<Body>, Failure> {
        let mut request = Request::builder()
            .method(method)
            .uri(url.to_wire())
            .header(header::ACCEPT_ENCODING, "identity");
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let response = self.attempt(wait, url, request, body);
        if response.is_err() && self.is_lane {
            // A connection may be left on which the request was sent.
            self.give_up();
        }
        response
    }

    fn attempt(
        &self,
        wait: Wait,
        url: &Url,
        request: Builder,
        body: Option<&str>,
    ) -> Result<Response<Body>, Failure> {
        let proxy = self.proxies.choose(url)?;
        let agent = self.agent(url, proxy.as_ref())?;
        self.early.set(wait);
        self.deadline.resume();
        let sent = match body {
            Some(body) => request
                .body(body.to_owned())
                .map(|request| agent.run(request)),
            None => request.body(()).map(|request| agent.run(request)),
        };
        sent.map_err(ureq::Error::from)
            .and_then(|response| response)
            .map_err(|error| Failure::of_request(error, proxy.as_ref()))
    }

    /// The connections that lead to a URL.
    fn agent(&self, url: &Url, proxy: Option<&Proxy>) -> Result<Agent, Failure> {
        let secure = proxy.is_some_and(|proxy| proxy.protocol() == ProxyProtocol::Https);
        let tls = url.is_https() || secure;
        let mut agents = self.agents.borrow_mut();
        let found = agents
            .iter()
            .find(|pooled| pooled.tls == tls && pooled.proxy.as_ref() == proxy);
        if let Some(found) = found {
            return Ok(found.agent.clone());
        }
        if let Some(password) = proxy.and_then(Proxy::password) {
            let user = proxy.and_then(Proxy::username).unwrap_or_default();
            self.progress.conceal(forms(user, password), "");
        }
        let trust = match tls {
            true => Some(self.trust()?),
            false => None,
        };
        let agent = self.make_agent(trust, proxy.cloned());
        agents.push(Pool {
            tls,
            proxy: proxy.cloned(),
            agent: agent.clone(),
        });
        Ok(agent)
    }

    /// Connections through one proxy or none. ureq sends a CONNECT for plain http servers too: it
    /// does not write the absolute form of RFC 9112 section 3.2.2.
    fn make_agent(&self, trust: Option<TlsConfigs>, proxy: Option<Proxy>) -> Agent {
        let buffers = if self.is_lane { LANE } else { BUFFERS };
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .user_agent(concat!("roots/", env!("CARGO_PKG_VERSION")))
            // Covers all addresses of a host, then the proxy, then TLS.
            .timeout_connect(Some(self.options.timeout))
            .timeout_recv_response(Some(self.options.timeout))
            .timeout_per_read(Some(self.options.timeout))
            .max_idle_age(IDLE)
            .input_buffer_size(buffers.0)
            .output_buffer_size(buffers.1);
        let has_proxy = proxy.is_some();
        let starter = ConnectionStarter {
            early: self.early.clone(),
            deadline: self.deadline.clone(),
            has_proxy,
        };
        let config = config.proxy(proxy).build();
        let connector = ()
            .chain(ConnectProxyConnector::default())
            .chain(Connect::new(
                self.passable.clone(),
                self.named.clone(),
                has_proxy,
            ))
            .chain(StallReporter::new(self.progress))
            .chain(Tls::new(trust, self.named.clone(), has_proxy))
            .chain(FinalOnly)
            .chain(starter);
        Agent::with_parts(config, connector, NoResolver)
    }

    fn trust(&self) -> Result<TlsConfigs, Failure> {
        if let Some(trust) = self.trust.get() {
            return Ok(trust.clone());
        }
        let trust = TlsConfigs::read(&self.options)?;
        Ok(self.trust.get_or_init(|| trust).clone())
    }
}
