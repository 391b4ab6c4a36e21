//! An archive that can only be read forward: a pipe, or a file that is compressed.

use super::input::Input;
use super::member::{Kind, Member, padding};
use super::spool::{Failure, Spool};
use super::{MAX_LINKS, MAX_MEMBERS};
use crate::error::{EntryFault, Error, LayoutFault};
use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{self, BufRead, Read};
use std::rc::Rc;

/// The archive, shared with the stream of the member at hand.
pub struct Flow {
    input: Rc<Input>,
    state: Rc<RefCell<State>>,
}

struct State {
    input: Rc<Input>,
    tar: Box<dyn BufRead>,
    /// How many bytes of the member at hand have not been read.
    left: u64,
    /// How many bytes fill its last block.
    padding: u64,
    /// Which member is at hand: each one has another number.
    number: usize,
    /// Whether there is no further member.
    ended: bool,
    /// Sizes of the members that have been seen, and where links lead.
    sizes: HashMap<String, u64>,
    links: HashMap<String, String>,
    spool: Spool,
    /// What may be asked for later; nothing is known of it at first.
    wanted: Option<HashSet<String>>,
}

/// Where a member is.
enum Found {
    /// Which of those that were asked for, kept.
    Kept(usize),
    /// The same, where the tar stands.
    Here(usize),
}

impl Flow {
    pub(super) fn new(input: Input, spool: Option<File>) -> Result<Self, Error> {
        let input = Rc::new(input);
        let state = State {
            tar: input.tar()?,
            input: Rc::clone(&input),
            left: 0,
            padding: 0,
            number: 0,
            ended: false,
            sizes: HashMap::new(),
            links: HashMap::new(),
            spool: Spool::new(spool),
            wanted: None,
        };
        Ok(Self {
            input,
            state: Rc::new(RefCell::new(state)),
        })
    }

    pub(super) fn input(&self) -> &Input {
        &self.input
    }

    /// Which of these members comes first. It is kept.
    pub(super) fn first(&self, names: &[&str]) -> Result<Option<usize>, Error> {
        let mut state = self.state.borrow_mut();
        Ok(match state.find(names)? {
            Some(Found::Kept(number)) => Some(number),
            Some(Found::Here(number)) => {
                state.keep(names[number])?;
                Some(number)
            }
            None => None,
        })
    }

    pub(super) fn open_member(&self, name: &str) -> Result<Option<Box<dyn Read>>, Error> {
        let mut state = self.state.borrow_mut();
        let mut name = name.to_owned();
        for _ in 0..=MAX_LINKS {
            match state.find(&[&name])? {
                Some(Found::Kept(_)) => return Ok(state.spool.open(&name)),
                Some(Found::Here(_)) => {
                    return Ok(Some(Box::new(Contents {
                        number: state.number,
                        state: Rc::clone(&self.state),
                    })));
                }
                None => match state.links.get(&name) {
                    Some(target) => name.clone_from(target),
                    None => return Ok(None),
                },
            }
        }
        Ok(None)
    }

    /// Reads on to the end, so that all sizes are known.
    pub(super) fn size(&self, name: &str) -> Result<Option<u64>, Error> {
        let mut state = self.state.borrow_mut();
        while state.pass()? {}
        let mut name = name;
        for _ in 0..=MAX_LINKS {
            match (state.sizes.get(name), state.links.get(name)) {
                (Some(size), _) => return Ok(Some(*size)),
                (None, Some(target)) => name = target,
                (None, None) => return Ok(None),
            }
        }
        Ok(None)
    }

    pub(super) fn narrow(&self, names: HashSet<String>) {
        self.state.borrow_mut().wanted = Some(names);
    }

    pub(super) fn drain(&self) {
        if !self.input.is_again() {
            // Whatever there is wrong with what nobody wants.
            let _ = io::copy(&mut self.state.borrow_mut().tar, &mut io::sink());
        }
    }
}

