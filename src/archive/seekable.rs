//! An uncompressed archive in a file.

use super::input::{Input, unreadable};
use super::member::{Member, MemberKind, follow};
use super::quota::{Exceeded, Quota};
use crate::error::{Absence, EntryFault, Error, LayoutFault};
use crate::tarball::padding;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek as _, SeekFrom};
use std::os::unix::fs::FileExt as _;
use std::path::PathBuf;
use std::rc::Rc;

/// The file, and the positions of its members.
pub(crate) struct SeekableArchive {
    input: Input,
    file: Rc<File>,
    members: HashMap<String, (MemberKind, MemberPosition)>,
}

/// The number of a member, and the offset of its contents.
#[derive(Clone, Copy)]
struct MemberPosition(usize, u64);

impl SeekableArchive {
    /// Reads all headers.
    pub(super) fn new(input: Input, file: File) -> Result<Self, Error> {
        let failed = |e| unreadable(input.path(), e);
        let end = file.metadata().map_err(failed)?.len();
        let mut tar = BufReader::new(file);
        let mut members = HashMap::new();
        let mut quota = Quota::default();
        let mut count = 0;
        while let Some(member) = Member::read(&mut tar).map_err(|why| input.malformed(why))? {
            let is_kept = member.count(&mut quota);
            let is_kept = is_kept.map_err(|Exceeded| input.fault(LayoutFault::TooManyMembers))?;
            let at = tar.stream_position().map_err(failed)?;
            if let MemberKind::File(size) = member.kind {
                if at.checked_add(size).is_none_or(|after| after > end) {
                    return Err(input.malformed(EntryFault::Truncated));
                }
                let next = at + size + padding(size);
                tar.seek(SeekFrom::Start(next)).map_err(failed)?;
            }
            let found = (member.kind, MemberPosition(count, at));
            count += 1;
            if !is_kept {
                continue;
            }
            // Of two members with the same name the first counts, as in a pipe.
            match members.entry(member.name) {
                Entry::Vacant(free) => drop(free.insert(found)),
                Entry::Occupied(mut earlier) if found.0.replaces(&earlier.get().0) => {
                    earlier.insert(found);
                }
                Entry::Occupied(_) => {}
            }
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

    /// The index of whichever of these members comes first.
    pub(super) fn first(&self, names: &[&str]) -> Option<usize> {
        let places = names.iter().enumerate();
        let found = places.filter_map(|(number, name)| {
            let (_, _, MemberPosition(at, _)) = self.find(name).ok()?;
            Some((at, number))
        });
        found.min().map(|(_, number)| number)
    }

    pub(super) fn locate(&self, name: &str) -> Result<(String, u64), Absence> {
        let found = self.find(name);
        found.map(|(name, size, _)| (name.to_owned(), size))
    }

    pub(super) fn open_member(&self, name: &str) -> Option<Box<dyn Read>> {
        let (_, size, MemberPosition(_, offset)) = self.find(name).ok()?;
        Some(Box::new(MemberContents {
            path: self.input.path().to_owned(),
            file: Rc::clone(&self.file),
            offset,
            left: size,
        }))
    }

    fn find<'m>(&'m self, name: &'m str) -> Result<(&'m str, u64, MemberPosition), Absence> {
        follow(name, |name| {
            let (kind, place) = self.members.get(name)?;
            Some((kind, *place))
        })
    }
}

/// The bytes of a member.
struct MemberContents {
    path: PathBuf,
    file: Rc<File>,
    offset: u64,
    left: u64,
}

impl Read for MemberContents {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.left).map_or(buffer.len(), |left| left.min(buffer.len()));
        let read = self.file.read_at(&mut buffer[..most], self.offset);
        let count = read.map_err(|e| io::Error::other(unreadable(&self.path, e)))?;
        self.offset += count as u64;
        self.left -= count as u64;
        Ok(count)
    }
}
