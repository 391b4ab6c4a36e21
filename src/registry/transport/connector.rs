//! Opens connections for ureq: through a proxy or not, with TLS or without.

use super::channel::{Carrier, Channel};
use super::connection::{Connection, SendMode, Stream, WaitUntil};
use super::deadline::Deadline;
use super::dialer::Dialer;
use super::named_server::NamedServer;
use super::socket::Socket;
use super::sockets::SocketSet;
use crate::progress::Progress;
use crate::registry::tls::roots::TlsConfigs;
use crate::registry::tls::stream::TlsStream;
use std::time::Duration;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{
    ConnectProxyConnector, ConnectionDetails, Either, NextTimeout, TransportAdapter,
};

/// How long opening a connection may take for a request that is sent ahead, at most: until then, nothing
/// else is read, and a firewall may drop what is more than one connection.
const TIME_AHEAD: Duration = Duration::from_secs(3);

/// Opens the connections of one pool.
#[derive(Debug)]
pub(super) struct Connector {
    pub(super) dialer: Dialer,
    /// None if neither the server nor the proxy uses TLS.
    pub(super) tls: Option<TlsConfigs>,
    /// The server that the user named.
    pub(super) named: NamedServer,
    /// Whether connections go through a proxy.
    pub(super) has_proxy: bool,
    pub(super) mode: SendMode,
    pub(super) sockets: SocketSet,
    /// When responses must be complete.
    pub(super) deadline: Deadline,
    pub(super) progress: Progress,
}

impl ureq::unversioned::transport::Connector for Connector {
    type Out = Connection;

    /// ureq's tunnel calls this again for the connection to the proxy itself.
    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        _: Option<()>,
    ) -> Result<Option<Connection>, ureq::Error> {
        let is_to_proxy = self.has_proxy && details.config.proxy().is_none();
        let timeout = self.timeout(details.timeout);
        let tunnel = ConnectProxyConnector::default().connect(details, None::<()>)?;
        let carrier = match tunnel {
            Some(Either::B(tunnel)) => {
                let tunnel = TransportAdapter::new(tunnel, details.current_time.clone());
                Carrier::Tunnel(Box::new(tunnel))
            }
            _ => {
                let is_named = is_to_proxy || self.named.is(details.uri);
                let stream = self.dialer.connect(details, timeout, is_named)?;
                Carrier::Socket(Socket::new(stream, self.sockets.clone()))
            }
        };
        let host = details.uri.host().unwrap_or_default();
        let mut channel = Channel::new(carrier, host, self.progress);
        channel.set_timeout(timeout);
        let stream = if details.needs_tls() {
            Stream::Tls(Box::new(self.handshake(details, is_to_proxy, channel)?))
        } else {
            Stream::Plain(Box::new(channel))
        };
        let config = details.config;
        let buffers = (config.input_buffer_size(), config.output_buffer_size());
        // ureq must wait for the response of a proxy.
        let mode = (!is_to_proxy).then(|| self.mode.clone());
        let deadline = self.deadline.clone();
        Ok(Some(Connection::new(
            stream,
            buffers,
            mode.unwrap_or_default(),
            deadline,
        )))
    }
}

impl Connector {
    /// The time for opening a connection, which is short for a request that is sent ahead.
    fn timeout(&self, timeout: NextTimeout) -> NextTimeout {
        let after = if self.mode.is(WaitUntil::Answered) {
            timeout.after
        } else {
            timeout.after.min(TIME_AHEAD.into())
        };
        NextTimeout { after, ..timeout }
    }

    fn handshake(
        &self,
        details: &ConnectionDetails<'_>,
        is_to_proxy: bool,
        channel: Channel,
    ) -> Result<TlsStream<Channel>, ureq::Error> {
        let configs = self
            .tls
            .as_ref()
            .ok_or(ureq::Error::Tls("not configured"))?;
        // Only the server that the user named may present any certificate with --insecure.
        let is_named = self.named.is(details.uri) && !is_to_proxy;
        TlsStream::connect(configs, details.uri, (is_named, is_to_proxy), channel)
    }
}

/// A resolver for ureq that resolves nothing: only [`Dialer`] needs addresses, as long as there are
/// no SOCKS proxies.
#[derive(Debug)]
pub(super) struct NoResolver;

impl Resolver for NoResolver {
    fn resolve(
        &self,
        _uri: &Uri,
        _config: &Config,
        _timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        Ok(self.empty())
    }
}
