//! The server that the user named. All others, such as token servers and storage hosts, are named
//! by a server.

use crate::registry::http::url::Url;
use ureq::http::Uri;

/// The host and port of that server.
#[derive(Clone, Debug)]
pub(crate) struct NamedServer {
    host: String,
    port: Option<u16>,
}

impl NamedServer {
    /// The server at `origin`.
    pub(crate) fn new(origin: &Url) -> Self {
        Self {
            host: origin.host().to_owned(),
            port: origin.port().parse().ok(),
        }
    }

    /// Whether `uri` is on this server.
    pub(crate) fn is(&self, uri: &Uri) -> bool {
        let host = uri.host().unwrap_or_default();
        host.eq_ignore_ascii_case(&self.host) && self.port == Some(port_of(uri))
    }
}

/// The port in `uri`, or the usual one of its scheme.
pub(super) fn port_of(uri: &Uri) -> u16 {
    let usual = match uri.scheme_str() {
        Some("http") => 80,
        _ => 443,
    };
    uri.port_u16().unwrap_or(usual)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_a_host_and_a_port() {
        for (origin, uri, is) in [
            ("https://a.io", "https://a.io:443/v2/", true),
            ("https://a.io:443", "https://A.io/", true),
            ("https://a.io", "https://a.io:5000/", false),
            ("https://a.io:5000", "https://a.io/", false),
            ("http://a.io:5000", "http://a.io:5000/x", true),
            ("http://a.io", "https://a.io/", false),
            ("https://a.io", "https://b.a.io/", false),
            ("https://a.io", "https://a.io./", false),
            ("https://[::1]:5000", "https://[::1]:5000/", true),
            ("https://[::1]:5000", "https://[::2]:5000/", false),
        ] {
            let named = NamedServer::new(&Url::parse(origin).unwrap());
            assert_eq!(named.is(&uri.parse().unwrap()), is, "{origin} {uri}");
        }
    }
}
