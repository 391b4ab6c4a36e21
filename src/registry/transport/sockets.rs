//! The sockets of all connections of one image. While one of them is waited for, bytes that arrive on the
//! others are read ahead, so that their TCP windows stay open: several downloads on one thread.
//!
//! ```text
//! wait for socket 1      poll(1, 2, 3)
//!   2 is readable        read ahead, as far as there are free blocks
//!   3 is readable        read ahead
//!   1 is readable        return
//! ```

use super::buffered_socket::BufferedSocket;
use crate::error::Error;
use crate::sys::readable_within;
use std::io::{self, ErrorKind};
use std::net::TcpStream;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How many blocks are read ahead for each connection that may be used beside the first, and for all
/// together, however many there are: 8 MiB. A socket that is waited for needs none.
const BLOCKS_AHEAD: usize = 25;
const MAX_BLOCKS: usize = 128;

/// The same while one connection is enough: then the kernel's buffers are, too.
const MIN_BLOCKS: usize = 8;

/// How long the others are left alone while one always has bytes.
const TURN: Duration = Duration::from_millis(2);

/// All sockets. There is one thread, but ureq requires `Sync`.
#[derive(Clone, Debug, Default)]
pub(in crate::registry) struct SocketSet(Arc<Mutex<Sockets>>);

#[derive(Debug, Default)]
struct Sockets {
    /// In the order of their last requests: what is needed first is read ahead first.
    sockets: Vec<BufferedSocket>,
    next_id: u64,
    /// How many blocks are in use, and how many more than the least may be.
    blocks: usize,
    more_blocks: usize,
    /// When the others were last read ahead.
    turn: Option<Instant>,
    /// Bytes received, and the time spent waiting for them.
    bytes: u64,
    waited: Duration,
}

/// What has happened on all sockets so far.
#[derive(Clone, Copy, Debug)]
pub(in crate::registry) struct Traffic {
    /// When this was measured.
    pub(in crate::registry) now: Instant,
    /// Bytes received.
    pub(in crate::registry) bytes: u64,
    /// The time spent waiting for bytes.
    pub(in crate::registry) waited: Duration,
    /// How many sockets have received something since then.
    pub(in crate::registry) receiving: usize,
}

impl Traffic {
    /// No traffic until now.
    pub(in crate::registry) fn new(now: Instant) -> Self {
        Self {
            now,
            bytes: 0,
            waited: Duration::ZERO,
            receiving: 0,
        }
    }
}

impl SocketSet {
    /// Adds a stream, which must not block.
    pub(super) fn add(&self, stream: TcpStream) -> u64 {
        let mut state = self.lock();
        let id = state.next_id;
        state.next_id += 1;
        state.sockets.push(BufferedSocket::new(id, stream));
        id
    }

    /// Removes a stream, and what was read ahead of it.
    pub(super) fn remove(&self, id: u64) {
        let mut state = self.lock();
        if let Some(position) = state.position(id) {
            let socket = state.sockets.remove(position);
            state.blocks -= socket.blocks();
        }
    }

    /// Reads from a socket what has arrived, or waits for it up to `time`; None after that.
    pub(super) fn read(
        &self,
        id: u64,
        buffer: &mut [u8],
        time: Duration,
    ) -> io::Result<Option<usize>> {
        // ureq's buffer is full of what cannot be parsed.
        if buffer.is_empty() {
            return Ok(Some(0));
        }
        let mut state = self.lock();
        let begun = Instant::now();
        if state.sockets.len() > 1 && state.turn.is_none_or(|turn| begun - turn >= TURN) {
            state.wait(Some(id), Duration::ZERO)?;
        }
        loop {
            let Some(position) = state.position(id) else {
                return Err(ErrorKind::NotConnected.into());
            };
            match state.take(position, buffer) {
                Err(e) if e.kind() == ErrorKind::WouldBlock => {}
                other => return other.map(Some),
            }
            let left = time.saturating_sub(begun.elapsed());
            let waiting = Instant::now();
            let is_ready = state.wait(Some(id), left);
            state.waited += waiting.elapsed();
            if !is_ready? {
                return Ok(None);
            }
        }
    }

