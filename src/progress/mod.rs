//! What a pull says while it is at work: to stderr, so that stdout holds results only.

mod event;
mod line;
mod meter;
mod secrets;
mod shorten;
mod throttle;
mod view;

use crate::error::Error;
use crate::sys::wait_to_write;
use event::Event;
use line::{Activity, StatusLine};
pub use meter::{LayerCounter, Meter};
use secrets::Secrets;
use std::fmt::Display;
use std::io::Write;
use std::time::{Duration, Instant};
use throttle::Urgency;

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
    /// What is drawn again and again, if anything is.
    line: Option<&'static StatusLine>,
    /// What is blanked in all that is said.
    secrets: &'static Secrets,
}

/// From when on a silence is one.
const SILENCE: Duration = Duration::from_secs(1);

impl Progress {
    /// Says what `level` allows.
    pub fn new(level: Level, format: Format) -> Self {
        let is_drawn = level >= Level::Steps && format != Format::Lines;
        Self {
            level,
            format,
            begun: Instant::now(),
            // It is there for as long as stderr: whoever may draw on it need not keep it.
            line: is_drawn.then(|| &*Box::leak(Box::new(StatusLine::new(format)))),
            secrets: Box::leak(Box::default()),
        }
    }

    /// From here on, no message has these passwords and tokens in it, whoever says them: a server that
    /// was asked with one can put it into whatever is shown of its answers. What is part of `own`, which
    /// the user has typed, is no secret there.
    pub fn conceal<T: AsRef<str>>(self, secrets: impl IntoIterator<Item = T>, own: &str) {
        for secret in secrets {
            self.secrets.add(secret.as_ref(), own);
        }
    }

    /// The words of a server without any secret. To be called before they are cut to a length.
    pub fn without_secrets(self, text: &str) -> String {
        self.secrets.blank(text, true)
    }

    /// A message, in which there may be words of servers.
    fn concealed(self, message: impl Display) -> String {
        self.secrets.blank(&message.to_string(), false)
    }

    /// Says only what goes wrong.
    pub fn silent() -> Self {
        Self::of_faults(false)
    }

    /// Says only what goes wrong, to people or to programs.
    pub fn of_faults(is_json: bool) -> Self {
        let format = if is_json { Format::Json } else { Format::Lines };
        Self::new(Level::Faults, format)
    }

    /// How long the work has taken.
    pub fn elapsed(self) -> Duration {
        self.begun.elapsed()
    }

    /// Whether a person sits in front of a terminal.
    pub fn is_for_person(self) -> bool {
        self.format == Format::Terminal
    }

    /// Whether only what goes wrong is said.
    pub fn is_quiet(self) -> bool {
        self.level == Level::Faults
    }

    /// Whether a program reads this, and wants results it can read.
    pub fn is_json(self) -> bool {
        self.format == Format::Json
    }

    /// Something that explains how a step was done.
    pub fn detail(self, what: impl Display) {
        if self.level >= Level::Details {
            let message = &self.concealed(what);
            self.say(&Event::Detail { message });
        }
    }

    /// A step of the work.
    pub fn step(self, what: impl Display) {
        if self.level >= Level::Steps {
            let message = &self.concealed(what);
            self.say(&Event::Step { message });
        }
    }

    /// Something the user should know that does not stop the work.
    pub fn warn(self, what: impl Display) {
        if self.level >= Level::Steps {
            let message = &self.concealed(what);
            self.say(&Event::Warning { message });
        }
    }

    /// Something that may be an attack: it is said also to those who want to hear only what goes
    /// wrong.
    pub fn alarm(self, what: impl Display) {
        let message = &self.concealed(what);
        self.say(&Event::Warning { message });
    }

    /// Whether somebody wants to know what takes the time.
    pub fn is_drawn(self) -> bool {
        self.line.is_some()
    }

    /// `whom` is asked now, and may take its time.
    pub fn waiting_for(self, whom: impl Display) {
        if let Some(line) = self.line {
            let whom = &self.concealed(whom);
            line.turn(Activity::Silence(whom, Duration::ZERO), Urgency::Urgent);
        }
    }

    /// Nothing has come from `whom` for `silence`, and it is still waited for.
    pub fn stalled(self, whom: &str, silence: Duration) {
        if let Some(line) = self.line.filter(|_| silence >= SILENCE) {
            line.turn(
                Activity::Silence(&self.concealed(whom), silence),
                Urgency::Calm,
            );
        }
    }

    /// What takes the time from here on, in one piece.
    pub fn working_on(self, what: &'static str) {
        if let Some(line) = self.line {
            line.turn(Activity::Work(what), Urgency::Blocking);
        }
    }

    /// Follows the bytes of layers that have these sizes, and of which something is made: `work` is
    /// what that is called.
    pub fn meter(self, sizes: impl IntoIterator<Item = u64>, work: &'static str) -> Meter {
        Meter::new(self, sizes, work)
    }

    /// Leaves nothing on the terminal that is not to stay.
    pub fn clear(self) {
        write(self.cleared());
    }

    /// Why the process ends.
    pub fn failed(self, error: &Error) {
        self.say(&Event::Error {
            message: &self.concealed(error),
            hint: error.hint().map(|hint| self.concealed(hint)),
            exit_code: error.exit_code(),
        });
    }

    /// Lines of ours behind what was said.
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

/// A size for people.
pub fn bytes(size: u64) -> String {
    const UNITS: [&str; 5] = ["kB", "MB", "GB", "TB", "PB"];
    if size < 1000 {
        return format!("{size} B");
    }
    let mut units = UNITS.iter();
    let (mut unit, mut tenth, mut count) = ("", 1, u64::MAX);
    // What would be rounded up to 1000.0 is 1.0 of the next unit.
    while count >= 10_000 {
        let Some(next) = units.next() else { break };
        tenth *= if unit.is_empty() { 100 } else { 1000 };
        count = size / tenth + u64::from(size % tenth >= tenth / 2);
        unit = next;
    }
    format!("{} {unit}", tenths(count))
}

/// A time for people, in seconds.
pub fn seconds(time: Duration) -> String {
    let rest = (time.subsec_millis() + 50) / 100;
    tenths(
        time.as_secs()
            .saturating_mul(10)
            .saturating_add(rest.into()),
    )
}

/// One digit behind the point. The formats of floating-point numbers are 7 KiB of code.
fn tenths(count: u64) -> String {
    format!("{}.{}", count / 10, count % 10)
}

/// A stderr that is closed or full is no reason to stop.
fn write(text: &str) {
    let mut stderr = std::io::stderr().lock();
    // A signal ends the wait for whoever reads it.
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
