//! The swap: the old tree or the new one, with a single rename or without, and the old one kept if that is wanted.

use crate::destinations::disk::mounting;
use crate::support::sandbox::is_root;
use crate::support::{Built, HELLO, Image, Layer, Registry, Sandbox, hello, plain_renames, tree};
use std::fs;
use std::os::unix::fs::{MetadataExt as _, symlink};

/// A new tree, and one in DEST that is to give way to it.
fn published() -> (Sandbox, Registry, String) {
    let (sandbox, registry) = (Sandbox::new("swap"), Registry::start());
    let name = registry.push("a/b", "1", &hello());
    sandbox.write("dest/old/file", "old");
    (sandbox, registry, name)
}

fn other() -> Built {
    let layer = Layer::new().file("other", 0o644, "other");
    Image::new().layer(layer).build()
}

#[test]
fn the_old_tree_is_kept_where_it_is_wanted() {
    let (sandbox, registry, name) = published();
    sandbox.mkdir("away");
    let old = sandbox.path("dest").metadata().unwrap().ino();
    let keep = |keep: &str, name: &str| {
        let command = sandbox.roots(["pull", "--force", "--keep-old", keep, name, "dest"]);
        command.run()
    };
    keep("away/old", &name).succeeds();
    assert_eq!(tree::sketch(sandbox.path("dest")), HELLO);
    assert_eq!(sandbox.read("away/old/old/file"), b"old");
    assert_eq!(sandbox.path("away/old").metadata().unwrap().ino(), old);
    assert_eq!(sandbox.names(""), ["away", "cache", "dest"]);

    // What the old tree was made of is not purged while it is there, under whatever name.
    let other = registry.push("c", "1", &other());
    keep("./away/../older/", &other).succeeds();
    assert_eq!(tree::sketch(sandbox.path("older")), HELLO);
    sandbox.roots(["purge"]).run().succeeds();
    assert_eq!(sandbox.cached().len(), 4);
    fs::remove_dir_all(sandbox.path("older")).unwrap();
    sandbox.roots(["purge"]).run().succeeds();
    assert_eq!(sandbox.cached().len(), 2);
}

#[test]
fn where_nothing_is_kept_the_place_for_it_does_not_matter() {
    let (sandbox, _registry, name) = published();
    sandbox.mkdir("empty");
    for dest in ["new", "empty"] {
        let keep = ["pull", "--force", "--keep-old=dest", &name, dest];
        sandbox.roots(keep).run().succeeds();
        assert_eq!(tree::sketch(sandbox.path(dest)), HELLO);
    }
    assert_eq!(sandbox.read("dest/old/file"), b"old");
}

#[test]
fn a_place_that_cannot_take_the_old_tree_is_refused_before_the_first_byte() {
    let (sandbox, registry, name) = published();
    sandbox.mkdir("there");
    symlink("nowhere", sandbox.path("dangling")).unwrap();
    let exists = "it exists, and is not a tree that roots has pulled";
    let inside = "it is inside the tree that is to be kept";
    for (keep, why) in [
        ("there", exists),
        ("dest", inside),
        ("dest/", inside),
        ("dest/old/", inside),
        ("dest/new", inside),
        (".", "it holds the tree that is to be kept"),
        (
            "cache/links/x",
            "it is in the cache, where purge would remove it",
        ),
        ("missing/old", "cannot create: no such file or directory"),
        (
            "dangling",
            "cannot follow the path: no such file or directory",
        ),
        (
            "/dev/roots-old",
            "it is on another file system than the old tree",
        ),
    ] {
        let command = sandbox.roots(["pull", "--force", "--keep-old", keep, &name, "dest"]);
        command.run().fails(6).says(&format!(": {why}\n"));
        assert_eq!(tree::sketch(sandbox.path("dest")).lines().count(), 2);
        assert_eq!(
            sandbox.names(""),
            ["cache", "dangling", "dest", "there"],
            "{keep}"
        );
    }
    assert_eq!(registry.lines(), [""; 0]);
}

/// A bind mount has the same device on both sides, and no rename leads from one to the other.
#[test]
fn another_mount_of_the_same_file_system_is_no_place_for_the_old_tree() {
    let Some(prelude) = mounting("mkdir -p a b; mount --bind a b", "true") else {
        return;
    };
    let (sandbox, registry, name) = published();
    let command = sandbox.roots(["pull", "--force", "--keep-old=b/old", &name, "dest"]);
    let run = command.prelude(&prelude).run().fails(6);
    run.says(": it is on another file system than the old tree\n");
    assert_eq!(registry.lines(), [""; 0]);
    assert_eq!(sandbox.read("dest/old/file"), b"old");
}

