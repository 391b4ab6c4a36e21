//! What a pull says while it is at work: to stderr, so that stdout holds results only.

use crate::error::{Error, escaped};
use std::fmt::Display;
use std::io::Write;

/// How much is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Only what goes wrong.
    Faults,
    /// The steps of the work, too.
    Steps,
    /// And what was asked of whom, with whose credentials.
    Details,
}

/// Where messages go, and which are wanted.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    level: Level,
}

impl Progress {
    /// Says what `level` allows.
    pub fn new(level: Level) -> Self {
        Self { level }
    }

    /// Something that explains how a step was done.
    pub fn detail(self, what: impl Display) {
        if self.level >= Level::Details {
            line(&what.to_string());
        }
    }

    /// A step of the work.
    pub fn step(self, what: impl Display) {
        if self.level >= Level::Steps {
            line(&what.to_string());
        }
    }

    /// Something the user should know that does not stop the work.
    pub fn warn(self, what: impl Display) {
        if self.level >= Level::Steps {
            line(&format!("roots: warning: {what}"));
        }
    }

    /// Layer `number` of `count` is about to come from `origin`.
    pub fn layer(self, number: usize, count: usize, digest: impl Display, size: u64, origin: &str) {
        self.step(format_args!(
            "layer {number}/{count} {digest} {} ({origin})",
            bytes(size)
        ));
    }
}

/// Says why the process ends.
pub fn failed(error: &Error) {
    line(&format!("roots: {error}"));
    if let Some(hint) = error.hint() {
        line(&format!("hint: {hint}"));
    }
}

/// A size for people.
pub fn bytes(size: u64) -> String {
    const UNITS: [&str; 5] = ["kB", "MB", "GB", "TB", "PB"];
    if size < 1000 {
        return format!("{size} B");
    }
    let mut size = size as f64;
    let mut units = UNITS.iter();
    let mut unit = "";
    while size >= 1000.0 {
        let Some(next) = units.next() else { break };
        size /= 1000.0;
        unit = next;
    }
    format!("{size:.1} {unit}")
}

/// A stderr that is closed or full is no reason to stop.
fn line(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{}", escaped(text));
}
