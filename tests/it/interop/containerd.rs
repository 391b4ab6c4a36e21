//! Debian's containerd: what `docker save` writes with its store, it writes.

use super::peer;
use crate::support::Sandbox;
use std::fs::File;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long it may take to start.
const PATIENCE: Duration = Duration::from_secs(20);

/// A daemon of its own, in a sandbox. It ends when dropped.
pub(super) struct Containerd {
    process: Child,
    socket: String,
}

impl Containerd {
    /// Starts one, and waits until it answers.
    pub(super) fn start(sandbox: &Sandbox) -> Self {
        let folder = sandbox.mkdir("containerd");
        let [root, state, socket] =
            ["root", "state", "socket"].map(|name| folder.join(name).display().to_string());
        // Images are fetched and written, not unpacked and not run.
        let config = format!(
            "version = 2\nroot = {root:?}\nstate = {state:?}\n\
             disabled_plugins = [\"io.containerd.grpc.v1.cri\", \"io.containerd.internal.v1.opt\"]\n\
             [grpc]\naddress = {socket:?}\n"
        );
        let config = sandbox.write(folder.join("config.toml"), config);
        let process = Command::new("containerd")
            .arg("--config")
            .arg(config)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(folder.join("log")).unwrap())
            .spawn()
            .expect("containerd: make interop installs it");
        let containerd = Self { process, socket };
        let deadline = Instant::now() + PATIENCE;
        while peer::try_run("ctr", &["--address", &containerd.socket, "version"]).is_err() {
            assert!(Instant::now() < deadline, "containerd does not start");
            std::thread::sleep(Duration::from_millis(50));
        }
        containerd
    }

    /// Runs its client.
    pub(super) fn ctr(&self, arguments: &[&str]) {
        let address = ["--address", &self.socket];
        peer::run("ctr", &[&address, arguments].concat());
    }
}

impl Drop for Containerd {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
