//! Detects whether standard output was open when the process started.
//!
//! If it was closed (`>&-`), Rust's runtime opens /dev/null in its place before main, so that no
//! other file gets its number: all output would be lost without an error. Afterwards this cannot be
//! told from an inherited /dev/null, which is deliberate: daemon(3), node and Python also open it
//! for reading and writing.

use rustix::fs::{OFlags, fcntl_getfl};
use rustix::io::{Errno, fcntl_getfd};
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether standard output was closed.
static IS_CLOSED: AtomicBool = AtomicBool::new(false);

/// The C library calls the functions in this section before main, and so before the runtime.
// SAFETY: both glibc and musl call an `extern "C"` function here, possibly with arguments, which it
// may ignore. It makes one system call and sets a flag: it needs neither the runtime nor memory,
// and cannot panic.
#[allow(unsafe_code, reason = "Rust has no other way to run before main")]
#[used]
#[unsafe(link_section = ".init_array")]
static LOOK: extern "C" fn() = look;

extern "C" fn look() {
    let is_closed = fcntl_getfd(rustix::stdio::stdout()) == Err(Errno::BADF);
    IS_CLOSED.store(is_closed, Ordering::Relaxed);
}

/// Fails as a write would have if standard output was closed or is read-only: Rust's own writes
/// succeed there.
pub fn check_stdout() -> std::io::Result<()> {
    let flags = fcntl_getfl(rustix::stdio::stdout())?;
    let is_written = flags & OFlags::ACCMODE != OFlags::RDONLY;
    if IS_CLOSED.load(Ordering::Relaxed) || !is_written {
        Err(Errno::BADF.into())
    } else {
        Ok(())
    }
}
