//! A set of the paths that a layer wrote, in bounded memory.
//!
//! Paths are represented by keys. The newest are in memory; whenever there are too many, they are
//! appended, sorted, to an unnamed file. One read then tells whether such a run contains a key.

use crate::error::EntryFault;
use crate::sys::Dir;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::os::unix::fs::FileExt as _;

/// How many keys are read at once.
const PAGE: usize = 512;

/// How many keys are held in memory, where they take about 400 KiB.
const RUN: usize = 64 * PAGE;

/// The size of a key in a file.
const KEY: usize = size_of::<u64>();

/// What the layer has done to a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum UpperMark {
    /// The layer wrote it, or something below it.
    Written,
    /// A directory with an entry of its own in the layer.
    Described,
    /// A directory in which nothing of lower layers is left.
    Cleared,
}

/// A set of paths, each with any of the marks.
pub(super) struct SpillSet {
    /// Where the file is created. None for a tree in memory, which takes far more memory than its
    /// keys.
    dir: Option<Dir>,
    newest: BTreeSet<u64>,
    /// The first key of each page of each run.
    runs: Vec<Vec<u64>>,
    file: Option<File>,
}

impl SpillSet {
    pub(super) fn new(dir: Option<&Dir>) -> Result<Self, EntryFault> {
        Ok(Self {
            dir: dir.map(Dir::try_clone).transpose().map_err(failed)?,
            newest: BTreeSet::new(),
            runs: Vec::new(),
            file: None,
        })
    }

    /// Marks the path `key`. False only if it is known to have that mark already; a mark that was
    /// spilled to the file is not looked up.
    pub(super) fn insert(&mut self, key: u64, mark: UpperMark) -> Result<bool, EntryFault> {
        if self.newest.len() >= RUN {
            self.spill().map_err(failed)?;
        }
        Ok(self.newest.insert(marked(key, mark)))
    }

    /// Whether the path `key` has this mark.
    pub(super) fn contains(&self, key: u64, mark: UpperMark) -> Result<bool, EntryFault> {
        let key = marked(key, mark);
        match &self.file {
            _ if self.newest.contains(&key) => Ok(true),
            Some(file) => self.has_spilled(file, key).map_err(failed),
            None => Ok(false),
        }
    }

    fn has_spilled(&self, file: &File, key: u64) -> io::Result<bool> {
        let mut page = [0; PAGE * KEY];
        for (number, firsts) in self.runs.iter().enumerate() {
            let Some(before) = firsts.partition_point(|&first| first <= key).checked_sub(1) else {
                continue;
            };
            let at = (number * RUN + before * PAGE) * KEY;
            file.read_exact_at(&mut page, at as u64)?;
            let (keys, _) = page.as_chunks::<KEY>();
            let found = keys.binary_search_by_key(&key, |key| u64::from_le_bytes(*key));
            if found.is_ok() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Appends the newest keys to the file, unless everything is to stay in memory.
    fn spill(&mut self) -> io::Result<()> {
        let Some(dir) = &self.dir else {
            return Ok(());
        };
        let file = match self.file.take() {
            Some(file) => file,
            None => dir.create_unnamed()?,
        };
        let keys = std::mem::take(&mut self.newest);
        let mut pages = BufWriter::new(self.file.insert(file));
        for key in &keys {
            pages.write_all(&key.to_le_bytes())?;
        }
        pages.flush()?;
        self.runs.push(keys.into_iter().step_by(PAGE).collect());
        Ok(())
    }
}

fn failed(error: io::Error) -> EntryFault {
    EntryFault::io("take note of", error)
}

/// Packs both into one number: 62 of the 64 bits of a hash are enough.
fn marked(key: u64, mark: UpperMark) -> u64 {
    key << 2 | mark as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_found_in_memory_and_in_the_file() {
        let dir = Dir::open_path(&std::env::temp_dir()).unwrap();
        let mut set = SpillSet::new(Some(&dir)).unwrap();
        // Spread like hashes; an odd factor leads to no number twice.
        let key = |n: u64| n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 2;
        let count = 2 * RUN as u64 + 100;
        for n in 0..count {
            assert!(set.insert(key(n), UpperMark::Written).unwrap(), "{n}");
        }
        assert!(!set.insert(key(count - 1), UpperMark::Written).unwrap());
        assert_eq!((set.runs.len(), set.newest.len()), (2, 100));
        for n in 0..count {
            assert!(set.contains(key(n), UpperMark::Written).unwrap(), "{n}");
            assert!(!set.contains(key(n), UpperMark::Cleared).unwrap(), "{n}");
            assert!(
                !set.contains(key(count + n), UpperMark::Written).unwrap(),
                "{n}"
            );
        }
        for end in [0, u64::MAX >> 2] {
            assert_eq!(set.contains(end, UpperMark::Written).unwrap(), end == 0);
        }
    }

    #[test]
    fn without_a_directory_all_keys_stay_in_memory() {
        let mut set = SpillSet::new(None).unwrap();
        let count = RUN as u64 + 100;
        for key in 0..count {
            assert!(set.insert(key, UpperMark::Cleared).unwrap(), "{key}");
        }
        assert!(set.file.is_none() && set.newest.len() == count as usize);
        assert!(set.contains(0, UpperMark::Cleared).unwrap());
    }
}
