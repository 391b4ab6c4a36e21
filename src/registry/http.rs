//! HTTP: one request, its redirects, one answer. The only file that names ureq and rustls.
//!
//! What ureq would do by itself and must not: follow redirects (we say what goes along), read proxy
//! variables (its rules differ from curl's), decode bodies (digests are over the wire's bytes).

use super::url::Url;
use crate::error::Error;
use std::cell::OnceCell;
use std::io::{self, Read};
use std::sync::Arc;
use std::time::Duration;
use ureq::http::{Request, Response, header};
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, Body};

/// How long connecting may take, all addresses of a host together.
const CONNECT: Duration = Duration::from_secs(30);

/// How long a server may be silent, in the middle of a body too.
const SILENCE: Duration = Duration::from_secs(30);

/// How long an idle connection is kept for the next request: extracting a layer takes a while.
const IDLE: Duration = Duration::from_secs(60);

/// How many redirects are followed, as by every peer.
const MAX_REDIRECTS: usize = 10;

/// Bodies of redirects and refusals up to this size are read, so that the connection can be used
/// again, in bytes.
const MAX_DISCARDED: u64 = 64 << 10;

/// Where systems keep the authorities they trust, after `SSL_CERT_FILE`.
const BUNDLES: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// Connections, kept between requests.
pub(super) struct Http {
    plain: Agent,
    /// Reading the authorities takes a millisecond, which plain http need not spend.
    tls: OnceCell<Agent>,
}

/// What is asked.
#[derive(Clone, Copy)]
pub(super) struct Question<'q> {
    pub(super) method: &'static str,
    pub(super) url: &'q Url,
    pub(super) accept: Option<&'q str>,
    /// For the origin of `url` only.
    pub(super) authorization: Option<&'q str>,
}

/// What came back, after redirects.
pub(super) struct Answer {
    /// Where it came from in the end.
    pub(super) url: Url,
    pub(super) status: u16,
    response: Response<Body>,
}

impl Http {
    pub(super) fn new() -> Self {
        Self {
            plain: agent(RootCerts::WebPki),
            tls: OnceCell::new(),
        }
    }

    /// Asks, and follows redirects. What is meant for one origin is not sent to another, nor ever
    /// again once the way has left it (CVE-2020-15157 and its kin; S3 answers 400 to it).
    pub(super) fn ask(&self, question: Question<'_>) -> Result<Answer, Error> {
        let mut url = question.url.clone();
        let mut authorization = question.authorization;
        for _ in 0..=MAX_REDIRECTS {
            let answer = self.ask_once(Question {
                url: &url,
                authorization,
                ..question
            })?;
            if !matches!(answer.status, 301 | 302 | 303 | 307 | 308) {
                return Ok(answer);
            }
            let next = answer
                .header("location")
                .and_then(|location| url.join(location));
            let refused = |why| {
                Err(Error::Redirect {
                    url: url.to_string(),
                    why,
                })
            };
            let Some(next) = next else {
                return refused("it does not lead to an http address");
            };
            if url.is_https() && !next.is_https() {
                return refused("it leads from https to http");
            }
            if !url.same_origin(&next) {
                authorization = None;
            }
            answer.discard();
            url = next;
        }
        Err(Error::Redirect {
            url: question.url.to_string(),
            why: "too many in a row",
        })
    }

    fn ask_once(&self, question: Question<'_>) -> Result<Answer, Error> {
        let url = question.url;
        let failed = |e: ureq::Error| Error::Network {
            url: url.to_string(),
            why: reason(&e),
        };
        let mut request = Request::builder()
            .method(question.method)
            .uri(url.to_wire())
            .header(header::ACCEPT_ENCODING, "identity");
        if let Some(accept) = question.accept {
            request = request.header(header::ACCEPT, accept);
        }
        if let Some(authorization) = question.authorization {
            request = request.header(header::AUTHORIZATION, authorization);
        }
        let request = request.body(()).map_err(|e| failed(e.into()))?;
        let agent = match url.is_https() {
            true => self.tls.get_or_init(|| agent(authorities())),
            false => &self.plain,
        };
        let response = agent.run(request).map_err(failed)?;
        Ok(Answer {
            url: url.clone(),
            status: response.status().as_u16(),
            response,
        })
    }
}

impl Answer {
    /// A header, if it is there and readable.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.response.headers().get(name)?.to_str().ok()
    }

    /// All values of a header.
    pub(super) fn headers(&self, name: &str) -> impl Iterator<Item = &str> {
        self.response
            .headers()
            .get_all(name)
            .iter()
            .filter_map(|value| value.to_str().ok())
    }

    /// The body, as far as `limit` bytes; more is an error.
    pub(super) fn bytes(self, limit: u64) -> Result<Vec<u8>, Error> {
        let url = self.url.to_string();
        let mut bytes = Vec::new();
        let read = self
            .response
            .into_body()
            .into_reader()
            .take(limit + 1)
            .read_to_end(&mut bytes);
        match read {
            Err(e) => Err(Error::Network {
                url,
                why: reason(&ureq::Error::from(e)),
            }),
            Ok(count) if count as u64 > limit => Err(Error::Answer {
                url,
                why: format!("longer than {limit} bytes"),
            }),
            Ok(_) => Ok(bytes),
        }
    }

    /// What an error body says, as far as it is worth reading.
    pub(super) fn start_of_body(self, limit: u64) -> Vec<u8> {
        let mut bytes = Vec::new();
        // An error body that breaks off has said what it has said.
        let _ = self
            .response
            .into_body()
            .into_reader()
            .take(limit)
            .read_to_end(&mut bytes);
        bytes
    }

    /// The body as a stream.
    pub(super) fn stream(self) -> Stream {
        Stream {
            url: self.url,
            body: Box::new(self.response.into_body().into_reader()),
        }
    }

    fn discard(self) {
        drop(self.start_of_body(MAX_DISCARDED));
    }
}

/// A body on its way.
pub struct Stream {
    url: Url,
    body: Box<dyn Read>,
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.body.read(buffer).map_err(|e| {
            let why = reason(&ureq::Error::from(e));
            io::Error::other(Error::Network {
                url: self.url.to_string(),
                why,
            })
        })
    }
}

fn agent(roots: RootCerts) -> Agent {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = TlsConfig::builder()
        .root_certs(roots)
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
        .timeout_recv_response(Some(SILENCE))
        .timeout_per_read(Some(SILENCE))
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
        ureq::Error::Io(e) if e.to_string().starts_with("timeout") => {
            "no answer in time".to_owned()
        }
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
