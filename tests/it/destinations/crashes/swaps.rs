//! The swap itself: where two renames have to do it, a kill or an error in between; and what is on the disk by then.

use super::{OLD, Scene};
use crate::support::{Ability, Image, Layer, Registry, Sandbox, Traced, plain_renames, tree};
use rustix::process::Signal;
use std::fs;

/// Where no rename can exchange two names: a scene with an old tree.
fn plain(test: impl Fn(&Scene<'_>, &str)) {
    let tools = Sandbox::new("tools");
    let (false, Some(prelude)) = (Ability::Tracing.is_missing(), plain_renames(&tools)) else {
        return;
    };
    let registry = Registry::start();
    let name = registry.push("a/b", "1", &super::image());
    let scene = Scene::new(&name, true);
    scene.reset();
    test(&scene, &prelude);
}

#[test]
fn a_kill_between_two_renames_is_mended_by_the_next_pull() {
    plain(|scene, prelude| {
        let start = || Traced::start(&scene.sandbox, scene.pull().prelude(prelude)).unwrap();
        let is_between = || !scene.sandbox.has("dest");
        let mut second = 0;
        let kill = |number, traced: &mut Traced| {
            if is_between() {
                second = number;
                traced.end(Signal::KILL);
            }
            second == 0
        };
        start().calls(kill).wait();
        assert!(
            is_between(),
            "the old tree is moved away before the new one comes"
        );
        let old = tree::sketch(scene.sandbox.path(".dest.roots/old"));
        assert_eq!(old, OLD);
        scene.recovers("between the two");
        // And before and after it, as far as the numbers are the same each time.
        for point in second - 5..second + 20 {
            scene.reset();
            let what = format!("killed at system call {point}, {second} is the second rename");
            let running = start().calls(|number, traced| {
                if number == point {
                    traced.end(Signal::KILL);
                }
                number < point
            });
            running.wait();
            if !is_between() {
                scene.is_new(&what);
            }
            scene.recovers(&what);
        }
    });
}

#[test]
fn where_the_second_rename_fails_the_first_is_undone() {
    plain(|scene, prelude| {
        let pull = scene.pull().prelude(prelude);
        let traced = Traced::start(&scene.sandbox, pull).unwrap();
        let mut is_spoilt = false;
        let running = traced.calls(|_, _| {
            if !is_spoilt && !scene.sandbox.has("dest") {
                let tree = scene.sandbox.path(".dest.roots/rootfs");
                fs::rename(tree, scene.sandbox.path("stolen")).unwrap();
                is_spoilt = true;
            }
            true
        });
        let run = running.wait().fails(6);
        run.says("dest: cannot move the tree to: no such file or directory\n");
        assert!(is_spoilt);
        assert_eq!(tree::sketch(scene.sandbox.path("dest")), OLD);
        assert!(!scene.sandbox.has(".dest.roots"));
    });
}

/// The numbers of system calls on x86-64.
const FSYNC: u64 = 74;
const RENAMEAT: u64 = 264;
const SYNCFS: u64 = 306;
const RENAMEAT2: u64 = 316;

/// A power cut leaves the old tree or the new one: what it is to leave is on the disk before the name, and the name before
/// the old tree goes.
#[test]
fn a_tree_is_on_the_disk_before_its_name_and_that_before_the_old_tree_goes() {
    if Ability::Tracing.is_missing() || !Traced::CAN_REPLACE {
        return;
    }
    let registry = Registry::start();
    let name = registry.push("a/b", "1", &super::image());
    for (force, wanted) in [
        (false, &[SYNCFS, RENAMEAT, FSYNC][..]),
        (true, &[SYNCFS, RENAMEAT, RENAMEAT2, FSYNC]),
    ] {
        let scene = Scene::new(&name, force);
        scene.reset();
        let mut calls = Vec::new();
        let mut left_at_fsync = None;
        let traced = Traced::start(&scene.sandbox, scene.pull()).unwrap();
        let running = traced.calls(|_, traced| {
            let number = traced.call().number;
            if [FSYNC, RENAMEAT, SYNCFS, RENAMEAT2].contains(&number) {
                calls.push(number);
            }
            if number == FSYNC && left_at_fsync.is_none() {
                let old = scene.sandbox.path(".dest.roots/rootfs");
                left_at_fsync = old.exists().then(|| tree::sketch(old));
            }
            true
        });
        running.wait().succeeds();
        let swap = calls.iter().position(|&call| call == SYNCFS).unwrap();
        assert!(calls[swap..].starts_with(wanted), "{calls:?}");
        assert_eq!(left_at_fsync.as_deref(), force.then_some(OLD));
    }
}

/// Root takes the record of a tree from the cache alone. It was written only when all of the old tree was gone, so the
/// next pull put the same tree again in the place of the one that `--keep-old` had kept.
#[test]
fn a_kill_while_the_old_tree_is_removed_is_no_reason_to_pull_again() {
    if Ability::Tracing.is_missing() {
        return;
    }
    let (sandbox, registry) = (Sandbox::in_memory("crashes"), Registry::start());
    let version = |version: &str| {
        let files = ["version", "one", "two"];
        let add = |layer: Layer, name: &&str| layer.file(name, 0o644, version);
        let layer = files.iter().fold(Layer::new(), add);
        registry.push("a/b", "1", &Image::new().layer(layer).build())
    };
    let read = |path: &str| fs::read_to_string(sandbox.path(path)).unwrap_or_default();
    let name = version("first");
    let pull = [
        "pull",
        "--update",
        "--exit-code",
        "--keep-old",
        "kept",
        &name,
        "dest",
    ];
    sandbox.roots(pull).run().succeeds();
    version("second");
    sandbox.roots(pull).run().succeeds();
    version("third");
    let is_half_removed = || {
        let left = ["one", "two"].map(|file| sandbox.has(format!(".dest.roots/rootfs/{file}")));
        read("dest/version") == "third" && left[0] != left[1]
    };
    let mut is_killed = false;
    let kill = |_, traced: &mut Traced| {
        if is_half_removed() {
            traced.end(Signal::KILL);
            is_killed = true;
        }
        !is_killed
    };
    let traced = Traced::start(&sandbox, sandbox.roots(pull)).unwrap();
    traced.calls(kill).wait();
    assert!(is_killed);
    assert_eq!(sandbox.roots(pull).run().code, Some(10));
    assert_eq!(
        (&*read("dest/version"), &*read("kept/version")),
        ("third", "second")
    );
    assert!(!sandbox.has(".dest.roots"));
}
