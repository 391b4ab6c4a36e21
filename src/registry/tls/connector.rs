//! TLS over a socket, or over a tunnel through a proxy.

use super::roots::TlsConfigs;
use super::{algorithm, verifier::WeakKey};
use crate::error::{Error, TlsFault};
use crate::registry::transport::named_server::NamedServer;
use crate::registry::transport::proxy::is_to_proxy;
use rustls::pki_types::{ServerName, UnixTime};
use rustls::{
    AlertDescription, CertificateError, ClientConnection, InvalidMessage, OtherError, StreamOwned,
};
use std::fmt;
use std::io::{self, Read as _, Write as _};
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, Either, LazyBuffers, NextTimeout, Transport,
    TransportAdapter,
};

/// Wraps connections to https servers. ureq's own connector would replace Mozilla's roots instead
/// of adding to them, and panics if a key does not match its certificate.
#[derive(Debug)]
pub(crate) struct Tls {
    /// None if TLS is never used.
    trust: Option<TlsConfigs>,
    /// The server that may present any certificate with --insecure.
    named: NamedServer,
    /// Whether connections go through a proxy.
    has_proxy: bool,
}

impl Tls {
    pub(crate) fn new(trust: Option<TlsConfigs>, named: NamedServer, has_proxy: bool) -> Self {
        Self {
            trust,
            named,
            has_proxy,
        }
    }
}

impl<In: Transport> Connector<In> for Tls {
    type Out = Either<In, TlsTransport>;

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        chained: Option<In>,
    ) -> Result<Option<Self::Out>, ureq::Error> {
        let Some(transport) = chained else {
            return Ok(None);
        };
        let trust = match &self.trust {
            Some(trust) if details.needs_tls() && !transport.is_tls() => trust,
            _ => return Ok(Some(Either::A(transport))),
        };
        let authority = details.uri.authority();
        // A proxy's URL may hold a password.
        let host = authority.map_or("", |authority| authority.as_str());
        let host = host.rsplit('@').next().unwrap_or_default();
        let is_to_proxy = is_to_proxy(self.has_proxy, details);
        let is_named = self.named.is(details.uri) && !is_to_proxy;
        let (config, has_client) = trust.for_host(host, is_named).map_err(io::Error::other)?;
        let name = details.uri.host().unwrap_or_default();
        let name = name.trim_start_matches('[').trim_end_matches(']');
        let name = ServerName::try_from(name.to_owned())
            .map_err(|_| ureq::Error::Tls("not the name of a host"))?;

        let peer = Peer {
            host: host.to_owned(),
            has_client,
            is_proxy: is_to_proxy,
        };
        let mut connection =
            ClientConnection::new(config, name).map_err(|error| peer.named(error))?;
        let mut carrier = TransportAdapter::new(transport.boxed(), details.current_time.clone());
        carrier.set_timeout(details.timeout);
        // Complete the handshake here rather than at the first byte, so that it counts as
        // connecting.
        if let Err(error) = connection.complete_io(&mut carrier) {
            return Err(peer.hung_up(error, &mut connection, &mut carrier).into());
        }
        Ok(Some(Either::B(TlsTransport {
            buffers: LazyBuffers::new(
                details.config.input_buffer_size(),
                details.config.output_buffer_size(),
            ),
            stream: StreamOwned::new(connection, carrier),
            peer,
        })))
    }
}

/// A TLS connection.
pub(crate) struct TlsTransport {
    buffers: LazyBuffers,
    stream: StreamOwned<ClientConnection, TransportAdapter>,
    peer: Peer,
}

impl Transport for TlsTransport {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), ureq::Error> {
        self.stream.sock.set_timeout(timeout);
        let output = self.buffers.output().get(..amount).unwrap_or_default();
        let sent = self.stream.write_all(output);
        sent.and_then(|()| self.stream.flush()).map_err(|error| {
            let StreamOwned { conn, sock } = &mut self.stream;
            self.peer.hung_up(error, conn, sock).into()
        })
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, ureq::Error> {
        self.stream.sock.set_timeout(timeout);
        let input = self.buffers.input_append_buf();
        let read = self.stream.read(input);
        let count = read.map_err(|error| self.peer.failed(error))?;
        self.buffers.input_appended(count);
        Ok(count > 0)
    }

    fn is_open(&mut self) -> bool {
        self.stream.sock.get_mut().is_open()
    }

    fn is_tls(&self) -> bool {
        true
    }
}

impl fmt::Debug for TlsTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.peer.fmt(f)
    }
}

/// The server, for error messages.
#[derive(Debug)]
struct Peer {
    host: String,
    /// Whether a client certificate is configured for it.
    has_client: bool,
    is_proxy: bool,
}

impl Peer {
    /// Turns a stream error into an error of its own if TLS caused it.
    fn failed(&self, error: io::Error) -> io::Error {
        match error.downcast::<rustls::Error>() {
            Ok(error) => self.named(error),
            Err(error) => error,
        }
    }

