//! Compares the metadata of an inode with what stat returns.

use super::Model;
use super::difference::Aspect;
use super::inode::{Inode, InodeKind, Metadata};
use super::xattrs::{XattrMap, is_compared, is_for_root, is_settable, settled};
use crate::sys::{Owner, Stat, Time};
use std::collections::BTreeMap;

/// Who has made a tree.
pub(super) struct DefaultOwner {
    /// Whether it was an ordinary user, who could not make all of it.
    rootless: bool,
    /// Whose the directories are of which the image does not say it.
    plain: Owner,
}

impl DefaultOwner {
    /// The one of a tree that is like `model`.
    pub(super) fn new(model: &Model) -> Self {
        Self {
            rootless: model.rootless,
            plain: model.owners.plain(model.own).unwrap_or(model.own),
        }
    }
}

/// Compares mode, owner, time and attributes. Of a tree that an ordinary user has made, only what an
/// ordinary user can make.
pub(super) fn aspects(
    said: &Metadata,
    inode: &Inode,
    found: &Stat,
    xattrs: Option<&XattrMap>,
    maker: &DefaultOwner,
) -> Vec<Aspect> {
    let rootless = maker.rootless;
    let mut aspects = Vec::new();
    let is_directory = matches!(inode.kind, InodeKind::Directory(_));
    let mode = said.mode | if rootless && is_directory { 0o700 } else { 0 };
    if mode != found.mode && !matches!(inode.kind, InodeKind::Symlink(_)) {
        aspects.push(Aspect::Mode(mode, found.mode));
    }
    if let Some(owner) = Some(said.owner.unwrap_or(maker.plain)).filter(|_| !rootless)
        && owner != found.owner
    {
        aspects.push(Aspect::Owner(owner, found.owner));
    }
    if !is_same_time(said.mtime, found.mtime) {
        aspects.push(Aspect::Mtime(said.mtime, found.mtime));
    }
    // Where there can be none, there are none.
    let Some(own) = xattrs else {
        return aspects;
    };
    let is_simple = is_directory || matches!(inode.kind, InodeKind::File { .. });
    let of_image = said.xattrs.iter().filter(|(name, _)| is_compared(name));
    let wanted: BTreeMap<_, _> = of_image
        .filter_map(|(name, value)| Some((name, settled(name, value, mode)?)))
        .collect();
    for (name, value) in &wanted {
        // What could not be set was left out, and a pull says so.
        let may_lack = !is_simple || !is_settable(name) || (rootless && is_for_root(name));
        let is = own.get(*name);
        let is = is.and_then(|is| settled(name, is, found.mode));
        if is.as_ref() != Some(value) && !(is.is_none() && may_lack) {
            aspects.push(Aspect::Xattr((*name).to_owned()));
        }
    }
    for (name, value) in own {
        let counts = settled(name, value, found.mode).is_some() && is_compared(name);
        if counts && !wanted.contains_key(name.as_c_str()) {
            aspects.push(Aspect::Xattr(name.clone()));
        }
    }
    aspects
}

/// Whether a time is the one that was set, as far as file systems can keep it: some know whole
/// seconds only, and none all of them. The kernel takes the nearest that there is, after 2038.
fn is_same_time(wanted: Time, found: Time) -> bool {
    let is_cut = wanted.seconds == found.seconds && found.nanoseconds == 0;
    let (latest, earliest) = (i64::from(i32::MAX), i64::from(i32::MIN));
    let is_late = wanted.seconds > found.seconds && found.seconds >= latest;
    let is_early = wanted.seconds < found.seconds && found.seconds <= earliest;
    wanted == found || is_cut || is_late || is_early
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_kept_as_far_as_it_can_be() {
        let time = |seconds, nanoseconds| Time {
            seconds,
            nanoseconds,
        };
        for (wanted, found, same) in [
            (time(1, 5), time(1, 5), true),
            (time(1, 5), time(1, 0), true),
            (time(1, 5), time(1, 4), false),
            (time(1, 0), time(2, 0), false),
            (time(1 << 40, 0), time(15_032_385_535, 0), true),
            (time(1 << 40, 0), time(2_147_483_647, 0), true),
            (time(1 << 40, 0), time(1, 0), false),
            (time(-(1 << 40), 0), time(-2_147_483_648, 0), true),
            (time(-(1 << 40), 0), time(0, 0), false),
        ] {
            assert_eq!(is_same_time(wanted, found), same, "{wanted:?} {found:?}");
        }
    }
}
