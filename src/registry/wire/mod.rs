//! The wire: connections, kept between requests. The one room that knows ureq and rustls.
//!
//! What ureq would do by itself and must not: follow redirects (we say what goes along), read proxy
//! variables (its rules differ from curl's), decode bodies (digests are over the wire's bytes).

use super::access::Access;
use super::url::Url;
use std::cell::OnceCell;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use ureq::http::{Request, Response, header};
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, Body};

/// How long connecting may take, all addresses of a host together.
const CONNECT: Duration = Duration::from_secs(30);

/// How long an idle connection is kept for the next request: extracting a layer takes a while.
const IDLE: Duration = Duration::from_secs(60);

/// Where systems keep the authorities they trust, after `SSL_CERT_FILE`.
const BUNDLES: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// Connections, and how they are made.
pub(super) struct Wire {
    timeout: Duration,
    insecure: bool,
    plain: Agent,
    /// Reading the authorities takes a millisecond, which plain http need not spend.
    tls: OnceCell<Agent>,
}

/// Why there is no answer, or no more of one.
#[derive(Debug)]
pub(super) struct Failure {
    /// In a few words.
    pub(super) why: String,
    /// Whether the same request may get an answer a moment later.
    pub(super) may_pass: bool,
}

impl Wire {
    /// Connects to nobody yet.
    pub(super) fn new(access: &Access) -> Self {
        let timeout = access.timeout;
        Self {
            timeout,
            insecure: access.insecure,
            plain: agent(RootCerts::WebPki, timeout, false),
            tls: OnceCell::new(),
        }
    }

    /// Sends one request and waits for the head of its answer. Redirects are answers, too.
    pub(super) fn send<'h>(
        &self,
        method: &str,
        url: &Url,
        headers: impl Iterator<Item = (&'static str, &'h str)>,
        body: Option<&str>,
    ) -> Result<Response<Body>, Failure> {
        let mut request = Request::builder()
            .method(method)
            .uri(url.to_wire())
            .header(header::ACCEPT_ENCODING, "identity");
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let agent = match url.is_https() {
            true => self
                .tls
                .get_or_init(|| agent(authorities(), self.timeout, self.insecure)),
            false => &self.plain,
        };
        let sent = match body {
            Some(body) => request
                .body(body.to_owned())
                .map(|request| agent.run(request)),
            None => request.body(()).map(|request| agent.run(request)),
        };
        sent.map_err(ureq::Error::from)
            .and_then(|answer| answer)
            .map_err(|e| Failure::from(&e))
    }
}

impl Failure {
    /// The failure of a body that was being read.
    pub(super) fn of_body(error: io::Error) -> Self {
        Self::from(&ureq::Error::from(error))
    }
}

impl From<&ureq::Error> for Failure {
    fn from(error: &ureq::Error) -> Self {
        Self {
            why: reason(error),
            may_pass: may_pass(error),
        }
    }
}

/// Resets, early ends and silence pass; a name that there is not and a certificate that is wrong
/// stay.
fn may_pass(error: &ureq::Error) -> bool {
    use io::ErrorKind as Kind;
    match error {
        ureq::Error::Timeout(_) | ureq::Error::ConnectionFailed => true,
        ureq::Error::Io(e) => {
            matches!(
                e.kind(),
                Kind::ConnectionReset
                    | Kind::ConnectionAborted
                    | Kind::ConnectionRefused
                    | Kind::BrokenPipe
                    | Kind::UnexpectedEof
                    | Kind::TimedOut
                    | Kind::HostUnreachable
                    | Kind::NetworkUnreachable
                    | Kind::NetworkDown
            ) || is_timeout(e)
        }
        _ => false,
    }
}

/// ureq wraps its own time-outs into plain errors when a body is read.
fn is_timeout(error: &io::Error) -> bool {
    error.to_string().starts_with("timeout")
}

fn agent(roots: RootCerts, timeout: Duration, insecure: bool) -> Agent {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = TlsConfig::builder()
        .root_certs(roots)
        .disable_verification(insecure)
        .unversioned_rustls_crypto_provider(provider)
        .build();
    Agent::config_builder()
        .tls_config(tls)
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .proxy(None)
        .user_agent(concat!("roots/", env!("CARGO_PKG_VERSION")))
        .timeout_connect(Some(CONNECT))
        .timeout_recv_response(Some(timeout))
        .timeout_per_read(Some(timeout))
        .max_idle_age(IDLE)
        .build()
        .new_agent()
}

/// The authorities that the system trusts, or Mozilla's as they were when this was built.
fn authorities() -> RootCerts {
    let named = std::env::var_os("SSL_CERT_FILE")
        .into_iter()
        .map(Into::into);
    let usual = BUNDLES.iter().map(std::path::PathBuf::from);
    let bundle = named.chain(usual).find_map(|path| std::fs::read(path).ok());
    let certificates: Vec<Certificate<'static>> = parse_pem(&bundle.unwrap_or_default())
        .filter_map(|item| match item {
            Ok(PemItem::Certificate(certificate)) => Some(certificate),
            _ => None,
        })
        .collect();
    match certificates.is_empty() {
        true => RootCerts::WebPki,
        false => RootCerts::Specific(Arc::new(certificates)),
    }
}

/// What went wrong, without the library's own prefixes.
fn reason(error: &ureq::Error) -> String {
    match error {
        ureq::Error::HostNotFound => "no such host".to_owned(),
        ureq::Error::ConnectionFailed => "cannot connect".to_owned(),
        ureq::Error::Timeout(_) => "no answer in time".to_owned(),
        ureq::Error::Io(e) if e.kind() == io::ErrorKind::UnexpectedEof => {
            "the connection ended in the middle of the answer".to_owned()
        }
        ureq::Error::Io(e) if is_timeout(e) => "no answer in time".to_owned(),
        ureq::Error::Io(e) => {
            let text = e.to_string();
            text.split(" (os error")
                .next()
                .unwrap_or_default()
                .to_lowercase()
        }
        other => other.to_string(),
    }
}
