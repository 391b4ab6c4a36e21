//! URLs of registries: http and https only, and as much of RFC 3986 as redirects need.

use crate::oci::is_short_ipv4;
use std::fmt;
use std::net::Ipv6Addr;

/// An absolute URL. `Display` omits the query, which may hold a signature or a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Url {
    scheme: Scheme,
    /// `host[:port]` in lower case, without user and password.
    authority: String,
    /// Begins with a slash.
    path: String,
    query: Option<String>,
}

/// The scheme of a URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    /// Plain text.
    Http,
    /// TLS.
    Https,
}

impl Url {
    /// A URL on a registry, from validated parts.
    pub(crate) fn new(scheme: Scheme, authority: &str, path: String) -> Self {
        Self {
            scheme,
            authority: authority.to_owned(),
            path,
            query: None,
        }
    }

    /// Parses an absolute URL. None for other schemes, user names, control characters, and blanks
    /// or non-ASCII letters in the host.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (scheme, rest) = text.split_once("://")?;
        let scheme = match scheme.to_ascii_lowercase().as_str() {
            "http" => Scheme::Http,
            "https" => Scheme::Https,
            _ => return None,
        };
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, rest) = rest.split_at(end);
        let good = |c: u8| {
            c.is_ascii_alphanumeric() || matches!(c, b'.' | b'-' | b'_' | b':' | b'[' | b']')
        };
        let host = host_of(authority);
        let port = authority[host.len()..].trim_start_matches(':');
        // ureq would ignore an invalid port and connect to the default one.
        let is_port = port.is_empty() || port.parse::<u16>().is_ok();
        let is_host = !host.is_empty() && (host.starts_with('[') || !host.contains(':'));
        if !authority.bytes().all(good) || !is_host || !is_port || is_odd(host) {
            return None;
        }
        let (path, query) = path_and_query(rest)?;
        Some(Self {
            scheme,
            authority: authority.to_ascii_lowercase(),
            path,
            query,
        })
    }

    /// Resolves a `Location` or realm relative to this URL.
    pub(crate) fn join(&self, reference: &str) -> Option<Self> {
        if let Some(rest) = reference.strip_prefix("//") {
            return Self::parse(&format!("{}://{rest}", self.scheme.name()));
        }
        // A colon before any slash makes it absolute, whatever the scheme.
        let head = reference.split(['/', '?', '#']).next().unwrap_or_default();
        if head.contains(':') {
            return Self::parse(reference);
        }
        let relative = match reference.as_bytes().first() {
            // An empty reference or a bare fragment means this same URL; no server intends that.
            None | Some(b'#') => return None,
            Some(b'/') => reference.to_owned(),
            Some(b'?') => format!("{}{reference}", self.path),
            _ => format!(
                "{}/{reference}",
                self.path.rsplit_once('/').map_or("", |(folder, _)| folder)
            ),
        };
        let (path, query) = path_and_query(&relative)?;
        Some(Self {
            scheme: self.scheme,
            authority: self.authority.clone(),
            path: without_dots(&path),
            query,
        })
    }

    /// Appends a query parameter; the existing query stays unchanged.
    #[must_use]
    pub(crate) fn with_parameter(mut self, name: &str, value: &str) -> Self {
        let parameter = format!("{name}={}", form_encoded(value));
        self.query = Some(match self.query {
            Some(query) if !query.is_empty() => format!("{query}&{parameter}"),
            _ => parameter,
        });
        self
    }

    /// Whether scheme, host and port are equal, so that credentials for one may be sent to the
    /// other.
    pub(crate) fn same_origin(&self, other: &Self) -> bool {
        self.scheme == other.scheme && self.host() == other.host() && self.port() == other.port()
    }

    /// Whether the scheme is https.
    pub(crate) fn is_https(&self) -> bool {
        self.scheme == Scheme::Https
    }

    /// `host[:port]`.
    pub(crate) fn authority(&self) -> &str {
        &self.authority
    }

    /// The host, without port.
    pub(crate) fn host(&self) -> &str {
        host_of(&self.authority)
    }

    /// The port, or the default port of the scheme.
    pub(crate) fn port(&self) -> &str {
        match self.authority.rsplit_once(':') {
            Some((_, port)) if !port.ends_with(']') => port,
            _ => self.scheme.port(),
        }
    }

    /// The complete URL, query included, for requests.
    pub(crate) fn to_wire(&self) -> String {
        match &self.query {
            Some(query) => format!("{self}?{query}"),
            None => self.to_string(),
        }
    }
}

