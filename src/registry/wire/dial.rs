//! Names, looked up when there is a connection to be made, and by the system.
//!
//! ureq looks a name up for each request, also where it goes on with a connection that it has: with
//! a name server far away that is a round trip for each layer. And it does so in a thread where there
//! is a time-out.

use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{
    ConnectionDetails, Connector, NextTimeout, TcpConnector, Transport,
};

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

/// Looks up where a server or proxy is, and connects.
#[derive(Debug, Default)]
pub(super) struct Dial {
    names: DefaultResolver,
    sockets: TcpConnector,
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
        let endless = NextTimeout::default();
        let addrs = self.names.resolve(details.uri, details.config, endless)?;
        let details = ConnectionDetails {
            uri: details.uri,
            addrs,
            config: details.config,
            request_level: details.request_level,
            resolver: details.resolver,
            now: (details.current_time)(),
            timeout: details.timeout,
            current_time: details.current_time.clone(),
            run_connector: details.run_connector.clone(),
            register_shutdown: details.register_shutdown.clone(),
        };
        self.sockets.connect(&details, None)
    }
}
