//! What a pull says while it is at work: to stderr, so that stdout holds results only.

mod event;
mod meter;
mod view;

use crate::error::{Error, escaped};
use event::Event;
pub use meter::Meter;
use std::fmt::Display;
use std::io::Write;
use std::time::{Duration, Instant};

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

/// Who reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A log: a line for each step.
    Lines,
    /// A person in front of a terminal: a line that is drawn again and again.
    Terminal,
    /// A program: a JSON object on each line.
    Json,
}

/// Where messages go, and which are wanted.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    level: Level,
    format: Format,
    begun: Instant,
}

/// What a terminal does at this: it goes back to the start of the line, and clears it.
const CLEAR: &str = "\r\x1b[K";

impl Progress {
    /// Says what `level` allows.
    pub fn new(level: Level, format: Format) -> Self {
        let begun = Instant::now();
        Self {
            level,
            format,
            begun,
        }
    }

    /// Says only what goes wrong.
    pub fn silent() -> Self {
        Self::new(Level::Faults, Format::Lines)
    }

    /// How long the work has taken.
    pub fn elapsed(self) -> Duration {
        self.begun.elapsed()
    }

    /// Whether a program reads this, and wants results it can read.
    pub fn is_json(self) -> bool {
        self.format == Format::Json
    }

    /// Something that explains how a step was done.
    pub fn detail(self, what: impl Display) {
        if self.level >= Level::Details {
            let message = &what.to_string();
            self.say(&Event::Detail { message });
        }
    }

    /// A step of the work.
    pub fn step(self, what: impl Display) {
        if self.level >= Level::Steps {
            let message = &what.to_string();
            self.say(&Event::Step { message });
        }
    }

    /// Something the user should know that does not stop the work.
    pub fn warn(self, what: impl Display) {
        if self.level >= Level::Steps {
            let message = &what.to_string();
            self.say(&Event::Warning { message });
        }
    }

    /// Nothing has come from `whom` for `silence`: a person may wonder.
    pub fn waiting(self, whom: impl Display, silence: Duration) {
        if self.level >= Level::Steps && self.format == Format::Terminal {
            let seconds = silence.as_secs();
            draw(&view::waiting(&whom.to_string(), seconds));
        }
    }

    /// Follows the bytes of layers that have these sizes.
    pub fn meter(self, sizes: impl IntoIterator<Item = u64>) -> Meter {
        Meter::new(self, sizes)
    }

    /// Why the process ends.
    pub fn failed(self, error: &Error) {
        self.say(&Event::Error {
            message: &error.to_string(),
            hint: error.hint(),
            exit_code: error.exit_code(),
        });
    }

    fn say(self, event: &Event<'_>) {
        match self.format {
            Format::Json => write(&format!("{}\n", event.to_json())),
            Format::Terminal => write(&format!("{CLEAR}{}", event.to_lines())),
            Format::Lines => write(&event.to_lines()),
        }
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

/// Puts `text`, as much as fits, where the last line is.
fn draw(text: &str) {
    let width = crate::sys::terminal_width();
    // A line that fills the last column makes some terminals wrap.
    let fitting = text.chars().take(width.saturating_sub(1));
    write(&format!("{CLEAR}{}", escaped(&fitting.collect::<String>())));
}

/// A stderr that is closed or full is no reason to stop.
fn write(text: &str) {
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
}
