//! TLS over a channel to a server, directly or through a proxy. ureq's own would replace Mozilla's
//! roots instead of adding to them, and panics if a key does not match its certificate.

use super::fault::Peer;
use super::roots::TlsConfigs;
use rustls::pki_types::ServerName;
use rustls::{ClientConnection, StreamOwned};
use std::io::{self, Read, Write};
use ureq::http::Uri;

/// A TLS connection over `C`.
pub(crate) struct TlsStream<C: Read + Write> {
    stream: StreamOwned<ClientConnection, C>,
    peer: Peer,
}

impl<C: Read + Write> TlsStream<C> {
    /// Completes the handshake here rather than at the first byte, so that it counts as connecting.
    /// The server at `uri` may be the one that the user named, or a proxy.
    pub(crate) fn connect(
        configs: &TlsConfigs,
        uri: &Uri,
        (is_named, is_proxy): (bool, bool),
        mut channel: C,
    ) -> Result<Self, ureq::Error> {
        // A proxy's URL may hold a password.
        let host = uri.authority().map_or("", |authority| authority.as_str());
        let host = host.rsplit('@').next().unwrap_or_default();
        let (config, has_client) = configs.for_host(host, is_named).map_err(io::Error::other)?;
        let name = uri.host().unwrap_or_default();
        let name = name.trim_start_matches('[').trim_end_matches(']');
        let name = ServerName::try_from(name.to_owned())
            .map_err(|_| ureq::Error::Tls("not the name of a host"))?;
        let peer = Peer {
            host: host.to_owned(),
            has_client,
            is_proxy,
        };
        let mut tls = ClientConnection::new(config, name).map_err(|error| peer.named(error))?;
        if let Err(error) = tls.complete_io(&mut channel) {
            return Err(peer.hung_up(error, &mut tls, &mut channel).into());
        }
        let stream = StreamOwned::new(tls, channel);
        Ok(Self { stream, peer })
    }

    /// The channel below TLS.
    pub(crate) fn channel(&mut self) -> &mut C {
        &mut self.stream.sock
    }

    fn explain(&mut self, error: io::Error) -> io::Error {
        let StreamOwned { conn, sock } = &mut self.stream;
        self.peer.hung_up(error, conn, sock)
    }
}

impl<C: Read + Write> Read for TlsStream<C> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.stream.read(buffer);
        read.map_err(|error| self.peer.failed(error))
    }
}

impl<C: Read + Write> Write for TlsStream<C> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.stream.write(bytes);
        written.map_err(|error| self.explain(error))
    }

    fn flush(&mut self) -> io::Result<()> {
        let flushed = self.stream.flush();
        flushed.map_err(|error| self.explain(error))
    }
}
