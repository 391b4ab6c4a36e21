//! A set of the paths that a layer wrote, in bounded memory.
//!
//! Places are keys. The newest wait in memory, and whenever there are too many they go, sorted, to
//! the end of a file without a name. Where a key stands in such a run is then one read away.

use crate::error::EntryFault;
use crate::sys::Dir;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::os::unix::fs::FileExt as _;

/// How many keys are read at once.
const PAGE: usize = 512;

/// How many keys wait in memory, where they take some 400 KiB.
const RUN: usize = 64 * PAGE;

/// The size of a key in a file.
const KEY: usize = size_of::<u64>();

/// What is known of a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum UpperMark {
    /// The layer has made it, or something below it.
    Made,
    /// It is a directory that has an entry of its own in the layer.
    Described,
    /// It is a directory that holds nothing from lower layers any more.
    Cleared,
}

/// A set of places, each with any of the marks.
pub(super) struct SpillSet {
    /// Holds the file.
    dir: Dir,
    newest: BTreeSet<u64>,
    /// The first key of each page of each run.
    runs: Vec<Vec<u64>>,
    file: Option<File>,
}

impl SpillSet {
    /// No places. The file will be in `dir`, without a name there.
    pub(super) fn new(dir: &Dir) -> Result<Self, EntryFault> {
        Ok(Self {
            dir: dir.try_clone().map_err(remember)?,
            newest: BTreeSet::new(),
            runs: Vec::new(),
            file: None,
        })
    }

    /// Puts a mark on the place `key`. False only if it had that mark before; what has not been used
    /// for long may be taken for new.
    pub(super) fn insert(&mut self, key: u64, mark: UpperMark) -> Result<bool, EntryFault> {
        if self.newest.len() == RUN {
            self.spill().map_err(remember)?;
        }
        Ok(self.newest.insert(marked(key, mark)))
    }

    /// Whether the place `key` has this mark.
    pub(super) fn contains(&self, key: u64, mark: UpperMark) -> Result<bool, EntryFault> {
        let wanted = marked(key, mark);
        match &self.file {
            _ if self.newest.contains(&wanted) => Ok(true),
            Some(file) => self.was_put_down(file, wanted).map_err(remember),
            None => Ok(false),
        }
    }

    fn was_put_down(&self, file: &File, wanted: u64) -> io::Result<bool> {
        let mut page = [0; PAGE * KEY];
        for (number, firsts) in self.runs.iter().enumerate() {
            let Some(before) = firsts
                .partition_point(|&first| first <= wanted)
                .checked_sub(1)
            else {
                continue;
            };
            let at = (number * RUN + before * PAGE) * KEY;
            file.read_exact_at(&mut page, at as u64)?;
            let (keys, _) = page.as_chunks::<KEY>();
            let found = keys.binary_search_by_key(&wanted, |key| u64::from_le_bytes(*key));
            if found.is_ok() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Moves the newest to the file.
    fn spill(&mut self) -> io::Result<()> {
        let keys = std::mem::take(&mut self.newest);
        let file = match self.file.take() {
            Some(file) => file,
            None => self.dir.create_unnamed()?,
        };
        let file = self.file.insert(file);
        let mut pages = BufWriter::new(file);
        for key in &keys {
            pages.write_all(&key.to_le_bytes())?;
        }
        pages.flush()?;
        self.runs.push(keys.into_iter().step_by(PAGE).collect());
        Ok(())
    }
}

fn remember(error: io::Error) -> EntryFault {
    EntryFault::io("take note of", error)
}

/// One number for both: of the 64 bits of a hash, 62 do as well.
fn marked(key: u64, mark: UpperMark) -> u64 {
    key << 2 | mark as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_down_is_found_again() {
        let dir = Dir::open_path(&std::env::temp_dir()).unwrap();
        let mut places = SpillSet::new(&dir).unwrap();
        // Spread like hashes; an odd factor leads to no number twice.
        let key = |n: u64| n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 2;
        let count = 2 * RUN as u64 + 100;
        for n in 0..count {
            assert!(places.insert(key(n), UpperMark::Made).unwrap(), "{n}");
        }
        assert!(!places.insert(key(count - 1), UpperMark::Made).unwrap());
        assert_eq!((places.runs.len(), places.newest.len()), (2, 100));
        for n in 0..count {
            assert!(places.contains(key(n), UpperMark::Made).unwrap(), "{n}");
            assert!(!places.contains(key(n), UpperMark::Cleared).unwrap(), "{n}");
            assert!(
                !places.contains(key(count + n), UpperMark::Made).unwrap(),
                "{n}"
            );
        }
        for end in [0, u64::MAX >> 2] {
            assert_eq!(places.contains(end, UpperMark::Made).unwrap(), end == 0);
        }
    }
}
