//! Compares the metadata of an inode with what stat returns.

use super::difference::Aspect;
use super::xattrs::{XattrMap, is_for_root, is_settable, normalized};
use crate::changeset::{Owners, is_compared};
use crate::sys::{Host, Owner, Stat, Time, is_root};
use crate::tree::{Inode, InodeKind, Metadata};
use crate::tree_options::TreeOptions;
use std::collections::BTreeMap;

/// The user who is assumed to have pulled the tree. The present owner of the tree does not tell, because
/// it may have changed since.
pub struct Puller {
    /// Whether it was an ordinary user, who cannot create everything in an image.
    rootless: bool,
    /// The owner of directories that no entry describes.
    default_owner: Owner,
}

impl Puller {
    /// This user, or an ordinary user if `rootless`, who pulled with `options`.
    pub fn new(options: &TreeOptions, rootless: bool) -> Self {
        let own = Host::new().owner();
        Self {
            rootless: rootless || !is_root(),
            default_owner: Owners::new(options).default_owner(own).unwrap_or(own),
        }
    }
}

/// Compares mode, owner, time and attributes, as far as `puller` could set them.
pub(super) fn aspects(
    expected: &Metadata,
    inode: &Inode,
    stat: &Stat,
    xattrs: Option<&XattrMap>,
    puller: &Puller,
) -> Vec<Aspect> {
    let rootless = puller.rootless;
    let mut aspects = Vec::new();
    let is_directory = matches!(inode.kind, InodeKind::Directory(_));
    let mode = expected.mode | if rootless && is_directory { 0o700 } else { 0 };
    if mode != stat.mode && !matches!(inode.kind, InodeKind::Symlink(_)) {
        aspects.push(Aspect::Mode(mode, stat.mode));
    }
    let owner = expected.owner.unwrap_or(puller.default_owner);
    if !rootless && owner != stat.owner {
        aspects.push(Aspect::Owner(owner, stat.owner));
    }
    if !is_same_time(expected.mtime, stat.mtime) {
        aspects.push(Aspect::Mtime(expected.mtime, stat.mtime));
    }
    // None on a file system without attributes.
    let Some(actual) = xattrs else {
        return aspects;
    };
    let is_simple = is_directory || matches!(inode.kind, InodeKind::File { .. });
    let of_image = expected.xattrs.iter().filter(|(name, _)| is_compared(name));
    let expected: BTreeMap<_, _> = of_image
        .filter_map(|(name, value)| Some((name, normalized(name, value, mode)?)))
        .collect();
    for (name, value) in &expected {
        // A pull skips what cannot be set, and says so.
        let may_lack = !is_simple || !is_settable(name) || (rootless && is_for_root(name));
        let actual = actual
            .get(*name)
            .and_then(|value| normalized(name, value, stat.mode));
        if actual.as_ref() != Some(value) && !(actual.is_none() && may_lack) {
            aspects.push(Aspect::Xattr((*name).to_owned()));
        }
    }
    for (name, value) in actual {
        let counts = normalized(name, value, stat.mode).is_some() && is_compared(name);
        if counts && !expected.contains_key(name.as_c_str()) {
            aspects.push(Aspect::Xattr(name.clone()));
        }
    }
    aspects
}

/// Whether a time on disk is the one that was set, as far as file systems can store it: some store
/// whole seconds only, and for some time ends in 2038, where the kernel sets the nearest time.
fn is_same_time(expected: Time, actual: Time) -> bool {
    let is_cut = expected.seconds == actual.seconds && actual.nanoseconds == 0;
    let (latest, earliest) = (i64::from(i32::MAX), i64::from(i32::MIN));
    let is_late = expected.seconds > actual.seconds && actual.seconds >= latest;
    let is_early = expected.seconds < actual.seconds && actual.seconds <= earliest;
    expected == actual || is_cut || is_late || is_early
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
        for (expected, actual, same) in [
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
            assert_eq!(
                is_same_time(expected, actual),
                same,
                "{expected:?} {actual:?}"
            );
        }
    }
}