    /// Waits, until a signal arrives at the latest, and reads ahead meanwhile.
    pub(super) fn pause(&self, time: Duration) -> io::Result<()> {
        self.lock().wait(None, time).map(drop)
    }

    /// Reads ahead as much as this many connections at once need.
    pub(super) fn read_ahead_for(&self, connections: usize) {
        let more = connections.saturating_sub(1) * BLOCKS_AHEAD;
        self.lock().more_blocks = more.min(MAX_BLOCKS - MIN_BLOCKS);
    }

    /// Runs `action` with the stream.
    pub(super) fn with<T>(
        &self,
        id: u64,
        action: impl FnOnce(&TcpStream) -> io::Result<T>,
    ) -> io::Result<T> {
        let mut state = self.lock();
        let Some(position) = state.position(id) else {
            return Err(ErrorKind::NotConnected.into());
        };
        // It is written to: a request, whose response is needed after those of the others.
        let socket = state.sockets.remove(position);
        state.sockets.push(socket);
        let socket = state.sockets.last().ok_or(ErrorKind::NotConnected)?;
        action(&socket.stream)
    }

    /// False if the server has closed the connection or sent something unsolicited. Over TLS it may
    /// have sent session tickets, so `has_tls` allows input.
    pub(super) fn is_open(&self, id: u64, has_tls: bool) -> bool {
        let state = self.lock();
        let socket = state.sockets.iter().find(|socket| socket.id == id);
        socket.is_some_and(|socket| socket.is_open(has_tls))
    }

    /// What has happened so far. Counts the sockets that have received something `since` then.
    pub(super) fn traffic(&self, since: Instant) -> Traffic {
        let state = self.lock();
        let received = state.sockets.iter().filter_map(|socket| socket.received);
        Traffic {
            now: Instant::now(),
            bytes: state.bytes,
            waited: state.waited,
            receiving: received.filter(|received| *received >= since).count(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Sockets> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sockets {
    fn position(&self, id: u64) -> Option<usize> {
        self.sockets.iter().position(|socket| socket.id == id)
    }

    /// Bytes of a socket that are there already.
    fn take(&mut self, position: usize, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(socket) = self.sockets.get_mut(position) else {
            return Err(ErrorKind::NotConnected.into());
        };
        let before = socket.blocks();
        let read = socket.read(buffer);
        self.blocks = self.blocks + socket.blocks() - before;
        self.bytes += socket.take_count();
        read
    }

    /// Waits until the socket with this id is readable or at its end, for up to `time`, and meanwhile reads
    /// ahead what arrives on the others.
    fn wait(&mut self, id: Option<u64>, time: Duration) -> io::Result<bool> {
        let begun = Instant::now();
        loop {
            let max = MIN_BLOCKS + self.more_blocks;
            let has_room = self.blocks < max;
            let watched: Vec<usize> = (0..self.sockets.len())
                .filter(|position| {
                    let socket = &self.sockets[*position];
                    Some(socket.id) == id || socket.may_read_ahead(has_room)
                })
                .collect();
            let left = time.saturating_sub(begun.elapsed());
            let streams = watched
                .iter()
                .map(|position| &self.sockets[*position].stream);
            let ready = readable_within(streams, left);
            Error::unless_stopped().map_err(io::Error::other)?;
            let mut is_ready = false;
            for (position, _) in watched.iter().zip(ready?).filter(|(_, ready)| *ready) {
                let socket = &mut self.sockets[*position];
                if Some(socket.id) == id {
                    is_ready = true;
                    continue;
                }
                self.blocks += socket.read_ahead(max.saturating_sub(self.blocks));
                self.bytes += socket.take_count();
            }
            self.turn = Some(Instant::now());
            if is_ready || left.is_zero() {
                return Ok(is_ready);
            }
        }
    }
}
