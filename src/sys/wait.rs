//! Connects to servers and waits for pipes in such a way that a signal ends the wait. By default it
//! would not: the handlers of signal-hook make the kernel restart interrupted calls (SA_RESTART).

use super::{Special, Stat, received_signal};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{FsWord, OFlags, fcntl_getfl, fcntl_setfl, fstat, fstatfs};
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketFlags, SocketType, connect, socket_with, sockopt};
use std::fs::File;
use std::io::{self, Read};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::AsFd;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

/// How long to wait before the signal flag is checked again: a signal that arrives just before the
/// wait does not interrupt it.
const LOOK: Duration = Duration::from_millis(200);

/// Connects to `address` within `time`; reads and writes of the stream do not block.
/// [`TcpStream::connect_timeout`] keeps waiting after a signal; this fails with `Interrupted`.
pub fn connect_to(address: &SocketAddr, time: Duration) -> io::Result<TcpStream> {
    let family = match address {
        SocketAddr::V4(_) => AddressFamily::INET,
        SocketAddr::V6(_) => AddressFamily::INET6,
    };
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = socket_with(family, SocketType::STREAM, flags, None)?;
    match connect(&socket, address) {
        Ok(()) => {}
        // Interrupted or not, the kernel continues connecting.
        Err(Errno::INPROGRESS | Errno::INTR) => {
            if !wait_for(&socket, PollFlags::OUT, time)? {
                return Err(io::ErrorKind::TimedOut.into());
            }
            sockopt::socket_error(&socket)??;
        }
        Err(e) => return Err(e.into()),
    }
    Ok(TcpStream::from(socket))
}

/// The file system of unnamed pipes.
const PIPEFS: FsWord = 0x5049_5045;

/// Opens the file at `path` for reading. A named pipe waits for a writer, until a signal arrives.
/// One of another user, who could make us wait for ever, is refused.
pub fn open_to_read(path: &Path) -> io::Result<File> {
    let flags = (OFlags::NONBLOCK | OFlags::NOCTTY).bits().cast_signed();
    let file = File::options().read(true).custom_flags(flags).open(path)?;
    let found = Stat::new(&fstat(&file)?);
    if found.special == Some(Special::Fifo) {
        // An unnamed pipe was passed to us open.
        if found.is_of_others() && fstatfs(&file)?.f_type != PIPEFS {
            return Err(io::Error::other("it is a fifo of another user"));
        }
        wait_to_read(&file)?;
    }
    fcntl_setfl(&file, fcntl_getfl(&file)?.difference(OFlags::NONBLOCK))?;
    Ok(file)
}

/// A pipe that can be read until `time` has passed since `begun`; then the error is `TimedOut`. A
/// signal ends the wait as in [`Interruptible`].
pub struct Timed<F> {
    /// The pipe.
    pub file: F,
    /// The start of the time.
    pub begun: Instant,
    /// The length of the time.
    pub time: Duration,
}

impl<F: AsFd + Read> Read for Timed<F> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.time.saturating_sub(self.begun.elapsed());
        if wait_for(&self.file, PollFlags::IN, left).map_err(io::Error::other)? {
            self.file.read(buffer)
        } else {
            Err(io::ErrorKind::TimedOut.into())
        }
    }
}

/// A file whose reads end at a signal, with an error that callers do not retry.
pub struct Interruptible<F>(pub F);

impl<F: AsFd + Read> Read for Interruptible<F> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        wait_to_read(&self.0).map_err(io::Error::other)?;
        self.0.read(buffer)
    }
}

/// Reads the file at `path`, which may be a pipe, up to `limit` bytes.
pub fn read_file(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let file = Interruptible(open_to_read(path)?);
    file.take(limit).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Waits until `file` is readable or at its end. `Interrupted` after a signal.
pub fn wait_to_read(file: &impl AsFd) -> io::Result<()> {
    wait_for(file, PollFlags::IN, Duration::MAX).map(drop)
}

/// Waits until `file` is writable or has no reader. `Interrupted` after a signal.
pub fn wait_to_write(file: &impl AsFd) -> io::Result<()> {
    wait_for(file, PollFlags::OUT, Duration::MAX).map(drop)
}

/// Which of `files` are readable or at their end. Waits for up to `time` until one is. `Interrupted`
/// after a signal.
pub fn readable_within<'f, F: AsFd + 'f>(
    files: impl Iterator<Item = &'f F>,
    time: Duration,
) -> io::Result<Vec<bool>> {
    let mut polled: Vec<_> = files.map(|file| PollFd::new(file, PollFlags::IN)).collect();
    wait_for_any(&mut polled, time)?;
    Ok(polled
        .iter()
        .map(|file| !file.revents().is_empty())
        .collect())
}

/// Whether `file` is writable or has no reader, within `time`. `Interrupted` after a signal.
pub fn is_writable_within(file: &impl AsFd, time: Duration) -> io::Result<bool> {
    wait_for(file, PollFlags::OUT, time)
}

/// Waits up to `time` for `events`; false if none occurred.
fn wait_for(file: &impl AsFd, events: PollFlags, time: Duration) -> io::Result<bool> {
    wait_for_any(&mut [PollFd::new(file, events)], time)
}

/// Waits up to `time` for an event; false if none occurred. Events that are pending already count even
/// after a signal.
fn wait_for_any(files: &mut [PollFd<'_>], time: Duration) -> io::Result<bool> {
    let begun = Instant::now();
    loop {
        let left = time.saturating_sub(begun.elapsed());
        let is_stopped = received_signal().is_some();
        let look = if is_stopped {
            Duration::ZERO
        } else {
            left.min(LOOK)
        };
        // Less than a second is a valid time.
        let look = Timespec::try_from(look).unwrap_or_default();
        match poll(files, Some(&look)) {
            Ok(0) if is_stopped => return Err(io::ErrorKind::Interrupted.into()),
            Ok(0) if left <= LOOK => return Ok(false),
            Ok(0) | Err(Errno::INTR) => {}
            Ok(_) => return Ok(true),
            Err(e) => return Err(e.into()),
        }
    }
}
