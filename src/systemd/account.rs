//! USER of an image, looked up in the tree's own passwd(5) and group(5), as docker does it.
//!
//! Both files are as hostile as the image. A number is digits and nothing else: docker takes what is no
//! number for 0, and so runs as root what its author has misspelt.

use std::collections::BTreeSet;

/// The numbers that a process runs with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Account {
    /// The user id.
    pub(crate) uid: u32,
    /// The group id.
    pub(crate) gid: u32,
    /// Supplementary groups, without `gid`, sorted.
    pub(crate) groups: Vec<u32>,
    /// The home directory, if passwd has one.
    pub(crate) home: Option<String>,
    /// Whether passwd has the user.
    pub(crate) is_known: bool,
}

/// The part of USER that cannot be found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UnknownAccount {
    /// The user is no number, and passwd does not have it.
    User,
    /// The group is no number, and group does not have it.
    Group,
}

/// One line of passwd.
struct PasswdEntry<'p> {
    name: &'p str,
    uid: u32,
    gid: u32,
    home: &'p str,
}

/// One line of group.
struct GroupEntry<'g> {
    name: &'g str,
    gid: u32,
    members: &'g str,
}

/// Finds `user`, which is `NAME`, `UID`, `NAME:GROUP`, `UID:GID` and so on; an empty name is root. A uid
/// that passwd does not have gets group 0. A user with a group has no supplementary groups.
pub(crate) fn find_account(
    user: &str,
    passwd: &[u8],
    group: &[u8],
) -> Result<Account, UnknownAccount> {
    let (name, group_name) = user.split_once(':').unwrap_or((user, ""));
    let name = if name.is_empty() { "0" } else { name };
    let number = parse_id(name);
    let entry = lines(passwd).filter_map(parse_user).find(|entry| {
        let is_number = number == Some(entry.uid);
        entry.name == name || is_number
    });
    let mut account = match (&entry, number) {
        (Some(entry), _) => Account {
            uid: entry.uid,
            gid: entry.gid,
            groups: Vec::new(),
            home: Some(entry.home.to_owned()).filter(|home| home.starts_with('/')),
            is_known: true,
        },
        (None, Some(uid)) => Account::without_entry(uid),
        // A scratch image has no passwd, and root is root without one.
        (None, None) if name == "root" => Account::without_entry(0),
        (None, None) => return Err(UnknownAccount::User),
    };
    let mut groups = lines(group).filter_map(parse_group);
    if !group_name.is_empty() {
        let number = parse_id(group_name);
        let found = groups.find(|group| group.name == group_name || number == Some(group.gid));
        let root = (group_name == "root").then_some(0);
        let gid = found.map(|group| group.gid).or(number).or(root);
        account.gid = gid.ok_or(UnknownAccount::Group)?;
    } else if let Some(entry) = entry {
        let is_member =
            |group: &GroupEntry<'_>| group.members.split(',').any(|name| name == entry.name);
        let groups: BTreeSet<u32> = groups.filter(is_member).map(|group| group.gid).collect();
        account.groups = groups.into_iter().filter(|gid| *gid != entry.gid).collect();
    }
    Ok(account)
}

impl Account {
    fn without_entry(uid: u32) -> Self {
        Self::of(uid, 0)
    }

    /// That of a process with these numbers.
    pub(crate) fn of(uid: u32, gid: u32) -> Self {
        Self {
            uid,
            gid,
            groups: Vec::new(),
            home: None,
            is_known: false,
        }
    }

    /// What systemd-sysusers has to add to a machine with these files, in lines of sysusers.d(5): systemd
    /// starts no service with a number that the machine does not know (217/USER, 216/GROUP).
    pub(crate) fn unknown_to(&self, passwd: &[u8], group: &[u8]) -> Vec<String> {
        let known: BTreeSet<u32> = lines(group)
            .filter_map(parse_group)
            .map(|group| group.gid)
            .collect();
        let groups = [self.gid].into_iter().chain(self.groups.iter().copied());
        let missing = groups.filter(|gid| !known.contains(gid));
        let mut missing: Vec<_> = missing.map(|gid| format!("g g{gid} {gid}")).collect();
        let (uid, gid) = (self.uid, self.gid);
        if !lines(passwd)
            .filter_map(parse_user)
            .any(|user| user.uid == uid)
        {
            missing.push(format!("u u{uid} {uid}:{gid}"));
        }
        missing
    }

    /// The same in a tree whose ids are all `shift` higher; none if there is no such id.
    pub(crate) fn shifted(&self, shift: u32) -> Option<Self> {
        let higher = |id: u32| id.checked_add(shift).filter(|id| is_id(*id));
        self.mapped(higher, higher)
    }

    /// The same with other ids; none if one of them has no other.
    pub(crate) fn mapped(
        &self,
        user: impl Fn(u32) -> Option<u32>,
        group: impl Fn(u32) -> Option<u32>,
    ) -> Option<Self> {
        let groups = self.groups.iter().map(|gid| group(*gid));
        Some(Self {
            uid: user(self.uid)?,
            gid: group(self.gid)?,
            groups: groups.collect::<Option<_>>()?,
            home: self.home.clone(),
            is_known: self.is_known,
        })
    }
}

