//! The differences that are right, each with the reason. All others fail.

use crate::support::tar::MTIME;
use crate::support::tree::{self, Kind, Node, Tree};
use std::time::{SystemTime, UNIX_EPOCH};

/// Asserts that trees are the same.
#[track_caller]
pub(super) fn assert_same(ours: &Tree, theirs: &Tree) {
    assert_same_as("umoci", ours, theirs);
}

/// Asserts that trees are the same, and says whose the other one is.
#[track_caller]
pub(super) fn assert_same_as(peer: &str, ours: &Tree, theirs: &Tree) {
    let lines = tree::diff(ours, theirs);
    let count = lines.len();
    assert!(
        lines.is_empty(),
        "roots / {peer}, {count} differences:\n{}",
        lines.join("\n")
    );
}

/// Gives directories the times that stand for them in the layers: their own, or 0 where no layer lists them.
///
/// image-spec layer.md, "Change Types": "Additions and Modifications are represented the same in the changeset tar
/// archive", with the attributes they have there. A directory that is only part of a path is no addition and has no
/// time: umoci leaves it, and the listed directory it was made in, at the hour of the unpacking.
pub(super) fn times_of_directories(theirs: &mut Tree, times: &[(&str, i64)]) {
    for (path, seconds) in times {
        let node = theirs.get_mut(path.as_bytes()).unwrap();
        assert_eq!(node.kind, Kind::Dir, "{path}");
        node.mtime = (*seconds, 0);
    }
}

/// The same where it is not known which directories have been listed: those that umoci left at a time after `start`.
/// New ones also have what it took from the directory they were made in, the setgid bit and its group.
pub(super) fn directories_made_since(theirs: &mut Tree, start: SystemTime, ours: &Tree) {
    let start = start.duration_since(UNIX_EPOCH).unwrap().as_secs();
    let made = |node: &Node| node.kind == Kind::Dir && node.mtime.0.unsigned_abs() >= start;
    for (path, node) in theirs.iter_mut().filter(|(_, node)| made(node)) {
        let Some(ours) = ours.get(path) else { continue };
        node.mtime = ours.mtime;
        if ours.mtime == (0, 0) {
            (node.mode, node.uid, node.gid) = (0o755, 0, 0);
        }
    }
}

/// Takes the times that `ours` has for directories that the layer comes back to after it has been elsewhere.
///
/// image-spec layer.md, "File Attributes": "Where supported, MUST include file attributes for Additions and
/// Modifications include: Modification Time (`mtime`)". The entry of the directory has one, wherever its children stand
/// in the archive. GNU tar sets it when it leaves the directory, and spoils it when it comes back.
pub(super) fn times_of_directories_returned_to(
    theirs: &mut Tree,
    ours: &Tree,
    returned: &[String],
) {
    for path in returned {
        let (node, ours) = (theirs.get_mut(path.as_bytes()), &ours[path.as_bytes()]);
        let node = node.unwrap();
        assert_eq!((node.kind, ours.mtime), (Kind::Dir, (MTIME, 0)), "{path}");
        node.mtime = ours.mtime;
    }
}

/// Adds the extended attributes of no length that `ours` has.
///
/// image-spec layer.md, "File Attributes", names `SCHILY.xattr` records, and not what an empty one is. Linux knows empty
/// attributes, and GNU tar and containerd set them; Go's reader, and so umoci, takes such a record for none.
pub(super) fn empty_attributes(theirs: &mut Tree, ours: &Tree) {
    for (path, node) in theirs {
        let ours = ours.get(path).into_iter().flat_map(|node| &node.xattrs);
        let empty = ours.filter(|(_, value)| value.is_empty());
        node.xattrs
            .extend(empty.map(|(name, value)| (name.clone(), value.clone())));
    }
}

/// What is left of a tree for a user who is not root: the files are his, there are no devices and no attributes but
/// `user.`, and no directory is closed to him. image-spec has no word on who unpacks.
pub(super) fn what_a_user_may_have(tree: &mut Tree, user: u32) {
    tree.retain(|_, node| !matches!(node.kind, Kind::CharDevice | Kind::BlockDevice));
    for node in tree.values_mut() {
        (node.uid, node.gid) = (user, user);
        node.xattrs.retain(|name, _| name.starts_with("user."));
        if node.kind == Kind::Dir {
            node.mode |= 0o700;
        }
    }
}
