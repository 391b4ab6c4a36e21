//! The position in a streamed archive, and the members spooled so far.

use super::input::Input;
use super::member::{Member, MemberKind};
use super::quota::{Exceeded, Quota};
use super::spool::{Spool, SpoolFailure};
use crate::compression::is_plain;
use crate::error::{EntryFault, Error, LayoutFault};
use crate::tarball::padding;
use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{self, BufRead, Read};
use std::rc::Rc;

/// An archive, positioned at one of its members.
pub(super) struct ArchiveCursor {
    pub(super) input: Rc<Input>,
    pub(super) tar: Box<dyn BufRead>,
    /// How many bytes of the current member are unread.
    pub(super) left: u64,
    /// How many bytes pad its last block.
    padding: u64,
    /// The number of the current member, which is unique.
    pub(super) number: usize,
    /// Whether the end was reached.
    ended: bool,
    quota: Quota,
    /// The members seen so far: of two with the same name, the first.
    pub(super) seen: HashMap<String, MemberKind>,
    /// Files that are compressed, or may be. Checking again may mean reading everything again.
    pub(super) compressed: HashSet<String>,
    pub(super) spool: Spool,
    /// The members that may be needed later; None while that is unknown.
    pub(super) wanted: Option<HashSet<String>>,
    /// Members that are needed more than once.
    pub(super) repeated: HashSet<String>,
}

/// Where a member is.
pub(super) enum MemberLocation {
    /// In the spool; its index in the list of names.
    Kept(usize),
    /// At the current position; its index in the list of names.
    Here(usize),
}

impl ArchiveCursor {
    /// Starts before the first member.
    pub(super) fn new(input: &Rc<Input>, spool: Option<File>) -> Result<Self, Error> {
        Ok(Self {
            tar: input.tar()?,
            input: Rc::clone(input),
            left: 0,
            padding: 0,
            number: 0,
            ended: false,
            quota: Quota::default(),
            seen: HashMap::new(),
            compressed: HashSet::new(),
            spool: Spool::new(spool),
            wanted: None,
            repeated: HashSet::new(),
        })
    }

    /// Looks for one of these members in the spool, then from the current position on, and then, if
    /// the input is seekable, from the start.
    pub(super) fn find(&mut self, names: &[&str]) -> Result<Option<MemberLocation>, Error> {
        if let Some(number) = names.iter().position(|name| self.spool.has(name)) {
            return Ok(Some(MemberLocation::Kept(number)));
        }
        let mut again = self.input.is_seekable() && self.number > 0;
        loop {
            match self.step()? {
                Some(name) => {
                    if let Some(number) = names.iter().position(|wanted| *wanted == name) {
                        return Ok(Some(MemberLocation::Here(number)));
                    }
                    self.let_go(&name)?;
                }
                // It turned out to be a link, which leads to another name.
                None if names.iter().any(|name| self.link(name).is_some()) => return Ok(None),
                None if again => {
                    again = false;
                    self.begin_again()?;
                }
                None => return Ok(None),
            }
        }
    }

    /// The target of this name, if it is a link.
    pub(super) fn link(&self, name: &str) -> Option<&String> {
        match self.seen.get(name) {
            Some(MemberKind::Link(target)) => Some(target),
            _ => None,
        }
    }

    /// Advances by one member, spooling it if necessary; false at the end.
    pub(super) fn pass(&mut self) -> Result<bool, Error> {
        match self.step()? {
            Some(name) => self.let_go(&name).map(|()| true),
            None => Ok(false),
        }
    }