impl State {
    /// Looks for one of these among what was kept, then from here on, and then, if that can be, from
    /// the start.
    fn find(&mut self, names: &[&str]) -> Result<Option<Found>, Error> {
        if let Some(number) = names.iter().position(|name| self.spool.has(name)) {
            return Ok(Some(Found::Kept(number)));
        }
        let mut again = self.input.is_again() && self.number > 0;
        loop {
            match self.step()? {
                Some(name) => {
                    if let Some(number) = names.iter().position(|wanted| *wanted == name) {
                        return Ok(Some(Found::Here(number)));
                    }
                    self.let_go(&name)?;
                }
                // A link that is known now leads to another name.
                None if names.iter().any(|name| self.links.contains_key(*name)) => return Ok(None),
                None if again => {
                    again = false;
                    self.begin_again()?;
                }
                None => return Ok(None),
            }
        }
    }

    /// Goes on by one member, and keeps it if need be; nothing at the end.
    fn pass(&mut self) -> Result<bool, Error> {
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
            if self.sizes.len() + self.links.len() > MAX_MEMBERS {
                return Err(self.input.fault(LayoutFault::TooManyMembers));
            }
            match member.kind {
                Kind::File(size) => {
                    (self.left, self.padding) = (size, padding(size));
                    self.sizes.entry(member.name.clone()).or_insert(size);
                    return Ok(Some(member.name));
                }
                Kind::Link(target) => {
                    if let Some(wanted) = &mut self.wanted
                        && wanted.contains(&member.name)
                    {
                        wanted.insert(target.clone());
                    }
                    self.links.entry(member.name).or_insert(target);
                }
                Kind::Other => {}
            }
        }
        Ok(None)
    }

    /// Goes on without the member at hand, unless it may be asked for and would not come again.
    fn let_go(&mut self, name: &str) -> Result<(), Error> {
        let may_be_wanted = match &self.wanted {
            Some(wanted) => wanted.contains(name),
            None => true,
        };
        if !may_be_wanted || self.spool.has(name) {
            return Ok(());
        }
        // Before it is known what is wanted, reading twice is cheaper than writing everything.
        let worth_the_disk = !self.input.is_again() || self.wanted.is_some();
        if self.spool.is_small(self.left) || (self.spool.has_file() && worth_the_disk) {
            return self.keep(name);
        }
        match self.input.is_again() {
            true => Ok(()),
            false => Err(self.input.fault(LayoutFault::OutOfOrder)),
        }
    }

    /// Keeps the member at hand.
    fn keep(&mut self, name: &str) -> Result<(), Error> {
        let size = std::mem::take(&mut self.left);
        let kept = self.spool.keep(name, size, &mut self.tar);
        kept.map_err(|failure| match failure {
            Failure::Read(error) => self.input.failed(error),
            Failure::Write(source) => Error::Disk {
                action: "write what is read ahead of",
                path: self.input.path().to_owned(),
                source,
            },
        })?;
        match self.spool.size(name) == Some(size) {
            true => Ok(()),
            false => Err(self.input.malformed(EntryFault::Truncated)),
        }
    }

    /// Passes over what is left of the member at hand.
    fn skip(&mut self) -> Result<(), Error> {
        let (left, padding) = (self.left, self.padding);
        (self.left, self.padding) = (0, 0);
        let mut rest = (&mut self.tar).take(left + padding);
        let skipped = io::copy(&mut rest, &mut io::sink());
        let skipped = skipped.map_err(|e| self.input.failed(e))?;
        match skipped < left {
            true => Err(self.input.malformed(EntryFault::Truncated)),
            false => Ok(()),
        }
    }

    fn begin_again(&mut self) -> Result<(), Error> {
        self.tar = self.input.tar()?;
        (self.left, self.padding) = (0, 0);
        self.ended = false;
        Ok(())
    }
}

/// The bytes of the member at hand, for as long as it is.
struct Contents {
    number: usize,
    state: Rc<RefCell<State>>,
}

impl Read for Contents {
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
