//! The numbers that users and groups of this user namespace have outside of it: user_namespaces(7).

use super::host::root_owner;
use std::fs;

/// Maps the ids of this user namespace to those of the system around it.
pub struct IdMap {
    users: Vec<Range>,
    groups: Vec<Range>,
}

/// A line of `/proc/self/uid_map` or `gid_map`.
struct Range {
    inside: u32,
    outside: u32,
    count: u32,
}

impl IdMap {
    /// That of this process. None where its ids are those of its system: outside of user namespaces, and
    /// in a container with a `/` of its own, whose service manager has the same ids.
    pub fn of_foreign_system() -> Option<Self> {
        if root_owner()? == 0 {
            return None;
        }
        // Without /proc, no id is known.
        let read = |path: &str| ranges(&fs::read_to_string(path).unwrap_or_default());
        Some(Self {
            users: read("/proc/self/uid_map"),
            groups: read("/proc/self/gid_map"),
        })
    }

    /// The user id outside.
    pub fn user(&self, uid: u32) -> Option<u32> {
        outside(&self.users, uid)
    }

    /// The group id outside.
    pub fn group(&self, gid: u32) -> Option<u32> {
        outside(&self.groups, gid)
    }
}

fn ranges(text: &str) -> Vec<Range> {
    let range = |line: &str| {
        let mut fields = line.split_ascii_whitespace();
        let mut next = || fields.next()?.parse().ok();
        Some(Range {
            inside: next()?,
            outside: next()?,
            count: next()?,
        })
    };
    text.lines().filter_map(range).collect()
}

fn outside(ranges: &[Range], id: u32) -> Option<u32> {
    ranges.iter().find_map(|range| {
        let offset = id.checked_sub(range.inside)?;
        (offset < range.count).then(|| range.outside.checked_add(offset))?
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_those_of_the_range_that_holds_them() {
        let map =
            ranges("         0       1000          1\n         1     100000      65535\n bad\n");
        for (inside, expected) in [
            (0, Some(1000)),
            (1, Some(100_000)),
            (5, Some(100_004)),
            (65_535, Some(165_534)),
            (65_536, None),
            (u32::MAX, None),
        ] {
            assert_eq!(outside(&map, inside), expected, "{inside}");
        }
        assert_eq!(outside(&ranges("0 0 4294967295"), 7), Some(7));
        assert_eq!(outside(&ranges("0 4294967290 10"), 9), None);
        assert_eq!(outside(&ranges(""), 0), None);
    }
}
