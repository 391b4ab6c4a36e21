//! A hint on how to start a program in a tree that does not boot.

use super::Pull;
use crate::sys::{Dir, is_system_root};
use std::ffi::CStr;

/// What `systemd-nspawn --boot` needs: one of these.
const INIT: [&[&CStr]; 4] = [
    &[c"usr", c"lib", c"systemd", c"systemd"],
    &[c"lib", c"systemd", c"systemd"],
    &[c"sbin", c"init"],
    &[c"usr", c"sbin", c"init"],
];

/// And one of these.
const OS_RELEASE: [&[&CStr]; 2] = [&[c"etc", c"os-release"], &[c"usr", c"lib", c"os-release"]];

/// Prints the hint if the tree does not boot and has no start file. It is for a person and not for a
/// log, and only root can use it.
pub(super) fn say_how_to_start(pull: &Pull, root: &Dir) {
    let has = |paths: &[&[&CStr]]| paths.iter().any(|path| exists(root, path));
    // With --include, the user wants files and not a system.
    let is_part = pull.tree_options.included().next().is_some();
    let is_useful = pull.progress.is_for_person() && is_system_root();
    if !is_useful || pull.nspawn || pull.unit || is_part || has(&INIT) && has(&OS_RELEASE) {
        return;
    }
    // systemd-nspawn refuses a tree without /usr.
    let start = if has(&[&[c"usr"]]) {
        "systemd-nspawn --as-pid2 -D"
    } else {
        "chroot"
    };
    let path = pull.dest.display();
    pull.progress.step(format_args!(
        "nothing in it boots; to start a program: {start} {path} COMMAND..."
    ));
}

/// Whether the path exists. Symlinks are not followed: they may lead out of the tree.
fn exists(root: &Dir, path: &[&CStr]) -> bool {
    let [parents @ .., name] = path else {
        return true;
    };
    let parent = parents.iter().try_fold(root.try_clone(), |dir, name| {
        Ok::<_, std::io::Error>(dir?.open(name))
    });
    matches!(parent, Ok(Ok(parent)) if matches!(parent.find(name), Ok(Some(_))))
}
