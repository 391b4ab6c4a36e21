//! Progress messages of a pull, on stderr, so that stdout holds results only.

mod event;
mod line;
mod meter;
mod secrets;
mod shorten;
mod throttle;
mod view;

use crate::error::Error;
use crate::sys::wait_to_write;
use event::{ConnectionEvent, Event};
use line::{Activity, StatusLine};
pub use meter::{LayerCounter, Meter};
use secrets::Secrets;
use std::fmt::Display;
use std::io::Write;
use std::time::{Duration, Instant};
use throttle::Urgency;

/// The verbosity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Only errors and serious warnings.
    Faults,
    /// Also the steps of the work.
    Steps,
    /// Also requests, and the credentials they use.
    Details,
}

/// The output format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For a log: a line for each step.
    Lines,
    /// For a terminal: a line that is redrawn in place.
    Terminal,
    /// For a program: a JSON object on each line.
    Json,
}

/// The output of messages, filtered by level.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    level: Level,
    format: Format,
    begun: Instant,
    /// The status line, if one is drawn.
    line: Option<&'static StatusLine>,
    /// The secrets redacted in all messages.
    secrets: &'static Secrets,
}

/// How long nothing must arrive to count as a stall.
const SILENCE: Duration = Duration::from_secs(1);

impl Progress {
    /// Shows the messages that `level` allows.
    pub fn new(level: Level, format: Format) -> Self {
        let is_drawn = level >= Level::Steps && format != Format::Lines;
        Self {
            level,
            format,
            begun: Instant::now(),
            // It lives as long as stderr, so that others can borrow it without keeping it alive.
            line: is_drawn.then(|| &*Box::leak(Box::new(StatusLine::new(format)))),
            secrets: Box::leak(Box::default()),
        }
    }

    /// Redacts these passwords and tokens in all later messages, whatever their origin: a server
    /// that received one can echo it in anything shown of its responses. Text that is part of
    /// `own`, which the user typed, is not treated as secret.
    pub fn conceal<T: AsRef<str>>(self, secrets: impl IntoIterator<Item = T>, own: &str) {
        for secret in secrets {
            self.secrets.add(secret.as_ref(), own);
        }
    }

    /// Redacts secrets in a server's text. Call this before shortening the text.
    pub fn without_secrets(self, text: &str) -> String {
        self.secrets.blank(text, true)
    }

    /// A message with secrets redacted; it may quote servers.
    fn concealed(self, message: impl Display) -> String {
        self.secrets.blank(&message.to_string(), false)
    }

    /// Shows only errors and serious warnings.
    pub fn silent() -> Self {
        Self::of_faults(false)
    }

    /// Shows only errors and serious warnings, as text or JSON.
    pub fn of_faults(is_json: bool) -> Self {
        let format = if is_json { Format::Json } else { Format::Lines };
        Self::new(Level::Faults, format)
    }

    /// The seconds since the start, rounded to milliseconds, for results.
    pub fn seconds(self) -> f64 {
        (self.begun.elapsed().as_secs_f64() * 1000.0).round() / 1000.0
    }

    /// Whether stderr is shown to a person on a terminal.
    pub fn is_for_person(self) -> bool {
        self.format == Format::Terminal
    }

    /// Whether only errors and serious warnings are shown.
    pub fn is_quiet(self) -> bool {
        self.level == Level::Faults
    }

    /// Whether the output is for a program, which expects JSON results.
    pub fn is_json(self) -> bool {
        self.format == Format::Json
    }

    /// Shows a detail of how a step was done.
    pub fn detail(self, message: impl Display) {
        if self.level >= Level::Details {
            let message = &self.concealed(message);
            self.say(&Event::Detail { message });
        }
    }

    /// Shows that connections are added, and the rate in bytes per second that is the reason.
    pub fn connection(self, connections: usize, rate: u64) {
        let level = match self.format {
            Format::Json => Level::Steps,
            Format::Terminal | Format::Lines => Level::Details,
        };
        if self.level >= level {
            self.say(&Event::Connection(ConnectionEvent { connections, rate }));
        }
    }

    /// Shows a step of the work.
    pub fn step(self, message: impl Display) {
        if self.level >= Level::Steps {
            let message = &self.concealed(message);
            self.say(&Event::Step { message });
        }
    }

    /// Shows a warning: something that does not stop the work.
    pub fn warn(self, message: impl Display) {
        if self.level >= Level::Steps {
            let message = &self.concealed(message);
            self.say(&Event::Warning { message });
        }
    }