fn lines(file: &[u8]) -> impl Iterator<Item = &str> {
    file.split(|byte| *byte == b'\n')
        .filter_map(|line| std::str::from_utf8(line).ok())
}

fn parse_user(line: &str) -> Option<PasswdEntry<'_>> {
    let mut fields = line.split(':');
    let name = fields.next().filter(|name| !name.is_empty())?;
    let (uid, gid) = (fields.nth(1)?, fields.next()?);
    Some(PasswdEntry {
        name,
        uid: parse_id(uid)?,
        gid: parse_id(gid)?,
        home: fields.nth(1).unwrap_or_default(),
    })
}

fn parse_group(line: &str) -> Option<GroupEntry<'_>> {
    let mut fields = line.split(':');
    let name = fields.next().filter(|name| !name.is_empty())?;
    Some(GroupEntry {
        name,
        gid: parse_id(fields.nth(1)?)?,
        members: fields.next().unwrap_or_default(),
    })
}

/// Digits only: `+1`, ` 1` and `-1` are no numbers.
fn parse_id(text: &str) -> Option<u32> {
    let is_digits = text.bytes().all(|c| c.is_ascii_digit());
    let id = text.parse().ok().filter(|_| is_digits)?;
    is_id(id).then_some(id)
}

/// uid_is_valid of systemd: -1 with 32 and with 16 bits means "unchanged" to the kernel.
fn is_id(id: u32) -> bool {
    id != u32::MAX && id != 0xFFFF
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWD: &[u8] = b"root:x:0:0:root:/root:/bin/sh\n\
        # no line\n:x:5:5::/:\napp:x:1000:1001::/srv/app:/bin/sh\n\xff:x:7:7::/:\n\
        minus:x:-1:0::/:\nplus:x:+1:0::/:\nblank:x: 1:0::/:\nword:x:zero:0::/:\n\
        unset:x:4294967295:0::/:\nshort:x:65535:0::/:\nhuge:x:99999999999:0::/:\n\
        app:x:0:0::/root:\n1005:x:3:3::relative:\ncut:x:8";
    const GROUP: &[u8] = b"root:x:0:\napp:x:1001:app\ndata:x:50:other,app\nops:x:60:app\n\
        apps:x:70:apple\nops2:x:60:app\nbad:x:-5:app\n";

    fn found(user: &str) -> Result<(u32, u32, Vec<u32>), UnknownAccount> {
        let account = find_account(user, PASSWD, GROUP)?;
        Ok((account.uid, account.gid, account.groups))
    }

    #[test]
    fn users_and_groups_are_found_by_name_and_by_number() {
        for (user, account) in [
            ("", (0, 0, vec![])),
            ("root", (0, 0, vec![])),
            ("app", (1000, 1001, vec![50, 60])),
            ("1000", (1000, 1001, vec![50, 60])),
            ("01000", (1000, 1001, vec![50, 60])),
            // With a group, the user has no other.
            ("app:data", (1000, 50, vec![])),
            ("app:0", (1000, 0, vec![])),
            (":data", (0, 50, vec![])),
            ("app:", (1000, 1001, vec![50, 60])),
            // Nobody knows these, and numbers need nobody.
            ("65532", (65532, 0, vec![])),
            ("65532:65533", (65532, 65533, vec![])),
            // A name of digits is a name, as for docker.
            ("1005", (3, 3, vec![])),
        ] {
            assert_eq!(found(user), Ok(account), "{user}");
        }
        let app = find_account("app", PASSWD, GROUP).unwrap();
        assert_eq!(app.unknown_to(PASSWD, GROUP), [""; 0]);
        let all = ["g g1001 1001", "g g50 50", "g g60 60", "u u1000 1000:1001"];
        assert_eq!(app.unknown_to(b"", b""), all);
        let home = |user| find_account(user, PASSWD, GROUP).unwrap().home;
        assert_eq!(home("app").as_deref(), Some("/srv/app"));
        assert_eq!((home("1005"), home("65532")), (None, None));
    }

    /// docker takes what is no number for 0.
    #[test]
    fn what_is_no_number_is_not_root() {
        for user in [
            "nobody",
            "minus",
            "plus",
            "blank",
            "word",
            "unset",
            "short",
            "huge",
            "cut",
            "-1",
            "+1",
            "4294967295",
            "65535",
            "99999999999",
            "a\nb",
            "\u{0661}",
        ] {
            assert_eq!(found(user), Err(UnknownAccount::User), "{user}");
        }
        for user in ["app:none", "1:bad", "0:-1", "0:a:b", "0:65535"] {
            assert_eq!(found(user), Err(UnknownAccount::Group), "{user}");
        }
    }

    #[test]
    fn an_image_without_files_has_root_and_numbers() {
        let account = |user| find_account(user, b"", b"");
        assert_eq!(account("root:root").unwrap(), Account::without_entry(0));
        assert_eq!(account("7").unwrap(), Account::without_entry(7));
        assert_eq!(account("app"), Err(UnknownAccount::User));
        let high = account("7").unwrap();
        assert_eq!(high.unknown_to(PASSWD, GROUP), ["u u7 7:0"]);
        assert_eq!(high.shifted(100).unwrap().uid, 107);
        for shift in [u32::MAX, u32::MAX - 7, 0xFFFF - 7, 0xFFFF] {
            assert_eq!(high.shifted(shift), None, "{shift}");
        }
    }
}
