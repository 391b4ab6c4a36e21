//! An archive that can only be read forward: a pipe, or a compressed file.

use super::MAX_LINKS;
use super::cursor::{ArchiveCursor, MemberLocation};
use super::input::Input;
use super::member::follow;
use crate::error::{Absence, EntryFault, Error, LayoutFault};
use std::cell::RefCell;
use std::collections::HashSet;
use std::fs::File;
use std::io::{self, Read};
use std::rc::Rc;

/// The archive, shared with the stream of the current member.
pub(crate) struct StreamedArchive {
    input: Rc<Input>,
    state: Rc<RefCell<ArchiveCursor>>,
}

impl StreamedArchive {
    pub(super) fn new(input: Input, spool: Option<File>) -> Result<Self, Error> {
        let input = Rc::new(input);
        let state = ArchiveCursor::new(&input, spool)?;
        Ok(Self {
            input,
            state: Rc::new(RefCell::new(state)),
        })
    }

    pub(super) fn input(&self) -> &Input {
        &self.input
    }

    /// Whichever of these members comes first, with its bytes, at most one more than `limit`. It can be
    /// read again: it is spooled, unless it is large and the input is seekable.
    pub(super) fn first(
        &self,
        names: &[&str],
        limit: u64,
    ) -> Result<Option<(usize, Vec<u8>)>, Error> {
        let mut state = self.state.borrow_mut();
        let (number, kept) = match state.find(names)? {
            Some(MemberLocation::Kept(number)) => (number, true),
            Some(MemberLocation::Here(number)) => {
                let is_kept = if self.input.is_seekable() {
                    state.spool.is_small(state.left)
                } else {
                    state.left <= limit && state.spool.fits_document(state.left)
                };
                if is_kept {
                    state.keep(names[number])?;
                }
                (number, is_kept)
            }
            None => return Ok(None),
        };
        let mut bytes = Vec::new();
        let read = match state.spool.open(names[number]).filter(|_| kept) {
            Some(member) => member.take(limit + 1).read_to_end(&mut bytes),
            None => {
                let most = state.left.min(limit + 1);
                let read = (&mut state.tar).take(most).read_to_end(&mut bytes);
                state.left -= bytes.len() as u64;
                read
            }
        };
        read.map_err(|e| self.input.failed(e))?;
        Ok(Some((number, bytes)))
    }

    pub(super) fn open_member(&self, name: &str) -> Result<Option<Box<dyn Read>>, Error> {
        let mut state = self.state.borrow_mut();
        let is_repeated = state.repeated.contains(name);
        let mut name = name.to_owned();
        for _ in 0..=MAX_LINKS {
            match state.find(&[&name])? {
                Some(MemberLocation::Kept(_)) => return Ok(state.spool.open(&name)),
                Some(MemberLocation::Here(_)) => {
                    if is_repeated && !self.input.is_seekable() {
                        state.keep_if_lost(&name, LayoutFault::Repeated)?;
                        return Ok(state.spool.open(&name));
                    }
                    return Ok(Some(Box::new(StreamedContents {
                        number: state.number,
                        state: Rc::clone(&self.state),
                    })));
                }
                None => match state.link(&name) {
                    Some(target) => name.clone_from(target),
                    None => return Ok(None),
                },
            }
        }
        Ok(None)
    }

    /// Reads to the end, so that all members are known.
    pub(super) fn locate(&self, name: &str) -> Result<Result<(String, u64), Absence>, Error> {
        let mut state = self.state.borrow_mut();
        while state.pass()? {}
        let found = follow(name, |name| state.seen.get(name).map(|kind| (kind, ())));
        Ok(found.map(|(name, size, ())| (name.to_owned(), size)))
    }

    /// Whether a file that was passed is known to be uncompressed.
    pub(super) fn is_plain(&self, name: &str) -> bool {
        !self.state.borrow().compressed.contains(name)
    }

    pub(super) fn narrow(&self, names: impl Iterator<Item = String>) {
        let mut state = self.state.borrow_mut();
        let mut wanted = HashSet::new();
        state.repeated = names.filter(|name| !wanted.insert(name.clone())).collect();
        state.wanted = Some(wanted);
    }

    pub(super) fn drain(&self) {
        if !self.input.is_seekable() {
            // Errors in the rest do not matter.
            let _ = io::copy(&mut self.state.borrow_mut().tar, &mut io::sink());
        }
    }
}

/// The bytes of the current member, valid until the archive advances.
struct StreamedContents {
    number: usize,
    state: Rc<RefCell<ArchiveCursor>>,
}

impl Read for StreamedContents {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let state = &mut *self.state.borrow_mut();
        if state.number != self.number || state.left == 0 {
            return Ok(0);
        }
        let most = usize::try_from(state.left).map_or(buffer.len(), |left| left.min(buffer.len()));
        let read = state.tar.read(&mut buffer[..most]);
        let count = read.map_err(|e| io::Error::other(state.input.failed(e)))?;
        if count == 0 && most > 0 {
            let why = EntryFault::Truncated;
            return Err(io::Error::other(state.input.malformed(why)));
        }
        state.left -= count as u64;
        Ok(count)
    }
}
