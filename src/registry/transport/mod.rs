//! Connections over ureq, kept open between requests.
//!
//! By default, ureq would follow redirects (we decide which headers to send), read proxy variables
//! (its rules differ from curl's), decode bodies (digests cover the bytes as sent), trust a single
//! list of authorities, and resolve names per request and in a thread. None of that may happen here.
//!
//! ```text
//! Agent ────── Connection ───────────────────── Channel ────────── Socket
//! ureq's pool  one request at a time: drops     TcpStream, or      reports stalls,
//! and HTTP     1xx, keeps the deadline, may be  ureq's tunnel      ends at signals
//!              sent ahead; TLS or not           through a proxy
//! ```
//! A `Connector` opens them: `Dialer` resolves names and connects, `TlsStream` verifies with
//! `ServerVerifier` and `TlsConfigs`: Mozilla's roots, the system's, --ca-file, certs.d.
//!
//! `ureq::unversioned` may change with any release, so Cargo.toml pins ureq to 3.5. Used of it:
//!
//! - `Connector`, `ConnectionDetails`: to open our own connections;
//! - `Transport`, `Buffers`, `LazyBuffers`, `NextTimeout`: to be a connection for ureq;
//! - `ConnectProxyConnector`, `Either`, `TransportAdapter`: CONNECT to a proxy, and what it returns;
//! - `Resolver`, `ResolvedSocketAddrs`: to resolve nothing per request;
//! - `DefaultResolver`: the system's resolver, per connection.

mod channel;
mod connection;
mod connector;
mod deadline;
mod dialer;
mod error;
mod interim;
pub(super) mod named_server;
mod no_proxy;
pub(super) mod proxy;
mod socket;

pub(super) use deadline::Deadline;
pub(super) use error::Failure;

use super::auth::credentials::forms;
use super::config::options::RegistryOptions;
use super::http::url::Url;
use super::tls::roots::TlsConfigs;
use crate::progress::Progress;
use connection::{IS_ANSWERED, SendMode, WaitUntil};
use connector::{Connector, NoResolver};
use dialer::{AddressPreference, Dialer};
use named_server::NamedServer;
use proxy::Proxies;
use std::cell::{OnceCell, RefCell};
use std::rc::Rc;
use std::time::Duration;
use ureq::http::request::Builder;
use ureq::http::{Request, Response, header};
use ureq::{Agent, Body, Proxy, ProxyProtocol};

/// How long an idle connection is kept for the next request: extracting a layer takes a while.
const IDLE: Duration = Duration::from_secs(60);

/// Input and output buffers of a connection, in bytes: for responses, and requests with tokens.
const BUFFERS: (usize, usize) = (128 << 10, 128 << 10);

/// The same for prefetch connections, of which several are open at once, for small layers.
const PREFETCH_BUFFERS: (usize, usize) = (64 << 10, 32 << 10);

/// Pools of connections, and how to make them.
pub(super) struct Connections {
    options: RegistryOptions,
    proxies: Rc<Proxies>,
    /// Loaded on demand: reading the authorities takes milliseconds, which plain http need not
    /// spend.
    tls: OnceCell<TlsConfigs>,
    pools: RefCell<Vec<Pool>>,
    preference: AddressPreference,
    mode: SendMode,
    deadline: Deadline,
    /// The server that the user named.
    named: NamedServer,
    /// Whether requests are sent before their responses are needed.
    is_prefetch: bool,
    progress: Progress,
}

/// Connections with the same proxy and TLS settings.
struct Pool {
    tls: bool,
    proxy: Option<Proxy>,
    agent: Agent,
}

