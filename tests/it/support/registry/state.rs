//! How a registry shall behave: whom it lets in, where it sends people, what goes wrong.

use super::fault::Fault;
use super::http::{Request, Response};
use super::lock;
use super::referrers::Referrers;
use super::store::Store;
use super::token::{self, Authority};
use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex};

/// How a registry behaves, and what it has seen.
#[derive(Default)]
pub(super) struct State {
    pub(super) auth: Auth,
    pub(super) challenge: Option<Vec<String>>,
    /// Who answers at /token, if this server does.
    pub(super) authority: Option<Arc<Mutex<Authority>>>,
    pub(super) redirects: Option<Redirects>,
    /// Whose blobs this server has under /cdn/, if any.
    pub(super) origin: Option<Arc<Mutex<Store>>>,
    pub(super) referrers: Referrers,
    /// By path.
    pub(super) pages: BTreeMap<String, String>,
    pub(super) faults: Vec<(String, usize, Fault)>,
    pub(super) log: Vec<Request>,
    signed: usize,
    spent: HashSet<String>,
}

/// What a request to /v2/ has to bring along.
#[derive(Default, Clone)]
pub(super) enum Auth {
    #[default]
    None,
    Basic {
        user: String,
        password: String,
    },
    Token {
        authority: Arc<Mutex<Authority>>,
        realm: String,
    },
}

/// Where clients are sent for blobs.
pub(super) struct Redirects {
    pub(super) base: String,
    pub(super) status: u16,
    pub(super) once: bool,
}

impl State {
    /// The 401, unless the request brings what is asked for.
    pub(super) fn refuse(&self, request: &Request, repository: Option<&str>) -> Option<Response> {
        let scope = repository.map(|repository| format!("repository:{repository}:pull"));
        let (mut challenge, realm, service) = match &self.auth {
            Auth::None => return None,
            Auth::Basic { user, password } => {
                let header = request.header("authorization");
                if header.is_some_and(|header| token::is_basic(&header, user, password)) {
                    return None;
                }
                (
                    "Basic realm=\"roots tests\"".to_owned(),
                    String::new(),
                    String::new(),
                )
            }
            Auth::Token { authority, realm } => {
                let mut authority = lock(authority);
                let error = authority.check(request, repository).err()?;
                let mut challenge = "Bearer realm=\"{realm}\"".to_owned();
                let service = authority.service().map(str::to_owned);
                challenge += if service.is_some() {
                    ",service=\"{service}\""
                } else {
                    ""
                };
                challenge += if scope.is_some() {
                    ",scope=\"{scope}\""
                } else {
                    ""
                };
                challenge += &error
                    .map(|error| format!(",error=\"{error}\""))
                    .unwrap_or_default();
                (challenge, realm.clone(), service.unwrap_or_default())
            }
        };
        let mut response = Response::error(401, "UNAUTHORIZED", "authentication required");
        for value in self
            .challenge
            .as_deref()
            .unwrap_or(std::slice::from_mut(&mut challenge))
        {
            let value = value
                .replace("{realm}", &realm)
                .replace("{service}", &service);
            response = response.with(
                "WWW-Authenticate",
                &value.replace("{scope}", scope.as_deref().unwrap_or_default()),
            );
        }
        Some(response)
    }

    /// The redirect to a blob, where blobs are somewhere else.
    pub(super) fn redirect(&mut self, repository: &str, digest: &str) -> Option<Response> {
        let Redirects { base, status, .. } = self.redirects.as_ref()?;
        self.signed += 1;
        let once = if self.redirects.as_ref()?.once {
            "&once"
        } else {
            ""
        };
        let location = format!(
            "{base}/cdn/{repository}/{digest}?signature={}{once}",
            self.signed
        );
        Some(Response::new(*status, "text/html", "").with("Location", &location))
    }

    /// What a content delivery network does: no credentials, signed URLs, and errors in XML.
    pub(super) fn cdn(&mut self, request: &Request, rest: &str) -> Response {
        let refuse = |status, code: &str| {
            Response::new(
                status,
                "application/xml",
                format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code></Error>"),
            )
        };
        if request.header("authorization").is_some() {
            return refuse(400, "InvalidArgument: only one auth mechanism allowed");
        }
        if request.target.ends_with("&once") && !self.spent.insert(request.target.clone()) {
            return refuse(403, "AccessDenied: request has expired");
        }
        let Some((origin, (repository, digest))) = self.origin.as_ref().zip(rest.rsplit_once('/'))
        else {
            return refuse(404, "NoSuchKey");
        };
        lock(origin).blob(request, repository, digest)
    }
}
