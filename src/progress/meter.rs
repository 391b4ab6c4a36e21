//! Counts bytes from their source, and on their way into the tree.

use super::event::{Event, LayerEvent};
use super::line::{StatusLine, Words};
use super::{Format, Level, Progress};
use crate::oci::Descriptor;
use std::io::{self, BufRead, Read};
use std::time::Instant;

/// Counts the layers of one image, one after the other.
pub struct Meter {
    progress: Progress,
    layer: usize,
    layers: usize,
    words: Words,
    /// The next layer: its digest, its size, and where it comes from.
    next: Option<(String, u64, String)>,
}

/// Counts the bytes of a layer.
struct ReadCounter<R> {
    inner: R,
    line: &'static StatusLine,
    words: Words,
}

/// Updates the line while a layer is extracted: a few bytes may become a large file.
pub struct LayerCounter<'r> {
    inner: &'r mut dyn BufRead,
    line: Option<&'static StatusLine>,
    words: Words,
}

impl Meter {
    pub(super) fn new(
        progress: Progress,
        sizes: impl IntoIterator<Item = u64>,
        work: &'static str,
    ) -> Self {
        let (layers, total) = sizes.into_iter().fold((0, 0u64), |(count, sum), size| {
            (count + 1, sum.saturating_add(size))
        });
        if let Some(line) = progress.line {
            line.expect_layers(layers as u64, total);
        }
        let reading = "reading";
        Self {
            progress,
            layer: 0,
            layers,
            words: Words { reading, work },
            next: None,
        }
    }

    /// The next layer is requested.
    pub fn next(&mut self) {
        self.layer += 1;
        if let Some(line) = self.progress.line {
            line.next_layer();
        }
    }

    /// Counts the bytes of `blob`, which come from `origin`.
    pub fn watch(
        &mut self,
        blob: &Descriptor,
        origin: &str,
        bytes: impl Read + 'static,
    ) -> Box<dyn Read> {
        self.next = Some((blob.digest.to_string(), blob.size, origin.to_owned()));
        let Some(line) = self.progress.line else {
            return Box::new(bytes);
        };
        let reading = if origin.starts_with("registry") {
            "downloading"
        } else {
            "reading"
        };
        if self.words.reading != reading {
            self.words.reading = reading;
            line.restart();
        }
        Box::new(ReadCounter {
            inner: bytes,
            line,
            words: self.words,
        })
    }

    /// Announces the layer whose bytes are counted, and updates the line while it is extracted.
    pub fn follow<'r>(&mut self, inner: &'r mut dyn BufRead) -> LayerCounter<'r> {
        self.announce();
        LayerCounter {
            inner,
            line: self.progress.line,
            words: self.words,
        }
    }

    /// Reports where the layer comes from. On a terminal, the line shows it.
    fn announce(&mut self) {
        let Some((digest, size, origin)) = &self.next.take() else {
            return;
        };
        let level = match self.progress.format {
            Format::Terminal => Level::Details,
            Format::Lines | Format::Json => Level::Steps,
        };
        if self.progress.level >= level {
            self.progress.say(&Event::Layer(LayerEvent {
                layer: self.layer,
                layers: self.layers,
                digest,
                size: *size,
                origin,
            }));
        }
    }
}

impl<R: Read> Read for ReadCounter<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let before = Instant::now();
        let count = self.inner.read(buffer)?;
        self.line.count(count, before.elapsed(), self.words);
        Ok(count)
    }
}

impl LayerCounter<'_> {
    fn tick(&self) {
        if let Some(line) = self.line {
            line.tick(self.words);
        }
    }
}

impl Read for LayerCounter<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.tick();
        self.inner.read(buffer)
    }
}

impl BufRead for LayerCounter<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.tick();
        self.inner.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        self.inner.consume(count);
    }
}
