//! Who can reach a host given as an IP address: a registry can name any in a redirect or a realm.
//! Pure; names are not resolved.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Metadata servers: AWS (also for containers), Google, Azure, Oracle and most others, Tencent,
/// Alibaba, Azure's agent, Oracle's older one.
const METADATA: [Ipv4Addr; 7] = [
    Ipv4Addr::new(169, 254, 169, 254),
    Ipv4Addr::new(169, 254, 170, 2),
    Ipv4Addr::new(169, 254, 170, 23),
    Ipv4Addr::new(169, 254, 0, 23),
    Ipv4Addr::new(100, 100, 100, 200),
    Ipv4Addr::new(168, 63, 129, 16),
    Ipv4Addr::new(192, 0, 0, 192),
];

/// The same for IPv6: AWS (also for containers), Google, OpenStack.
const METADATA_V6: [Ipv6Addr; 4] = [
    Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254),
    Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x23),
    Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254),
    Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0xa9fe, 0xa9fe),
];

/// First labels of the names of metadata servers; the cloud's internal domain follows.
const METADATA_NAMES: [&str; 3] = ["metadata", "instance-data", "rancher-metadata"];

/// Domains in which such a name is a metadata server.
const METADATA_DOMAINS: [&str; 7] = [
    "internal",
    "goog",
    "tencentyun.com",
    "platformequinix.com",
    "packet.net",
    "cloud.ibm.com",
    "oraclecloud.com",
];

/// Who can reach a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AddressScope {
    /// This machine: loopback.
    Machine,
    /// Neighbours on the same link: link-local.
    Link,
    /// Metadata servers, from which clouds serve a machine's own secrets. No redirect may lead
    /// there.
    Secrets,
    /// The user's internal network.
    Network,
    /// Everyone, as far as the address tells.
    Anywhere,
}

impl AddressScope {
    /// Classifies a host, which may be an IPv6 address in brackets. Names count as `Anywhere`,
    /// except `localhost` and those of metadata servers.
    pub(crate) fn of(host: &str) -> Self {
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        let bare = host.strip_prefix('[').and_then(|h| h.strip_suffix(']'));
        match bare.unwrap_or(&host).parse::<IpAddr>() {
            Ok(address) => Self::of_address(address),
            Err(_) if host == "localhost" => Self::Machine,
            Err(_) if is_metadata(&host) => Self::Secrets,
            Err(_) => Self::Anywhere,
        }
    }

    /// Whether a server here may redirect a client there. Hosts that only the client's machine or
    /// its neighbours can reach may be named only by hosts of the same kind.
    pub(crate) fn may_redirect_to(self, there: Self) -> bool {
        self == there || !matches!(there, Self::Machine | Self::Link | Self::Secrets)
    }

    /// Classifies an address, or the IPv4 address embedded in it.
    pub(crate) fn of_address(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(v4) if METADATA.contains(&v4) => Self::Secrets,
            IpAddr::V6(v6) if METADATA_V6.contains(&v6) => Self::Secrets,
            // All of 0.0.0.0/8 is "this host": Linux connects to loopback.
            IpAddr::V4(v4) if v4.is_loopback() || v4.octets()[0] == 0 => Self::Machine,
            IpAddr::V4(v4) if v4.is_link_local() => Self::Link,
            IpAddr::V4(v4) if v4.is_private() || is_shared(v4) => Self::Network,
            IpAddr::V6(v6) if v6.is_loopback() || v6.is_unspecified() => Self::Machine,
            IpAddr::V6(v6) if v6.is_unicast_link_local() => Self::Link,
            IpAddr::V6(v6) if v6.is_unique_local() => Self::Network,
            IpAddr::V6(v6) => match embedded(v6) {
                Some(v4) => Self::of_address(v4.into()),
                None => Self::Anywhere,
            },
            IpAddr::V4(_) => Self::Anywhere,
        }
    }
}

/// Whether a name is a metadata server's.
fn is_metadata(host: &str) -> bool {
    let labels: Vec<_> = host.split('.').collect();
    let below = |domain: &str| {
        let end = host.strip_suffix(domain);
        end.is_some_and(|start| start.ends_with('.'))
    };
    labels.iter().any(|label| METADATA_NAMES.contains(label))
        && (labels.len() == 1 || METADATA_DOMAINS.into_iter().any(below))
}

