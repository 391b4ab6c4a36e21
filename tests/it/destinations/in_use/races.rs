//! What others do between the look at a tree and its removal.

use super::{OTHER, Program, Scene, lock_files};
use crate::destinations::disk::mounting;
use crate::support::{Ability, Fault, HELLO, Image, Layer, Traced, hello, plain_renames};
use rustix::fs::{FlockOperation, fcntl_lock};
use std::fs::{self, File};
use std::os::unix::fs::MetadataExt as _;

/// A container that starts between the last look and the swap would lose its tree at once.
#[test]
fn no_container_starts_in_a_tree_while_it_is_swapped() {
    if Ability::Tracing.is_missing() || !Traced::CAN_REPLACE {
        return;
    }
    /// The number of renameat2 on x86-64.
    const RENAMEAT2: u64 = 316;
    let scene = Scene::new();
    let files = lock_files(&scene);
    let pull = scene
        .sandbox
        .roots(["pull", "--force", &scene.name, "dest"]);
    let pull = pull.env("XDG_RUNTIME_DIR", scene.sandbox.path("cache/run"));
    let mut swaps = 0;
    let traced = Traced::start(&scene.sandbox, pull).unwrap();
    let running = traced.calls(|_, traced| {
        if traced.call().number == RENAMEAT2 {
            swaps += 1;
            for path in &files {
                let file = File::options().read(true).write(true).open(path).unwrap();
                let taken = fcntl_lock(&file, FlockOperation::NonBlockingLockExclusive);
                assert!(taken.is_err(), "{}", path.display());
            }
        }
        true
    });
    running.wait().succeeds();
    assert_eq!(swaps, 1);
    assert!(files.iter().all(|path| !path.exists()));
}

/// A program that is started between the last look and the swap lost its tree at once.
#[test]
fn a_program_that_starts_while_a_tree_is_swapped_has_it_back() {
    if Ability::Tracing.is_missing() || !Traced::CAN_REPLACE {
        return;
    }
    /// The number of renameat2 on x86-64.
    const RENAMEAT2: u64 = 316;
    for (is_plain, options, used) in [
        (false, &[][..], "dest"),
        (true, &[], "dest"),
        (false, &["--keep-old=old"], "old"),
        (true, &["--keep-old=old"], "old"),
    ] {
        let scene = Scene::new();
        let older = ["pull", &scene.name, "old"];
        scene.sandbox.roots(older).run().succeeds();
        let pull = ["pull", "--force", &scene.name, "dest"];
        let mut pull = scene.sandbox.roots(pull).args(options);
        if is_plain {
            let Some(prelude) = plain_renames(&scene.sandbox) else {
                return;
            };
            pull = pull.prelude(&prelude);
        }
        let folders = || ["dest", "old"].map(|name| scene.sandbox.path(name));
        let inodes = || folders().map(|path| path.metadata().unwrap().ino());
        let before = inodes();
        let mut program = None;
        let traced = Traced::start(&scene.sandbox, pull).unwrap();
        let running = traced.calls(|_, traced| {
            let is_staged = scene.sandbox.has(".dest.roots/rootfs/other");
            if is_staged && traced.call().number == RENAMEAT2 && program.is_none() {
                let folder = scene.sandbox.path(used);
                program = Some(Program::sleeping_in(&folder));
            }
            true
        });
        let run = running.wait().fails(6);
        let program = program.unwrap();
        run.says(&format!(
            "/{used} is in use by sleep ({})\n",
            program.0.id()
        ));
        assert_eq!(inodes(), before);
        assert!(!scene.sandbox.has(".dest.roots"));
        assert_eq!(program.folder(), scene.sandbox.path(used));
        assert_eq!(
            (scene.sketch("dest"), scene.sketch("old")),
            (HELLO.into(), OTHER.into())
        );
    }
}

/// What an administrator mounts while a pull waits for the network.
#[test]
fn a_mount_that_comes_while_the_layers_are_fetched_is_not_moved_away() {
    let before = "mkdir state; touch state/file; (until test -d .dest.roots/rootfs; do sleep 0.01; done; \
        mount --bind state dest/data; touch mounted) & true";
    let Some(prelude) = mounting(before, "echo kept: $(ls dest/data) >&2; umount dest/data") else {
        return;
    };
    let scene = Scene::new();
    scene.sandbox.mkdir("dest/data");
    scene.registry.fault("blobs/", 1, Fault::Hold(1));
    let pull = ["pull", "--force", "--cache=no", &scene.name, "dest"];
    let running = scene.sandbox.roots(pull).prelude(&prelude).spawn();
    while !scene.sandbox.has("mounted") {
        assert!(running.is_running());
        std::thread::yield_now();
    }
    scene.registry.release();
    let dest = scene.sandbox.path("dest");
    let run = running.wait().fails(6);
    let run = run.says(&format!(
        "roots: {}: something is mounted inside it\n",
        dest.display()
    ));
    run.says("kept: file\n");
    assert!(!scene.sandbox.has(".dest.roots"));
    assert!(scene.sandbox.has("dest/hello"));
}

