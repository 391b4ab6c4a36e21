//! Debian's tinyproxy: a forward proxy that is used as such.

use crate::support::Sandbox;
use std::fs::File;
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long it may take to start.
const PATIENCE: Duration = Duration::from_secs(20);

/// A real proxy on a free port of loopback, for `joe` with the password `hunter2`. It ends when dropped.
pub(super) struct Tinyproxy {
    process: Child,
    port: u16,
    log: PathBuf,
}

impl Tinyproxy {
    /// Starts one, and waits until it listens.
    pub(super) fn start(sandbox: &Sandbox) -> Self {
        // It cannot choose a port itself.
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        let log = sandbox.path("tinyproxy.log");
        let config = format!(
            "Port {port}\nListen 127.0.0.1\nTimeout 60\nLogFile \"{}\"\nLogLevel Connect\nBasicAuth joe hunter2\n",
            log.display()
        );
        let config = sandbox.write("tinyproxy.conf", config);
        let output = || File::create(sandbox.path("tinyproxy.out")).unwrap();
        let process = Command::new("tinyproxy")
            .args(["-d".as_ref(), "-c".as_ref(), config.as_os_str()])
            .stdin(Stdio::null())
            .stdout(output())
            .stderr(output())
            .spawn()
            .expect("tinyproxy: make interop installs it");
        let deadline = Instant::now() + PATIENCE;
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < deadline, "tinyproxy does not listen");
            std::thread::sleep(Duration::from_millis(10));
        }
        Self { process, port, log }
    }

    /// Its URL, with these credentials.
    pub(super) fn url(&self, credentials: &str) -> String {
        format!("http://{credentials}@127.0.0.1:{}", self.port)
    }

    /// How often it was asked to connect to somebody.
    pub(super) fn connects(&self, to: &str) -> usize {
        let log = std::fs::read_to_string(&self.log).unwrap();
        log.matches(&format!("CONNECT {to} ")).count()
    }
}

impl Drop for Tinyproxy {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
