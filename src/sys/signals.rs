//! SIGINT, SIGTERM and SIGHUP: the first one asks the process to end, a second one ends it.
//!
//! The handler only sets a flag. The single thread checks it wherever it waits and between two
//! pieces of a layer. It then abandons its work and removes what is unfinished, such as the staging
//! directory or a truncated archive. Finally the process ends itself with the same signal, so that
//! a shell or systemd sees the cause.

use super::pause;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::{flag, low_level};
use std::fs;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

/// The first signal received; 0 before.
static RECEIVED: AtomicUsize = AtomicUsize::new(0);

/// Whether the next signal ends the process at once.
static IS_ENDING: AtomicBool = AtomicBool::new(false);

/// How long a second signal counts as the first one: `timeout` sends each of its signals twice, to
/// the process and to its group.
const GRACE: Duration = Duration::from_millis(50);

/// A signal that asks a process to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signal(u8);

impl Signal {
    /// The signal number.
    pub fn number(self) -> u8 {
        self.0
    }

    /// The exit code that a shell reports for a process ended by this signal.
    pub fn exit_code(self) -> u8 {
        self.0.saturating_add(128)
    }

    /// Ends this process as the signal would have without a handler.
    pub fn end_process(self) {
        // It fails only for signals that do not end a process.
        let _ = low_level::emulate_default_handler(self.0.into());
    }
}

/// From here on, signals that ask the process to end are only recorded: see [`received_signal`]. A
/// signal that the parent process ignores stays ignored: `nohup roots pull` survives a hangup.
pub fn catch_signals() {
    let ignored = ignored_signals();
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        if ignored & (1 << (signal - 1)) != 0 {
            continue;
        }
        // In this order: the first signal finds `IS_ENDING` unset. If no handler can be installed,
        // the signal ends the process, and the next pull removes what is left.
        let _ = flag::register_conditional_default(signal, &IS_ENDING)
            .and_then(|_| flag::register_usize(signal, &RECEIVED, signal.unsigned_abs() as usize));
    }
}

/// The signal that asks this process to end, if one was received. After it was first returned,
/// another signal ends the process at once.
pub fn received_signal() -> Option<Signal> {
    let number = RECEIVED.load(Ordering::Relaxed);
    if number == 0 {
        return None;
    }
    if !IS_ENDING.load(Ordering::Relaxed) {
        pause(GRACE);
        IS_ENDING.store(true, Ordering::Relaxed);
    }
    u8::try_from(number).ok().map(Signal)
}

/// A bit mask of the signals that this process ignores. 0 without /proc: no safe call returns it.
fn ignored_signals() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .unwrap_or_default()
}
