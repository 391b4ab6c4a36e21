//! Names that another process exchanges, and folders that it fills, while a command runs. Each window is held open: by an
//! answer that waits, or by a process that is stopped before a system call.

mod cleanup;
mod in_place;
mod parents;
mod traps;

use crate::support::{Registry, Sandbox, hello};

/// Numbers of system calls on x86-64.
const CONNECT: u64 = 42;
const SETXATTR: u64 = 188;
const LSETXATTR: u64 = 189;
const OPEN: u64 = 257;
const CHOWN: u64 = 260;
const UNLINKAT: u64 = 263;
const CHMOD: u64 = 268;
const UTIMENSAT: u64 = 280;

fn published() -> (Sandbox, Registry, String) {
    let (sandbox, registry) = (Sandbox::new("races"), Registry::start());
    let name = registry.push("a/b", "1", &hello());
    (sandbox, registry, name)
}
