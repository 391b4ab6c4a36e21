//! Hosts with several addresses of which not all lead somewhere, and names that are looked up.

use super::Wire;
use crate::disk::mounting;
use crate::support::Fault;
use std::io::{ErrorKind, Write as _};
use std::net::{Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

/// An address that a host has and that does not answer: whoever listens there takes no more connections.
struct Silent {
    listener: TcpListener,
    taken: Vec<TcpStream>,
}

impl Silent {
    /// One of IPv6 on this machine; nothing where it has none.
    fn at(port: u16) -> Option<Self> {
        let address = SocketAddr::from((Ipv6Addr::LOCALHOST, port));
        let listener = TcpListener::bind(address).ok()?;
        let connect = || TcpStream::connect_timeout(&address, Duration::from_millis(300));
        let taken = std::iter::from_fn(|| connect().ok()).collect();
        Some(Self { listener, taken })
    }

    /// From here on it answers.
    fn wake(&mut self) {
        self.listener.set_nonblocking(true).unwrap();
        while self.listener.accept().is_ok() {}
        self.taken.clear();
    }

    /// Whether nobody came since.
    fn is_left_alone(&self) -> bool {
        let error = self.listener.accept().map(drop).err();
        error.is_some_and(|error| error.kind() == ErrorKind::WouldBlock)
    }
}

/// Half of the 30 s that connecting may take went into IPv6, for each connection.
#[test]
fn an_address_that_is_silent_is_not_asked_again() {
    let wire = Wire::new("addresses", 9);
    let host = wire.registry.host();
    let port = host.rsplit(':').next().unwrap();
    let silent = Silent::at(port.parse().unwrap());
    let hosts = mounting("mount --bind hosts /etc/hosts", "true");
    let (Some(mut silent), Some(hosts)) = (silent, hosts) else {
        let _ = writeln!(std::io::stderr(), "skipped without IPv6 and mounts");
        return;
    };
    let both = "::1 registry.test\n127.0.0.1 registry.test\n";
    wire.sandbox.write("hosts", both);
    wire.registry.fault("/manifests/", 1, Fault::Hold(100));
    let name = format!("registry.test:{port}/a/b:1");
    let command = wire.sandbox.roots(["pull", "--plain-http", &name, "dest"]);
    let pull = command.prelude(&hosts).spawn();
    wire.registry.wait_for("/manifests/", 1);
    silent.wake();
    wire.registry.release();
    pull.wait().succeeds();
    wire.assert_pulled();
    assert_eq!(wire.registry.requests_for("/blobs/").len(), 10);
    assert!(silent.is_left_alone());
}
