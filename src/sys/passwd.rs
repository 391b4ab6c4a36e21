//! The users of this machine, passwd(5), and their subordinate IDs, subuid(5) and subgid(5).

use super::{Host, read_file};
use std::path::Path;

const PASSWD: &str = "/etc/passwd";

/// The ranges that newuidmap(1) and newgidmap(1) let a user map.
const SUBORDINATE: [&str; 2] = ["/etc/subuid", "/etc/subgid"];

/// The longest of these files that is read, in bytes: some 50,000 users.
const MAX: u64 = 4 << 20;

/// The contents of passwd. If it is missing, as in an initramfs, there are no users.
pub(super) fn passwd() -> Vec<u8> {
    read(PASSWD)
}

/// The contents of a file; empty for anything else, such as a pipe that would block.
fn read(path: &str) -> Vec<u8> {
    let path = Path::new(path);
    let is_file = path.metadata().is_ok_and(|found| found.is_file());
    let bytes = is_file.then(|| read_file(path, MAX).ok());
    bytes.flatten().unwrap_or_default()
}

/// A field of the entry of `uid`: `name:password:uid:gid:comment:home:shell`. The first entry of a
/// uid counts, as in getpwuid(3).
pub(super) fn field(passwd: &[u8], uid: u32, field: usize) -> Option<&[u8]> {
    let uid = uid.to_string();
    let mut users = passwd.split(|&b| b == b'\n').filter_map(|line| {
        let fields: Vec<_> = line.splitn(8, |&b| b == b':').collect();
        let is_user = fields.len() >= 6 && fields[2] == uid.as_bytes();
        is_user.then_some(fields)
    });
    users.next()?.get(field).copied()
}

/// Whether this user may map other user and group IDs into a user namespace: `unshare --map-auto`
/// needs a range of each. Ranges from a network service are not looked up.
pub fn has_subordinate_ids() -> bool {
    let (passwd, uid) = (passwd(), Host::new().uid);
    let name = field(&passwd, uid, 0).unwrap_or_default();
    SUBORDINATE
        .iter()
        .all(|path| has_range(&read(path), name, uid))
}

/// Whether a line `user:first:count` gives a range to this user, by name or number.
fn has_range(ranges: &[u8], name: &[u8], uid: u32) -> bool {
    let uid = uid.to_string();
    let number = |text: &[u8]| std::str::from_utf8(text).ok()?.parse::<u32>().ok();
    ranges.split(|&b| b == b'\n').any(|line| {
        let mut fields = line.splitn(4, |&b| b == b':');
        let (user, first, count) = (fields.next(), fields.next(), fields.next());
        let is_user =
            user.is_some_and(|user| user == uid.as_bytes() || user == name && !name.is_empty());
        let has_ids = first.and_then(number).is_some()
            && count.and_then(number).is_some_and(|count| count > 0);
        is_user && has_ids && fields.next().is_none()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_entry_of_a_uid_counts() {
        let passwd =
            b"# users\nroot:x:0:0:root:/root:/bin/bash\nshort:x:5\na:x:1000:1000::/home/a:\n\
            b:x:1000:1000::/home/b:\nlong:x:7:7::/seven:/bin/sh:more:and:more";
        assert_eq!(field(passwd, 1000, 0), Some(&b"a"[..]));
        assert_eq!(field(passwd, 0, 5), Some(&b"/root"[..]));
        assert_eq!(field(passwd, 7, 5), Some(&b"/seven"[..]));
        assert_eq!((field(passwd, 5, 0), field(b"", 0, 0)), (None, None));
    }

    #[test]
    fn a_range_is_one_of_this_user_with_ids_in_it() {
        for line in [
            "jo:100000:65536",
            "1000:100000:1",
            "x\n\njo:0:4294967295\n",
            "jo:5:0\njo:5:1",
        ] {
            assert!(has_range(line.as_bytes(), b"jo", 1000), "{line}");
        }
        for line in [
            "",
            "jo",
            "jo:",
            "jo:100000",
            "jo:100000:",
            "jo:100000:0",
            "jo:100000:-1",
            "jo:100000:many",
            "jo::65536",
            "jo:1:99999999999",
            "jo:1:2:3",
            "joe:100000:65536",
            "10000:100000:65536",
            " jo:100000:65536",
            "#jo:100000:65536",
            ":100000:65536",
        ] {
            assert!(!has_range(line.as_bytes(), b"jo", 1000), "{line}");
            assert!(!has_range(line.as_bytes(), b"", 1000), "{line}");
        }
        assert!(!has_range(b"jo:\xff:1\n\xff:1:1", b"jo", 1000));
        assert!(has_range(b"\xff:1:1", b"\xff", 1000));
    }
}
