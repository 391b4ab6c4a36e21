//! How far a pull has come, drawn again as its bytes pass by.
//!
//! There is one thread, so this has no clock of its own: who reads a layer looks at the time, twice
//! for each piece, which is some ten nanoseconds for 256 KiB.

use super::event::{Event, Layer, Reached};
use super::{CLEAR, Format, Level, Progress, write};
use crate::oci::Descriptor;
use crate::sys;
use std::cell::RefCell;
use std::io::{self, Read};
use std::rc::Rc;
use std::time::{Duration, Instant};

/// How often a person and a program are told.
const OF_TERMINAL: Duration = Duration::from_millis(100);
const OF_JSON: Duration = Duration::from_secs(1);

/// Follows the layers of one image, one after the other.
pub struct Meter {
    progress: Progress,
    layer: usize,
    layers: usize,
    /// What is drawn, if anything is.
    gauge: Option<Rc<RefCell<Gauge>>>,
}

/// What the line shows.
struct Gauge {
    progress: Progress,
    reached: Reached,
    /// When the first byte was asked for.
    begun: Instant,
    /// What the state is called when the time goes into reading.
    reading: &'static str,
    drawn: Instant,
    /// How much of the time since then went into reading.
    spent: Duration,
}

/// The bytes of a layer, counted.
struct Watched<R> {
    inner: R,
    gauge: Rc<RefCell<Gauge>>,
}

impl Meter {
    pub(super) fn new(progress: Progress, sizes: impl IntoIterator<Item = u64>) -> Self {
        let (layers, total) = sizes.into_iter().fold((0, 0u64), |(count, sum), size| {
            (count + 1, sum.saturating_add(size))
        });
        let is_drawn = progress.level >= Level::Steps && progress.format != Format::Lines;
        let gauge = is_drawn.then(|| Rc::new(RefCell::new(Gauge::new(progress, layers, total))));
        Self {
            progress,
            layer: 0,
            layers,
            gauge,
        }
    }

    /// The next layer is asked for.
    pub fn next(&mut self) {
        self.layer += 1;
        if let Some(gauge) = &self.gauge {
            let mut gauge = gauge.borrow_mut();
            gauge.reached.layer = self.layer;
            gauge.reached.state = "waiting";
            gauge.tick(Instant::now());
        }
    }

    /// The bytes of `blob`, which come from `origin`, counted.
    pub fn watch(
        &self,
        blob: &Descriptor,
        origin: &str,
        bytes: impl Read + 'static,
    ) -> Box<dyn Read> {
        self.announce(blob, origin);
        let Some(gauge) = &self.gauge else {
            return Box::new(bytes);
        };
        gauge.borrow_mut().reading = match origin.starts_with("registry") {
            true => "downloading",
            false => "reading",
        };
        Box::new(Watched {
            inner: bytes,
            gauge: Rc::clone(gauge),
        })
    }

    /// Says which layer comes from where. A person sees it on the line.
    fn announce(&self, blob: &Descriptor, origin: &str) {
        let level = match self.progress.format {
            Format::Terminal => Level::Details,
            Format::Lines | Format::Json => Level::Steps,
        };
        if self.progress.level >= level {
            self.progress.say(&Event::Layer(Layer {
                layer: self.layer,
                layers: self.layers,
                digest: &blob.digest.to_string(),
                size: blob.size,
                origin,
            }));
        }
    }
}

impl Gauge {
    fn new(progress: Progress, layers: usize, total: u64) -> Self {
        let now = Instant::now();
        let reached = Reached {
            layer: 0,
            layers,
            bytes: 0,
            total,
            rate: 0,
            state: "waiting",
        };
        Self {
            progress,
            reached,
            begun: now,
            reading: "reading",
            // What is done at once is not worth a line.
            drawn: now,
            spent: Duration::ZERO,
        }
    }

    /// `count` bytes have come after `waited`.
    fn count(&mut self, count: usize, waited: Duration, now: Instant) {
        self.reached.bytes += count as u64;
        self.spent += waited;
        let since = now.saturating_duration_since(self.drawn);
        self.reached.state = match self.spent * 2 > since {
            true => self.reading,
            false => "unpacking",
        };
        self.tick(now);
    }

    /// Draws, unless it has only just done so.
    fn tick(&mut self, now: Instant) {
        let pause = match self.progress.format {
            Format::Json => OF_JSON,
            Format::Terminal | Format::Lines => OF_TERMINAL,
        };
        if now.saturating_duration_since(self.drawn) < pause {
            return;
        }
        let elapsed = now.saturating_duration_since(self.begun).as_secs_f64();
        let rate = self.reached.bytes as f64 / elapsed;
        self.reached.rate = rate as u64;
        if self.progress.is_json() {
            self.progress.say(&Event::Progress(self.reached));
        } else {
            let rest = self.reached.total.saturating_sub(self.reached.bytes);
            let left = (rate >= 1.0).then(|| (rest as f64 / rate).ceil() as u64);
            let width = sys::terminal_width();
            super::draw(&self.reached.to_line(width, left));
        }
        (self.drawn, self.spent) = (now, Duration::ZERO);
    }
}

/// The line goes, whatever the end was.
impl Drop for Gauge {
    fn drop(&mut self) {
        if self.progress.format == Format::Terminal {
            write(CLEAR);
        }
    }
}

impl<R: Read> Read for Watched<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let before = Instant::now();
        let count = self.inner.read(buffer)?;
        let now = Instant::now();
        let waited = now.saturating_duration_since(before);
        self.gauge.borrow_mut().count(count, waited, now);
        Ok(count)
    }
}
