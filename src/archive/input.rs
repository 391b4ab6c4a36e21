//! The input that holds an archive: a file or a pipe.

use super::inflation::{Inflated, Inflation};
use crate::compression::{Decoder, Undecodable};
use crate::error::{EntryFault, Error, LayoutFault};
use crate::sys::{open_to_read, wait_to_read};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek as _};
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// How much is read at once, in bytes.
const CHUNK: usize = 256 * 1024;

/// The name of standard input in messages.
const STDIN: &str = "standard input";

/// A file or pipe that contains an archive.
pub(crate) struct Input {
    path: PathBuf,
    file: File,
    /// Whether it can be read again from the start.
    again: bool,
    inflation: Rc<Inflation>,
}

impl Input {
    /// Opens the file at `path`, which may be a named pipe. A directory is an error.
    pub(crate) fn open(path: &Path) -> Result<Self, Error> {
        let failed = |e| unreadable(path, e);
        let file = match open_to_read(path) {
            Err(e) => {
                Error::unless_stopped()?;
                return Err(failed(e));
            }
            Ok(file) => file,
        };
        let found = file.metadata().map_err(failed)?;
        if found.is_dir() {
            let why = LayoutFault::IsAFolder;
            return Err(why.at(path));
        }
        Ok(Self {
            path: path.to_owned(),
            file,
            again: found.is_file(),
            inflation: Rc::default(),
        })
    }

    /// Standard input.
    pub(crate) fn stdin() -> Result<Self, Error> {
        use std::os::fd::AsFd as _;
        let path = PathBuf::from(STDIN);
        let own = io::stdin().as_fd().try_clone_to_owned();
        let file = File::from(own.map_err(|e| unreadable(&path, e))?);
        // `roots pull - < file` treats the file as the pipe that it may be the next time.
        Ok(Self {
            path,
            file,
            again: false,
            inflation: Rc::default(),
        })
    }

    /// The file, if it is uncompressed, so that its members can be read in place.
    pub(super) fn plain_file(&self) -> Result<Option<File>, Error> {
        if !self.again {
            return Ok(None);
        }
        if !self.decoded()?.is_plain() {
            return Ok(None);
        }
        let again = self.file.try_clone().and_then(|mut file| {
            file.rewind()?;
            Ok(file)
        });
        again.map(Some).map_err(|e| unreadable(&self.path, e))
    }

    /// The tar, from the start if the input is seekable.
    pub(super) fn tar(&self) -> Result<Box<dyn BufRead>, Error> {
        let inflated = Inflated {
            path: self.path.clone(),
            bytes: self.decoded()?,
            inflation: Rc::clone(&self.inflation),
        };
        Ok(Box::new(BufReader::with_capacity(CHUNK, inflated)))
    }

    fn decoded(&self) -> Result<Decoder<BufReader<RawInput>>, Error> {
        let failed = |e| unreadable(&self.path, e);
        let mut file = self.file.try_clone().map_err(failed)?;
        if self.again {
            file.rewind().map_err(failed)?;
        }
        let raw = RawInput {
            path: self.path.clone(),
            file,
            may_block: !self.again,
            position: 0,
            inflation: Rc::clone(&self.inflation),
        };
        Decoder::new(BufReader::with_capacity(CHUNK, raw)).map_err(|why| match why {
            Undecodable::Unread(error) => self.failed(error),
            Undecodable::Unknown(name) => self.fault(LayoutFault::Compression(name)),
        })
    }

    /// Whether it can be read again from the start.
    pub(crate) fn is_seekable(&self) -> bool {
        self.again
    }

    /// The cause of a read error: errors of our own are returned unchanged, all others come from a
    /// decoder.
    pub(super) fn failed(&self, error: io::Error) -> Error {
        match error.downcast::<Error>() {
            Ok(ours) => ours,
            Err(error) => self.fault(LayoutFault::Malformed(error.to_string())),
        }
    }

    /// The error for a malformed header.
    pub(super) fn malformed(&self, why: EntryFault) -> Error {
        match why {
            EntryFault::Stream(error) => self.failed(error),
            // The message of `Truncated` refers to an entry.
            EntryFault::Truncated => self.fault(LayoutFault::Malformed("it ends early".to_owned())),
            why => self.fault(LayoutFault::Malformed(why.to_string())),
        }
    }

    pub(super) fn fault(&self, why: LayoutFault) -> Error {
        why.at(&self.path)
    }

    /// The path, for messages.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

/// The bytes of the input. Its read errors are attributed to the disk, not to a decoder.
pub(super) struct RawInput {
    path: PathBuf,
    file: File,
    /// Whether it may be a pipe, whose reads can block for a long time.
    may_block: bool,
    position: u64,
    inflation: Rc<Inflation>,
}

impl Read for RawInput {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if self.may_block {
                // Any other error will recur in the read.
                let _ = wait_to_read(&self.file);
                Error::unless_stopped().map_err(io::Error::other)?;
            }
            match self.file.read(buffer) {
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(io::Error::other(unreadable(&self.path, e))),
                Ok(count) => {
                    self.position += count as u64;
                    self.inflation.reach(self.position);
                    return Ok(count);
                }
            }
        }
    }
}

/// The error for reading `path`: a missing file is a missing image, not a failing disk.
pub(super) fn unreadable(path: &Path, source: io::Error) -> Error {
    match source.kind() {
        io::ErrorKind::NotFound => LayoutFault::NoFile.at(path),
        _ => Error::io("read", path, source),
    }
}
