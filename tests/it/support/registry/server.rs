//! The threads behind a registry, and which answer belongs to which request.

use super::delivery::Delivery;
use super::gate::Gate;
use super::http::{self, Request, Response};
use super::state::State;
use super::{Store, lock};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::thread::JoinHandle;

/// What the threads of one registry share.
pub(super) struct Server {
    pub(super) state: Mutex<State>,
    pub(super) gate: Gate,
    store: Arc<Mutex<Store>>,
    stopping: AtomicBool,
    /// To be shut down at the end. Weak, or else a connection would outlive its thread and never be closed.
    connections: Mutex<Vec<Weak<TcpStream>>>,
}

/// Accepts connections until the server stops.
pub(super) fn listen(server: Arc<Server>, listener: TcpListener) -> JoinHandle<()> {
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            if server.stopping.load(Ordering::SeqCst) {
                return;
            }
            let Ok(stream) = stream else { continue };
            let stream = Arc::new(stream);
            lock(&server.connections).push(Arc::downgrade(&stream));
            let server = Arc::clone(&server);
            // Clients may go away at any time, that is what is tested: errors end the connection, nothing else.
            std::thread::spawn(move || drop(server.converse(&stream)));
        }
    })
}

impl Server {
    pub(super) fn new() -> Self {
        Self {
            state: Mutex::default(),
            gate: Gate::default(),
            store: Arc::default(),
            stopping: AtomicBool::new(false),
            connections: Mutex::default(),
        }
    }

    pub(super) fn store(&self) -> Arc<Mutex<Store>> {
        Arc::clone(&self.store)
    }

    /// Wakes every thread that still serves somebody.
    pub(super) fn stop(&self) {
        self.stopping.store(true, Ordering::SeqCst);
        self.gate.open();
        for stream in lock(&self.connections).iter().filter_map(Weak::upgrade) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    fn converse(&self, stream: &TcpStream) -> std::io::Result<()> {
        stream.set_nodelay(true)?;
        while let Some((request, unread)) = http::receive(stream)? {
            lock(&self.state).log.push(request.clone());
            let (response, delivery) = self.answer(&request);
            if !delivery.send(
                stream,
                unread,
                request.method == "HEAD",
                &response,
                &self.gate,
            )? {
                break;
            }
        }
        Ok(())
    }

    fn answer(&self, request: &Request) -> (Response, Delivery) {
        let mut state = lock(&self.state);
        let line = request.line();
        let fault = state.faults.iter().position(|(part, times, fault)| {
            *times > 0 && line.contains(part.as_str()) && fault.concerns(request)
        });
        let mut delivery = Delivery::default();
        let Some(index) = fault else {
            return (self.respond(&mut state, request), delivery);
        };
        let fault = state.faults[index].2.clone();
        let mut response = if fault.replaces() {
            Response::new(200, "text/plain", "")
        } else {
            let mut request = request.clone();
            fault.apply_to_request(&mut request);
            self.respond(&mut state, &request)
        };
        if (200..300).contains(&response.status) {
            state.faults[index].1 = state.faults[index].1.saturating_sub(1);
            drop(state);
            fault.apply(&mut response, &mut delivery);
        }
        (response, delivery)
    }

    fn respond(&self, state: &mut State, request: &Request) -> Response {
        let path = request.path();
        if path == "/token"
            && let Some(authority) = &state.authority
        {
            return lock(authority).issue(request);
        }
        if let Some(rest) = path.strip_prefix("/cdn/") {
            return state.cdn(request, rest);
        }
        let Some(rest) = path.strip_prefix("/v2/") else {
            if let Some(page) = state.pages.get(&path) {
                return Response::new(200, "application/json", page.as_str());
            }
            return Response::new(404, "text/plain", "404 page not found\n");
        };
        if !matches!(request.method.as_str(), "GET" | "HEAD") {
            return Response::error(405, "UNSUPPORTED", "the operation is unsupported");
        }
        let route = route(rest);
        if let Some(refusal) = state.refuse(request, route.map(|(repository, ..)| repository)) {
            return refusal;
        }
        match route {
            _ if rest.is_empty() => Response::new(200, "application/json", "{}"),
            Some((repository, ..)) if !is_repository(repository) => {
                Response::error(400, "NAME_INVALID", "invalid repository name")
            }
            Some((repository, "manifests", reference)) => {
                lock(&self.store).manifest(request, repository, reference)
            }
            Some((repository, "blobs", digest)) => {
                let response = lock(&self.store).blob(request, repository, digest);
                let found = response.status < 300 || response.status == 416;
                if found {
                    state.redirect(repository, digest).unwrap_or(response)
                } else {
                    response
                }
            }
            Some((repository, "referrers", subject)) => {
                state.referrers.respond(request, repository, subject)
            }
            Some((repository, "tags", "list")) => lock(&self.store).tags(request, repository),
            _ => Response::new(404, "text/plain", "404 page not found\n"),
        }
    }
}

/// Repository, kind and reference of a path below /v2/.
fn route(path: &str) -> Option<(&str, &str, &str)> {
    let (front, reference) = path.rsplit_once('/')?;
    let (repository, kind) = front.rsplit_once('/')?;
    Some((repository, kind, reference))
}

/// The name grammar of the distribution spec, near enough to catch a client that lets `..` through.
fn is_repository(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    name.split('/').all(|component| {
        let bytes = component.as_bytes();
        let ends = [bytes.first(), bytes.last()];
        ends.iter().all(|end| end.is_some_and(|&byte| plain(byte)))
            && bytes
                .iter()
                .all(|&byte| plain(byte) || b"._-".contains(&byte))
            && !component.contains("..")
    })
}
