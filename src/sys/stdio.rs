//! Whether standard output was open when the process began.
//!
//! In the place of a closed one (`>&-`), Rust's runtime opens /dev/null before it calls main, so that no other file
//! gets its number: all that is written would be lost without an error. That cannot be told afterwards from a
//! /dev/null that was inherited, which is a wish: daemon(3), node and Python open it for reading and writing, too.

use rustix::fs::{OFlags, fcntl_getfl};
use rustix::io::{Errno, fcntl_getfd};
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether there was none.
static IS_CLOSED: AtomicBool = AtomicBool::new(false);

/// The C library calls what stands in this section before main, and so before the runtime.
// SAFETY: an `extern "C"` function without arguments is what both glibc and musl call here, which may pass
// more. It makes one system call and sets a flag: it needs neither the runtime nor memory, and cannot panic.
#[allow(unsafe_code, reason = "Rust has no other way to run before main")]
#[used]
#[unsafe(link_section = ".init_array")]
static LOOK: extern "C" fn() = look;

extern "C" fn look() {
    let is_closed = fcntl_getfd(rustix::stdio::stdout()) == Err(Errno::BADF);
    IS_CLOSED.store(is_closed, Ordering::Relaxed);
}

/// Fails as a write to a standard output that was closed, or is open for reading alone, would have: Rust's own
/// writes succeed there.
pub fn check_stdout() -> std::io::Result<()> {
    let flags = fcntl_getfl(rustix::stdio::stdout())?;
    let is_written = flags & OFlags::ACCMODE != OFlags::RDONLY;
    if IS_CLOSED.load(Ordering::Relaxed) || !is_written {
        Err(Errno::BADF.into())
    } else {
        Ok(())
    }
}