    /// Shows a serious warning, with `--quiet` too: of something that may be an attack, or that makes the
    /// result useless.
    pub fn alarm(self, message: impl Display) {
        let message = &self.concealed(message);
        self.say(&Event::Warning { message });
    }

    /// Whether the current activity is shown.
    pub fn is_drawn(self) -> bool {
        self.line.is_some()
    }

    /// Reports that `whom` was sent a request, and may take a while.
    pub fn waiting_for(self, whom: impl Display) {
        if let Some(line) = self.line {
            let whom = &self.concealed(whom);
            line.set_activity(Activity::Silence(whom, Duration::ZERO), Urgency::Urgent);
        }
    }

    /// Reports that nothing has arrived from `whom` for `silence`.
    pub fn stalled(self, whom: &str, silence: Duration) {
        if let Some(line) = self.line.filter(|_| silence >= SILENCE) {
            line.set_activity(
                Activity::Silence(&self.concealed(whom), silence),
                Urgency::Calm,
            );
        }
    }

    /// Reports the current activity, which has no measure.
    pub fn working_on(self, what: &'static str) {
        if let Some(line) = self.line {
            line.set_activity(Activity::Work(what), Urgency::Blocking);
        }
    }

    /// A meter for layers of these sizes; `work` is the word for what is done with them.
    pub fn meter(self, sizes: impl IntoIterator<Item = u64>, work: &'static str) -> Meter {
        Meter::new(self, sizes, work)
    }

    /// Clears the status line.
    pub fn clear(self) {
        write(self.cleared());
    }

    /// Reports the error that ends the process.
    pub fn failed(self, error: &Error) {
        self.say(&Event::Error {
            message: &self.concealed(error),
            hint: error.hint().map(|hint| self.concealed(hint)),
            exit_code: error.exit_code(),
        });
    }

    /// Writes these lines after the messages.
    pub fn list(self, lines: &str) {
        write(&format!("\n{lines}\n"));
    }

    fn say(self, event: &Event<'_>) {
        match self.format {
            Format::Json => write(&event.to_json()),
            Format::Terminal | Format::Lines => {
                write(&format!("{}{}", self.cleared(), event.to_lines()));
            }
        }
    }

    fn cleared(self) -> &'static str {
        self.line.map_or("", StatusLine::cleared)
    }
}

/// Formats a size.
pub fn bytes(size: u64) -> String {
    const UNITS: [&str; 5] = ["kB", "MB", "GB", "TB", "PB"];
    if size < 1000 {
        return format!("{size} B");
    }
    let mut units = UNITS.iter();
    let (mut unit, mut tenth, mut count) = ("", 1, u64::MAX);
    // 1000.0 after rounding becomes 1.0 of the next unit.
    while count >= 10_000 {
        let Some(next) = units.next() else { break };
        tenth *= if unit.is_empty() { 100 } else { 1000 };
        count = size / tenth + u64::from(size % tenth >= tenth / 2);
        unit = next;
    }
    format!("{} {unit}", tenths(count))
}

/// Formats a time in seconds.
pub fn seconds(time: Duration) -> String {
    let rest = (time.subsec_millis() + 50) / 100;
    tenths(
        time.as_secs()
            .saturating_mul(10)
            .saturating_add(rest.into()),
    )
}

/// Formats tenths with one decimal. Formatting floating-point numbers would take 7 KiB of code.
fn tenths(count: u64) -> String {
    format!("{}.{}", count / 10, count % 10)
}

/// Writes to stderr, ignoring errors: a closed or full stderr is no reason to stop.
fn write(text: &str) {
    let mut stderr = std::io::stderr().lock();
    // A signal ends the wait for a slow reader.
    if wait_to_write(&stderr).is_ok() {
        let _ = stderr.write_all(text.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_one_digit_behind_the_point() {
        for (size, text) in [
            (0, "0 B"),
            (999, "999 B"),
            (1000, "1.0 kB"),
            (999_949, "999.9 kB"),
            (999_950, "1.0 MB"),
            (1_949_999_999, "1.9 GB"),
            (1_950_000_000, "2.0 GB"),
            (u64::MAX, "18446.7 PB"),
        ] {
            assert_eq!(bytes(size), text);
        }
        for (millis, text) in [(0, "0.0"), (249, "0.2"), (250, "0.3"), (1950, "2.0")] {
            assert_eq!(seconds(Duration::from_millis(millis)), text);
        }
    }
}