#[test]
fn options_about_the_old_tree_need_one() {
    let (sandbox, registry, name) = published();
    for (options, why) in [
        (
            &["--keep-old", "x"][..],
            "--keep-old: only together with --force or --update",
        ),
        (
            &["--force", "--keep-old="],
            "--keep-old: its value is missing",
        ),
        (&["--exit-code"], "--exit-code: only together with --update"),
        (
            &["--force", "--exit-code"],
            "--exit-code: only together with --update",
        ),
    ] {
        let run = sandbox.roots(["pull", &name, "new"]).args(options).run();
        let run = run.fails(2);
        assert!(
            run.stderr.starts_with(&format!("roots: {why}\n")),
            "{}",
            run.stderr
        );
    }
    assert_eq!(registry.lines(), [""; 0]);
}

#[test]
fn two_renames_swap_where_one_cannot() {
    let (sandbox, registry, name) = published();
    let Some(prelude) = plain_renames(&sandbox) else {
        return;
    };
    let other = registry.push("c", "1", &other());
    let pull = |name: &str, options: &[&str]| {
        let command = sandbox.roots(["pull", name, "dest"]).args(options);
        command.prelude(&prelude).run()
    };
    // It is as if there were no exchange, and no rename that spares what is there.
    pull(&name, &[]).fails(6);
    pull(&name, &["--force"]).succeeds();
    assert_eq!(tree::sketch(sandbox.path("dest")), HELLO);
    assert_eq!(sandbox.names(""), ["cache", "dest", "plain_renames"]);

    pull(&other, &["--force", "--keep-old=old"]).succeeds();
    assert_eq!(tree::sketch(sandbox.path("dest")), "f 0644 5 other\n");
    assert_eq!(tree::sketch(sandbox.path("old")), HELLO);
    // What was kept before goes by way of the staging folder.
    pull(&name, &["--force", "--keep-old=old"]).succeeds();
    assert_eq!(tree::sketch(sandbox.path("dest")), HELLO);
    assert_eq!(tree::sketch(sandbox.path("old")), "f 0644 5 other\n");
    assert_eq!(sandbox.names(""), ["cache", "dest", "old", "plain_renames"]);
}

/// Directories below the thirty-second are first moved up, by a rename that spares what is there: where there is no such
/// rename, deep trees could not be removed.
#[test]
fn a_deep_old_tree_goes_without_such_renames() {
    let (sandbox, _registry, name) = published();
    let Some(prelude) = plain_renames(&sandbox) else {
        return;
    };
    sandbox.mkdir(format!("dest/{}", "d/".repeat(100)));
    let command = sandbox.roots(["pull", "--force", &name, "dest"]);
    let run = command.prelude(&prelude).run().succeeds();
    assert!(!run.stderr.contains("not all removed"), "{}", run.stderr);
    assert_eq!(tree::sketch(sandbox.path("dest")), HELLO);
    assert_eq!(sandbox.names(""), ["cache", "dest", "plain_renames"]);
}

/// What a kill leaves between the two renames.
fn killed_between(sandbox: &Sandbox) {
    use std::os::unix::fs::DirBuilderExt as _;
    let staging = sandbox.path(".dest.roots");
    fs::DirBuilder::new().mode(0o700).create(&staging).unwrap();
    fs::rename(sandbox.path("dest"), staging.join("old")).unwrap();
    sandbox.write(".dest.roots/rootfs/half", "new");
}

#[test]
fn a_kill_between_two_renames_loses_no_tree() {
    let back = ": put back what a killed pull had moved away\n";
    let (sandbox, registry, name) = published();
    let missing = registry.image("no/such:image");
    for (options, code) in [(&[][..], 6), (&["--update"], 6), (&["--force"], 3)] {
        killed_between(&sandbox);
        let command = sandbox.roots(["pull", &missing, "dest"]).args(options);
        command.run().fails(code).says(back);
        assert_eq!(sandbox.read("dest/old/file"), b"old", "{options:?}");
        // Without --force, nothing is done beside DEST; with it, what was left is swept.
        let _ = fs::remove_dir_all(sandbox.path(".dest.roots"));
        assert_eq!(sandbox.names(""), ["cache", "dest"]);
    }
    killed_between(&sandbox);
    let run = sandbox.roots(["pull", "--force", &name, "dest"]).run();
    run.succeeds().says(back);
    assert_eq!(tree::sketch(sandbox.path("dest")), HELLO);
    assert_eq!(sandbox.names(""), ["cache", "dest"]);
}

#[test]
fn a_kill_after_two_renames_leaves_the_new_tree() {
    let (sandbox, _registry, name) = published();
    killed_between(&sandbox);
    sandbox.write("dest/new", "new");
    let run = sandbox.roots(["pull", &name, "dest"]).run().fails(6);
    run.says("dest: it is not empty");
    assert_eq!(sandbox.names("dest"), ["new"]);
    sandbox
        .roots(["pull", "--force", &name, "dest"])
        .run()
        .succeeds();
    assert_eq!(tree::sketch(sandbox.path("dest")), HELLO);
    assert_eq!(sandbox.names(""), ["cache", "dest"]);
}

