//! Where a host is that is written as an address: a registry can name any in a redirect or a realm.
//! Pure; names are not looked up.

use std::net::{IpAddr, Ipv4Addr};

/// Who can reach a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// This machine only.
    Machine,
    /// Its neighbours, and what clouds serve secrets from (169.254.169.254).
    Link,
    /// The network that the user is in.
    Network,
    /// Everybody, as far as the address says.
    Anywhere,
}

impl Place {
    /// Reads a host, brackets of IPv6 included. A name is anywhere, but for `localhost`.
    pub(super) fn of(host: &str) -> Self {
        let host = host.strip_suffix('.').unwrap_or(host);
        let bare = host.strip_prefix('[').and_then(|h| h.strip_suffix(']'));
        match bare.unwrap_or(host).parse::<IpAddr>() {
            Ok(address) => Self::of_address(address.to_canonical()),
            Err(_) if host == "localhost" => Self::Machine,
            Err(_) => Self::Anywhere,
        }
    }

    /// Whether a server here may send a client there: not to what only the client's machine and its
    /// neighbours can reach, unless it is one of those itself.
    pub(super) fn may_lead_to(self, there: Self) -> bool {
        self == there || !matches!(there, Self::Machine | Self::Link)
    }

    fn of_address(address: IpAddr) -> Self {
        match address {
            // All of 0.0.0.0/8 is "this host": Linux connects to loopback.
            IpAddr::V4(v4) if v4.is_loopback() || v4.octets()[0] == 0 => Self::Machine,
            IpAddr::V4(v4) if v4.is_link_local() => Self::Link,
            IpAddr::V4(v4) if v4.is_private() || is_shared(v4) => Self::Network,
            IpAddr::V6(v6) if v6.is_loopback() || v6.is_unspecified() => Self::Machine,
            IpAddr::V6(v6) if v6.is_unicast_link_local() => Self::Link,
            IpAddr::V6(v6) if v6.is_unique_local() => Self::Network,
            _ => Self::Anywhere,
        }
    }
}

/// 100.64.0.0/10 of RFC 6598: providers and clouds use it inside.
fn is_shared(address: Ipv4Addr) -> bool {
    let [first, second, ..] = address.octets();
    first == 100 && second & 0xc0 == 64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_says_who_can_reach_it() {
        for (place, hosts) in [
            (
                Place::Machine,
                &[
                    "localhost",
                    "localhost.",
                    "127.0.0.1",
                    "127.9.9.9",
                    "0.0.0.0",
                    "0.1.2.3",
                ][..],
            ),
            (
                Place::Machine,
                &["[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]"],
            ),
            (
                Place::Link,
                &["169.254.169.254", "[fe80::1]", "[::ffff:169.254.1.1]"],
            ),
            (
                Place::Network,
                &[
                    "10.0.0.1",
                    "172.16.0.1",
                    "192.168.1.1",
                    "100.64.0.1",
                    "[fd00::1]",
                ],
            ),
            (
                Place::Anywhere,
                &[
                    "ghcr.io",
                    "8.8.8.8",
                    "100.128.0.1",
                    "[2001:db8::1]",
                    "127.0.0.1.nip.io",
                ],
            ),
        ] {
            for host in hosts {
                assert_eq!(Place::of(host), place, "{host}");
            }
        }
    }

    #[test]
    fn nobody_is_led_to_a_place_that_only_he_can_reach() {
        use Place::{Anywhere, Link, Machine, Network};
        for (from, to, may) in [
            (Anywhere, Anywhere, true),
            (Anywhere, Network, true),
            (Anywhere, Link, false),
            (Anywhere, Machine, false),
            (Network, Machine, false),
            (Link, Machine, false),
            (Machine, Link, false),
            (Machine, Machine, true),
            (Machine, Anywhere, true),
            (Link, Link, true),
        ] {
            assert_eq!(from.may_lead_to(to), may, "{from:?} {to:?}");
        }
    }
}
