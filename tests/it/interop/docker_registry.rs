//! Debian's docker-registry, which is distribution: plain, behind a password, or in front of another registry.

use crate::support::Sandbox;
use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long it may take to start, and to write down what it gave away.
const PATIENCE: Duration = Duration::from_secs(20);

/// A real registry on a free port of loopback, with its storage in a sandbox. It ends when dropped.
pub(super) struct DockerRegistry {
    process: Child,
    address: String,
    /// Its storage and its logs.
    folder: PathBuf,
}

impl DockerRegistry {
    /// Starts one that asks nobody for anything, and waits until it listens.
    pub(super) fn start(sandbox: &Sandbox) -> Self {
        Self::configured(sandbox, "registry", "", "")
    }

    /// Starts one that is a pull-through cache of another.
    pub(super) fn in_front_of(other: &Self, sandbox: &Sandbox) -> Self {
        let proxy = format!("proxy: {{remoteurl: 'http://{}'}}\n", other.address);
        Self::configured(sandbox, "mirror", "", &proxy)
    }

    /// Starts one with lines of YAML of its own: below `http`, and at the top.
    pub(super) fn configured(sandbox: &Sandbox, folder: &str, http: &str, more: &str) -> Self {
        let folder = sandbox.mkdir(folder);
        let storage = folder.join("storage");
        let config = format!(
            "version: 0.1\n\
             log: {{level: info}}\n\
             storage: {{filesystem: {{rootdirectory: {storage:?}}}}}\n\
             http:\n  addr: '127.0.0.1:0'\n{http}{more}"
        );
        let config = sandbox.write(folder.join("config.yml"), config);
        let log = |name: &str| File::create(folder.join(name)).unwrap();
        let process = Command::new("docker-registry")
            .arg("serve")
            .arg(config)
            .stdin(Stdio::null())
            .stdout(log("access.log"))
            .stderr(log("registry.log"))
            .spawn()
            .expect("docker-registry: make interop installs it");
        let mut registry = Self {
            process,
            address: String::new(),
            folder,
        };
        registry.address = wait_for(|| {
            let said = fs::read_to_string(registry.folder.join("registry.log")).unwrap();
            let (_, rest) = said.split_once("listening on ")?;
            rest.split(['"', ','])
                .next()
                .map(|address| address.trim().to_owned())
        });
        registry
    }

    /// Host and port.
    pub(super) fn host(&self) -> &str {
        &self.address
    }

    /// What users call an image in it.
    pub(super) fn name(&self, repository: &str, tag: &str) -> String {
        format!("{}/{repository}:{tag}", self.address)
    }

    /// Ends it, as a machine does that goes away.
    pub(super) fn stop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }

    /// Waits until it has a blob in its storage: a pull-through cache writes behind its answers.
    pub(super) fn wait_for_blob(&self, digest: &str) {
        let hex = digest.strip_prefix("sha256:").unwrap();
        let blob = format!(
            "storage/docker/registry/v2/blobs/sha256/{}/{hex}/data",
            &hex[..2]
        );
        wait_for(|| self.folder.join(&blob).exists().then_some(()));
    }

    /// What was asked for so far: `AGENT: METHOD TARGET STATUS`, the agent without its version. It is logged in the order
    /// in which the answers ended.
    pub(super) fn asked(&self) -> Vec<String> {
        let log = self.settled_log();
        // The combined log format of Apache.
        log.lines()
            .filter_map(|line| {
                let mut parts = line.split('"');
                let request = parts.nth(1)?.strip_suffix(" HTTP/1.1")?;
                let status = parts.next()?.split_whitespace().next()?;
                let agent = parts.nth(2)?.split(['/', ' ']).next()?;
                Some(format!("{agent}: {request} {status}"))
            })
            .collect()
    }

    /// The access log. A request is logged after its last byte was sent, when the client may be gone already.
    fn settled_log(&self) -> String {
        let read = || fs::read_to_string(self.folder.join("access.log")).unwrap();
        let mut log = read();
        loop {
            std::thread::sleep(Duration::from_millis(50));
            let since = std::mem::replace(&mut log, read());
            if since == log {
                return log;
            }
        }
    }
}

impl Drop for DockerRegistry {
    fn drop(&mut self) {
        self.stop();
    }
}

fn wait_for<T>(what: impl Fn() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(there) = what() {
            return there;
        }
        assert!(Instant::now() < deadline, "docker-registry does not do it");
        std::thread::sleep(Duration::from_millis(10));
    }
}