/// A pull that is between its renames holds the lock: what it has moved away is not put back under it.
#[test]
fn nothing_is_put_back_under_a_running_pull() {
    let (sandbox, registry, name) = published();
    killed_between(&sandbox);
    let lock = fs::File::open(sandbox.path(".dest.roots")).unwrap();
    lock.lock().unwrap();
    let run = sandbox.roots(["pull", "--force", &name, "dest"]).run();
    run.fails(6).says(": another roots process is using it\n");
    assert!(sandbox.has(".dest.roots/old/old/file"));
    assert!(!sandbox.has("dest"));
    assert_eq!(registry.lines(), [""; 0]);
}

/// A folder that only looks like what a pull leaves is nobody's to move things out of.
#[test]
fn only_what_a_pull_has_left_is_put_back() {
    let (sandbox, _registry, name) = published();
    killed_between(&sandbox);
    sandbox.write(".dest.roots/mine", "mine");
    let run = sandbox.roots(["pull", &name, "dest"]).run().fails(6);
    run.says(".dest.roots: in the way: not a folder that a pull has left\n");
    assert!(sandbox.has(".dest.roots/old/old/file"));
}

/// "dest: cannot create: not a directory", with nothing said of the file that was meant.
#[test]
fn a_file_in_the_way_is_named() {
    let (sandbox, registry, name) = published();
    sandbox.write(".new.roots", "mine");
    symlink("dest", sandbox.path(".other.roots")).unwrap();
    for dest in ["new", "other"] {
        for options in [&[][..], &["--dry-run"], &["--force"]] {
            let run = sandbox.roots(["pull", &name, dest]).args(options).run();
            run.fails(6).says(&format!(
                "/.{dest}.roots: in the way: not a folder that a pull has left\nhint: look into it before it is removed: a pull of another user may have left the old tree there\n"
            ));
        }
    }
    assert_eq!(sandbox.read(".new.roots"), b"mine");
    assert_eq!(registry.lines(), [""; 0]);
}

/// The tree was swapped, and then there was a folder in the place of the file.
#[test]
fn the_old_tree_is_not_kept_where_its_service_is_written() {
    let (sandbox, registry, name) = published();
    let files = ["--unit", "--nspawn"];
    for keep in [
        "dest.service",
        "./dest.nspawn",
        "dest.service/old",
        "dest.nspawn/",
    ] {
        for more in [&[][..], &["--dry-run"]] {
            let pull = ["pull", "--force", "--keep-old", keep, &name, "dest"];
            let run = sandbox.roots(pull).args(files).args(more).run().fails(6);
            run.says(": it is where the .nspawn or .service file is written\nhint: ");
            assert_eq!(sandbox.names(""), ["cache", "dest"], "{keep} {more:?}");
            assert_eq!(sandbox.read("dest/old/file"), b"old");
        }
    }
    assert_eq!(registry.lines(), [""; 0]);
    // Without that file, the name is as good as any.
    let keep = ["pull", "--force", "--keep-old=dest.service", &name, "dest"];
    sandbox.roots(keep).arg("--nspawn").run().succeeds();
    assert_eq!(sandbox.read("dest.service/old/file"), b"old");
}

/// A copy of a tree has its record, too: `cp -a dest old` made root delete what somebody had there.
#[test]
fn root_does_not_remove_a_tree_whose_record_was_copied() {
    let (sandbox, registry, name) = published();
    let pull = |options: &[&str]| {
        let pull = ["pull", "--force", "--keep-old=old", &name, "dest"];
        sandbox.roots(pull).args(options).run()
    };
    pull(&[]).succeeds();
    fs::remove_dir_all(sandbox.path("old")).unwrap();
    let mut copy = std::process::Command::new("cp");
    let copied = copy
        .arg("-a")
        .args([sandbox.path("dest"), sandbox.path("old")]);
    assert!(copied.status().unwrap().success());
    sandbox.write("old/thesis", "years of work");
    if !is_root() {
        // Nobody else can have written that record.
        return;
    }
    registry.forget_requests();
    for options in [&[][..], &["--dry-run"], &["--cache=no"]] {
        let run = pull(options).fails(6);
        let said = [
            "it exists, and is not a tree",
            "it exists, and the cache does not confirm",
        ];
        assert!(
            said.iter().any(|said| run.stderr.contains(said)),
            "{}",
            run.stderr
        );
        assert_eq!(sandbox.read("old/thesis"), b"years of work");
    }
    assert_eq!(registry.lines(), [""; 0]);
}

/// What the cache says of the place follows the trees.
#[test]
fn trees_that_pulls_have_moved_are_replaced_by_the_next() {
    let (sandbox, registry, name) = published();
    let pull = |name: &str| {
        let pull = ["pull", "--force", "--keep-old=old", name, "dest"];
        sandbox.roots(pull).run()
    };
    sandbox
        .roots(["pull", "--force", &name, "dest"])
        .run()
        .succeeds();
    let second = registry.push("c", "1", &other());
    for name in [&second, &name, &second] {
        pull(name).succeeds();
    }
    assert_eq!(tree::sketch(sandbox.path("old")), HELLO);
    pull(&name).succeeds();
    assert_eq!(tree::sketch(sandbox.path("dest")), HELLO);
}
