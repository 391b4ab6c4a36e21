//! `NO_PROXY`: servers that are reached without a proxy. Pure.

use std::net::IpAddr;

/// The parsed list. Invalid entries are ignored, as other clients do.
pub(super) struct NoProxy(Vec<Pattern>);

enum Pattern {
    /// `*`
    All,
    /// `example.com`, `.example.com` or `*.example.com`: this name and its subdomains.
    Name { name: String, port: Option<u16> },
    /// `10.0.0.1` or `[fd00::1]:5000`
    Address { address: IpAddr, port: Option<u16> },
    /// `10.0.0.0/8`
    Network { address: IpAddr, bits: u32 },
}

impl NoProxy {
    /// Parses entries separated by commas or blanks.
    pub(super) fn parse(list: &str) -> Self {
        let entries = list.split(|c: char| c == ',' || c.is_whitespace());
        Self(entries.filter_map(Pattern::parse).collect())
    }

    /// Whether a server is on the list.
    pub(super) fn has(&self, host: &str, port: u16) -> bool {
        let host = host.trim_end_matches('.');
        let address = address(host);
        self.0
            .iter()
            .any(|entry| entry.matches(host, address, port))
    }
}

impl Pattern {
    fn parse(text: &str) -> Option<Self> {
        if text == "*" {
            return Some(Self::All);
        }
        if let Some((network, bits)) = text.split_once('/') {
            let network = address(network)?;
            let bits = bits.parse().ok()?;
            return (bits <= width(network)).then_some(Self::Network {
                address: network,
                bits,
            });
        }
        if let Some(address) = address(text) {
            return Some(Self::Address {
                address,
                port: None,
            });
        }
        let (host, port) = match text.rsplit_once(':') {
            Some((host, port)) => (host, Some(port.parse().ok()?)),
            None => (text, None),
        };
        if let Some(address) = address(host) {
            return Some(Self::Address { address, port });
        }
        let name = host.strip_prefix('*').unwrap_or(host);
        let name = name.trim_matches('.').to_ascii_lowercase();
        (!name.is_empty()).then_some(Self::Name { name, port })
    }

    fn matches(&self, host: &str, address: Option<IpAddr>, at: u16) -> bool {
        match self {
            Self::All => true,
            Self::Name { name, port } => {
                let above = host.strip_suffix(name.as_str());
                let below = above.is_some_and(|above| above.is_empty() || above.ends_with('.'));
                address.is_none() && below && port.is_none_or(|port| port == at)
            }
            Self::Address {
                address: entry,
                port,
            } => address == Some(*entry) && port.is_none_or(|port| port == at),
            Self::Network {
                address: network,
                bits,
            } => address.is_some_and(|address| {
                let shift = width(*network) - bits;
                let first = |address: IpAddr| number(address).checked_shr(shift);
                width(address) == width(*network) && first(address) == first(*network)
            }),
        }
    }
}

/// A literal address, with or without brackets.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text
        .strip_prefix('[')
        .and_then(|text| text.strip_suffix(']'))
        .unwrap_or(text);
    bare.parse()
        .ok()
        .map(|address: IpAddr| address.to_canonical())
}

fn width(address: IpAddr) -> u32 {
    match address {
        IpAddr::V4(_) => 32,
        IpAddr::V6(_) => 128,
    }
}

fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => address.to_bits().into(),
        IpAddr::V6(address) => address.to_bits(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_has_whom_it_names() {
        for (list, host, port, wanted) in [
            ("", "host", 443, false),
            ("*", "host", 443, true),
            ("*", "10.0.0.1", 443, true),
            ("other,*", "host", 443, true),
            ("host", "host", 443, true),
            ("HOST", "host", 443, true),
            ("host.", "host", 443, true),
            ("host", "host.", 443, true),
            ("host", "ghost", 443, false),
            ("host", "host.com", 443, false),
            ("example.com", "example.com", 443, true),
            ("example.com", "a.b.example.com", 443, true),
            ("example.com", "badexample.com", 443, false),
            (".example.com", "a.example.com", 443, true),
            (".example.com", "example.com", 443, true),
            ("*.example.com", "a.example.com", 443, true),
            ("*.example.com", "badexample.com", 443, false),
            (" a , example.com\t,", "example.com", 443, true),
            ("a example.com", "example.com", 443, true),
            ("a,,example.com", "example.com", 443, true),
            ("host:443", "host", 443, true),
            ("host:5000", "host", 443, false),
            (".example.com:5000", "a.example.com", 5000, true),
            ("host:", "host", 443, false),
            ("host:x", "host", 443, false),
            ("10.0.0.1", "10.0.0.1", 443, true),
            ("10.0.0.1:5000", "10.0.0.1", 5000, true),
            ("10.0.0.1:5000", "10.0.0.1", 443, false),
            ("0.0.1", "10.0.0.1", 443, false),
            ("fd00::1", "[fd00::1]", 443, true),
            ("[fd00::1]", "[fd00::1]", 443, true),
            ("[fd00::1]:5000", "[fd00::1]", 5000, true),
            ("[fd00::1]:5000", "[fd00::1]", 443, false),
            ("fd00:0:0::1", "[fd00::1]", 443, true),
            ("10.0.0.0/8", "10.255.0.1", 443, true),
            ("10.0.0.0/8", "11.0.0.1", 443, false),
            ("10.1.2.3/32", "10.1.2.3", 443, true),
            ("10.1.2.3/32", "10.1.2.4", 443, false),
            ("0.0.0.0/0", "10.1.2.3", 443, true),
            ("0.0.0.0/0", "[fd00::1]", 443, false),
            ("::/0", "[fd00::1]", 443, true),
            ("fd00::/8", "[fdff::1]", 443, true),
            ("fd00::/8", "[fe80::1]", 443, false),
            ("10.0.0.0/33", "10.0.0.0", 443, false),
            ("10.0.0.0/x", "10.0.0.0", 443, false),
            ("10.0.0.0/8", "ten.example.com", 443, false),
            (".", "host", 443, false),
            ("/", "host", 443, false),
            (":", "host", 443, false),
        ] {
            let has = NoProxy::parse(list).has(host, port);
            assert_eq!(has, wanted, "{list} {host}:{port}");
        }
    }
}
