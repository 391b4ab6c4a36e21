//! A socket that can be read ahead: in blocks, which are freed as they are consumed.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read as _};
use std::net::TcpStream;
use std::time::Instant;

/// How many bytes a block has.
const BLOCK: usize = 64 << 10;

/// A socket that does not block, and what was read ahead of it.
#[derive(Debug)]
pub(super) struct BufferedSocket {
    pub(super) id: u64,
    pub(super) stream: TcpStream,
    /// What was read ahead.
    blocks: VecDeque<Vec<u8>>,
    /// How much of the first block was consumed.
    consumed: usize,
    /// How many bytes were received since this was last asked for.
    count: u64,
    /// When it last received something.
    pub(super) received: Option<Instant>,
    /// How the stream ended, behind what was read ahead.
    end: Option<io::Result<()>>,
}

impl BufferedSocket {
    pub(super) fn new(id: u64, stream: TcpStream) -> Self {
        Self {
            id,
            stream,
            blocks: VecDeque::new(),
            consumed: 0,
            count: 0,
            received: None,
            end: None,
        }
    }

    /// How many blocks are in use.
    pub(super) fn blocks(&self) -> usize {
        self.blocks.len()
    }

    /// How many bytes were received since the last call.
    pub(super) fn take_count(&mut self) -> u64 {
        std::mem::take(&mut self.count)
    }

    /// False if the server has closed the connection or sent something unsolicited. Over TLS it may
    /// have sent session tickets, so `has_tls` allows input.
    pub(super) fn is_open(&self, has_tls: bool) -> bool {
        let peeked = self.stream.peek(&mut [0]);
        self.end.is_none()
            && (has_tls || self.blocks.is_empty())
            && peeked.is_err_and(|e| e.kind() == ErrorKind::WouldBlock)
    }

    /// Whether more can be read ahead: into another block, if `has_room` for one, or the last one.
    pub(super) fn may_read_ahead(&self, has_room: bool) -> bool {
        self.end.is_none() && (has_room || self.has_spare())
    }

    fn has_spare(&self) -> bool {
        self.blocks.back().is_some_and(|block| block.len() < BLOCK)
    }

    /// Reads what was read ahead, or else what has arrived; `WouldBlock` if nothing has.
    pub(super) fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.blocks.is_empty() && self.end.is_none() {
            if buffer.len() >= BLOCK {
                let count = self.stream.read(buffer)?;
                self.note_received(count);
                return Ok(count);
            }
            // TLS reads a few KiB at a time.
            self.read_ahead(1);
        }
        match self.consume(buffer) {
            0 => match self.end.take() {
                Some(end) => end.map(|()| 0),
                None => Err(ErrorKind::WouldBlock.into()),
            },
            count => Ok(count),
        }
    }

    /// Reads what has arrived, into `max` more blocks at most. Returns how many were added.
    pub(super) fn read_ahead(&mut self, max: usize) -> usize {
        let mut added = 0;
        while self.end.is_none() {
            if !self.has_spare() {
                if added == max {
                    break;
                }
                self.blocks.push_back(Vec::with_capacity(BLOCK));
                added += 1;
            }
            let Some(block) = self.blocks.back_mut() else {
                break;
            };
            let before = block.len();
            let spare = BLOCK - before;
            let read = (&self.stream).take(spare as u64).read_to_end(block);
            let (count, is_empty) = (block.len() - before, block.is_empty());
            self.note_received(count);
            match read {
                Ok(_) if count == spare => continue,
                Ok(_) => self.end = Some(Ok(())),
                Err(e) if e.kind() == ErrorKind::WouldBlock => {}
                Err(e) => self.end = Some(Err(e)),
            }
            if is_empty {
                self.blocks.pop_back();
                added -= 1;
            }
            break;
        }
        added
    }

    fn note_received(&mut self, count: usize) {
        if count > 0 {
            self.count += count as u64;
            self.received = Some(Instant::now());
        }
    }

    /// Moves bytes that were read ahead to `buffer`, and returns how many.
    fn consume(&mut self, buffer: &mut [u8]) -> usize {
        let Some(block) = self.blocks.front() else {
            return 0;
        };
        let rest = block.get(self.consumed..).unwrap_or_default();
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        self.consumed += count;
        if self.consumed == block.len() {
            self.blocks.pop_front();
            self.consumed = 0;
        }
        count
    }
}
