//! What is mounted in a tree hides what the image has there: nobody has compared it.

use super::Scene;
use crate::destinations::disk::mounting;
use crate::support::Run;
use serde_json::{Value, json};

/// What `verify` finds in the tree of `scene` after a shell script, in a mount namespace of its own.
fn mounted(scene: &Scene, script: &str, arguments: &[&str]) -> Option<Run> {
    let prelude = mounting(script, "true")?;
    let verify = scene.sandbox.roots(["verify", "--cache=no"]);
    let verify = verify.args(arguments).args(["dest", &scene.name]);
    Some(verify.prelude(&prelude).run())
}

/// `verify -q --include /usr` said nothing and exited with 0 while all of it was hidden.
#[test]
fn what_a_mount_hides_is_a_difference() {
    let scene = Scene::new();
    let usr = &["-q", "--include=/usr"][..];
    for (script, arguments, lines) in [
        ("mount -t tmpfs t dest/usr/bin", usr, "unread /usr/bin\n"),
        ("mount -t tmpfs t dest/usr", usr, "unread /usr\n"),
        (
            "mount -t tmpfs t dest/usr/bin",
            &["-q", "--include=/usr/bin/true"],
            "unread /usr/bin\n",
        ),
        (
            "mount -t tmpfs t dest/usr/bin",
            &["-q", "--include=/bin/true"],
            "unread /usr/bin\n",
        ),
        // Of the same file system, with the same device: a directory, and it itself.
        (
            "mount --bind dest/empty dest/usr/bin",
            usr,
            "unread /usr/bin\n",
        ),
        (
            "mount --bind dest/usr/bin dest/usr/bin",
            usr,
            "unread /usr/bin\n",
        ),
        // A file, by one that is the same, and by a device.
        (
            "cp -p dest/usr/bin/true good; mount --bind good dest/usr/bin/true",
            usr,
            "unread /usr/bin/true\n",
        ),
        (
            "mount --bind /dev/null dest/etc/passwd",
            &["-q"],
            "unread /etc/passwd\n",
        ),
        // Several, one of them on another.
        (
            "mount -t tmpfs t dest/empty; mount -t tmpfs t dest/etc; mount -t tmpfs t dest/etc",
            &["-q", "--ignore-added", "--ignore-times"],
            "unread /empty\nunread /etc\n",
        ),
    ] {
        let Some(run) = mounted(&scene, script, arguments) else {
            return;
        };
        let found = (&*run.stdout, &*run.stderr, run.code);
        assert_eq!(found, (lines, "", Some(5)), "{script} {arguments:?}");
    }
}

#[test]
fn a_mount_that_is_left_out_is_no_difference() {
    let scene = Scene::new();
    for arguments in [
        &["--exclude=/usr/bin"][..],
        &["--exclude=/usr"],
        &["--exclude=bin/", "--exclude=/usr/bin"],
        &["--include=/etc"],
    ] {
        let Some(run) = mounted(&scene, "mount -t tmpfs t dest/usr/bin", arguments) else {
            return;
        };
        let _ = run.succeeds().prints("").never_says("mounted");
    }
    // The tree itself may be a mount.
    let script = "mount --bind dest dest; cd .";
    let run = mounted(&scene, script, &[]).unwrap();
    run.succeeds().prints("").never_says("mounted");
}

#[test]
fn a_mount_is_named_in_the_warning_and_in_the_result() {
    let scene = Scene::new();
    let script = "mount -t tmpfs t dest/usr/bin";
    let Some(run) = mounted(&scene, script, &[]) else {
        return;
    };
    assert_eq!((&*run.stdout, run.code), ("unread /usr/bin\n", Some(5)));
    run.says("roots: warning: dest: not compared, because something is mounted there: /usr/bin\n")
        .says("dest: 1 difference from ");
    let run = mounted(&scene, script, &["--json"]).unwrap();
    let lines: Vec<Value> = run
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let [path, result] = &lines[..] else {
        panic!("{}", run.stdout);
    };
    assert_eq!(*path, json!({ "path": "/usr/bin", "change": "unread" }));
    assert_eq!(result["differences"], json!(1));
    assert_eq!(result["mounts"], json!(["/usr/bin"]));
    let run = mounted(&scene, "true", &["--json"]).unwrap().succeeds();
    assert!(!run.stdout.contains("mounts"), "{}", run.stdout);
}
