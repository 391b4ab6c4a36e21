//! A registry on loopback: the distribution spec to the letter, so that a client that is not strict fails here.
//!
//! It is real HTTP on a real socket, a thread for each connection. Every request is logged, and any answer can be
//! spoilt (`fault`). What it does not do is forgive: no Accept header, no manifest.

use super::image::{Blob, Built, BuiltIndex};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

mod delivery;
mod fault;
mod gate;
mod http;
mod referrers;
mod server;
mod state;
mod store;
mod token;
mod token_rules;

#[cfg(test)]
mod tests;

pub use fault::{ALWAYS, Fault, raw_response};
pub use http::{Request, Response};
pub use referrers::ReferrersApi;
pub use token_rules::TokenRules;

use server::Server;
use state::{Auth, Redirects};
use store::Store;
use token::Authority;

/// A running registry; it stops when dropped.
pub struct Registry {
    server: Arc<Server>,
    address: SocketAddr,
    listener: Option<JoinHandle<()>>,
}

impl Registry {
    /// An empty registry that asks nobody for anything.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = Arc::new(Server::new());
        let listener = Some(server::listen(Arc::clone(&server), listener));
        Self {
            server,
            address,
            listener,
        }
    }

    /// A registry with the token endpoint of GHCR: anonymous tokens, asked for on every request.
    pub fn ghcr() -> Self {
        let registry = Self::start();
        registry.require_token(TokenRules::new().service("ghcr.io"));
        registry
    }

    /// Host and port, as they stand in a reference.
    pub fn host(&self) -> String {
        self.address.to_string()
    }

    /// A URL on this server; the path has a slash in front.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// A full reference: `image("a/b:1")` is `127.0.0.1:PORT/a/b:1`.
    pub fn image(&self, name: &str) -> String {
        format!("{}/{name}", self.address)
    }

    /// Takes an image, blobs and all; returns its full reference.
    pub fn push(&self, repository: &str, tag: &str, image: &Built) -> String {
        image.blobs().for_each(|blob| self.put(repository, blob));
        self.put_manifest(
            repository,
            tag,
            &image.manifest.media_type,
            &image.manifest.bytes,
        );
        self.image(&format!("{repository}:{tag}"))
    }

    /// Takes an index with everything below it; returns its full reference.
    pub fn push_index(&self, repository: &str, tag: &str, index: &BuiltIndex) -> String {
        index
            .blobs
            .iter()
            .for_each(|blob| self.put(repository, blob));
        for Blob {
            media_type,
            digest,
            bytes,
        } in &index.manifests
        {
            self.put_manifest(repository, digest, media_type, bytes);
        }
        self.put_manifest(repository, tag, &index.index.media_type, &index.index.bytes);
        self.image(&format!("{repository}:{tag}"))
    }

    /// Puts any bytes under a tag (and their true digest), or under a digest, which may be a lie.
    pub fn put_manifest(
        &self,
        repository: &str,
        reference: &str,
        media_type: &str,
        bytes: impl AsRef<[u8]>,
    ) {
        lock(&self.server.store()).put_manifest(repository, reference, media_type, bytes.as_ref());
    }

    /// Puts a blob under its digest.
    pub fn put(&self, repository: &str, blob: &Blob) {
        self.put_blob(repository, &blob.digest, &blob.bytes);
    }

    /// Puts any bytes under any digest.
    pub fn put_blob(&self, repository: &str, digest: &str, bytes: impl AsRef<[u8]>) {
        lock(&self.server.store()).put_blob(repository, digest, bytes.as_ref());
    }

    /// Answers to the referrers API like this.
    pub fn referrers_api(&self, api: ReferrersApi) {
        lock(&self.server.state).referrers.api = api;
    }

    /// Takes a manifest that refers to `subject`, a digest. As clients do where there is no API, the list is put under the
    /// referrers tag as well, unless the registry has one that works.
    pub fn attach(
        &self,
        repository: &str,
        subject: &str,
        manifest: &Blob,
        entry: serde_json::Value,
    ) {
        self.put_manifest(
            repository,
            &manifest.digest,
            &manifest.media_type,
            &manifest.bytes,
        );
        let mut state = lock(&self.server.state);
        let entries = state.referrers.add(repository, subject, entry);
        let has_api = matches!(
            state.referrers.api,
            ReferrersApi::Listed | ReferrersApi::Paged(_)
        );
        drop(state);
        if !has_api {
            let tag = subject.replacen(':', "-", 1);
            self.put_manifest(
                repository,
                &tag,
                super::image::oci::INDEX,
                referrers::list(&entries),
            );
        }
    }

    /// Serves this JSON at a path of another API: `/repos/o/r`. A query is not looked at.
    pub fn put_page(&self, path: &str, json: &str) {
        lock(&self.server.state)
            .pages
            .insert(path.to_owned(), json.to_owned());
    }

    /// Lists no more than so many tags at once.
    pub fn tags_per_page(&self, count: usize) {
        lock(&self.server.store()).tags_per_page = Some(count);
    }

    /// Loses a blob.
    pub fn drop_blob(&self, repository: &str, digest: &str) {
        lock(&self.server.store()).drop_blob(repository, digest);
    }

    /// Asks for a token on every request, and gives them out at `/token`.
    pub fn require_token(&self, rules: TokenRules) {
        self.require_token_from(self, rules);
    }

    /// Asks for a token that `other` gives out, at its `/token`.
    pub fn require_token_from(&self, other: &Self, rules: TokenRules) {
        let authority = Arc::new(Mutex::new(Authority::new(rules)));
        lock(&other.server.state).authority = Some(Arc::clone(&authority));
        lock(&self.server.state).auth = Auth::Token {
            authority,
            realm: other.url("/token"),
        };
    }

    /// Asks for these credentials on every request.
    pub fn require_basic(&self, user: &str, password: &str) {
        lock(&self.server.state).auth = Auth::Basic {
            user: user.to_owned(),
            password: password.to_owned(),
        };
    }

    /// The values of the WWW-Authenticate headers, one each, in place of the right one. `{realm}`, `{service}` and
    /// `{scope}` are filled in. No values: no header.
    pub fn challenge<T: Into<String>>(&self, values: impl IntoIterator<Item = T>) {
        lock(&self.server.state).challenge = Some(values.into_iter().map(Into::into).collect());
    }

    /// Sends clients to `other` for blobs, by 307. Like a CDN, `other` answers 400 if it sees any credentials.
    pub fn redirect_blobs_to(&self, other: &Self) {
        self.redirect_blobs_by(other, &other.url(""));
    }

    /// The same, under a name that the other is known by somewhere: `http://host`.
    pub fn redirect_blobs_by(&self, other: &Self, base: &str) {
        lock(&other.server.state).origin = Some(self.server.store());
        self.redirect(base.to_owned());
    }

    /// Sends clients to another path of this registry for blobs, by a Location without a host.
    pub fn redirect_blobs_relatively(&self) {
        lock(&self.server.state).origin = Some(self.server.store());
        self.redirect(String::new());
    }

    /// Redirects with this status in place of 307.
    pub fn redirect_status(&self, status: u16) {
        self.redirects(|redirects| redirects.status = status);
    }

    /// Makes each redirect's URL, signed as it is, good for one request: the second is a 403.
    pub fn redirects_expire(&self) {
        self.redirects(|redirects| redirects.once = true);
    }

    /// Spoils the next `times` answers to requests whose line, `GET /v2/...`, contains `part`. Of several faults for
    /// one request the one ordered first acts until it is used up. See [`Fault`] on what counts as a use.
    pub fn fault(&self, part: &str, times: usize, fault: Fault) {
        lock(&self.server.state)
            .faults
            .push((part.to_owned(), times, fault));
    }

    /// Ends all faults.
    pub fn recover(&self) {
        lock(&self.server.state).faults.clear();
    }

    /// Lets the answers go on that `Fault::Hold` holds, now and later.
    pub fn release(&self) {
        self.server.gate.open();
    }

    /// Every request so far, in the order in which they came.
    pub fn requests(&self) -> Vec<Request> {
        lock(&self.server.state).log.clone()
    }

    /// Every request whose line, `GET /v2/...`, contains `part`.
    pub fn requests_for(&self, part: &str) -> Vec<Request> {
        self.requests()
            .into_iter()
            .filter(|request| request.line().contains(part))
            .collect()
    }

    /// The lines of all requests, for asserts on the whole conversation.
    pub fn lines(&self) -> Vec<String> {
        self.requests().iter().map(Request::line).collect()
    }

    /// Forgets the requests so far.
    pub fn forget_requests(&self) {
        lock(&self.server.state).log.clear();
    }

    /// Waits until so many requests for `part` came in; panics after 30 s.
    pub fn wait_for(&self, part: &str, count: usize) {
        let deadline = Instant::now() + Duration::from_secs(30);
        while self.requests_for(part).len() < count {
            assert!(
                Instant::now() < deadline,
                "no {count} requests for {part} in {:#?}",
                self.lines()
            );
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    fn redirect(&self, base: String) {
        lock(&self.server.state).redirects = Some(Redirects {
            base,
            status: 307,
            once: false,
        });
    }

    fn redirects(&self, change: impl FnOnce(&mut Redirects)) {
        change(
            lock(&self.server.state)
                .redirects
                .as_mut()
                .expect("redirect_blobs_to comes first"),
        );
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        self.server.stop();
        // The listener sleeps in accept: a last connection wakes it.
        drop(TcpStream::connect(self.address));
        let _ = self.listener.take().map(JoinHandle::join);
    }
}

/// A thread that panicked must not take the other threads' tests down with it.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