/// Another process may have put something else there while the pull waited for the network.
#[test]
fn only_what_was_looked_at_gives_way_to_the_old_tree() {
    for is_plain in [false, true] {
        let scene = Scene::new();
        scene
            .sandbox
            .roots(["pull", &scene.name, "old"])
            .run()
            .succeeds();
        let mut command =
            scene
                .sandbox
                .roots(["pull", "--force", "--keep-old=old", &scene.name, "dest"]);
        if is_plain {
            let Some(prelude) = plain_renames(&scene.sandbox) else {
                return;
            };
            command = command.prelude(&prelude);
        }
        scene.registry.push("a/b", "1", &hello());
        if Ability::Tracing.is_missing() {
            return;
        }
        let mut is_exchanged = false;
        let traced = Traced::start(&scene.sandbox, command).unwrap();
        let running = traced.calls(|_, _| {
            if !is_exchanged && scene.sandbox.has(".dest.roots/rootfs") {
                fs::rename(scene.sandbox.path("old"), scene.sandbox.path("away")).unwrap();
                scene.sandbox.write("old/mine", "mine");
                is_exchanged = true;
            }
            true
        });
        running
            .wait()
            .fails(6)
            .says(": another process has replaced it since this pull began\n");
        assert_eq!(scene.sandbox.read("old/mine"), b"mine");
        assert_eq!(scene.sketch("dest"), HELLO);
        assert!(!scene.sandbox.has(".dest.roots"));
    }
}

/// The cache had noted that the old tree was moved there. It was not, and the next pull must find what is there
/// confirmed, or root's daily job would be refused from then on.
#[test]
fn a_kept_tree_is_still_confirmed_when_pulls_have_failed_before_the_swap() {
    let scene = Scene::new();
    let old = ["pull", &scene.name, "old"];
    scene.sandbox.roots(old).run().succeeds();
    for number in 0..3 {
        let layer = Layer::new().file("number", 0o644, number.to_string());
        let name = scene
            .registry
            .push("c/d", "1", &Image::new().layer(layer).build());
        let pull = ["pull", "--force", "--keep-old=old", &name, "dest"];
        if number == 2 {
            scene.sandbox.roots(pull).run().succeeds();
            break;
        }
        scene.registry.fault("blobs/", 1, Fault::Hold(1));
        let running = scene.sandbox.roots(pull).spawn();
        while !scene.sandbox.has(".dest.roots/rootfs") {
            assert!(running.is_running());
            std::thread::yield_now();
        }
        let _program = Program::sleeping_in(&scene.sandbox.path("old"));
        scene.registry.release();
        let run = running.wait().fails(6);
        let _ = run.says("/old is in use by sleep (");
        assert_eq!(scene.sketch("old"), OTHER);
    }
    assert_eq!(scene.sketch("dest"), "f 0644 1 number\n");
    assert_eq!(scene.sketch("old"), HELLO);
}

/// Threads that have left the working directory of their process lost it.
#[test]
fn the_working_directory_of_a_thread_is_a_use() {
    let scene = Scene::new();
    // CLONE_FS
    let script = "import ctypes, os, threading, time\n\
        def enter():\n\
        \x20 if ctypes.CDLL(None).unshare(0x200): os._exit(1)\n\
        \x20 os.chdir('dest')\n\
        \x20 open('../entered', 'w')\n\
        \x20 time.sleep(1000)\n\
        threading.Thread(target=enter).start()\n";
    let has_python = std::process::Command::new("python3")
        .arg("--version")
        .output()
        .is_ok();
    if !has_python {
        return;
    }
    let mut program = Program::start("python3", &["-c", script], &scene.sandbox.path(""));
    while !scene.sandbox.has("entered") {
        assert!(program.0.try_wait().unwrap().is_none());
        std::thread::yield_now();
    }
    fs::remove_file(scene.sandbox.path("entered")).unwrap();
    scene.is_refused(&format!(" by python3 ({})", program.0.id()));
}
