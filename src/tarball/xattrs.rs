//! The extended attributes of one entry: its own, and those that a global header sets for all later
//! entries.
//!
//! Global ones are shared and never copied: a header of 1 MiB may precede a million entries.

use crate::error::EntryFault;
use std::collections::BTreeMap;
use std::ffi::{CStr, CString};
use std::rc::Rc;

/// The largest value that Linux accepts, in bytes: XATTR_SIZE_MAX.
const MAX_VALUE: usize = 64 << 10;

/// The total length of a file's attribute names, each with its NUL, in bytes: XATTR_LIST_MAX.
const MAX_NAMES: usize = 64 << 10;

/// The total length of global attributes, in bytes: the limit of one extended header. Without it, a
/// layer of a megabyte could take gigabytes of memory.
const MAX_GLOBAL: usize = 1 << 20;

/// The memory that an attribute takes besides the bytes of name and value.
const ALLOCATED: usize = 96;

/// Values by name; None for a global attribute that was removed from an entry.
type Values = BTreeMap<CString, Option<Vec<u8>>>;

/// The extended attributes of one entry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Xattrs {
    /// Sorted by name.
    own: Vec<(CString, Option<Vec<u8>>)>,
    global: Option<Rc<Values>>,
}

/// The attributes of one extended header, or of all global ones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct XattrRecords {
    /// None for most entries, so that they allocate nothing.
    values: Option<Rc<Values>>,
    /// The length of all names, each with its NUL, in bytes.
    names: usize,
    /// The length of all names and values, in bytes.
    size: usize,
}

impl XattrRecords {
    /// Sets an attribute, replacing one with the same name.
    pub(super) fn set(&mut self, name: CString, value: Vec<u8>) -> Result<(), EntryFault> {
        if value.len() > MAX_VALUE {
            return Err(EntryFault::Xattrs);
        }
        let (named, length) = (size(&name), value.len());
        let values = self.values.get_or_insert_default();
        // Copies only if earlier entries still share the previous global attributes.
        match Rc::make_mut(values).insert(name, Some(value)) {
            Some(before) => self.size -= before.map_or(0, |value| value.len()),
            None => {
                self.names += named;
                self.size += named;
            }
        }
        self.size += length;
        if self.names > MAX_NAMES || self.size > MAX_GLOBAL {
            return Err(EntryFault::Xattrs);
        }
        Ok(())
    }
}

impl Xattrs {
    /// Combines the attributes of an entry's own header with the global ones.
    pub(super) fn new(own: XattrRecords, global: &XattrRecords) -> Result<Self, EntryFault> {
        let global_values = global.values.as_deref();
        let is_global = |name: &CStr| global_values.is_some_and(|values| values.contains_key(name));
        let names = own.values.iter().flat_map(|values| values.keys());
        let both: usize = names
            .filter(|name| is_global(name))
            .map(|name| size(name))
            .sum();
        if own.names + global.names - both > MAX_NAMES {
            return Err(EntryFault::Xattrs);
        }
        Ok(Self {
            own: own
                .values
                .map(Rc::unwrap_or_clone)
                .into_iter()
                .flatten()
                .collect(),
            global: global.values.clone(),
        })
    }

    /// Names and values, global ones first.
    pub fn iter(&self) -> impl Iterator<Item = (&CStr, &[u8])> {
        let global = self.global.iter().flat_map(|values| values.iter());
        let global = global.filter(|(name, _)| self.find(name).is_err());
        let all = global.chain(self.own.iter().map(|(name, value)| (name, value)));
        all.filter_map(|(name, value)| Some((name.as_c_str(), value.as_deref()?)))
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }

    /// Whether there is one with this name.
    pub fn has(&self, name: &CStr) -> bool {
        self.get(name).is_some()
    }

    /// Their number, and the total length of names and values in bytes.
    pub fn size(&self) -> (u64, u64) {
        self.iter().fold((0, 0), |(count, bytes), (name, value)| {
            (count + 1, bytes + (size(name) + value.len()) as u64)
        })
    }

    /// How much memory these take if the global ones of `other` are kept anyway, in bytes.
    pub fn size_beside(&self, other: &Self) -> usize {
        let own = self.own.iter().map(|(name, value)| (name, value));
        let is_kept = match (&self.global, &other.global) {
            (Some(own), Some(other)) => Rc::ptr_eq(own, other),
            _ => false,
        };
        let global = self.global.as_deref().filter(|_| !is_kept);
        let all = own.chain(global.into_iter().flatten());
        all.map(|(name, value)| ALLOCATED + size(name) + value.as_ref().map_or(0, Vec::len))
            .sum()
    }

    /// Shares the global attributes of `other` instead of its own.
    pub fn share(&mut self, other: &Self) {
        self.global.clone_from(&other.global);
    }

