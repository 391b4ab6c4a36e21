//! The line on a terminal, drawn again and again; for a program, an object once a second.
//!
//! There is one thread, so it has no clock of its own: whoever reads, waits or unpacks lets it know
//! that time has passed.

use super::event::{Event, Snapshot};
use super::throttle::{Counter, Rate, SECOND, Throttle, Urgency};
use super::{Format, write};
use crate::sys;
use std::time::{Duration, Instant};

/// What a terminal does at this: it goes back to the start of the line and clears what comes. The
/// cursor is left at the start, so that a line that a narrower terminal has wrapped goes as a whole.
const CLEAR: &str = "\r\x1b[J";

/// A time left that is longer says nothing, in seconds.
const LONGEST: u64 = 100 * 60 * 60;

/// What takes the time.
#[derive(Clone, Copy)]
pub(super) enum Activity<'s> {
    /// Bytes that come and are worked on, or one of both.
    Bytes(&'static str),
    /// Something without a measure.
    Work(&'static str),
    /// Somebody who has been silent for so long.
    Silence(&'s str, Duration),
}

/// What is called what when the time goes into it.
#[derive(Clone, Copy)]
pub(super) struct Words {
    pub(super) reading: &'static str,
    pub(super) work: &'static str,
}

/// What is known, and what is drawn.
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
    /// When it was drawn last.
    drawn: Counter,
    /// How much of the time since then went into reading.
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

    /// Layers will come, so many with so many bytes; none of them is here yet.
    pub(super) fn expect_layers(&self, layers: u64, total: u64) {
        self.layer.set(0);
        self.layers.set(layers);
        self.bytes.set(0);
        self.total.set(total);
        self.restart();
    }

    /// The next layer comes.
    pub(super) fn next_layer(&self) {
        self.layer.add(1);
    }

    /// Bytes come from somewhere else from here on, and as fast as they come from there.
    pub(super) fn restart(&self) {
        self.rate.restart(self.now(), self.bytes.get());
    }

    /// `count` bytes have come after `waited`.
    pub(super) fn count(&self, count: usize, waited: Duration, words: Words) {
        self.bytes.add(count as u64);
        self.spent.add(micros(waited));
        self.tick(words);
    }

    /// Time has passed.
    pub(super) fn tick(&self, words: Words) {
        let now = self.now();
        if self.throttle.allows(now, Urgency::Calm) {
            let since = now.saturating_sub(self.drawn.get());
            self.draw(
                now,
                Activity::Bytes(match self.spent.get() * 2 > since {
                    true => words.reading,
                    false => words.work,
                }),
            );
        }
    }

    /// Something else takes the time from here on.
    pub(super) fn turn(&self, slow: Activity<'_>, urgency: Urgency) {
        let now = self.now();
        if self.throttle.allows(now, urgency) {
            self.draw(now, slow);
        }
    }

    /// What makes room on the terminal for something else.
    pub(super) fn cleared(&self) -> &'static str {
        let was_shown = self.is_shown.get() > 0;
        self.is_shown.set(0);
        if was_shown { CLEAR } else { "" }
    }

    fn draw(&self, now: u64, slow: Activity<'_>) {
        self.drawn.set(now);
        self.spent.set(0);
        let reached = self.reached(now, slow);
        match self.format {
            Format::Json => write(&Event::Progress(reached).to_json()),
            Format::Terminal | Format::Lines => {
                let line = reached.to_line(sys::terminal_width());
                self.is_shown.set(1);
                write(&format!("{CLEAR}{line}\r"));
            }
        }
    }

    fn reached<'s>(&self, now: u64, slow: Activity<'s>) -> Snapshot<'s> {
        let (bytes, total) = (self.bytes.get(), self.total.get());
        let rate = self.rate.at(now, bytes);
        let (state, silent) = match slow {
            Activity::Bytes(state) | Activity::Work(state) => (state, None),
            Activity::Silence(whom, silence) => ("waiting", Some((whom, silence))),
        };
        let rest = total.saturating_sub(bytes);
        // While nothing comes, what came before promises nothing.
        let rate = match slow {
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
