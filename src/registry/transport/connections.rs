//! Pools of open connections, over which requests are sent.

use super::connection::{IS_ANSWERED, SendMode, WaitUntil};
use super::connector::{Connector, NoResolver};
use super::deadline::Deadline;
use super::dialer::{AddressPreference, Dialer};
use super::error::Failure;
use super::named_server::NamedServer;
use super::proxy::Proxies;
use super::sockets::{SocketSet, Traffic};
use crate::progress::Progress;
use crate::registry::auth::credentials::forms;
use crate::registry::config::options::RegistryOptions;
use crate::registry::http::url::Url;
use crate::registry::tls::roots::TlsConfigs;
use std::cell::{OnceCell, RefCell};
use std::io;
use std::rc::Rc;
use std::time::{Duration, Instant};
use ureq::http::request::Builder;
use ureq::http::{Request, Response, header};
use ureq::{Agent, Body, Proxy, ProxyProtocol};

/// How long ureq keeps a connection between requests. `Connection` decides itself when it was idle for too
/// long: one whose response is awaited is not idle.
const MAX_AGE: Duration = Duration::from_secs(24 * 60 * 60);

/// Input and output buffers of a connection, in bytes: for responses, and requests with tokens.
const BUFFERS: (usize, usize) = (128 << 10, 128 << 10);

/// The same for additional connections, of which several are open at once.
const ADDITIONAL_BUFFERS: (usize, usize) = (64 << 10, 32 << 10);

/// Pools of connections, and how to make them.
pub(in crate::registry) struct Connections {
    options: RegistryOptions,
    proxies: Rc<Proxies>,
    /// Loaded on demand: reading the authorities takes milliseconds, which plain http need not
    /// spend.
    tls: OnceCell<TlsConfigs>,
    pools: RefCell<Vec<Pool>>,
    preference: AddressPreference,
    mode: SendMode,
    sockets: SocketSet,
    deadline: Deadline,
    /// The server that the user named.
    named: NamedServer,
    /// Whether there are other pools for the same servers.
    is_additional: bool,
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
    /// the proxies of the environment. Their sockets are among `sockets`. Opens no connection yet.
    pub(in crate::registry) fn new(
        options: &RegistryOptions,
        origin: &Url,
        sockets: SocketSet,
        progress: Progress,
    ) -> Self {
        Self {
            options: options.clone(),
            proxies: Rc::new(Proxies::of_environment()),
            tls: OnceCell::new(),
            pools: RefCell::default(),
            preference: AddressPreference::default(),
            mode: SendMode::default(),
            sockets,
            deadline: Deadline::new(options.timeout),
            named: NamedServer::new(origin),
            is_additional: false,
            progress,
        }
    }

    /// The same, without any proxy, and with sockets of its own.
    pub(in crate::registry) fn direct(
        options: &RegistryOptions,
        origin: &Url,
        progress: Progress,
    ) -> Self {
        Self {
            proxies: Rc::new(Proxies::none()),
            ..Self::new(options, origin, SocketSet::default(), progress)
        }
    }

    /// Separate pools for the same servers, for requests at the same time.
    pub(in crate::registry) fn additional(&self) -> Self {
        Self {
            options: self.options.clone(),
            proxies: Rc::clone(&self.proxies),
            tls: self.tls.clone(),
            pools: RefCell::default(),
            preference: self.preference.clone(),
            mode: SendMode::default(),
            sockets: self.sockets.clone(),
            deadline: self.deadline.fresh(),
            named: self.named.clone(),
            is_additional: true,
            progress: self.progress,
        }
    }

    /// Sends a GET without waiting for its response; sending the same with [`Connections::send`]
    /// will wait.
    pub(in crate::registry) fn send_only<'h>(
        &self,
        url: &Url,
        headers: impl Iterator<Item = (&'static str, &'h str)>,
    ) -> Result<(), Failure> {
        self.run(WaitUntil::Sent, "GET", url, headers, None)
            .map(drop)
    }

    /// Whether the request that was sent has a response, or never will have one.
    pub(in crate::registry) fn is_answered<'h>(
        &self,
        url: &Url,
        headers: impl Iterator<Item = (&'static str, &'h str)>,
    ) -> bool {
        let substitute = self.run(WaitUntil::Now, "GET", url, headers, None);
        substitute.is_ok_and(|response| response.headers().contains_key(IS_ANSWERED))
    }

    /// Sends a request, unless it was sent already, and waits for the headers of its response.
    /// Redirects are responses too.
    pub(in crate::registry) fn send<'h>(
        &self,
        method: &str,
        url: &Url,
        headers: impl Iterator<Item = (&'static str, &'h str)>,
        body: Option<&str>,
    ) -> Result<Response<Body>, Failure> {
        self.run(WaitUntil::Answered, method, url, headers, body)
    }

    /// Waits, until a signal arrives at the latest, and reads ahead meanwhile.
    pub(in crate::registry) fn pause(&self, time: Duration) -> io::Result<()> {
        self.sockets.pause(time)
    }

    /// Reads ahead as much as this many connections at once need.
    pub(in crate::registry) fn read_ahead_for(&self, connections: usize) {
        self.sockets.read_ahead_for(connections);
    }

    /// What has happened on all connections so far. Counts those that have received something `since` then.
    pub(in crate::registry) fn traffic(&self, since: Instant) -> Traffic {
        self.sockets.traffic(since)
    }

    /// When the current response must be complete.
    pub(in crate::registry) fn deadline(&self) -> &Deadline {
        &self.deadline
    }

    /// Closes all connections, and so drops a request whose response is pending: the next request is
    /// a different one.
    pub(in crate::registry) fn close(&self) {
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
        if response.is_err() && (self.is_additional || until != WaitUntil::Answered) {
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
        let buffers = if self.is_additional {
            ADDITIONAL_BUFFERS
        } else {
            BUFFERS
        };
        let connector = Connector {
            dialer: Dialer::new(self.preference.clone()),
            tls,
            named: self.named.clone(),
            has_proxy: proxy.is_some(),
            mode: self.mode.clone(),
            sockets: self.sockets.clone(),
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
            .max_idle_age(MAX_AGE)
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
