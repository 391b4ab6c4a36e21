//! Symlinks and fifos that another user has put where a path of ours leads.

use super::published;
use crate::support::{Ability, HELLO, Sandbox, tree};
use rustix::fs::{CWD, FileType, Mode, mknodat};
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown, lchown, symlink};
use std::path::Path;

const NOBODY: Option<u32> = Some(65534);

/// A folder like /tmp with a link to `folder` that another user has made.
fn trap(sandbox: &Sandbox) {
    let tmp = sandbox.mkdir("tmp");
    fs::set_permissions(&tmp, fs::Permissions::from_mode(0o1777)).unwrap();
    sandbox.write("folder/file", "mine");
    symlink(sandbox.path("folder"), tmp.join("link")).unwrap();
    symlink(sandbox.path("folder/file"), tmp.join("file")).unwrap();
    for link in ["link", "file"] {
        lchown(tmp.join(link), NOBODY, NOBODY).unwrap();
    }
}

#[test]
fn a_link_of_another_user_in_a_sticky_folder_is_not_followed() {
    if Ability::Root.is_missing() {
        return;
    }
    let (sandbox, _registry, name) = published();
    trap(&sandbox);
    sandbox.write("dest/old", "old");
    // What leads to such a link is no better.
    symlink("tmp/link", sandbox.path("own")).unwrap();
    let refused = [
        vec!["pull", &name, "tmp/link/new"],
        vec!["pull", "--force", &name, "tmp/link"],
        vec!["pull", "--force", &name, "own"],
        vec!["pull", "--dry-run", "--force", &name, "tmp/link"],
        vec!["pull", "--force", "--keep-old=tmp/link/old", &name, "dest"],
        vec!["save", &name, "-o", "tmp/file"],
        vec!["save", &name, "-o", "tmp/link/x.tar"],
        vec!["verify", "tmp/link"],
    ];
    for arguments in &refused {
        let run = sandbox.roots(arguments).run().fails(6);
        run.says(": a symlink of another user in a world-writable folder\n");
    }
    assert_eq!(sandbox.names("folder"), ["file"]);
    assert_eq!(sandbox.read("folder/file"), b"mine");
    assert_eq!(sandbox.names("tmp"), ["file", "link"]);

    // As the kernel does: those of ours and of the folder's owner are followed, and all elsewhere.
    let tmp = sandbox.path("tmp");
    let pull = ["pull", "--force", &name, "tmp/link"];
    let followed: [&dyn Fn(); 3] = [
        &|| lchown(tmp.join("link"), Some(0), Some(0)).unwrap(),
        &|| {
            lchown(tmp.join("link"), NOBODY, NOBODY).unwrap();
            chown(&tmp, NOBODY, NOBODY).unwrap();
        },
        &|| {
            chown(&tmp, Some(0), Some(0)).unwrap();
            fs::set_permissions(&tmp, fs::Permissions::from_mode(0o777)).unwrap();
        },
    ];
    for prepare in followed {
        prepare();
        sandbox.roots(pull).run().succeeds();
        assert_eq!(tree::sketch(sandbox.path("folder")), HELLO);
    }
}

fn fifo(path: &Path) {
    mknodat(CWD, path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
}

#[test]
fn a_fifo_of_another_user_hangs_nothing() {
    if Ability::Root.is_missing() {
        return;
    }
    let (sandbox, _registry, name) = published();
    fifo(&sandbox.path("fifo"));
    chown(sandbox.path("fifo"), NOBODY, NOBODY).unwrap();
    symlink("fifo", sandbox.path("link")).unwrap();
    for path in ["fifo", "link"] {
        let run = sandbox.roots(["save", &name, "-o", path]).run().fails(6);
        run.says(": it is a fifo of another user\n");
        let archive = format!("oci-archive:{path}");
        for pull in [vec!["pull", &archive, "dest"], vec!["inspect", &archive]] {
            sandbox
                .roots(pull)
                .run()
                .fails(6)
                .says("a fifo of another user");
        }
    }
    // One of our own waits for the other end, as it does for every program.
    fifo(&sandbox.path("own"));
    let saving = sandbox.roots(["save", &name, "-o", "own"]).spawn();
    let pull = ["pull", "oci-archive:own", "dest"];
    sandbox.roots(pull).run().succeeds();
    saving.wait().succeeds();
    assert_eq!(tree::sketch(sandbox.path("dest")), HELLO);
}

#[test]
fn a_special_file_in_the_place_of_an_unfinished_one_hangs_nothing() {
    let (sandbox, _registry, name) = published();
    fifo(&sandbox.path(".x.tar.roots"));
    let run = sandbox.roots(["save", &name, "-o", "x.tar"]).run().fails(6);
    run.says("in the way");
}

#[test]
fn standard_output_may_have_the_name_of_a_device() {
    let (sandbox, _registry, name) = published();
    for path in ["/dev/stdout", "/proc/self/fd/1", "/dev/null"] {
        let save = sandbox.roots(["save", &name, "-o", path]).run().succeeds();
        assert_eq!(save.stdout.contains("oci-layout"), path != "/dev/null");
    }
}
