//! A DEST that is filled as it stands, where others may be at work in it, or have been before.

use super::{CHMOD, CHOWN, LSETXATTR, OPEN, SETXATTR, UTIMENSAT, published};
use crate::support::{Ability, Fault, Image, Layer, Registry, Sandbox, Traced, hello, tree};
use std::fs;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _, chown, symlink};
use std::path::Path;

fn mode(path: impl AsRef<Path>) -> u32 {
    path.as_ref().symlink_metadata().unwrap().mode() & 0o7777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// What stands outside of DEST with what it is like.
fn outside(path: &Path) -> (u32, u32, Vec<u8>, i64) {
    let found = path.metadata().unwrap();
    (
        found.mode(),
        found.uid(),
        fs::read(path).unwrap(),
        found.mtime(),
    )
}

#[test]
fn a_link_in_the_place_of_a_fifo_changes_no_file_outside() {
    if !Traced::CAN_REPLACE || Ability::Tracing.is_missing() || Ability::Root.is_missing() {
        return;
    }
    let names: &[u64] = &[CHMOD, CHOWN, SETXATTR, LSETXATTR, UTIMENSAT];
    for calls in [names, &[OPEN]] {
        for layer in [
            Layer::new().fifo("node", 0o6755).xattr("user.a", "b"),
            Layer::new().char_device("node", 0o4777, 1, 3).owner(7, 7),
        ] {
            let (sandbox, registry) = (Sandbox::new("exchanged"), Registry::start());
            let name = registry.push("a/b", "1", &Image::new().layer(layer).build());
            let here = sandbox.mkdir("here");
            // Whoever owns DEST can exchange what is in it.
            chown(&here, Some(65534), Some(65534)).unwrap();
            let secret = sandbox.write("secret", "root's");
            set_mode(&secret, 0o700);
            let before = outside(&secret);
            let command = sandbox.roots(["pull", &name, "."]).cwd(&here);
            let mut exchanges = 0;
            let running = Traced::start(&sandbox, command)
                .unwrap()
                .calls(|_, traced| {
                    let node = here.join("node");
                    let made = node.symlink_metadata();
                    let is_special = made.is_ok_and(|made| {
                        made.file_type().is_fifo() || made.file_type().is_char_device()
                    });
                    if is_special && calls.contains(&traced.call().number) {
                        fs::remove_file(&node).unwrap();
                        symlink("../secret", &node).unwrap();
                        exchanges += 1;
                    }
                    true
                });
            let run = running.wait();
            if calls == [OPEN] {
                assert!(exchanges > 0);
                run.fails(6).says("another process has replaced it");
            }
            assert_eq!(outside(&secret), before);
        }
    }
}

#[test]
fn a_dest_of_ours_is_shut_until_it_is_whole() {
    let sandbox = Sandbox::new("shut");
    let plain = hello();
    let described = Image::new().layer(Layer::new().dir("./", 0o2711).file("a", 0o644, "a"));
    for (image, fault, end) in [
        (&plain, None, 0o750),
        (&described.build(), None, 0o2711),
        (&plain, Some(Fault::Corrupt(60)), 0o750),
    ] {
        let registry = Registry::start();
        let name = registry.push("a/b", "1", image);
        let here = sandbox.mkdir("here");
        set_mode(&here, 0o750);
        let layer = image.layers[0].digest.clone();
        let faults = [Some(Fault::Hold(10)), fault.clone()];
        registry.fault(
            &layer,
            1,
            Fault::All(faults.into_iter().flatten().collect()),
        );
        let pull = ["pull", "--cache=no", &name, "."];
        let running = sandbox.roots(pull).cwd(&here).spawn();
        registry.wait_for(&layer, 1);
        assert_eq!(mode(&here), 0o700);
        registry.release();
        let code = if fault.is_some() { 5 } else { 0 };
        assert_eq!(running.wait().code, Some(code));
        assert_eq!(mode(&here), end);
        fs::remove_dir_all(&here).unwrap();
    }
}

#[test]
fn what_has_come_before_dest_was_shut_is_no_part_of_the_tree() {
    let (sandbox, _registry, name) = published();
    let here = sandbox.mkdir("here");
    // Whatever the umask of the tests is.
    set_mode(&here, 0o755);
    sandbox.write("here/etc/file", "");
    sandbox
        .roots(["pull", &name, "."])
        .cwd(&here)
        .run()
        .fails(6);
    assert_eq!(sandbox.names("here"), ["etc"]);
    assert_eq!(mode(&here), 0o755);
}

#[test]
fn no_image_touches_lost_and_found() {
    let lower = Layer::new()
        .dir("lost+found", 0o777)
        .owner(1000, 1000)
        .file("lost+found/evil", 0o644, "")
        .symlink("way", "/x/../lost+found")
        .file("way/evil", 0o644, "")
        .dir("way/deep", 0o755)
        .file("a", 0o644, "a");
    let upper = Layer::new()
        .opaque("")
        .whiteout("lost+found")
        .whiteout("lost+found/mine")
        .opaque("lost+found")
        .symlink("lost+found", "a")
        .file("b", 0o644, "b");
    let linked = Layer::new().hardlink("stolen", "lost+found/mine");
    let whole = Image::new().layer(lower).layer(upper).build();
    let thief = Image::new().layer(linked).build();
    let (sandbox, registry) = (Sandbox::new("lost_and_found"), Registry::start());
    for (image, code, names) in [
        (&whole, 0, &["b", "lost+found"][..]),
        (&thief, 5, &["lost+found"]),
    ] {
        let name = registry.push("a/b", "1", image);
        let here = sandbox.mkdir("here");
        let mine = sandbox.write("here/lost+found/mine", "mine");
        set_mode(&here.join("lost+found"), 0o700);
        let before = tree::list(here.join("lost+found"));
        let times = here.join("lost+found").metadata().unwrap().ctime_nsec();
        let run = sandbox.roots(["pull", &name, "."]).cwd(&here).run();
        assert_eq!(run.code, Some(code), "{}", run.stderr);
        assert_eq!(sandbox.names("here"), names);
        let after = tree::list(here.join("lost+found"));
        assert_eq!(tree::diff(&before, &after), [""; 0]);
        let now = here.join("lost+found").metadata().unwrap().ctime_nsec();
        assert_eq!((now, mine.metadata().unwrap().nlink()), (times, 1));
        fs::remove_dir_all(&here).unwrap();
    }
    // Beside, where it is no file system's, it is the image's own.
    let name = registry.push(
        "a/b",
        "2",
        &Image::new()
            .layer(Layer::new().dir("lost+found", 0o711))
            .build(),
    );
    sandbox.roots(["pull", &name, "dest"]).run().succeeds();
    assert_eq!(mode(sandbox.path("dest/lost+found")), 0o711);
}
