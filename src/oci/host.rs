//! The host of a registry, and its port.

use std::net::{Ipv4Addr, Ipv6Addr};

/// Whether `text` is `host[:port]`, with a name, an IPv4 address, or an IPv6 address in brackets.
pub(super) fn is_host_and_port(text: &str) -> bool {
    let (host, port) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, rest)) => {
            // Zone IDs and v4-mapped forms are refused: other tools do not accept them.
            let plain = address.bytes().all(|b| b.is_ascii_hexdigit() || b == b':');
            if !plain || address.parse::<Ipv6Addr>().is_err() {
                return false;
            }
            match rest.strip_prefix(':') {
                Some(port) => ("v6", Some(port)),
                None if rest.is_empty() => ("v6", None),
                None => return false,
            }
        }
        None => match text.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        },
    };
    let good_label = |label: &str| {
        !label.is_empty()
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let good_port = |port: &str| {
        port.bytes().all(|b| b.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|port| port > 0)
    };
    host.len() <= 253
        && host.split('.').all(good_label)
        && !is_short_ipv4(host)
        && port.is_none_or(good_port)
}

/// Whether a host is an IPv4 address only to resolvers, such as `127.1`, `2130706433` and `0x7f.1`. Other
/// tools take it for a name. WHATWG's URL standard, "ends in a number".
pub fn is_short_ipv4(host: &str) -> bool {
    let last = host.rsplit('.').next().unwrap_or_default();
    let is_number = !last.is_empty() && last.bytes().all(|b| b.is_ascii_digit());
    let is_hex = last.starts_with("0x") || last.starts_with("0X");
    (is_number || is_hex) && host.parse::<Ipv4Addr>().is_err()
}
