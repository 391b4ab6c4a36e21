//! A tar that contains an image: its members by name, in any order.
//!
//! ```text
//! a file, uncompressed   SeekableArchive   headers are read once, then each member in place
//! a file, compressed     StreamedArchive   read forward; again from the start for earlier members
//! a pipe                 StreamedArchive   read forward; members that may be needed later are spooled
//! ```
//! The archives of `roots save` are read in one pass in any case: the index comes first, and the
//! layers follow in the order in which they are needed.

mod cursor;
mod inflation;
mod input;
mod member;
mod quota;
mod seekable;
mod spool;
mod streamed;

pub(crate) use input::Input;

use crate::error::{Absence, Error};
use seekable::SeekableArchive;
use std::fs::File;
use std::io::Read;
use streamed::StreamedArchive;

/// How many symlinks may lead to a member.
const MAX_LINKS: usize = 8;

/// An open archive.
pub(crate) enum Archive {
    /// Members are read in place.
    Seekable(SeekableArchive),
    /// Members are read in passing.
    Streamed(StreamedArchive),
}

impl Archive {
    /// Opens an archive. Members of a stream that are needed later are written to `spool`, an
    /// unnamed file.
    pub(crate) fn open(input: Input, spool: Option<File>) -> Result<Self, Error> {
        match input.plain_file()? {
            Some(file) => SeekableArchive::new(input, file).map(Self::Seekable),
            None => StreamedArchive::new(input, spool).map(Self::Streamed),
        }
    }

    /// The bytes of whichever of these members comes first, with its index, limited as in `bytes`.
    pub(crate) fn first(
        &self,
        names: &[&str],
        limit: u64,
    ) -> Result<Option<(usize, Vec<u8>)>, Error> {
        match self {
            Self::Streamed(streamed) => streamed.first(names, limit),
            Self::Seekable(seekable) => {
                let Some(number) = seekable.first(names) else {
                    return Ok(None);
                };
                let bytes = self.bytes(names[number], limit)?;
                Ok(bytes.map(|bytes| (number, bytes)))
            }
        }
    }

    /// Reads a small member up to one byte beyond `limit`, which shows whether it is longer. It can
    /// be read again.
    pub(crate) fn bytes(&self, name: &str, limit: u64) -> Result<Option<Vec<u8>>, Error> {
        if let Self::Streamed(streamed) = self
            && let Some((_, bytes)) = streamed.first(&[name], limit)?
        {
            return Ok(Some(bytes));
        }
        let Some(member) = self.open_member(name)? else {
            return Ok(None);
        };
        let mut bytes = Vec::new();
        let read = member.take(limit + 1).read_to_end(&mut bytes);
        read.map_err(|e| self.input().failed(e))?;
        Ok(Some(bytes))
    }

    /// Opens a member as a stream, if it exists. Only one at a time: the stream of a
    /// StreamedArchive reads at the current position.
    pub(crate) fn open_member(&self, name: &str) -> Result<Option<Box<dyn Read>>, Error> {
        match self {
            Self::Seekable(seekable) => Ok(seekable.open_member(name)),
            Self::Streamed(streamed) => streamed.open_member(name),
        }
    }

    /// The name and size in bytes of the file `name`, or of the file it links to. Reads a streamed
    /// archive to its end.
    pub(crate) fn locate(&self, name: &str) -> Result<Result<(String, u64), Absence>, Error> {
        match self {
            Self::Seekable(seekable) => Ok(seekable.locate(name)),
            Self::Streamed(streamed) => streamed.locate(name),
        }
    }

    /// Whether a file, located before, is known to be uncompressed without opening it.
    pub(crate) fn is_plain(&self, name: &str) -> bool {
        match self {
            // Opening it is cheap.
            Self::Seekable(_) => false,
            Self::Streamed(streamed) => streamed.is_plain(name),
        }
    }

    /// From here on, only these members are needed, each as often as it is named.
    pub(crate) fn narrow(&self, names: impl Iterator<Item = String>) {
        if let Self::Streamed(streamed) = self {
            streamed.narrow(names);
        }
    }

    /// Reads a pipe to its end: otherwise its writer would fail with EPIPE.
    pub(crate) fn drain(&self) {
        if let Self::Streamed(streamed) = self {
            streamed.drain();
        }
    }

    /// The input it is read from.
    pub(crate) fn input(&self) -> &Input {
        match self {
            Self::Seekable(seekable) => seekable.input(),
            Self::Streamed(streamed) => streamed.input(),
        }
    }
}