/// The IPv4 address that packets for this address reach: mapped and compatible (RFC 4291, section
/// 2.5.5), NAT64 (RFC 6052 and 8215), 6to4 (RFC 3056), Teredo (RFC 4380), ISATAP (RFC 5214).
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let v4 = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        Ipv4Addr::new(a, b, c, d)
    };
    match address.segments() {
        [0, 0, 0, 0, 0, 0 | 0xffff, high, low] => Some(v4(high, low)),
        [0, 0, 0, 0, 0xffff, 0, high, low] => Some(v4(high, low)),
        [0x64, 0xff9b, 0 | 1, _, _, _, high, low] => Some(v4(high, low)),
        [0x2002, high, low, ..] => Some(v4(high, low)),
        [0x2001, 0, _, _, _, _, high, low] => Some(v4(!high, !low)),
        [_, _, _, _, 0 | 0x200, 0x5efe, high, low] => Some(v4(high, low)),
        _ => None,
    }
}

/// 100.64.0.0/10 of RFC 6598: providers and clouds use it internally.
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
                AddressScope::Machine,
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
                AddressScope::Machine,
                &["[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]"],
            ),
            (
                AddressScope::Link,
                &[
                    "169.254.1.1",
                    "[fe80::1]",
                    "[::ffff:169.254.1.1]",
                    "[64:ff9b::169.254.1.1]",
                    "[2002:a9fe:101::1]",
                ],
            ),
            (
                AddressScope::Secrets,
                &[
                    "169.254.169.254",
                    "169.254.169.254.",
                    "169.254.170.2",
                    "100.100.100.200",
                    "168.63.129.16",
                    "192.0.0.192",
                    "[fd00:ec2::254]",
                    "[fd00:0EC2::0254]",
                    "[fd20:ce::254]",
                    "[fe80::a9fe:a9fe]",
                    "[::ffff:169.254.169.254]",
                    "[::ffff:6464:64c8]",
                    "[::a9fe:a9fe]",
                    "[::ffff:0:a9fe:a9fe]",
                    "[64:ff9b::a9fe:a9fe]",
                    "[64:ff9b:1::a9fe:a9fe]",
                    "[2002:a9fe:a9fe::]",
                    "[2001:0:1:2:3:4:5601:5601]",
                    "[2001:db8::5efe:a9fe:a9fe]",
                    "metadata",
                    "metadata.",
                    "Metadata.Google.Internal",
                    "metadata.google.internal.",
                    "metadata.goog",
                    "instance-data",
                    "instance-data.eu-west-1.compute.internal",
                    "metadata.tencentyun.com",
                    "api.metadata.cloud.ibm.com",
                ],
            ),
            (
                AddressScope::Network,
                &[
                    "10.0.0.1",
                    "172.16.0.1",
                    "192.168.1.1",
                    "100.64.0.1",
                    "[fd00::1]",
                ],
            ),
            (
                AddressScope::Anywhere,
                &[
                    "ghcr.io",
                    "8.8.8.8",
                    "100.128.0.1",
                    "[2001:db8::1]",
                    "127.0.0.1.nip.io",
                    "metadata.example.com",
                    "metadata-registry.internal",
                    "registry.internal",
                    "mymetadata",
                    "[2002:808:808::1]",
                ],
            ),
        ] {
            for host in hosts {
                assert_eq!(AddressScope::of(host), place, "{host}");
            }
        }
    }

    #[test]
    fn nobody_is_led_to_a_place_that_only_he_can_reach() {
        use AddressScope::{Anywhere, Link, Machine, Network, Secrets};
        for (from, to, may) in [
            (Anywhere, Anywhere, true),
            (Anywhere, Network, true),
            (Anywhere, Link, false),
            (Anywhere, Machine, false),
            (Anywhere, Secrets, false),
            (Network, Secrets, false),
            (Link, Secrets, false),
            (Machine, Secrets, false),
            (Secrets, Secrets, true),
            (Network, Machine, false),
            (Link, Machine, false),
            (Machine, Link, false),
            (Machine, Machine, true),
            (Machine, Anywhere, true),
            (Link, Link, true),
        ] {
            assert_eq!(from.may_redirect_to(to), may, "{from:?} {to:?}");
        }
    }
}
