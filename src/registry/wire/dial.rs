//! Names, looked up when there is a connection to be made, and by the system.
//!
//! ureq looks a name up for each request, also where it goes on with a connection that it has: with
//! a name server far away that is a round trip for each layer. And it does so in a thread where there
//! is a time-out.
//!
//! Of several addresses, it gives the first half of the time there is. Where IPv6 leads nowhere, and
//! nobody says so, that is 16 s for each connection. Here each address has a moment before all have
//! the rest of the time (RFC 8305 asks for more, at once), and what has answered is asked first.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::time::Duration;
use ureq::unversioned::transport::{
    ConnectionDetails, Connector, NextTimeout, TcpConnector, Transport,
};

/// The moment: longer than it takes to any server on this planet.
const MOMENT: Duration = Duration::from_secs(1);

/// What ureq asks: it knows no address of anything, and need not: nobody but [`Dial`] wants one, as
/// long as there are no SOCKS proxies.
#[derive(Debug)]
pub(super) struct Later;

impl Resolver for Later {
    fn resolve(
        &self,
        _uri: &Uri,
        _config: &Config,
        _timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        Ok(self.empty())
    }
}

/// The version of IP that got through to a host that has both; 0 if there was none so far. There is
/// one thread; ureq wants what several could share.
#[derive(Clone, Debug, Default)]
pub(super) struct Passable(Arc<AtomicU8>);

/// Looks up where a server or proxy is, and connects.
#[derive(Debug)]
pub(super) struct Dial {
    names: DefaultResolver,
    sockets: TcpConnector,
    passable: Passable,
}

impl Dial {
    /// Asks those addresses first that are `passable`, and finds out.
    pub(super) fn new(passable: Passable) -> Self {
        Self {
            names: DefaultResolver::default(),
            sockets: TcpConnector::default(),
            passable,
        }
    }

    /// What the system knows, the best first.
    fn addresses(
        &self,
        details: &ConnectionDetails<'_>,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let endless = NextTimeout::default();
        let mut addresses = self.names.resolve(details.uri, details.config, endless)?;
        let passable = self.passable.0.load(Ordering::Relaxed);
        addresses.sort_by_key(|address| passable != 0 && version(address) != passable);
        Ok(addresses)
    }
}

impl<In: Transport> Connector<In> for Dial {
    type Out = <TcpConnector as Connector<In>>::Out;

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        chained: Option<In>,
    ) -> Result<Option<Self::Out>, ureq::Error> {
        if chained.is_some() {
            // A proxy is connected already.
            return self.sockets.connect(details, chained);
        }
        let all = self.addresses(details)?;
        if all.len() > 1 {
            for address in &all {
                let mut one = details.resolver.empty();
                one.push(*address);
                let connected = self.sockets.connect(&to(one, MOMENT, details), None);
                if connected.is_ok() {
                    if all.iter().any(|other| version(other) != version(address)) {
                        self.passable.0.store(version(address), Ordering::Relaxed);
                    }
                    return connected;
                }
            }
        }
        let after = details.timeout.after;
        self.sockets.connect(&to(all, after, details), None)
    }
}

/// The same connection, to these addresses, in the time from now on.
fn to<'d>(
    addrs: ResolvedSocketAddrs,
    after: Duration,
    details: &ConnectionDetails<'d>,
) -> ConnectionDetails<'d> {
    ConnectionDetails {
        uri: details.uri,
        addrs,
        config: details.config,
        request_level: details.request_level,
        resolver: details.resolver,
        now: (details.current_time)(),
        timeout: NextTimeout {
            after,
            ..details.timeout
        },
        current_time: Arc::clone(&details.current_time),
        run_connector: Arc::clone(&details.run_connector),
        register_shutdown: Arc::clone(&details.register_shutdown),
    }
}

fn version(address: &SocketAddr) -> u8 {
    match address {
        SocketAddr::V4(_) => 4,
        SocketAddr::V6(_) => 6,
    }
}
