//! Resolves names with the system's resolver, and connects.
//!
//! ureq resolves a name for each request, even if it reuses a connection: with a distant name
//! server, that is a round trip for each layer. And with a time-out, it does so in a thread.
//!
//! Of several addresses, ureq gives the first half of the time left. Where IPv6 packets are
//! silently dropped, that is 15 s for each connection. Here each address first gets a short time,
//! alternating between IPv4 and IPv6; then those that were silent share the rest. The address that
//! connected is tried first from then on (RFC 8305 would try all at once).

use super::named_server::NamedServer;
use super::proxy::is_to_proxy;
use super::socket::Socket;
use crate::error::{Error, RedirectFault};
use crate::registry::http::address::AddressScope;
use crate::sys;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::time::Duration;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{ConnectionDetails, Connector, Either, NextTimeout, Transport};

/// The short time: longer than connecting to any server on Earth takes.
const MOMENT: Duration = Duration::from_secs(1);

/// A resolver for ureq that resolves nothing: only [`Connect`] needs addresses, as long as there
/// are no SOCKS proxies.
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

/// The address that last connected after another had failed. There is one thread, but ureq requires
/// `Sync`.
#[derive(Clone, Debug, Default)]
pub(super) struct AddressPreference(Arc<LastConnected>);

#[derive(Debug, Default)]
struct LastConnected {
    /// The IP version that works: where one is unreachable, it is so for all hosts. 0 if unknown.
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
        let through = self.0.address.load(Ordering::Relaxed);
        let (mut own, mut others) = ((1..).step_by(2), (2..).step_by(2));
        addresses.sort_by_cached_key(|address| {
            let turns = match version(address) == known {
                true => &mut own,
                false => &mut others,
            };
            let turn = turns.next();
            turn.filter(|_| hash(address) != through)
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
pub(super) struct Connect {
    names: DefaultResolver,
    passable: AddressPreference,
    /// The server that the user named.
    named: NamedServer,
    /// Whether connections go through a proxy.
    has_proxy: bool,
}

impl Connect {
    /// Tries the addresses that `passable` prefers first, and updates it.
    pub(super) fn new(passable: AddressPreference, named: NamedServer, has_proxy: bool) -> Self {
        Self {
            names: DefaultResolver::default(),
            passable,
            named,
            has_proxy,
        }
    }

    /// Resolves a host. A plain-http server that the user did not name must not resolve to a
    /// link-local or metadata address: a server there would not notice the foreign host name.
    fn look_up(&self, details: &ConnectionDetails<'_>) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let endless = NextTimeout::default();
        let all = self.names.resolve(details.uri, details.config, endless)?;
        let is_meant = self.named.is(details.uri) || is_to_proxy(self.has_proxy, details);
        if is_meant || details.needs_tls() {
            return Ok(all);
        }
        let mut open = details.resolver.empty();
        let good = all.iter().filter(|address| !is_guarded(address));
        good.for_each(|address| open.push(*address));
        if open.is_empty() {
            let error = Error::Redirect {
                url: details.uri.to_string(),
                why: RedirectFault::Inward,
            };
            return Err(io::Error::other(error).into());
        }
        Ok(open)
    }

    /// Connects to one of `addresses` within `time`.
    fn connect_to_any(
        &self,
        addresses: &mut [SocketAddr],
        time: Duration,
    ) -> io::Result<TcpStream> {
        self.passable.sort(addresses);
        if let [address] = addresses {
            return connect(address, time);
        }
        let (mut silent, mut last) = (Vec::new(), None);
        for (failed, address) in addresses.iter().enumerate() {
            match connect(address, time.min(MOMENT)) {
                Ok(stream) => {
                    let failed = addresses.get(..failed).unwrap_or_default();
                    self.passable.learn(address, failed);
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

impl<In: Transport> Connector<In> for Connect {
    type Out = Either<In, Socket>;

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        chained: Option<In>,
    ) -> Result<Option<Self::Out>, ureq::Error> {
        // Already connected to a proxy.
        if let Some(chained) = chained {
            return Ok(Some(Either::A(chained)));
        }
        let config = details.config;
        let mut all = self.look_up(details)?;
        let stream = self
            .connect_to_any(&mut all, *details.timeout.after)
            .map_err(|e| match e.kind() {
                ErrorKind::TimedOut => ureq::Error::Timeout(details.timeout.reason),
                _ => ureq::Error::Io(e),
            })?;
        let buffers = (config.input_buffer_size(), config.output_buffer_size());
        Ok(Some(Either::B(Socket::new(stream, buffers))))
    }
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
    matches!(ours, Some(Error::Stopped(_)))
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
    fn sorted(passable: &AddressPreference, addresses: &str) -> String {
        let mut addresses: Vec<SocketAddr> = parsed(addresses);
        passable.sort(&mut addresses);
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
        let passable = AddressPreference::default();
        passable.learn(&parsed("1.1.1.3")[0], &parsed("::1 1.1.1.1"));
        assert_eq!(
            sorted(&passable, "::1 1.1.1.1 1.1.1.3"),
            "1.1.1.3 1.1.1.1 ::1"
        );
        // For another host, the IP version is remembered.
        assert_eq!(sorted(&passable, "::5 ::6 2.2.2.2"), "2.2.2.2 ::5 ::6");
        assert_eq!(sorted(&passable, "::5 ::6"), "::5 ::6");
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
        let passable = AddressPreference::default();
        passable.learn(&parsed("1.1.1.1")[0], &[]);
        assert_eq!(sorted(&passable, "::1 1.1.1.1"), "::1 1.1.1.1");
    }
}