impl Connections {
    /// Pools for the server at `origin`, which the user named, and for those it redirects to, through
    /// the proxies of the environment. Opens no connection yet.
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
            tls: OnceCell::new(),
            pools: RefCell::default(),
            preference: AddressPreference::default(),
            mode: SendMode::default(),
            deadline: Deadline::new(options.timeout),
            named: NamedServer::new(origin),
            is_prefetch: false,
            progress,
        }
    }

    /// Separate pools for the same servers, for requests that are sent before their responses are
    /// needed.
    pub(super) fn for_prefetch(&self) -> Self {
        Self {
            options: self.options.clone(),
            proxies: Rc::clone(&self.proxies),
            tls: self.tls.clone(),
            pools: RefCell::default(),
            preference: self.preference.clone(),
            mode: SendMode::default(),
            deadline: self.deadline.fresh(),
            named: self.named.clone(),
            is_prefetch: true,
            progress: self.progress,
        }
    }

    /// Sends a GET without waiting for its response; sending the same with [`Connections::send`]
    /// will wait. False if that is not possible.
    pub(super) fn send_only<'h>(
        &self,
        url: &Url,
        headers: impl Iterator<Item = (&'static str, &'h str)>,
    ) -> bool {
        self.run(WaitUntil::Sent, "GET", url, headers, None).is_ok()
    }

    /// Whether the request that was sent has a response, or never will have one.
    pub(super) fn is_answered<'h>(
        &self,
        url: &Url,
        headers: impl Iterator<Item = (&'static str, &'h str)>,
    ) -> bool {
        let substitute = self.run(WaitUntil::Now, "GET", url, headers, None);
        substitute.is_ok_and(|response| response.headers().contains_key(IS_ANSWERED))
    }

    /// Sends a request, unless it was sent already, and waits for the headers of its response.
    /// Redirects are responses too.
    pub(super) fn send<'h>(
        &self,
        method: &str,
        url: &Url,
        headers: impl Iterator<Item = (&'static str, &'h str)>,
        body: Option<&str>,
    ) -> Result<Response<Body>, Failure> {
        self.run(WaitUntil::Answered, method, url, headers, body)
    }

    /// When the current response must be complete.
    pub(super) fn deadline(&self) -> &Deadline {
        &self.deadline
    }

    /// Closes all connections, and so drops a request whose response is pending: the next request is
    /// a different one.
    pub(super) fn close(&self) {
        drop(self.pools.take());
    }

    fn run<'h>(
        &self,
        until: WaitUntil,
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
        let response = self.attempt(until, url, request, body);
        if response.is_err() && self.is_prefetch {
            // The request may have been sent on a connection that is still open.
            self.close();
        }
        response
    }

    fn attempt(
        &self,
        until: WaitUntil,
        url: &Url,
        request: Builder,
        body: Option<&str>,
    ) -> Result<Response<Body>, Failure> {
        let proxy = self.proxies.choose(url)?;
        let agent = self.agent(url, proxy.as_ref())?;
        self.mode.set(until);
        self.deadline.resume();
        let result = match body {
            Some(body) => request
                .body(body.to_owned())
                .map(|request| agent.run(request)),
            None => request.body(()).map(|request| agent.run(request)),
        };
        result
            .map_err(ureq::Error::from)
            .and_then(|response| response)
            .map_err(|error| Failure::of_request(error, proxy.as_ref()))
    }

    /// The agent whose pool has the connections for a URL.
    fn agent(&self, url: &Url, proxy: Option<&Proxy>) -> Result<Agent, Failure> {
        let secure = proxy.is_some_and(|proxy| proxy.protocol() == ProxyProtocol::Https);
        let tls = url.is_https() || secure;
        let mut pools = self.pools.borrow_mut();
        let pool = pools
            .iter()
            .find(|pool| pool.tls == tls && pool.proxy.as_ref() == proxy);
        if let Some(pool) = pool {
            return Ok(pool.agent.clone());
        }
        if let Some(password) = proxy.and_then(Proxy::password) {
            let user = proxy.and_then(Proxy::username).unwrap_or_default();
            self.progress.conceal(forms(user, password), "");
        }
        let configs = tls.then(|| self.tls_configs()).transpose()?;
        let agent = self.new_agent(configs, proxy.cloned());
        pools.push(Pool {
            tls,
            proxy: proxy.cloned(),
            agent: agent.clone(),
        });
        Ok(agent)
    }

    /// An agent with connections through one proxy or none. ureq sends a CONNECT for plain http
    /// servers too: it does not write the absolute form of RFC 9112 section 3.2.2.
    fn new_agent(&self, tls: Option<TlsConfigs>, proxy: Option<Proxy>) -> Agent {
        let buffers = if self.is_prefetch {
            PREFETCH_BUFFERS
        } else {
            BUFFERS
        };
        let connector = Connector {
            dialer: Dialer::new(self.preference.clone()),
            tls,
            named: self.named.clone(),
            has_proxy: proxy.is_some(),
            mode: self.mode.clone(),
            deadline: self.deadline.clone(),
            progress: self.progress,
        };
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
            .output_buffer_size(buffers.1)
            .proxy(proxy);
        Agent::with_parts(config.build(), connector, NoResolver)
    }

    fn tls_configs(&self) -> Result<TlsConfigs, Failure> {
        if let Some(configs) = self.tls.get() {
            return Ok(configs.clone());
        }
        let configs = TlsConfigs::read(&self.options)?;
        Ok(self.tls.get_or_init(|| configs).clone())
    }
}
