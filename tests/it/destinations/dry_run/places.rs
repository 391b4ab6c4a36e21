//! Where the tree and the cache would be: what a pull would refuse, and what it would do.

use super::{Scene, dry_run, states};
use crate::destinations::disk::mounting;
use crate::support::sandbox::is_root;
use crate::support::{Compression, Image, Layer, Random, Registry, Sandbox, tree};
use serde_json::Value::Null;
use std::os::unix::fs::{PermissionsExt as _, symlink};

/// Asserts that a dry run fails as a pull does.
#[track_caller]
fn fail_alike(scene: &Scene, arguments: &[&str], code: i32) {
    let planned = scene
        .dry_run(&[&[scene.name.as_str()], arguments].concat())
        .fails(code);
    let pulled = scene.pull(arguments).fails(code);
    assert_eq!(planned.stderr, pulled.stderr, "{arguments:?}");
}

#[test]
fn what_becomes_of_a_destination_is_told() {
    let scene = Scene::new();
    scene.sandbox.mkdir("empty");
    scene.sandbox.write("full/file", "mine");
    symlink("empty", scene.sandbox.path("link")).unwrap();
    for (arguments, action) in [
        (&["new"][..], "created"),
        (&["new/in/new"], "created"),
        (&["empty"], "filled"),
        (&["link/"], "filled"),
        (&["full", "--force"], "replaced"),
        (&["empty", "--force"], "filled"),
    ] {
        assert_eq!(scene.forecast(arguments)["action"], action, "{arguments:?}");
    }
    let run = scene
        .dry_run(&[&scene.name, "full", "--force", "--keep-old=old"])
        .succeeds();
    let lines = "\ndestination:  full, replaced\nold tree:     moved to old\nroom: ";
    assert!(run.stdout.contains(lines), "{}", run.stdout);
    let kept = scene.forecast(&["full", "--force", "--keep-old=old"]);
    assert_eq!(
        (&kept["keep_old"], &kept["removed"]),
        (&"old".into(), &Null)
    );
    let pull = scene.sandbox.roots(["pull", "-n", &scene.name, "."]);
    let run = pull.cwd(scene.sandbox.path("empty")).run().succeeds();
    let line = "\ndestination:  ., filled in place: it holds the working directory\n";
    assert!(run.stdout.contains(line), "{}", run.stdout);
}

/// "replaced" alone did not say that what programs had written was to go.
#[test]
fn a_tree_that_would_be_lost_is_told() {
    let scene = Scene::new();
    scene.sandbox.write("full/file", "mine");
    let run = scene.dry_run(&[&scene.name, "full", "--force"]).succeeds();
    let lost = "REMOVED WITH ALL THAT WAS WRITTEN INTO IT\n";
    let lines = format!("\ndestination:  full, replaced\nold tree:     {lost}");
    assert!(run.stdout.contains(&lines), "{}", run.stdout);
    let forecast = scene.forecast(&["full", "--force"]);
    assert_eq!(
        (&forecast["keep_old"], &forecast["removed"]),
        (&Null, &"full".into())
    );
    // The one that was kept before.
    scene.pull(&["old"]).succeeds();
    let keep = ["full", "--force", "--keep-old=old"];
    let run = scene
        .dry_run(&[&[scene.name.as_str()], &keep[..]].concat())
        .succeeds();
    let lines = format!("\nold tree:     moved to old\nkept before:  old, {lost}");
    assert!(run.stdout.contains(&lines), "{}", run.stdout);
    let forecast = scene.forecast(&keep);
    assert_eq!(
        (&forecast["keep_old"], &forecast["removed"]),
        (&"old".into(), &"old".into())
    );
    // Nothing is lost where nothing is.
    let forecast = scene.forecast(&["new", "--force"]);
    assert_eq!(
        (&forecast["keep_old"], &forecast["removed"]),
        (&Null, &Null)
    );
    assert_eq!(scene.sandbox.read("full/file"), b"mine");
}

#[test]
fn what_a_pull_may_not_have_is_the_same_error() {
    let scene = Scene::new();
    scene.pull(&["first"]).succeeds();
    scene.sandbox.write("full/file", "mine");
    scene.sandbox.write("file", "mine");
    scene.sandbox.write(".taken.roots/mine", "mine");
    symlink("nowhere", scene.sandbox.path("dangling")).unwrap();
    for arguments in [
        &["full"][..],
        &["full", "--update"],
        &["file"],
        &["file/dest"],
        &["dangling"],
        &["/"],
        &["/proc", "--force"],
        &["taken"],
        &["cache/dest"],
        &["cache", "--force"],
        &["full", "--force", "--keep-old=file"],
        &["full", "--force", "--keep-old=full/old"],
    ] {
        fail_alike(&scene, arguments, 6);
    }
    // A folder that is no cache is not made one.
    scene.sandbox.write("alien/blobs/file", "mine");
    fail_alike(&scene, &["dest", "--cache=alien"], 6);
    fail_alike(&scene, &["dest", "--cache=file"], 6);
}

