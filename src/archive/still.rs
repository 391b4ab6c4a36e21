//! An archive in a file that is not compressed.

use super::MAX_LINKS;
use super::input::{Input, disk};
use super::member::{Kind, Member, padding};
use super::quota::{Exceeded, Quota};
use crate::error::{EntryFault, Error, LayoutFault};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek as _, SeekFrom};
use std::os::unix::fs::FileExt as _;
use std::path::PathBuf;
use std::rc::Rc;

/// The file, and where its members lie.
pub struct Still {
    input: Input,
    file: Rc<File>,
    members: HashMap<String, Place>,
}

/// Where a member is.
enum Place {
    /// Its number among the members, its offset and its size.
    At(usize, u64, u64),
    /// Under another name.
    Link(String),
}

impl Still {
    /// Reads all headers.
    pub(super) fn new(input: Input, file: File) -> Result<Self, Error> {
        let failed = |e| disk(input.path(), e);
        let end = file.metadata().map_err(failed)?.len();
        let mut tar = BufReader::new(file);
        let mut members = HashMap::new();
        let mut quota = Quota::default();
        let mut count = 0;
        while let Some(member) = Member::read(&mut tar).map_err(|why| input.malformed(why))? {
            let is_kept = member.count(&mut quota);
            let is_kept = is_kept.map_err(|Exceeded| input.fault(LayoutFault::TooManyMembers))?;
            let at = tar.stream_position().map_err(failed)?;
            let place = match member.kind {
                Kind::Link(target) => Some(Place::Link(target)),
                Kind::Other => None,
                Kind::File(size) => {
                    if at.checked_add(size).is_none_or(|after| after > end) {
                        return Err(input.malformed(EntryFault::Truncated));
                    }
                    let next = at + size + padding(size);
                    tar.seek(SeekFrom::Start(next)).map_err(failed)?;
                    Some(Place::At(count, at, size))
                }
            };
            // Of two with one name the first counts, as in a pipe.
            if let Some(place) = place.filter(|_| is_kept)
                && let Entry::Vacant(free) = members.entry(member.name)
            {
                free.insert(place);
            }
            count += 1;
        }
        Ok(Self {
            file: Rc::new(tar.into_inner()),
            input,
            members,
        })
    }

    pub(super) fn input(&self) -> &Input {
        &self.input
    }

    /// Which of these members lies before the others.
    pub(super) fn first(&self, names: &[&str]) -> Option<usize> {
        let places = names.iter().enumerate();
        let found = places.filter_map(|(number, name)| Some((self.find(name)?.0, number)));
        found.min().map(|(_, number)| number)
    }

    pub(super) fn size(&self, name: &str) -> Option<u64> {
        self.find(name).map(|(_, _, size)| size)
    }

    pub(super) fn open_member(&self, name: &str) -> Result<Option<Box<dyn Read>>, Error> {
        let Some((_, offset, size)) = self.find(name) else {
            return Ok(None);
        };
        Ok(Some(Box::new(Contents {
            path: self.input.path().to_owned(),
            file: Rc::clone(&self.file),
            offset,
            left: size,
        })))
    }

    fn find(&self, name: &str) -> Option<(usize, u64, u64)> {
        let mut name = name;
        for _ in 0..=MAX_LINKS {
            match self.members.get(name)? {
                Place::At(number, offset, size) => return Some((*number, *offset, *size)),
                Place::Link(target) => name = target,
            }
        }
        None
    }
}

/// The bytes of a member.
struct Contents {
    path: PathBuf,
    file: Rc<File>,
    offset: u64,
    left: u64,
}

impl Read for Contents {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.left).map_or(buffer.len(), |left| left.min(buffer.len()));
        let read = self.file.read_at(&mut buffer[..most], self.offset);
        let count = read.map_err(|e| io::Error::other(disk(&self.path, e)))?;
        self.offset += count as u64;
        self.left -= count as u64;
        Ok(count)
    }
}