impl Scheme {
    fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    fn port(self) -> &'static str {
        match self {
            Self::Http => "80",
            Self::Https => "443",
        }
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}://{}{}",
            self.scheme.name(),
            self.authority,
            self.path
        )
    }
}

/// The host of `host[:port]`.
pub(crate) fn host_of(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => host,
        _ => authority,
    }
}

/// Whether a host is an IP address only to resolvers, such as `127.1`, `2130706433` and `0x7f.1`.
/// `AddressScope` would take it for a name.
fn is_odd(host: &str) -> bool {
    if let Some(v6) = host.strip_prefix('[') {
        let address = v6.strip_suffix(']').map(str::parse::<Ipv6Addr>);
        return !matches!(address, Some(Ok(_)));
    }
    is_short_ipv4(host.trim_end_matches('.'))
}

/// Whether a host is this machine, where plain http is safe.
pub(crate) fn is_loopback(host: &str) -> bool {
    let address = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
        .unwrap_or(host);
    // Names below `localhost` need not be this machine: some resolvers query a server for them.
    host == "localhost"
        || address
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

fn path_and_query(text: &str) -> Option<(String, Option<String>)> {
    let text = text.split('#').next().unwrap_or_default();
    if text.bytes().any(|b| b.is_ascii_control()) {
        return None;
    }
    let (path, query) = match text.split_once('?') {
        // As curl does: form decoders read a plus as a blank.
        Some((path, query)) => (path, Some(quoted(&query.replace(' ', "+")))),
        None => (text, None),
    };
    Some((
        if path.is_empty() {
            "/".to_owned()
        } else {
            quoted(path)
        },
        query,
    ))
}

/// Removes `.` and `..` from a path: RFC 3986, section 5.2.4.
fn without_dots(path: &str) -> String {
    let mut kept = Vec::new();
    let mut segments = path.split('/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        match segment {
            "." => {}
            ".." => drop(kept.pop()),
            other => {
                kept.push(other);
                continue;
            }
        }
        // A path that ends in dots denotes a directory.
        if segments.peek().is_none() {
            kept.push("");
        }
    }
    format!("/{}", kept.join("/"))
}

/// Percent-encodes characters that a URL must not hold (RFC 3986, section 2) but servers send
/// anyway: signatures with quotes, file names with blanks and umlauts.
fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '!'..='~' if !matches!(c, '"' | '<' | '>' | '^' | '`') => quoted.push(c),
            _ => {
                let bytes = c.encode_utf8(&mut [0; 4]).bytes().collect::<Vec<_>>();
                quoted += &percent_encoded(&bytes);
            }
        }
    }
    quoted
}

/// The value of a `Location` as text. Bytes outside ASCII are percent-encoded, whatever their
/// encoding, as curl does.
pub(crate) fn location(value: &[u8]) -> String {
    value.iter().fold(String::new(), |text, byte| match byte {
        0x80.. => text + &percent_encoded(&[*byte]),
        _ => text + char::from(*byte).encode_utf8(&mut [0; 4]),
    })
}

fn percent_encoded(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("%{byte:02X}")).collect()
}