#[test]
fn a_tree_that_a_killed_pull_has_moved_away_counts_as_there() {
    let scene = Scene::new();
    scene.sandbox.write(".dest.roots/old/file", "mine");
    let staging = scene.sandbox.path(".dest.roots");
    std::fs::set_permissions(&staging, std::fs::Permissions::from_mode(0o700)).unwrap();
    assert_eq!(scene.forecast(&["dest", "--force"])["action"], "replaced");
    let planned = scene.dry_run(&[&scene.name, "dest"]).fails(6);
    assert!(planned.stderr.starts_with("roots: dest: it is not empty\n"));
    // A pull says so once it is back.
    let run = scene.pull(&["dest"]).fails(6);
    run.says(": put back what a killed pull had moved away\nroots: dest: it is not empty\n");
}

#[test]
fn a_folder_of_somebody_else_is_seen_to_be() {
    if is_root() {
        return; // Root may write anywhere.
    }
    let scene = Scene::new();
    let shut = scene.sandbox.mkdir("shut");
    std::fs::set_permissions(&shut, std::fs::Permissions::from_mode(0o555)).unwrap();
    for arguments in [
        &["shut/dest"][..],
        &["shut/a/b"],
        &["dest", "--cache=shut/cache"],
    ] {
        fail_alike(&scene, arguments, 6);
    }
}

#[test]
fn a_cache_that_may_only_be_read_is_used_as_it_is() {
    if is_root() {
        return; // Root may write anywhere.
    }
    let scene = Scene::new();
    scene.pull(&["first"]).succeeds();
    let [one, two] = [&scene.image.layers[0], &scene.image.layers[1]];
    let folder = scene.sandbox.path("cache/blobs/sha256");
    std::fs::remove_file(folder.join(one.hex())).unwrap();
    std::fs::write(folder.join(format!(".{}", one.hex())), &one.bytes[..10]).unwrap();
    assert_eq!(states(&scene.forecast(&["dest"])), ["partial", "cached"]);
    let lock = |mode| {
        let permissions = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(&folder, permissions.clone()).unwrap();
        std::fs::set_permissions(scene.sandbox.path("cache/blobs"), permissions).unwrap();
    };
    lock(0o555);
    let forecast = scene.forecast(&["dest"]);
    lock(0o755);
    // Nobody goes on with what was begun where nothing can be added.
    assert_eq!(states(&forecast), ["fetch", "cached"]);
    assert_eq!(forecast["cache"]["keeps"], false);
    assert_eq!(
        two.bytes.len() + one.bytes.len(),
        forecast["bytes"].as_u64().unwrap() as usize
    );
}

/// The size of the one file, and hardly less than that of the layer.
const SIZE: usize = 100_000;

#[test]
fn a_disk_that_is_too_small_is_said_and_fails_as_a_pull() {
    let (sandbox, registry) = (Sandbox::new("dry_run"), Registry::start());
    let layer = Layer::new().file("big", 0o644, Random::new(1).bytes(SIZE));
    let image = Image::new()
        .layer(layer)
        .compressed(Compression::None)
        .build();
    let name = registry.push("a/b", "1", &image);
    sandbox.mkdir("small");
    let run = |arguments: &[&str], size: &str| {
        let mount = format!("mount -t tmpfs -o size={size} none small");
        let prelude = mounting(&mount, "echo left: $(ls -A small) >&2")?;
        let command = sandbox.roots(["pull", &name]).args(arguments);
        Some(command.prelude(&prelude).run())
    };
    let pulled = ["small/in/dest", "--cache=no"];
    let Some(planned) = run(&[&pulled[..], &["-n"]].concat(), "64k") else {
        return;
    };
    let planned = planned.fails(6);
    let said = |text: &str| {
        text.split_once(": no space left on device: at least ")
            .unwrap()
            .1
            .to_owned()
    };
    let pulled = run(&pulled, "64k").unwrap().fails(6);
    let more = |text: &str| {
        said(text)
            .split_once(' ')
            .unwrap()
            .0
            .parse::<usize>()
            .unwrap()
    };
    assert!(
        more(&planned.stderr).abs_diff(more(&pulled.stderr)) <= 8192,
        "{}",
        planned.stderr
    );
    assert!(planned.stderr.ends_with("left:\n"), "{}", planned.stderr);
    // Room for one of the two, tree and cache.
    let both = ["-n", "small/dest", "--cache=small/cache", "--json"];
    let run = run(&both, "180k").unwrap().succeeds();
    let run = run.says("too little room for the layers, which are not kept");
    let forecast: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(forecast["cache"]["keeps"], false);
    assert!((SIZE as u64..200_000).contains(&forecast["free"].as_u64().unwrap()));
}

#[test]
fn another_pull_is_not_disturbed() {
    let scene = Scene::new();
    scene.registry.fault(
        &scene.image.layers[1].digest,
        1,
        crate::support::Fault::Hold(0),
    );
    let pull = scene.sandbox.roots(["pull", &scene.name, "dest"]).spawn();
    scene.registry.wait_for(&scene.image.layers[1].digest, 1);
    let looked = scene
        .sandbox
        .roots(["pull", "-n", &scene.name, "dest"])
        .run();
    looked.succeeds();
    scene.registry.release();
    pull.wait().succeeds();
    let before = tree::list(scene.sandbox.path("dest"));
    dry_run(
        &scene.sandbox,
        &scene.registry,
        &scene.image,
        &["--force", &scene.name, "dest"],
    )
    .succeeds();
    assert_eq!(
        tree::diff(&before, &tree::list(scene.sandbox.path("dest"))),
        [""; 0]
    );
}
