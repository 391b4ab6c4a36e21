//! The wire: connections, kept between requests. The one room that knows ureq and rustls.
//!
//! What ureq would do by itself and must not: follow redirects (we say what goes along), read proxy
//! variables (its rules differ from curl's), decode bodies (digests are over the wire's bytes),
//! trust one list of authorities only, look names up in a thread.
//!
//! ```text
//! Agent ── Early ───── Tunnel ──────── Socket ── Vigil ───── Tls ───────── Verifier
//! ureq's   asks ahead  ureq's CONNECT  ureq's    says when   certs.d of    Trust: Mozilla, system,
//! pool     of time     to a proxy                none comes  this host     --ca-file
//! ```

mod early;
mod failure;
mod host;
mod no_proxy;
mod pem;
mod proxy;
mod tls;
mod trust;
mod verifier;
mod vigil;

pub(super) use failure::Failure;

use super::access::Access;
use super::url::Url;
use crate::progress::Progress;
use early::{Early, Starter};
use proxy::Proxies;
use std::cell::{OnceCell, RefCell};
use std::rc::Rc;
use std::time::Duration;
use tls::Tls;
use trust::Trust;
use ureq::http::{Request, Response, Uri, header};
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{ConnectProxyConnector, Connector, NextTimeout, TcpConnector};
use ureq::{Agent, Body, Proxy, ProxyProtocol};
use vigil::Watchman;

/// How long connecting may take: all addresses of a host together, then a proxy, then TLS.
const CONNECT: Duration = Duration::from_secs(30);

/// How long an idle connection is kept for the next request: extracting a layer takes a while.
const IDLE: Duration = Duration::from_secs(60);

/// Connections, and how they are made.
pub(super) struct Wire {
    access: Access,
    proxies: Rc<Proxies>,
    /// Reading the authorities takes some milliseconds, which plain http need not spend.
    trust: OnceCell<Trust>,
    agents: RefCell<Vec<Pooled>>,
    early: Early,
    progress: Progress,
}

/// The connections of one kind.
struct Pooled {
    tls: bool,
    proxy: Option<Proxy>,
    agent: Agent,
}

impl Wire {
    /// Connects to nobody yet. Proxies are those of the environment.
    pub(super) fn new(access: &Access, progress: Progress) -> Self {
        Self::with(access, Proxies::of_environment(), progress)
    }

    /// The same, without any proxy.
    pub(super) fn direct(access: &Access, progress: Progress) -> Self {
        Self::with(access, Proxies::none(), progress)
    }

    fn with(access: &Access, proxies: Proxies, progress: Progress) -> Self {
        Self {
            access: access.clone(),
            proxies: Rc::new(proxies),
            trust: OnceCell::new(),
            agents: RefCell::default(),
            early: Early::default(),
            progress,
        }
    }

    /// The same servers over other connections.
    pub(super) fn lane(&self) -> Self {
        Self {
            access: self.access.clone(),
            proxies: Rc::clone(&self.proxies),
            trust: self.trust.clone(),
            agents: RefCell::default(),
            early: Early::default(),
            progress: self.progress,
        }
    }

    /// Sends a GET and does not wait for its answer: [`Wire::send`] will, when it is to send the
    /// same. False if that cannot be.
    pub(super) fn begin<'h>(
        &self,
        url: &Url,
        headers: impl Iterator<Item = (&'static str, &'h str)>,
    ) -> bool {
        self.early.begin();
        // There is no answer, so this ends in an error, one way or another.
        drop(self.run("GET", url, headers, None));
        let is_sent = self.early.is_sent();
        if !is_sent {
            self.early.end();
        }
        is_sent
    }

    /// Whether what has begun has an answer, or never will have one.
    pub(super) fn is_answered(&self) -> bool {
        self.early.is_answered()
    }

    /// Drops what has begun.
    pub(super) fn give_up(&self) {
        self.early.end();
    }

    /// Sends one request, unless that has begun, and waits for the head of its answer. Redirects are
    /// answers, too.
    pub(super) fn send<'h>(
        &self,
        method: &str,
        url: &Url,
        headers: impl Iterator<Item = (&'static str, &'h str)>,
        body: Option<&str>,
    ) -> Result<Response<Body>, Failure> {
        let answer = self.run(method, url, headers, body);
        self.early.end();
        answer
    }

    fn run<'h>(
        &self,
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
        let proxy = self.proxies.choose(url)?;
        let agent = self.agent(url, proxy.as_ref())?;
        let sent = match body {
            Some(body) => request
                .body(body.to_owned())
                .map(|request| agent.run(request)),
            None => request.body(()).map(|request| agent.run(request)),
        };
        sent.map_err(ureq::Error::from)
            .and_then(|answer| answer)
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
        let trust = match tls {
            true => Some(self.trust()?),
            false => None,
        };
        let agent = self.make_agent(trust, proxy.cloned());
        agents.push(Pooled {
            tls,
            proxy: proxy.cloned(),
            agent: agent.clone(),
        });
        Ok(agent)
    }

    /// Connections through one proxy or none. Through a proxy, ureq asks for a CONNECT to plain http
    /// servers, too: it does not write the absolute form of RFC 9112 section 3.2.2.
    fn make_agent(&self, trust: Option<Trust>, proxy: Option<Proxy>) -> Agent {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(proxy)
            .user_agent(concat!("roots/", env!("CARGO_PKG_VERSION")))
            .timeout_connect(Some(CONNECT))
            .timeout_recv_response(Some(self.access.timeout))
            .timeout_per_read(Some(self.access.timeout))
            .max_idle_age(IDLE)
            .build();
        let connector =
            ().chain(ConnectProxyConnector::default())
                .chain(TcpConnector::default())
                .chain(Watchman::new(self.progress))
                .chain(Tls::new(trust));
        let resolver = System {
            resolver: DefaultResolver::default(),
            early: self.early.clone(),
        };
        Agent::with_parts(
            config,
            Starter::new(connector, self.early.clone()),
            resolver,
        )
    }

    fn trust(&self) -> Result<Trust, Failure> {
        if let Some(trust) = self.trust.get() {
            return Ok(trust.clone());
        }
        let trust = Trust::read(&self.access)?;
        Ok(self.trust.get_or_init(|| trust).clone())
    }
}

/// The system's way to look names up. ureq would do it in a thread for the sake of a time-out, as
/// with the name of a proxy if connecting has one; without, it does not.
#[derive(Debug)]
struct System {
    resolver: DefaultResolver,
    early: Early,
}

impl Resolver for System {
    fn resolve(
        &self,
        uri: &Uri,
        config: &ureq::config::Config,
        _timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        match self.early.is_sent() {
            // Nobody will connect.
            true => Ok(self.empty()),
            false => self.resolver.resolve(uri, config, NextTimeout::default()),
        }
    }
}
