//! The status line on a terminal, redrawn in place; for a program, a JSON object once a second.
//!
//! There is one thread and no timer: the code that reads, waits or extracts reports that time has passed.

use super::event::{Event, Snapshot};
use super::throttle::{Counter, Rate, SECOND, Throttle, Urgency};
use super::{Format, write};
use crate::sys;
use std::time::{Duration, Instant};

/// Moves the cursor to the start of the line and clears from there. The cursor is left at the
/// start, so that a line wrapped by a narrower terminal is cleared as a whole.
const CLEAR: &str = "\r\x1b[J";

/// The longest time left that is shown, in seconds.
const LONGEST: u64 = 100 * 60 * 60;

/// The current activity.
#[derive(Clone, Copy)]
pub(super) enum Activity<'s> {
    /// Receiving or processing bytes.
    Bytes(&'static str),
    /// Work without a measure.
    Work(&'static str),
    /// Waiting for someone who has been silent for this long.
    Silence(&'s str, Duration),
}

/// The words for the activities.
#[derive(Clone, Copy)]
pub(super) struct Words {
    pub(super) reading: &'static str,
    pub(super) work: &'static str,
}

/// The state, and what is drawn of it.
#[derive(Debug)]
pub(super) struct StatusLine {
    format: Format,
    begun: Instant,
    layer: Counter,
    layers: Counter,
    bytes: Counter,
    total: Counter,
    rate: Rate,
    throttle: Throttle,
    /// When it was last drawn.
    drawn: Counter,
    /// How much of the time since then was spent reading.
    spent: Counter,
    is_shown: Counter,
}

impl StatusLine {
    pub(super) fn new(format: Format) -> Self {
        let throttle = match format {
            Format::Json => Throttle::of_program(),
            Format::Terminal | Format::Lines => Throttle::of_terminal(),
        };
        Self {
            format,
            begun: Instant::now(),
            layer: Counter::default(),
            layers: Counter::default(),
            bytes: Counter::default(),
            total: Counter::default(),
            rate: Rate::default(),
            throttle,
            drawn: Counter::default(),
            spent: Counter::default(),
            is_shown: Counter::default(),
        }
    }

    /// Sets the number of layers and their total size in bytes, none of them received yet.
    pub(super) fn expect_layers(&self, layers: u64, total: u64) {
        self.layer.set(0);
        self.layers.set(layers);
        self.bytes.set(0);
        self.total.set(total);
        self.restart();
    }

    /// The next layer starts.
    pub(super) fn next_layer(&self) {
        self.layer.add(1);
    }

    /// Restarts the measured rate, because the bytes now come from another source.
    pub(super) fn restart(&self) {
        self.rate.restart(self.now(), self.bytes.get());
    }

    /// Counts `count` bytes that arrived after waiting for `waited`.
    pub(super) fn count(&self, count: usize, waited: Duration, words: Words) {
        self.bytes.add(count as u64);
        self.spent.add(micros(waited));
        self.tick(words);
    }

    /// Reports that time has passed.
    pub(super) fn tick(&self, words: Words) {
        let now = self.now();
        if self.throttle.allows(now, Urgency::Calm) {
            let since = now.saturating_sub(self.drawn.get());
            self.draw(
                now,
                Activity::Bytes(if self.spent.get() * 2 > since {
                    words.reading
                } else {
                    words.work
                }),
            );
        }
    }

    /// Sets the current activity.
    pub(super) fn set_activity(&self, activity: Activity<'_>, urgency: Urgency) {
        let now = self.now();
        if self.throttle.allows(now, urgency) {
            self.draw(now, activity);
        }
    }

    /// The escape sequence that clears the line for other output.
    pub(super) fn cleared(&self) -> &'static str {
        let was_shown = self.is_shown.get() > 0;
        self.is_shown.set(0);
        if was_shown { CLEAR } else { "" }
    }

    fn draw(&self, now: u64, activity: Activity<'_>) {
        self.drawn.set(now);
        self.spent.set(0);
        let snapshot = self.snapshot(now, activity);
        match self.format {
            Format::Json => write(&Event::Progress(snapshot).to_json()),
            Format::Terminal | Format::Lines => {
                let line = snapshot.to_line(sys::terminal_width());
                self.is_shown.set(1);
                write(&format!("{CLEAR}{line}\r"));
            }
        }
    }

    fn snapshot<'s>(&self, now: u64, activity: Activity<'s>) -> Snapshot<'s> {
        let (bytes, total) = (self.bytes.get(), self.total.get());
        let rate = self.rate.at(now, bytes);
        let (state, silent) = match activity {
            Activity::Bytes(state) | Activity::Work(state) => (state, None),
            Activity::Silence(whom, silence) => ("waiting", Some((whom, silence))),
        };
        let rest = total.saturating_sub(bytes);
        // During a stall, the earlier rate predicts nothing.
        let rate = match activity {
            Activity::Bytes(_) if rest > 0 => rate,
            _ => 0,
        };
        let left = rest.checked_div(rate);
        Snapshot {
            layer: self.layer.get(),
            layers: self.layers.get(),
            bytes,
            total,
            rate,
            left: left.map(|left| left + 1).filter(|left| *left < LONGEST),
            state,
            waiting_for: silent.map(|(whom, _)| whom),
            silence: silent.map_or(0, |(_, silence)| silence.as_secs()),
        }
    }

    fn now(&self) -> u64 {
        micros(self.begun.elapsed())
    }
}

fn micros(time: Duration) -> u64 {
    time.as_secs()
        .saturating_mul(SECOND)
        .saturating_add(time.subsec_micros().into())
}
