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
//! All sockets are in a `SocketSet`: while one is waited for, the others are read ahead. A `Connector`
//! opens connections: `Dialer` resolves names and connects, `TlsStream` verifies with
//! `ServerVerifier` and `TlsConfigs`: Mozilla's roots, the system's, --ca-file, certs.d.
//!
//! `ureq::unversioned` may change with any release, so Cargo.toml pins ureq to 3.5. Used of it:
//!
//! - `Connector`, `ConnectionDetails`: to open our own connections;
//! - `Transport`, `Buffers`, `LazyBuffers`, `NextTimeout`: to be a connection for ureq;
//! - `ConnectProxyConnector`, `Either`, `TransportAdapter`: CONNECT to a proxy, and what it returns;
//! - `Resolver`, `ResolvedSocketAddrs`: to resolve nothing per request;
//! - `DefaultResolver`: the system's resolver, per connection.

mod buffered_socket;
mod channel;
mod connection;
mod connections;
mod connector;
mod deadline;
mod dialer;
mod error;
mod interim;
pub(super) mod named_server;
mod no_proxy;
pub(super) mod proxy;
mod socket;
mod sockets;

pub(super) use connections::Connections;
pub(super) use deadline::Deadline;
pub(super) use error::Failure;
pub(super) use sockets::{SocketSet, Traffic};
