//! A forward proxy: CONNECT only, to where the test says, with a log of what it was sent.

use std::io::{self, BufRead as _, BufReader, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// A running proxy; it stops when dropped.
pub struct Proxy {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    listener: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct State {
    routes: Vec<(String, String)>,
    authorization: Option<String>,
    refusal: Option<u16>,
    interim: String,
    in_pieces: bool,
    heads: Vec<String>,
    stopping: bool,
}

impl Proxy {
    /// A proxy that leads nowhere yet.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::<Mutex<State>>::default();
        let of_thread = Arc::clone(&state);
        let listener = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if lock(&of_thread).stopping {
                    return;
                }
                let Ok(stream) = stream else { continue };
                let state = Arc::clone(&of_thread);
                std::thread::spawn(move || drop(serve(&state, &stream)));
            }
        });
        Self {
            address,
            state,
            listener: Some(listener),
        }
    }

    /// `127.0.0.1:PORT`.
    pub fn host(&self) -> String {
        self.address.to_string()
    }

    /// `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Leads those who ask for one `host:port` to another.
    pub fn route(&self, asked: &str, address: &str) {
        let route = (asked.to_owned(), address.to_owned());
        lock(&self.state).routes.push(route);
    }

    /// Wants this Proxy-Authorization.
    pub fn require(&self, authorization: &str) {
        lock(&self.state).authorization = Some(authorization.to_owned());
    }

    /// Answers with this status from now on.
    pub fn refuse(&self, status: u16) {
        lock(&self.state).refusal = Some(status);
    }

    /// Sends these interim responses (1xx) before each answer from now on.
    pub fn interim(&self, responses: &str) {
        responses.clone_into(&mut lock(&self.state).interim);
    }

    /// Sends each answer byte by byte from now on.
    pub fn answer_in_pieces(&self) {
        lock(&self.state).in_pieces = true;
    }

    /// The heads of all requests so far.
    pub fn heads(&self) -> Vec<String> {
        lock(&self.state).heads.clone()
    }

    /// Their first lines.
    pub fn lines(&self) -> Vec<String> {
        let first = |head: &String| head.lines().next().unwrap_or_default().to_owned();
        self.heads().iter().map(first).collect()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        lock(&self.state).stopping = true;
        drop(TcpStream::connect(self.address));
        let _ = self.listener.take().map(JoinHandle::join);
    }
}

fn serve(state: &Mutex<State>, client: &TcpStream) -> io::Result<()> {
    client.set_nodelay(true)?;
    let mut reader = BufReader::new(client.try_clone()?);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head)? == 0 {
            return Ok(());
        }
    }
    let (interim, in_pieces, answer) = {
        let mut state = lock(state);
        state.heads.push(head.clone());
        (state.interim.clone(), state.in_pieces, state.answer(&head))
    };
    let mut to_client = client.try_clone()?;
    to_client.write_all(interim.as_bytes())?;
    let backend = match answer {
        Ok(backend) => backend,
        Err(status) => {
            return write!(
                to_client,
                "HTTP/1.1 {status} No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            );
        }
    };
    let server = TcpStream::connect(backend)?;
    server.set_nodelay(true)?;
    let established = b"HTTP/1.1 200 Connection established\r\n\r\n";
    if in_pieces {
        for byte in established {
            to_client.write_all(&[*byte])?;
            std::thread::sleep(Duration::from_millis(1));
        }
    } else {
        to_client.write_all(established)?;
    }
    let (mut from_server, mut to_server) = (server.try_clone()?, server);
    std::thread::spawn(move || {
        let _ = io::copy(&mut from_server, &mut to_client);
        let _ = to_client.shutdown(Shutdown::Both);
    });
    let _ = io::copy(&mut reader, &mut to_server);
    to_server.shutdown(Shutdown::Both)
}

impl State {
    /// Where to connect a client to, or the status that says no.
    fn answer(&self, head: &str) -> Result<String, u16> {
        let mut words = head.split(' ');
        if words.next() != Some("CONNECT") {
            return Err(405);
        }
        if let Some(status) = self.refusal {
            return Err(status);
        }
        if let Some(wanted) = &self.authorization {
            let line = format!("\r\nProxy-Authorization: {wanted}\r\n");
            if !head.contains(&line) {
                return Err(407);
            }
        }
        let asked = words.next().unwrap_or_default();
        let route = self.routes.iter().find(|(from, _)| from == asked);
        route.map(|(_, to)| to.clone()).ok_or(502)
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
