//! Chooses the proxy for a URL: curl's variables and curl's rules.

use super::no_proxy::NoProxy;
use crate::error::{ConfigurationError, Error, ProxyFault};
use crate::registry::http::url::{Url, host_of, is_loopback};
use std::env::var_os;
use std::ffi::OsString;
use ureq::Proxy;

/// The proxy settings of the environment.
pub(crate) struct Proxies {
    http: Option<ProxyVariable>,
    https: Option<ProxyVariable>,
    all: Option<ProxyVariable>,
    no_proxy: NoProxy,
}

/// A value, and the name of its variable.
struct ProxyVariable {
    variable: &'static str,
    value: String,
}

impl Proxies {
    /// Reads the variables of this process.
    pub(crate) fn of_environment() -> Self {
        Self::new(|name| var_os(name))
    }

    /// Uses no proxy.
    pub(crate) fn none() -> Self {
        Self::new(|_| None)
    }

    /// Lower case takes precedence over upper case. curl ignores `HTTP_PROXY`, because a CGI server
    /// could set it from a request header; roots is not a CGI program.
    fn new(variable: impl Fn(&str) -> Option<OsString>) -> Self {
        let get = |lower: &'static str, value: Option<OsString>, upper: &'static str| {
            let set = |value: OsString| {
                let value = value.to_string_lossy().trim().to_owned();
                (!value.is_empty()).then_some(value)
            };
            let named = |variable| move |value| ProxyVariable { variable, value };
            let lower = variable(lower).and_then(set).map(named(lower));
            lower.or_else(|| value.and_then(set).map(named(upper)))
        };
        let no_proxy = get("no_proxy", variable("NO_PROXY"), "NO_PROXY");
        Self {
            http: get("http_proxy", variable("HTTP_PROXY"), "HTTP_PROXY"),
            https: get("https_proxy", variable("HTTPS_PROXY"), "HTTPS_PROXY"),
            all: get("all_proxy", variable("ALL_PROXY"), "ALL_PROXY"),
            no_proxy: NoProxy::parse(&no_proxy.map(|named| named.value).unwrap_or_default()),
        }
    }

    /// The proxy for a URL. Loopback hosts are never reached through a proxy.
    pub(crate) fn choose(&self, url: &Url) -> Result<Option<Proxy>, Error> {
        let own = if url.is_https() {
            &self.https
        } else {
            &self.http
        };
        let Some(named) = own.as_ref().or(self.all.as_ref()) else {
            return Ok(None);
        };
        let port = url.port().parse().unwrap_or_default();
        if is_loopback(url.host()) || self.no_proxy.has(url.host(), port) {
            return Ok(None);
        }
        match parse(&named.value) {
            Ok(proxy) => Ok(Some(proxy)),
            Err(reason) => Err(ConfigurationError::Proxy {
                variable: named.variable,
                reason,
            }
            .into()),
        }
    }
}