    /// The name of the next file.
    fn step(&mut self) -> Result<Option<String>, Error> {
        while !self.ended {
            self.skip()?;
            let member = Member::read(&mut self.tar).map_err(|why| self.input.malformed(why))?;
            let Some(member) = member else {
                self.ended = true;
                break;
            };
            self.number += 1;
            let is_kept = member.count(&mut self.quota);
            let is_kept =
                is_kept.map_err(|Exceeded| self.input.fault(LayoutFault::TooManyMembers))?;
            if let MemberKind::File(size) = member.kind {
                (self.left, self.padding) = (size, padding(size));
            }
            if !is_kept {
                continue;
            }
            if let MemberKind::Link(target) = &member.kind
                && let Some(wanted) = &mut self.wanted
                && wanted.contains(&member.name)
            {
                wanted.insert(target.clone());
            }
            let file = matches!(member.kind, MemberKind::File(_)).then(|| member.name.clone());
            let is_new = match self.seen.entry(member.name) {
                Entry::Vacant(free) => {
                    free.insert(member.kind);
                    true
                }
                Entry::Occupied(mut earlier) => {
                    let is_new = member.kind.replaces(earlier.get());
                    if is_new {
                        earlier.insert(member.kind);
                    }
                    is_new
                }
            };
            if let Some(file) = file {
                if is_new {
                    self.look(&file)?;
                }
                return Ok(Some(file));
            }
        }
        Ok(None)
    }

    /// Checks the first bytes of the next file.
    fn look(&mut self, name: &str) -> Result<(), Error> {
        let start = self.tar.fill_buf().map_err(|e| self.input.failed(e))?;
        let own = usize::try_from(self.left).map_or(start, |left| &start[..left.min(start.len())]);
        if !is_plain(own) {
            self.compressed.insert(name.to_owned());
        }
        Ok(())
    }

    /// Skips the current member, unless it may be needed and cannot be read again.
    fn let_go(&mut self, name: &str) -> Result<(), Error> {
        let may_be_wanted = match &self.wanted {
            Some(wanted) => wanted.contains(name),
            None => true,
        };
        if !may_be_wanted || self.spool.has(name) {
            return Ok(());
        }
        self.keep_if_lost(name, LayoutFault::OutOfOrder)
    }

    /// Spools the current member, unless it can be read again; without room for it, fails with `fault`.
    pub(super) fn keep_if_lost(&mut self, name: &str, fault: LayoutFault) -> Result<(), Error> {
        // Until it is known what is needed, reading twice is cheaper than writing everything.
        let worth_the_disk = !self.input.is_seekable() || self.wanted.is_some();
        if self.spool.is_small(self.left) || (self.spool.has_file() && worth_the_disk) {
            return self.keep(name);
        }
        if self.input.is_seekable() {
            Ok(())
        } else {
            Err(self.input.fault(fault))
        }
    }

    /// Spools the current member.
    pub(super) fn keep(&mut self, name: &str) -> Result<(), Error> {
        let size = std::mem::take(&mut self.left);
        let kept = self.spool.keep(name, size, &mut self.tar);
        kept.map_err(|failure| match failure {
            SpoolFailure::Read(error) => self.input.failed(error),
            SpoolFailure::Write(e) => {
                Error::io("write what is read ahead of", self.input.path(), e)
            }
        })?;
        if self.spool.size(name) == Some(size) {
            Ok(())
        } else {
            Err(self.input.malformed(EntryFault::Truncated))
        }
    }

    /// Skips the rest of the current member.
    fn skip(&mut self) -> Result<(), Error> {
        let (left, padding) = (self.left, self.padding);
        (self.left, self.padding) = (0, 0);
        let mut rest = (&mut self.tar).take(left + padding);
        let skipped = io::copy(&mut rest, &mut io::sink());
        let skipped = skipped.map_err(|e| self.input.failed(e))?;
        if skipped < left {
            Err(self.input.malformed(EntryFault::Truncated))
        } else {
            Ok(())
        }
    }

    fn begin_again(&mut self) -> Result<(), Error> {
        self.tar = self.input.tar()?;
        (self.left, self.padding) = (0, 0);
        self.quota = Quota::default();
        self.ended = false;
        Ok(())
    }
}
