//! What belongs to somebody else beside DEST, inside it, or where a cache is said to be.

use crate::destinations::disk::mounting;
use crate::support::{Sandbox, sandbox::is_root};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

fn demo() -> String {
    format!("{}/fixtures/demo", env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn force_does_not_delete_what_is_mounted_inside() {
    let sandbox = Sandbox::new("mounted_inside");
    sandbox.write("above/dest/home/file", "in the tree");
    sandbox.write("users/thesis", "years of work");
    let Some(prelude) = mounting("mount --bind users above/dest/home", "ls users >&2") else {
        return;
    };
    let pulled = sandbox
        .roots(["pull", &demo(), "above/dest", "--force"])
        .prelude(&prelude)
        .run();
    pulled
        .fails(6)
        .says("something is mounted inside it")
        .says("thesis");
    assert_eq!(sandbox.read("users/thesis"), b"years of work");
    assert_eq!(sandbox.names("above"), ["dest"]);
}

#[test]
fn a_folder_that_only_looks_like_staging_is_left_alone() {
    let sandbox = Sandbox::new("looks_like_staging");
    sandbox.write(".dest.roots/precious", "mine");
    sandbox
        .roots(["pull", &demo(), "dest"])
        .run()
        .fails(6)
        .says("in the way");
    assert_eq!(sandbox.read(".dest.roots/precious"), b"mine");
    assert!(!sandbox.has("dest"));
}

#[test]
fn a_tree_is_not_swept_as_staging() {
    let sandbox = Sandbox::new("tree_is_not_staging");
    sandbox
        .roots(["pull", &demo(), ".dest.roots", "--platform=linux/amd64"])
        .run()
        .succeeds();
    sandbox
        .roots(["pull", &demo(), "dest"])
        .run()
        .fails(6)
        .says("in the way");
    assert!(sandbox.has(".dest.roots/etc"));
}

#[test]
fn staging_that_others_can_write_to_is_not_used() {
    let sandbox = Sandbox::new("writable_staging");
    let staging = sandbox.mkdir(".dest.roots");
    fs::set_permissions(&staging, fs::Permissions::from_mode(0o777)).unwrap();
    sandbox
        .roots(["pull", &demo(), "dest"])
        .run()
        .fails(6)
        .says("in the way");
    fs::set_permissions(&staging, fs::Permissions::from_mode(0o700)).unwrap();
    if is_root() {
        std::os::unix::fs::chown(&staging, Some(65534), Some(65534)).unwrap();
        sandbox
            .roots(["pull", &demo(), "dest"])
            .run()
            .fails(6)
            .says("in the way");
        std::os::unix::fs::chown(&staging, Some(0), Some(0)).unwrap();
    }
    sandbox
        .roots(["pull", &demo(), "dest", "--platform=linux/amd64"])
        .run()
        .succeeds();
    assert!(!sandbox.has(".dest.roots"));
}

#[test]
fn purge_takes_no_other_folder_for_a_cache() {
    let sandbox = Sandbox::new("no_cache");
    copy(Path::new(&demo()), &sandbox.path("layout"));
    for (folder, blobs) in [("layout", true), ("empty", false), ("missing", false)] {
        if folder == "empty" {
            sandbox.mkdir(folder);
        }
        let purged = sandbox.roots(["purge", "--cache", folder]).run();
        let purged = purged.fails(6).says("not a cache of roots");
        purged.says("hint: pass the --cache of your pulls;");
        assert_eq!(sandbox.has(format!("{folder}/blobs")), blobs);
    }
    // Nor does a pull make one of it, for a later purge to drop.
    let pulled = sandbox
        .roots(["pull", &demo(), "dest", "--cache", "layout"])
        .run();
    let pulled = pulled.fails(6).says("not a cache of roots");
    pulled.says("hint: name another folder with --cache");
    sandbox
        .roots(["pull", "./layout", "dest", "--platform=linux/amd64"])
        .run()
        .succeeds();
}

#[test]
fn a_cache_says_what_it_is() {
    let sandbox = Sandbox::new("cache_tag");
    sandbox
        .roots(["pull", &demo(), "dest", "--platform=linux/amd64"])
        .run()
        .succeeds();
    let tag = String::from_utf8(sandbox.read("cache/CACHEDIR.TAG")).unwrap();
    assert!(tag.starts_with("Signature: 8a477f597d28d172789f06886806bc55\n"));
    sandbox.roots(["purge"]).run().succeeds();
}

#[test]
fn a_password_in_the_name_is_not_printed() {
    let sandbox = Sandbox::new("password_in_name");
    let run = sandbox
        .roots(["digest", "user:s3cret@ghcr.io/a/b"])
        .run()
        .fails(2);
    run.says("roots: ghcr.io/a/b: an image name cannot contain a user or password\n")
        .says("hint: pass user:password with --auth\n")
        .never_says("s3cret");
}

#[test]
fn an_empty_option_is_as_good_as_none() {
    let sandbox = Sandbox::new("empty_option");
    let plain = sandbox.roots(["digest", &demo()]).run();
    let empty = sandbox
        .roots(["digest", &demo(), "--arch", "", "--os="])
        .run();
    assert_eq!((plain.code, &plain.stdout), (empty.code, &empty.stdout));
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[test]
fn a_folder_in_a_url_is_hinted_at() {
    let sandbox = Sandbox::new("oci_url");
    let run = sandbox
        .roots(["pull", "oci://ghcr.io/a/b:1", "dest"])
        .run()
        .fails(2);
    run.says("hint: for a folder, write oci:PATH; for an image of a registry, ghcr.io/a/b:1\n");
}
