//! A tar that holds an image: its members by name, in any order.
//!
//! ```text
//! a file, uncompressed   SeekableArchive   headers are read once, then each member in place
//! a file, compressed     StreamedArchive   read forward; again from the start for earlier members
//! a pipe                 StreamedArchive   read forward; members that may be needed later are spooled
//! ```
//! What `roots save` writes is read in one pass from anywhere: its index comes first, and its layers
//! in the order in which they are wanted.

mod cursor;
mod inflation;
mod input;
mod member;
mod quota;
mod seekable;
mod spool;
mod streamed;

pub use input::Input;

use crate::error::{Absence, Error};
use seekable::SeekableArchive;
use std::collections::HashSet;
use std::fs::File;
use std::io::Read;
use streamed::StreamedArchive;

/// How many symbolic links lead to a member.
const MAX_LINKS: usize = 8;

/// An open archive.
pub enum Archive {
    /// Members lie still.
    Still(SeekableArchive),
    /// Members flow by.
    Flow(StreamedArchive),
}

impl Archive {
    /// Opens an archive. What flows by and is wanted later goes to `spool`, a file that has no name.
    pub fn open(input: Input, spool: Option<File>) -> Result<Self, Error> {
        match input.plain_file()? {
            Some(file) => SeekableArchive::new(input, file).map(Self::Still),
            None => StreamedArchive::new(input, spool).map(Self::Flow),
        }
    }

    /// All bytes of the first of these members that comes, with its number, as by `bytes`.
    pub fn first(&self, names: &[&str], limit: u64) -> Result<Option<(usize, Vec<u8>)>, Error> {
        match self {
            Self::Flow(flow) => flow.first(names, limit),
            Self::Still(still) => {
                let Some(number) = still.first(names) else {
                    return Ok(None);
                };
                let bytes = self.bytes(names[number], limit)?;
                Ok(bytes.map(|bytes| (number, bytes)))
            }
        }
    }

    /// All bytes of a small member, at most one more than `limit`: that shows that there are more.
    /// They can be asked for again.
    pub fn bytes(&self, name: &str, limit: u64) -> Result<Option<Vec<u8>>, Error> {
        if let Self::Flow(flow) = self
            && let Some((_, bytes)) = flow.first(&[name], limit)?
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

    /// A member as a stream, if there is one of this name. One at a time: what flows by is read
    /// where it is.
    pub fn open_member(&self, name: &str) -> Result<Option<Box<dyn Read>>, Error> {
        match self {
            Self::Still(still) => Ok(still.open_member(name)),
            Self::Flow(flow) => flow.open_member(name),
        }
    }

    /// The name and the size in bytes of the file that `name` is, or leads to as a link. What flows is
    /// read to its end for it.
    pub fn locate(&self, name: &str) -> Result<Result<(String, u64), Absence>, Error> {
        match self {
            Self::Still(still) => Ok(still.locate(name)),
            Self::Flow(flow) => flow.locate(name),
        }
    }

    /// Whether it is known without opening it that a file, which was located, is not compressed.
    pub fn is_plain(&self, name: &str) -> bool {
        match self {
            // Opening it is cheap.
            Self::Still(_) => false,
            Self::Flow(flow) => flow.is_plain(name),
        }
    }

    /// From here on, nothing but these will be wanted.
    pub fn narrow(&self, names: HashSet<String>) {
        if let Self::Flow(flow) = self {
            flow.narrow(names);
        }
    }

    /// Reads a pipe to its end, or whoever writes to it would be told that nobody reads.
    pub fn drain(&self) {
        if let Self::Flow(flow) = self {
            flow.drain();
        }
    }

    /// Where it comes from.
    pub fn input(&self) -> &Input {
        match self {
            Self::Still(still) => still.input(),
            Self::Flow(flow) => flow.input(),
        }
    }
}