    /// Keeps only those of the entry's own attributes for which `counts` is true.
    pub fn retain_own(&mut self, counts: impl Fn(&CStr) -> bool) {
        let global = self.global.as_deref();
        let hides = |name: &CStr| global.is_some_and(|global| global.contains_key(name));
        self.own.retain(|(name, _)| counts(name) || hides(name));
    }

    /// Changes the value of an attribute, if present, for this entry only.
    pub fn alter(
        &mut self,
        name: &CStr,
        change: impl FnOnce(&mut Vec<u8>) -> Result<(), EntryFault>,
    ) -> Result<(), EntryFault> {
        let Some(mut value) = self.get(name).cloned() else {
            return Ok(());
        };
        change(&mut value)?;
        self.set_own(name, Some(value));
        Ok(())
    }

    /// Removes an attribute from this entry only.
    pub fn remove(&mut self, name: &CStr) {
        if self.has(name) {
            self.set_own(name, None);
        }
    }

    fn set_own(&mut self, name: &CStr, value: Option<Vec<u8>>) {
        match self.find(name) {
            Ok(at) => self.own[at].1 = value,
            Err(at) => self.own.insert(at, (name.to_owned(), value)),
        }
    }

    fn get(&self, name: &CStr) -> Option<&Vec<u8>> {
        let value = match self.find(name) {
            Ok(at) => Some(&self.own[at].1),
            Err(_) => self.global.as_ref().and_then(|all| all.get(name)),
        };
        value.and_then(Option::as_ref)
    }

    /// The index of an own attribute, or where to insert it.
    fn find(&self, name: &CStr) -> Result<usize, usize> {
        self.own
            .binary_search_by(|(own, _)| own.as_c_str().cmp(name))
    }
}

/// How many bytes a name counts.
fn size(name: &CStr) -> usize {
    name.count_bytes() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records(all: &[(&CStr, &str)]) -> XattrRecords {
        let mut records = XattrRecords::default();
        for (name, value) in all {
            records
                .set((*name).to_owned(), value.as_bytes().to_vec())
                .unwrap();
        }
        records
    }

    #[test]
    fn an_entry_changes_what_is_shared_for_itself_alone() {
        let global = records(&[(c"user.a", "1"), (c"user.b", "2"), (c"user.c", "3")]);
        let mut xattrs = Xattrs::new(records(&[(c"user.b", "own")]), &global).unwrap();
        let other = Xattrs::new(XattrRecords::default(), &global).unwrap();
        let all = |xattrs: &Xattrs| -> Vec<_> {
            let text = |(name, value): (&CStr, &[u8])| {
                format!("{} {}", name.to_string_lossy(), value.escape_ascii())
            };
            xattrs.iter().map(text).collect()
        };
        assert_eq!(all(&xattrs), ["user.a 1", "user.c 3", "user.b own"]);
        xattrs.remove(c"user.a");
        xattrs.remove(c"user.z");
        let add = |value: &mut Vec<u8>| {
            value.push(b'!');
            Ok(())
        };
        xattrs.alter(c"user.c", add).unwrap();
        xattrs.alter(c"user.z", add).unwrap();
        assert_eq!(all(&xattrs), ["user.b own", "user.c 3!"]);
        assert_eq!(all(&other), ["user.a 1", "user.b 2", "user.c 3"]);
        xattrs.remove(c"user.b");
        xattrs.remove(c"user.c");
        assert!(xattrs.is_empty() && !other.is_empty());
    }

    #[test]
    fn there_are_no_more_than_linux_takes() {
        let many = |from: usize, to: usize| {
            let mut records = XattrRecords::default();
            for n in from..to {
                let name = CString::new(format!("user.{n:010}")).unwrap();
                records.set(name, Vec::new())?;
            }
            Ok::<_, EntryFault>(records)
        };
        // 16 bytes each.
        assert!(many(0, 4096).is_ok());
        assert!(many(0, 4097).is_err());
        let (low, high) = (many(0, 3000).unwrap(), many(2000, 4096).unwrap());
        assert!(Xattrs::new(low.clone(), &high).is_ok());
        assert!(Xattrs::new(low, &many(2000, 5097).unwrap()).is_err());
        // Replaced values do not count.
        let mut records = records(&[]);
        let mut set = |n: usize, length| records.set(c"user.x".to_owned(), vec![n as u8; length]);
        (0..100).for_each(|n| set(n, 64 << 10).unwrap());
        assert!(set(0, (64 << 10) + 1).is_err());
        let mut records = XattrRecords::default();
        let mut set = |n: usize| records.set(CString::new(format!("{n}")).unwrap(), vec![0; 65536]);
        (0..15).for_each(|n| set(n).unwrap());
        assert!(set(15).is_err());
    }
}
