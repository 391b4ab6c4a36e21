//! Resolves names with the system's resolver, and connects.
//!
//! ureq resolves a name for each request, even if it reuses a connection: with a distant name
//! server, that is a round trip for each layer. And with a time-out, it does so in a thread.
//!
//! ureq gives the first of several addresses half of the time left. Where IPv6 packets are silently
//! dropped, that is 15 s for each connection. Here each address first gets a short time, alternating
//! between IPv4 and IPv6; then those that were silent share the rest. The address that connected is
//! tried first from then on (RFC 8305 would try all at once).

use super::named_server::port_of;
use crate::error::{Error, RedirectFault};
use crate::registry::http::address::AddressScope;
use crate::sys;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::time::Duration;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver as _};
use ureq::unversioned::transport::{ConnectionDetails, NextTimeout};

/// The short time: longer than connecting to any server on Earth takes.
const MOMENT: Duration = Duration::from_secs(1);

/// The address that last connected after another had failed. There is one thread, but ureq requires
/// `Sync`.
#[derive(Clone, Debug, Default)]
pub(super) struct AddressPreference(Arc<LastConnected>);

#[derive(Debug, Default)]
struct LastConnected {
    /// The IP version that works: if the other is unreachable, it is so for all hosts. 0 if unknown.
    version: AtomicU8,
    /// A hash of the address.
    address: AtomicU64,
}

impl AddressPreference {
    /// Sorts the addresses of a host: the one that connected first, then both versions alternately.
    fn sort(&self, addresses: &mut [SocketAddr]) {
        let known = match self.0.version.load(Ordering::Relaxed) {
            0 => addresses.first().map_or(0, version),
            known => known,
        };
        let last = self.0.address.load(Ordering::Relaxed);
        let (mut own, mut others) = ((1..).step_by(2), (2..).step_by(2));
        addresses.sort_by_cached_key(|address| {
            let turns = if version(address) == known {
                &mut own
            } else {
                &mut others
            };
            let turn = turns.next();
            turn.filter(|_| hash(address) != last)
        });
    }

    fn learn(&self, address: &SocketAddr, failed: &[SocketAddr]) {
        if failed
            .iter()
            .any(|other| version(other) != version(address))
        {
            self.0.version.store(version(address), Ordering::Relaxed);
        }
        if !failed.is_empty() {
            self.0.address.store(hash(address), Ordering::Relaxed);
        }
    }
}

/// Resolves the name of a server or proxy, and connects.
#[derive(Debug)]
pub(super) struct Dialer {
    resolver: DefaultResolver,
    preference: AddressPreference,
}

impl Dialer {
    /// Tries the addresses that `preference` puts first, and updates it.
    pub(super) fn new(preference: AddressPreference) -> Self {
        Self {
            resolver: DefaultResolver::default(),
            preference,
        }
    }

    /// Connects to a host, which may be a metadata server only if the user named it.
    pub(super) fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        timeout: NextTimeout,
        is_named: bool,
    ) -> Result<TcpStream, ureq::Error> {
        let mut addresses = self.resolve(details, is_named)?;
        let stream = self.connect_to_any(&mut addresses, *timeout.after);
        stream.map_err(|e| match e.kind() {
            ErrorKind::TimedOut => ureq::Error::Timeout(timeout.reason),
            _ => ureq::Error::Io(e),
        })
    }

    /// Resolves a host. A plain-http server that the user did not name must not resolve to a
    /// link-local or metadata address: a server there would not notice the foreign host name.
    fn resolve(
        &self,
        details: &ConnectionDetails<'_>,
        is_named: bool,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let all = self.look_up(details)?;
        if is_named || details.needs_tls() {
            return Ok(all);
        }
        let mut allowed = self.resolver.empty();
        for address in all.iter().filter(|address| !is_guarded(address)) {
            allowed.push(*address);
        }
        if allowed.is_empty() {
            let error = RedirectFault::ToPrivateAddress.at(details.uri);
            return Err(io::Error::other(error).into());
        }
        Ok(allowed)
    }

    /// The addresses of a host.
    fn look_up(&self, details: &ConnectionDetails<'_>) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let no_limit = NextTimeout::default();
        let found = self.resolver.resolve(details.uri, details.config, no_limit);
        if details.uri.host() != Some("localhost") {
            return found;
        }
        // Passwords go there over http, so it is this machine, whatever a name server says: RFC 6761,
        // section 6.3. Without /etc/hosts, one is asked.
        let mut own = self.resolver.empty();
        for address in found.iter().flatten().filter(|at| at.ip().is_loopback()) {
            own.push(*address);
        }
        if own.is_empty() {
            own.push((Ipv4Addr::LOCALHOST, port_of(details.uri)).into());
        }
        Ok(own)
    }

    /// Connects to one of `addresses` within `time`.
    fn connect_to_any(
        &self,
        addresses: &mut [SocketAddr],
        time: Duration,
    ) -> io::Result<TcpStream> {
        self.preference.sort(addresses);
        if let [address] = addresses {
            return connect(address, time);
        }
        let (mut silent, mut last) = (Vec::new(), None);
        for (failed, address) in addresses.iter().enumerate() {
            match connect(address, time.min(MOMENT)) {
                Ok(stream) => {
                    let failed = addresses.get(..failed).unwrap_or_default();
                    self.preference.learn(address, failed);
                    return Ok(stream);
                }
                Err(e) if is_stopped(&e) => return Err(e),
                Err(e) if e.kind() == ErrorKind::TimedOut => silent.push(*address),
                Err(e) => last = Some(e),
            }
        }
        for (tried, address) in silent.iter().enumerate() {
            // There are at most 16 addresses, so the number fits.
            let share = time / (silent.len() - tried) as u32;
            match connect(address, share) {
                Err(e) if !is_stopped(&e) => last = Some(e),
                done => return done,
            }
        }
        Err(last.unwrap_or_else(|| ErrorKind::TimedOut.into()))
    }
}