/// Parses `[http[s]://][user:password@]host[:port]`, with user and password percent-encoded.
fn parse(text: &str) -> Result<Proxy, ProxyFault> {
    let (scheme, rest) = text.split_once("://").unwrap_or(("http", text));
    let scheme = scheme.to_ascii_lowercase();
    match scheme.as_str() {
        "http" | "https" => {}
        socks if socks.starts_with("socks") => return Err(ProxyFault::Socks),
        _ => return Err(ProxyFault::NotAnAddress),
    }
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    let authority = rest
        .rsplit_once('@')
        .map_or(rest, |(_, authority)| authority);
    let host = host_of(authority);
    let port = authority.strip_prefix(host).unwrap_or_default();
    let is_port = |port: &str| port.parse::<u16>().is_ok_and(|port| port != 0);
    let good = !host.is_empty()
        && !rest.contains(['/', '?', '#'])
        && (port.is_empty() || port.strip_prefix(':').is_some_and(is_port));
    if good {
        Proxy::new(&format!("{scheme}://{rest}")).map_err(|_| ProxyFault::NotAnAddress)
    } else {
        Err(ProxyFault::NotAnAddress)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Host and port of the proxy for a URL, given these variables.
    fn chosen(variables: &[(&str, &str)], url: &str) -> Option<String> {
        let proxies = Proxies::new(|name| {
            let found = variables.iter().find(|(variable, _)| *variable == name);
            found.map(|(_, value)| value.into())
        });
        let proxy = proxies.choose(&Url::parse(url).unwrap()).unwrap();
        proxy.map(|proxy| format!("{}:{}", proxy.host(), proxy.port()))
    }

    #[test]
    fn each_scheme_has_its_variables() {
        let http = ("HTTP_PROXY", "http://h:1");
        let https = ("HTTPS_PROXY", "http://s:2");
        let all = ("ALL_PROXY", "http://a:3");
        for (variables, for_http, for_https) in [
            (&[][..], None, None),
            (&[http], Some("h:1"), None),
            (&[https], None, Some("s:2")),
            (&[all], Some("a:3"), Some("a:3")),
            (&[all, http], Some("h:1"), Some("a:3")),
            (&[http, https, all], Some("h:1"), Some("s:2")),
            (&[("http_proxy", "x:4"), http], Some("x:4"), None),
            (&[https, ("https_proxy", "x:4")], None, Some("x:4")),
            (&[("all_proxy", "x:4"), all], Some("x:4"), Some("x:4")),
            (&[("https_proxy", ""), https], None, Some("s:2")),
            (&[("https_proxy", " "), all], Some("a:3"), Some("a:3")),
            (&[all, ("NO_PROXY", "host")], None, None),
            (
                &[all, ("NO_PROXY", "host"), ("no_proxy", "other")],
                Some("a:3"),
                Some("a:3"),
            ),
            (&[all, ("no_proxy", "host:443")], Some("a:3"), None),
            (&[all, ("no_proxy", "host:80")], None, Some("a:3")),
        ] {
            let found = |url| chosen(variables, url);
            let wanted = |host: Option<&str>| host.map(str::to_owned);
            assert_eq!(found("http://host/"), wanted(for_http), "{variables:?}");
            assert_eq!(found("https://host/"), wanted(for_https), "{variables:?}");
        }
    }

    #[test]
    fn this_machine_needs_no_proxy() {
        for host in [
            "localhost",
            "127.0.0.1:5000",
            "127.1.2.3",
            "[::1]",
            "[::1]:1",
        ] {
            let url = format!("https://{host}/");
            assert_eq!(chosen(&[("ALL_PROXY", "http://a:3")], &url), None, "{url}");
            // The variable is not even read.
            assert_eq!(chosen(&[("ALL_PROXY", "socks5://x")], &url), None, "{url}");
        }
    }

    #[test]
    fn proxies_are_written_in_many_ways() {
        for (text, host, port, user, password) in [
            ("proxy", "proxy", 80, None, None),
            ("proxy:3128", "proxy", 3128, None, None),
            ("HTTP://proxy:3128/", "proxy", 3128, None, None),
            ("https://proxy", "proxy", 443, None, None),
            ("http://[fd00::1]:3128", "[fd00::1]", 3128, None, None),
            ("http://10.0.0.1:1", "10.0.0.1", 1, None, None),
            ("http://joe@proxy:1", "proxy", 1, Some("joe"), None),
            ("http://joe:pw@proxy:1", "proxy", 1, Some("joe"), Some("pw")),
            ("joe:@proxy:1", "proxy", 1, Some("joe"), Some("")),
            ("joe:p@w@proxy:1", "proxy", 1, Some("joe"), Some("p@w")),
            (
                "http://j%40e:p%3A%2F%25+@proxy:1",
                "proxy",
                1,
                Some("j@e"),
                Some("p:/%+"),
            ),
        ] {
            let proxy = parse(text).unwrap_or_else(|why| panic!("{text}: {why}"));
            assert_eq!((proxy.host(), proxy.port()), (host, port), "{text}");
            assert_eq!(proxy.username(), user, "{text}");
            assert_eq!(proxy.password(), password, "{text}");
        }
        for text in [
            "http://",
            "http://:3128",
            "http://proxy:0",
            "http://proxy:65536",
            "http://proxy:port",
            "http://proxy:",
            "http://proxy:1/path",
            "http://proxy:1?query",
            "http://joe:p/w@proxy:1",
            "http://pro xy:1",
            "http://joe:%ff@proxy:1",
            "ftp://proxy:1",
            "://proxy",
            "http://[::1:3128",
        ] {
            assert_eq!(parse(text).err(), Some(ProxyFault::NotAnAddress), "{text}");
        }
        for text in ["socks5://p:1080", "SOCKS5H://p", "socks4a://p", "socks://p"] {
            assert_eq!(parse(text).err(), Some(ProxyFault::Socks));
        }
    }
}
