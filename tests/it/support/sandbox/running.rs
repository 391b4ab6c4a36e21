//! The binary while it runs.

use super::Run;
use crate::support::terminal::{CLEAR, resize};
use rustix::process::{
    Pid, Signal, WaitId, WaitIdOptions, kill_process, kill_process_group, waitid,
};
use std::fs::File;
use std::io::{Read, Write as _};
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, ExitStatus};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How long anything may take before it counts as hung.
const PATIENCE: Duration = Duration::from_secs(60);

/// A run that is going on; dropped, it is killed.
pub struct Running {
    pub(super) child: Child,
    pub(super) said: String,
    pub(super) stdout: Output,
    pub(super) stderr: Output,
    /// What a person looks at.
    pub(super) terminal: Option<File>,
}

/// What came out of a pipe so far, and the thread that reads on.
pub(super) struct Output {
    bytes: Arc<Mutex<Vec<u8>>>,
    reader: JoinHandle<()>,
}

impl Running {
    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal.
    pub fn signal(&self, signal: Signal) -> &Self {
        kill_process(self.group(), signal).unwrap();
        self
    }

    /// Sends a signal to it and what it has started.
    pub fn signal_group(&self, signal: Signal) -> &Self {
        kill_process_group(self.group(), signal).unwrap();
        self
    }

    /// Waits until it says something on standard error; it may go on running.
    pub fn until_says(&self, text: &str) -> &Self {
        let deadline = Instant::now() + PATIENCE;
        loop {
            // In this order: what it said last is there when its pipe is closed.
            let over = self.stderr.reader.is_finished() || Instant::now() > deadline;
            let said = self.stderr.text();
            if said.contains(text) {
                return self;
            }
            assert!(!over, "no `{text}` from {}:\n{said}", self.said);
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Waits until so many lines were drawn on its terminal.
    pub fn until_drawn(&self, count: usize) -> &Self {
        let deadline = Instant::now() + PATIENCE;
        while self.drawn() < count {
            assert!(
                self.is_running() && Instant::now() < deadline,
                "{}",
                self.said
            );
            std::thread::sleep(Duration::from_millis(2));
        }
        self
    }

    /// How many lines were drawn on its terminal.
    pub fn drawn(&self) -> usize {
        self.stderr.text().matches(CLEAR).count()
    }

    /// Types on its terminal.
    pub fn types(&self, text: &str) -> &Self {
        let mut screen = self.terminal.as_ref().expect("a terminal");
        screen.write_all(text.as_bytes()).unwrap();
        self
    }

    /// Makes its terminal wider or narrower.
    pub fn resize(&self, columns: u16) -> &Self {
        resize(self.terminal.as_ref().expect("a terminal"), columns);
        self
    }

    /// Whether it has not ended yet.
    pub fn is_running(&self) -> bool {
        // NOWAIT leaves the zombie, and with it the process id, which then cannot become anybody else's.
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        waitid(WaitId::Pid(self.group()), options)
            .unwrap()
            .is_none()
    }

    /// Waits for its end, a minute at most.
    pub fn wait(mut self) -> Run {
        let deadline = Instant::now() + PATIENCE;
        while self.is_running() {
            if Instant::now() > deadline {
                self.kill();
                panic!(
                    "{} hangs\n{}{}",
                    self.said,
                    self.stdout.all(),
                    self.stderr.all()
                );
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        // A helper that outlives it would hold the pipes open: the whole group goes.
        let status = self.kill();
        Run {
            command: self.said.clone(),
            code: status.code(),
            signal: status.signal(),
            stdout: self.stdout.all(),
            stderr: self.stderr.all(),
        }
    }

    fn kill(&mut self) -> ExitStatus {
        let _ = kill_process_group(self.group(), Signal::KILL);
        self.child.wait().unwrap()
    }

    fn group(&self) -> Pid {
        i32::try_from(self.child.id())
            .ok()
            .and_then(Pid::from_raw)
            .expect("a process id")
    }
}

/// Those of `signals` that a process started here can be ended by. `nohup`, and a shell that runs a script in the
/// background, have theirs ignored, and every process below inherits that.
pub fn not_ignored(signals: &[Signal]) -> impl Iterator<Item = Signal> {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status
        .lines()
        .find_map(|line| line.strip_prefix("SigIgn:"))
        .and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .unwrap_or_default();
    signals
        .iter()
        .copied()
        .filter(move |signal| ignored & (1 << (signal.as_raw() - 1)) == 0)
}

impl Drop for Running {
    fn drop(&mut self) {
        // After `wait` the process id is free for others; then the child knows its status and nothing is killed.
        if matches!(self.child.try_wait(), Ok(None)) {
            self.kill();
        }
    }
}

impl Output {
    pub(super) fn collect(mut pipe: impl Read + Send + 'static) -> Self {
        let bytes = Arc::new(Mutex::new(Vec::new()));
        let shared = Arc::clone(&bytes);
        let reader = std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(count @ 1..) = pipe.read(&mut buffer) {
                shared
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .extend(&buffer[..count]);
            }
        });
        Self { bytes, reader }
    }

    /// What has come so far.
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes.lock().unwrap_or_else(PoisonError::into_inner))
            .into_owned()
    }

    /// What has come when the pipe is closed.
    fn all(&self) -> String {
        while !self.reader.is_finished() {
            std::thread::sleep(Duration::from_micros(200));
        }
        self.text()
    }
}