/// Whether an address is a metadata server's or link-local.
fn is_guarded(address: &SocketAddr) -> bool {
    matches!(
        AddressScope::of_address(address.ip()),
        AddressScope::Link | AddressScope::Secrets
    )
}

/// Connects to one address; after a signal, fails with an error of roots.
fn connect(address: &SocketAddr, time: Duration) -> io::Result<TcpStream> {
    let stream = sys::connect_to(address, time);
    Error::unless_stopped().map_err(io::Error::other)?;
    let stream = stream?;
    // Requests are written in one piece, so there is nothing to coalesce.
    stream.set_nodelay(true)?;
    Ok(stream)
}

fn is_stopped(error: &io::Error) -> bool {
    let ours = error.get_ref().and_then(|error| error.downcast_ref());
    ours.is_some_and(Error::is_stopped)
}

fn version(address: &SocketAddr) -> u8 {
    match address {
        SocketAddr::V4(_) => 4,
        SocketAddr::V6(_) => 6,
    }
}

fn hash(address: &SocketAddr) -> u64 {
    let mut hasher = DefaultHasher::new();
    address.ip().hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The order of addresses, given which connected before and which did not.
    fn sorted(preference: &AddressPreference, addresses: &str) -> String {
        let mut addresses: Vec<SocketAddr> = parsed(addresses);
        preference.sort(&mut addresses);
        let hosts = addresses.iter().map(|address| address.ip().to_string());
        hosts.collect::<Vec<_>>().join(" ")
    }

    fn parsed(addresses: &str) -> Vec<SocketAddr> {
        let parse = |address: &str| SocketAddr::new(address.parse().unwrap(), 443);
        addresses.split(' ').map(parse).collect()
    }

    #[test]
    fn versions_take_turns() {
        for (given, asked) in [
            ("::1", "::1"),
            ("::1 ::2 ::3 1.1.1.1", "::1 1.1.1.1 ::2 ::3"),
            ("1.1.1.1 1.1.1.2 ::1 ::2", "1.1.1.1 ::1 1.1.1.2 ::2"),
            ("1.1.1.2 1.1.1.1", "1.1.1.2 1.1.1.1"),
        ] {
            assert_eq!(sorted(&AddressPreference::default(), given), asked);
        }
    }

    #[test]
    fn what_got_through_is_first() {
        let preference = AddressPreference::default();
        preference.learn(&parsed("1.1.1.3")[0], &parsed("::1 1.1.1.1"));
        assert_eq!(
            sorted(&preference, "::1 1.1.1.1 1.1.1.3"),
            "1.1.1.3 1.1.1.1 ::1"
        );
        // For another host, the IP version is remembered.
        assert_eq!(sorted(&preference, "::5 ::6 2.2.2.2"), "2.2.2.2 ::5 ::6");
        assert_eq!(sorted(&preference, "::5 ::6"), "::5 ::6");
    }

    #[test]
    fn a_name_may_not_stand_for_the_secrets_of_a_cloud() {
        let open = "1.1.1.1 10.0.0.1 127.0.0.1 2606:4700::1111 fd00::1";
        assert!(!parsed(open).iter().any(is_guarded));
        let guarded = "169.254.169.254 169.254.1.1 100.100.100.200 168.63.129.16 192.0.0.192 \
                       fd00:ec2::254 fe80::a9fe:a9fe ::ffff:169.254.169.254 64:ff9b::a9fe:a9fe";
        assert!(parsed(guarded).iter().all(is_guarded));
    }

    #[test]
    fn what_is_asked_first_teaches_nothing() {
        let preference = AddressPreference::default();
        preference.learn(&parsed("1.1.1.1")[0], &[]);
        assert_eq!(sorted(&preference, "::1 1.1.1.1"), "::1 1.1.1.1");
    }
}