/// Percent-encodes everything except unreserved characters and those used in scopes.
pub(crate) fn form_encoded(value: &str) -> String {
    value.bytes().fold(String::new(), |encoded, b| match b {
        b'a'..=b'z'
        | b'A'..=b'Z'
        | b'0'..=b'9'
        | b'-'
        | b'.'
        | b'_'
        | b'~'
        | b':'
        | b'/'
        | b',' => encoded + char::from(b).encode_utf8(&mut [0; 4]),
        _ => encoded + &format!("%{b:02X}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn joins_like_a_browser() {
        let base = url("https://Host:5000/v2/a/blobs/x?sig=1");
        for (reference, meant) in [
            ("/elsewhere?s=2", "https://host:5000/elsewhere?s=2"),
            ("y", "https://host:5000/v2/a/blobs/y"),
            ("?z", "https://host:5000/v2/a/blobs/x?z"),
            ("../y/./z", "https://host:5000/v2/a/y/z"),
            ("../../../../../y", "https://host:5000/y"),
            ("/a/b/../c?d=/../e", "https://host:5000/a/c?d=/../e"),
            ("/a/b/..", "https://host:5000/a/"),
            ("/a/.", "https://host:5000/a/"),
            ("/a//b/", "https://host:5000/a//b/"),
            ("..", "https://host:5000/v2/a/"),
            ("/..", "https://host:5000/"),
            ("/.well-known/...", "https://host:5000/.well-known/..."),
            ("//cdn.com/z", "https://cdn.com/z"),
            ("http://cdn.com", "http://cdn.com/"),
            ("https://cdn.com/a#b", "https://cdn.com/a"),
            ("https://cdn.com:/", "https://cdn.com:/"),
            (
                "/a b/\u{fc} ?c d=%20\u{20ac} e#\u{fc} f",
                "https://host:5000/a%20b/%C3%BC%20?c+d=%20%E2%82%AC+e",
            ),
            ("a b", "https://host:5000/v2/a/blobs/a%20b"),
            ("? ", "https://host:5000/v2/a/blobs/x?+"),
            ("http://cdn.com/a b", "http://cdn.com/a%20b"),
            ("http://cdn.com?a b", "http://cdn.com/?a+b"),
            ("/a/.\u{fc}/../b", "https://host:5000/a/b"),
            (
                "/a<b>?f=\"c\"&d=%22",
                "https://host:5000/a%3Cb%3E?f=%22c%22&d=%22",
            ),
        ] {
            assert_eq!(
                base.join(reference).map(|url| url.to_wire()),
                Some(meant.to_owned())
            );
        }
        for bad in [
            "file:///etc/passwd",
            "data:x",
            "ftp://x/y",
            "https:///x",
            "https://u:p@h/x",
            "/a\tb",
            "/\r\n",
            "/a?b\0",
            "http://a b/",
            " http://a/",
            "http://a /b",
            "//ho\u{fc}st/",
            "http://\u{ff11}27.0.0.1/",
            "http://a%20b/",
            "",
            "#x",
            "http://a:99999/",
            "http://a:x/",
            "http://a:1:2/",
            "http://:80/",
            "http://127.1/",
            "http://2130706433/",
            "http://0x7f000001/",
            "http://0x7f.1:80/",
            "http://127.0.0.1.1/",
            "http://0177.0.0.1/",
            "http://[::1/",
            "http://[127.0.0.1]/",
        ] {
            assert_eq!(base.join(bad), None, "{bad}");
        }
        assert_eq!(base.to_string(), "https://host:5000/v2/a/blobs/x");
    }

    #[test]
    fn a_location_is_in_any_encoding() {
        for (value, text) in [
            (&b"/a b?c"[..], "/a b?c"),
            (b"/\xc3\xbc", "/%C3%BC"),
            (b"/\xfc\xff?\x80", "/%FC%FF?%80"),
            (b"http://\xc3\xbc.test/", "http://%C3%BC.test/"),
            (b"", ""),
        ] {
            assert_eq!(location(value), text);
        }
        assert_eq!(Url::parse(&location(b"http://\xc3\xbc.test/")), None);
    }

    #[test]
    fn origins_are_scheme_name_and_port() {
        let base = url("https://host/a");
        assert!(base.same_origin(&url("https://HOST:443/b")));
        for other in [
            "http://host/a",
            "https://host:444/",
            "https://host.evil/",
            "https://hos/",
        ] {
            assert!(!base.same_origin(&url(other)), "{other}");
        }
        assert!(url("http://[::1]/x").same_origin(&url("http://[::1]:80/x")));
        assert!(!url("http://[::1]:81/x").same_origin(&url("http://[::1]/x")));
        assert!(!url("http://localhost/").same_origin(&url("http://127.0.0.1/")));
    }

    #[test]
    fn parameters_are_added_and_encoded() {
        let realm = url("https://auth/token?x=%2F").with_parameter("service", "a&b c+d");
        assert_eq!(
            realm.to_wire(),
            "https://auth/token?x=%2F&service=a%26b%20c%2Bd"
        );
        let scope = url("https://auth/token").with_parameter("scope", "repository:a/b:pull,push");
        assert_eq!(
            scope.to_wire(),
            "https://auth/token?scope=repository:a/b:pull,push"
        );
    }

    #[test]
    fn loopback_is_this_machine_only() {
        for host in ["localhost", "127.0.0.1", "127.9.9.9", "[::1]"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in [
            "x.localhost",
            "localhost.evil.net",
            "127.0.0.1.nip.io",
            "10.0.0.1",
            "[::2]",
            "0.0.0.0",
        ] {
            assert!(!is_loopback(host), "{host}");
        }
    }
}