    /// The same for a write error. A server that requires a certificate sends an alert and closes
    /// the connection while we still write: its alert is then left to be read.
    fn hung_up(
        &self,
        error: io::Error,
        connection: &mut ClientConnection,
        carrier: &mut TransportAdapter,
    ) -> io::Error {
        let gone = [io::ErrorKind::BrokenPipe, io::ErrorKind::ConnectionReset];
        if !gone.contains(&error.kind()) {
            return self.failed(error);
        }
        let read = connection.read_tls(carrier).ok();
        match read.and_then(|_| connection.process_new_packets().err()) {
            Some(said) => self.named(said),
            None => error,
        }
    }

    fn named(&self, error: rustls::Error) -> io::Error {
        io::Error::other(Error::Tls {
            host: self.host.clone(),
            why: self.fault(error),
        })
    }

    fn fault(&self, error: rustls::Error) -> TlsFault {
        use AlertDescription as Alert;
        match error {
            rustls::Error::InvalidCertificate(error) => certificate_fault(error),
            rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType) => {
                match self.is_proxy {
                    true => TlsFault::ProxyNotTls,
                    false => TlsFault::NotTls,
                }
            }
            // TLS 1.2 has no alert for a missing certificate: servers send bad_certificate.
            rustls::Error::AlertReceived(Alert::CertificateRequired) => {
                TlsFault::ClientCertificateWanted
            }
            rustls::Error::AlertReceived(
                Alert::BadCertificate
                | Alert::UnsupportedCertificate
                | Alert::CertificateRevoked
                | Alert::CertificateExpired
                | Alert::CertificateUnknown
                | Alert::UnknownCA
                | Alert::AccessDenied
                | Alert::DecryptError,
            ) => match self.has_client {
                true => TlsFault::ClientCertificateRefused,
                false => TlsFault::ClientCertificateWanted,
            },
            rustls::Error::PeerIncompatible(_)
            | rustls::Error::AlertReceived(Alert::ProtocolVersion) => TlsFault::OldVersion,
            rustls::Error::AlertReceived(Alert::HandshakeFailure) => TlsFault::NothingInCommon,
            rustls::Error::AlertReceived(Alert::UnrecognisedName) => TlsFault::UnknownName,
            rustls::Error::AlertReceived(alert) => TlsFault::Alert(alert.into()),
            rustls::Error::InvalidMessage(_) | rustls::Error::PeerMisbehaved(_) => {
                TlsFault::Other("it sends what is not valid TLS")
            }
            _ => TlsFault::Other("the handshake failed"),
        }
    }
}

fn certificate_fault(error: CertificateError) -> TlsFault {
    use CertificateError as Wrong;
    let days = |late: UnixTime, early: UnixTime| {
        late.as_secs().saturating_sub(early.as_secs()) / (24 * 60 * 60)
    };
    match error {
        // BadSignature: another key than that of the trusted authority with the same name.
        Wrong::UnknownIssuer | Wrong::BadSignature => TlsFault::UnknownAuthority,
        Wrong::ExpiredContext { time, not_after } => TlsFault::Expired {
            end: not_after.as_secs(),
            days: days(time, not_after),
        },
        Wrong::NotValidYetContext { time, not_before } => TlsFault::NotYetValid {
            days: days(not_before, time),
        },
        Wrong::NotValidForNameContext { presented, .. } => {
            TlsFault::WrongName(presented.iter().map(|name| bare(name)).collect())
        }
        Wrong::UnsupportedSignatureAlgorithmContext {
            signature_algorithm_id,
            ..
        } => TlsFault::Algorithm(algorithm::name(&signature_algorithm_id)),
        Wrong::UnsupportedSignatureAlgorithmForPublicKeyContext {
            public_key_algorithm_id,
            ..
        } => TlsFault::Algorithm(algorithm::name(&public_key_algorithm_id)),
        Wrong::InvalidPurpose | Wrong::InvalidPurposeContext { .. } => {
            TlsFault::Certificate("it is not for servers")
        }
        Wrong::Revoked => TlsFault::Certificate("it has been revoked"),
        Wrong::BadEncoding => TlsFault::Certificate("it is malformed"),
        Wrong::Other(OtherError(why)) => match why.downcast_ref() {
            Some(WeakKey(bits)) => TlsFault::WeakKey(*bits),
            None => match why.to_string().as_str() {
                // X.509 version 1, which has no names but the common name.
                "UnsupportedCertVersion" => TlsFault::WrongName(Vec::new()),
                name => TlsFault::Certificate(words(name)),
            },
        },
        _ => TlsFault::Certificate("it cannot be used"),
    }
}

/// A description of certificate errors for which webpki only has a name.
fn words(name: &str) -> &'static str {
    match name {
        "EndEntityUsedAsCa" => "it is signed with a certificate that is not of an authority",
        "NameConstraintViolation" => "its authority is not one for this name",
        "PathLenConstraintViolated" => "there are more authorities between than it allows",
        "UnsupportedCriticalExtension" => "it has a critical extension that is not supported",
        _ => "it cannot be used",
    }
}

/// The name as written in a URL; webpki writes `DnsName("name")`.
fn bare(name: &str) -> String {
    let inside = name.split_once('(').map_or(name, |(_, inside)| inside);
    inside.trim_end_matches(')').trim_matches('"').to_owned()
}
