//! Hosts with several addresses of which not all lead somewhere, and names that are looked up.

use super::Wire;
use crate::destinations::disk::mounting;
use crate::support::{Fault, Registry, Sandbox, hello};
use std::io::{ErrorKind, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

/// An address that a host has and that does not answer: whoever listens there takes no more connections.
pub(crate) struct Silent {
    listener: TcpListener,
    taken: Vec<TcpStream>,
}

impl Silent {
    /// One of this machine's; nothing where it has no such address.
    pub(crate) fn at(address: impl Into<IpAddr>, port: u16) -> Option<Self> {
        let address = SocketAddr::new(address.into(), port);
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

/// Half of the time that connecting may take went into IPv6, for each connection.
#[test]
fn an_address_that_is_silent_is_not_asked_again() {
    is_asked_once(&[Ipv6Addr::LOCALHOST.into()]);
}

/// They were remembered by their version, so that another one of the same was asked each time.
#[test]
fn one_of_the_same_version_is_not_asked_again_either() {
    // Which of them a resolver takes for better is its own business.
    is_asked_once(&[Ipv4Addr::new(127, 0, 0, 2).into()]);
}

/// That pulls succeed by 127.0.0.1, and leave the others alone after once.
fn is_asked_once(others: &[IpAddr]) {
    let wire = Wire::new("addresses", 9);
    let host = wire.registry.host();
    let port = host.rsplit(':').next().unwrap();
    let at = |address: &IpAddr| Silent::at(*address, port.parse().unwrap());
    let silent = others.iter().map(at).collect::<Option<Vec<_>>>();
    let hosts = mounting("mount --bind hosts /etc/hosts", "true");
    let (Some(mut silent), Some(hosts)) = (silent, hosts) else {
        let _ = writeln!(std::io::stderr(), "skipped without {others:?} or mounts");
        return;
    };
    let lines = others
        .iter()
        .map(|address| format!("{address} registry.test\n"));
    let all = lines.collect::<String>() + "127.0.0.1 registry.test\n";
    wire.sandbox.write("hosts", all);
    wire.registry.fault("/manifests/", 1, Fault::Hold(100));
    let name = format!("registry.test:{port}/a/b:1");
    let command = wire.sandbox.roots(["pull", "--plain-http", &name, "dest"]);
    let pull = command.prelude(&hosts).spawn();
    wire.registry.wait_for("/manifests/", 1);
    silent.iter_mut().for_each(Silent::wake);
    wire.registry.release();
    pull.wait().succeeds();
    wire.assert_pulled();
    assert_eq!(wire.registry.requests_for("/blobs/").len(), 10);
    assert!(silent.iter().all(Silent::is_left_alone));
}

/// The one that had refused was asked again, and took a third of the time of the other.
#[test]
fn where_one_refuses_and_one_is_silent_there_is_no_answer_in_time() {
    let sandbox = Sandbox::new("addresses");
    let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = free.local_addr().unwrap().port();
    drop(free);
    let silent = Silent::at(Ipv4Addr::LOCALHOST, port);
    let hosts = mounting("mount --bind hosts /etc/hosts", "true");
    let (Some(_silent), Some(hosts)) = (silent, hosts) else {
        return;
    };
    // Nobody listens there.
    sandbox.write(
        "hosts",
        "127.0.0.3 registry.test\n127.0.0.1 registry.test\n",
    );
    let name = format!("registry.test:{port}/a/b:1");
    let options = ["--plain-http", "--retries=0", "--timeout=1"];
    let command = sandbox.roots(["pull", &name, "dest"]).args(options);
    let run = command.prelude(&hosts).run().fails(75);
    run.says("/manifests/1: timed out waiting for a response\n");
    sandbox.assert_nothing_left();
}

/// Where there is no hosts file, a name server is asked for `localhost`. It could name any host, which got the password.
#[test]
fn localhost_is_this_machine_whatever_it_is_said_to_be() {
    let (sandbox, registry) = (Sandbox::new("localhost"), Registry::start());
    registry.push("a/b", "1", &hello());
    let host = registry.host();
    let port = host.rsplit(':').next().unwrap();
    let Some(hosts) = mounting("mount --bind hosts /etc/hosts", "true") else {
        return;
    };
    sandbox.write("hosts", "127.0.0.2 elsewhere\n203.0.113.7 localhost\n");
    let name = format!("localhost:{port}/a/b:1");
    let command = sandbox.roots(["pull", &name, "dest"]);
    command.prelude(&hosts).run().succeeds();
}
