//! TLS in front of a plain server of loopback: it takes the TLS off and passes the bytes on.

use super::certificates::{Authority, Identity};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::version::{TLS12, TLS13};
use rustls::{RootCertStore, ServerConfig, ServerConnection};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// A running front; it stops when dropped.
pub struct TlsFront {
    address: SocketAddr,
    shared: Arc<Shared>,
    listener: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    stopping: AtomicBool,
    connections: AtomicUsize,
}

impl TlsFront {
    /// In front of `backend`, `host:port`, with a certificate.
    pub fn start(backend: &str, identity: &Identity) -> Self {
        Self::with(backend, identity, None, false)
    }

    /// The same, in TLS 1.2.
    pub fn start_old(backend: &str, identity: &Identity) -> Self {
        Self::with(backend, identity, None, true)
    }

    /// The same, for clients with a certificate by `authority` only; in TLS 1.2 if that is `old`.
    pub fn for_clients_of(
        backend: &str,
        identity: &Identity,
        authority: &Authority,
        old: bool,
    ) -> Self {
        Self::with(backend, identity, Some(authority), old)
    }

    fn with(backend: &str, identity: &Identity, clients: Option<&Authority>, old: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let config = Arc::new(config(identity, clients, old));
        let (shared, backend) = (Arc::<Shared>::default(), backend.to_owned());
        let of_thread = Arc::clone(&shared);
        let listener = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if of_thread.stopping.load(Ordering::SeqCst) {
                    return;
                }
                let Ok(stream) = stream else { continue };
                of_thread.connections.fetch_add(1, Ordering::SeqCst);
                let (shared, config) = (Arc::clone(&of_thread), Arc::clone(&config));
                let backend = backend.clone();
                // Clients go away when they like: an error ends the connection, nothing else.
                std::thread::spawn(move || drop(pass(&shared, config, stream, &backend)));
            }
        });
        Self {
            address,
            shared,
            listener: Some(listener),
        }
    }

    /// `127.0.0.1:PORT`.
    pub fn address(&self) -> String {
        self.address.to_string()
    }

    /// `0.0.0.0:PORT`: Linux takes it for loopback, and `roots` does not, so that it speaks https.
    pub fn host(&self) -> String {
        format!("0.0.0.0:{}", self.address.port())
    }

    /// How many connections there were.
    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }
}

impl Drop for TlsFront {
    fn drop(&mut self) {
        self.shared.stopping.store(true, Ordering::SeqCst);
        drop(TcpStream::connect(self.address));
        let _ = self.listener.take().map(JoinHandle::join);
    }
}

fn config(identity: &Identity, clients: Option<&Authority>, old: bool) -> ServerConfig {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&[if old { &TLS12 } else { &TLS13 }])
        .unwrap();
    let certificates = |pem: &str| {
        CertificateDer::pem_slice_iter(pem.as_bytes())
            .map(Result::unwrap)
            .collect::<Vec<_>>()
    };
    let builder = match clients {
        Some(authority) => {
            let mut roots = RootCertStore::empty();
            roots.add_parsable_certificates(certificates(&authority.pem()));
            let verifier =
                WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
            builder.with_client_cert_verifier(verifier.unwrap())
        }
        None => builder.with_no_client_auth(),
    };
    let key = PrivateKeyDer::from_pem_slice(identity.key.as_bytes()).unwrap();
    builder
        .with_single_cert(certificates(&identity.certificate), key)
        .unwrap()
}

fn pass(
    shared: &Shared,
    config: Arc<ServerConfig>,
    mut client: TcpStream,
    backend: &str,
) -> io::Result<()> {
    let mut tls = ServerConnection::new(config).map_err(io::Error::other)?;
    let mut server = TcpStream::connect(backend)?;
    for stream in [&client, &server] {
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_millis(2)))?;
    }
    tls.set_buffer_limit(None);
    let mut buffer = vec![0; 512 * 1024];
    while !shared.stopping.load(Ordering::SeqCst) {
        while tls.wants_write() {
            tls.write_tls(&mut client)?;
        }
        if tls.wants_read() && unless_silent(tls.read_tls(&mut client))? == Some(0) {
            break;
        }
        if let Err(error) = tls.process_new_packets() {
            // The alert.
            tls.write_tls(&mut client)?;
            return Err(io::Error::other(error));
        }
        match unless_silent(tls.reader().read(&mut buffer))? {
            Some(0) => break,
            Some(count) => server.write_all(&buffer[..count])?,
            None => {}
        }
        if tls.is_handshaking() {
            continue;
        }
        match unless_silent(server.read(&mut buffer))? {
            Some(0) => {
                tls.send_close_notify();
                tls.write_tls(&mut client)?;
                break;
            }
            Some(count) => tls.writer().write_all(&buffer[..count])?,
            None => {}
        }
    }
    client.shutdown(Shutdown::Both)
}

/// Nothing if nothing came for a while.
fn unless_silent(read: io::Result<usize>) -> io::Result<Option<usize>> {
    match read {
        Ok(count) => Ok(Some(count)),
        Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => Ok(None),
        Err(e) => Err(e),
    }
}
