//! DEST and the folders above it, exchanged while a pull waits for the network.

use super::{CONNECT, published};
use crate::destinations::disk::mounting;
use crate::support::{Ability, Fault, HELLO, Image, Layer, Sandbox, Traced, hello, tree};
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};

/// Has `way` lead to `elsewhere`, in which there is a folder of the name of DEST.
fn turn(sandbox: &Sandbox) {
    fs::rename(sandbox.path("way"), sandbox.path("moved")).unwrap();
    symlink("elsewhere", sandbox.path("way")).unwrap();
}

#[test]
fn a_parent_that_has_moved_leads_no_update_elsewhere() {
    if !Traced::CAN_REPLACE || Ability::Tracing.is_missing() || Ability::Attributes.is_missing() {
        return;
    }
    let (sandbox, registry, name) = published();
    sandbox.mkdir("way");
    let pull = ["pull", "--update", &name, "way/dest"];
    sandbox.roots(pull).run().succeeds();
    sandbox.write("elsewhere/dest/precious", "mine");
    let image = Image::new().layer(Layer::new().file("new", 0o644, ""));
    registry.push("a/b", "1", &image.build());
    let mut has_turned = false;
    let traced = Traced::start(&sandbox, sandbox.roots(pull)).unwrap();
    let running = traced.calls(|_, traced| {
        if traced.call().number == CONNECT && !has_turned {
            turn(&sandbox);
            has_turned = true;
        }
        true
    });
    running.wait().succeeds();
    assert!(has_turned);
    assert_eq!(sandbox.read("elsewhere/dest/precious"), b"mine");
    assert_eq!(sandbox.names("elsewhere"), ["dest"]);
    assert_eq!(sandbox.names("moved"), ["dest"]);
    assert_ne!(tree::sketch(sandbox.path("moved/dest")), HELLO);
}

#[test]
fn a_parent_that_has_moved_leads_no_settings_elsewhere() {
    for parents in ["way", "way/that/is/made"] {
        let (sandbox, registry, name) = published();
        sandbox.mkdir("way");
        sandbox.mkdir("elsewhere");
        registry.fault("/manifests/", 1, Fault::Hold(0));
        let dest = format!("{parents}/dest");
        let running = sandbox.roots(["pull", "--nspawn", &name, &dest]).spawn();
        registry.wait_for("/manifests/", 1);
        turn(&sandbox);
        registry.release();
        running.wait().succeeds();
        assert_eq!(sandbox.names("elsewhere"), [""; 0]);
        let moved = parents.replace("way", "moved");
        assert_eq!(sandbox.names(moved), ["dest", "dest.nspawn"]);
    }
}

#[test]
fn a_folder_that_has_come_in_the_place_of_dest_is_not_replaced() {
    for keep in [None, Some("--keep-old=kept")] {
        let (sandbox, registry, name) = published();
        sandbox.write("dest/old", "old");
        sandbox.write("precious/file", "mine");
        let layer = hello().layers[0].digest.clone();
        registry.fault(&layer, 1, Fault::Hold(10));
        let pull = ["pull", "--force", "--cache=no", &name, "dest"];
        let running = sandbox.roots(pull.into_iter().chain(keep)).spawn();
        registry.wait_for(&layer, 1);
        fs::rename(sandbox.path("dest"), sandbox.path("aside")).unwrap();
        fs::rename(sandbox.path("precious"), sandbox.path("dest")).unwrap();
        registry.release();
        let run = running.wait().fails(6);
        run.says("dest: another process has replaced it since this pull began\n");
        assert_eq!(sandbox.names(""), ["aside", "dest"]);
        assert_eq!(sandbox.names("dest"), ["file"]);
        assert_eq!(sandbox.names("aside"), ["old"]);
    }
}

#[test]
fn what_has_come_where_nothing_was_is_not_replaced() {
    let (sandbox, registry, name) = published();
    // Others may have moved it here.
    fs::set_permissions(sandbox.path(""), fs::Permissions::from_mode(0o777)).unwrap();
    let layer = hello().layers[0].digest.clone();
    registry.fault(&layer, 1, Fault::Hold(10));
    let pull = ["pull", "--force", "--cache=no", &name, "dest"];
    let running = sandbox.roots(pull).spawn();
    registry.wait_for(&layer, 1);
    sandbox.write("dest/file", "mine");
    registry.release();
    running.wait().fails(6);
    assert_eq!(sandbox.names(""), ["dest"]);
    assert_eq!(sandbox.names("dest"), ["file"]);
}

#[test]
fn the_folder_of_machines_is_made_for_root_alone() {
    let before = "mount -t tmpfs none /var/lib";
    let after = "stat -c \"%a %n\" /var/lib/machines /var/lib/machines/a /var/lib/other >&2";
    let Some(prelude) = mounting(before, after) else {
        return;
    };
    let (sandbox, _registry, name) = published();
    let script = "\"$0\" pull --cache=no NAME /var/lib/other/tree && exec \"$0\" \"$@\"";
    let script = script.replace("NAME", &name);
    let run = sandbox
        .roots(["pull", "--cache=no", &name, "/var/lib/machines/a/tree"])
        .prelude(&prelude.replace("\"$0\" \"$@\"; code", &format!("({script}); code")))
        .run()
        .succeeds();
    run.says("700 /var/lib/machines\n755 /var/lib/machines/a\n755 /var/lib/other\n");
}

/// The old tree went into a folder of somebody else's choice.
#[test]
fn a_parent_that_has_moved_leads_no_old_tree_elsewhere() {
    let (sandbox, registry, name) = published();
    sandbox.mkdir("way");
    sandbox.mkdir("elsewhere");
    let pull = |options: &[&str]| sandbox.roots(["pull", &name, "way/dest"]).args(options);
    pull(&[]).run().succeeds();
    let new = Image::new().layer(Layer::new().file("new", 0o644, "new"));
    registry.push("a/b", "1", &new.build());
    registry.fault("/manifests/", 1, Fault::Hold(0));
    registry.forget_requests();
    let running = pull(&["--update", "--keep-old=way/kept"]).spawn();
    registry.wait_for("/manifests/", 1);
    turn(&sandbox);
    registry.release();
    running.wait().succeeds();
    assert_eq!(sandbox.names("elsewhere"), [""; 0]);
    assert_eq!(sandbox.names("moved"), ["dest", "kept"]);
}
