//! Names that another process exchanges, and folders that it fills, while a command runs. Each window is held open: by an
//! answer that waits, or by a process that is stopped before a system call.

mod cleanup;

use crate::support::sandbox::Running;
use crate::support::{Registry, Sandbox, hello};
use std::time::Duration;

/// Numbers of system calls on x86-64.
const UNLINKAT: u64 = 263;

fn published() -> (Sandbox, Registry, String) {
    let (sandbox, registry) = (Sandbox::new("races"), Registry::start());
    let name = registry.push("a/b", "1", &hello());
    (sandbox, registry, name)
}

/// Waits until the registry was asked for something.
fn until_asked(registry: &Registry, running: &Running, part: &str) {
    while !registry.lines().iter().any(|line| line.contains(part)) {
        assert!(running.is_running(), "it never asks for {part}");
        std::thread::sleep(Duration::from_millis(2));
    }
}
