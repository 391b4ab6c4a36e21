//! The file of an archive: what is there before, and what stands in its way.

use super::second;
use crate::support::{ALWAYS, Fault, Registry, Sandbox};
use std::os::unix::fs::{PermissionsExt as _, symlink};

fn published() -> (Sandbox, Registry, String) {
    let (sandbox, registry) = (Sandbox::new("save_files"), Registry::start());
    let name = registry.push("a/b", "1", &second());
    (sandbox, registry, name)
}

#[test]
fn a_file_is_replaced_and_a_link_stays() {
    let (sandbox, _registry, name) = published();
    sandbox.write("real/x.tar", "old");
    symlink("real/x.tar", sandbox.path("link.tar")).unwrap();
    let save = ["save", "--cache=no", &name, "-o", "link.tar"];
    sandbox.roots(save).run().succeeds();
    assert!(sandbox.path("link.tar").is_symlink());
    assert!(sandbox.read("real/x.tar").len() > 2000);
    assert_eq!(sandbox.names("real"), ["x.tar"]);
    let mode = std::fs::metadata(sandbox.path("real/x.tar"))
        .unwrap()
        .permissions();
    assert_eq!(mode.mode() & 0o600, 0o600);
}

#[test]
fn what_is_in_the_way_is_named() {
    let (sandbox, registry, name) = published();
    sandbox.mkdir("folder");
    sandbox.mkdir(".x.tar.roots");
    symlink("nowhere", sandbox.path(".z.tar.roots")).unwrap();
    for (file, why) in [
        (
            "folder",
            "folder: it is a folder\nhint: name a file in it, like FOLDER/image.tar\n",
        ),
        (
            "none/x.tar",
            "none/x.tar: cannot create: no such file or directory",
        ),
        (
            "x.tar",
            "/.x.tar.roots: in the way: not a file that roots has left\nhint: remove it if nobody needs it\n",
        ),
        (
            "z.tar",
            "/.z.tar.roots: in the way: not a file that roots has left\n",
        ),
    ] {
        let save = ["save", "--cache=no", &name, "-o", file];
        sandbox.roots(save).run().fails(6).says(why);
    }
    assert!(registry.requests_for("/blobs/").is_empty());
    assert_eq!(
        sandbox.names(""),
        [".x.tar.roots", ".z.tar.roots", "folder"]
    );
}

#[test]
fn what_a_killed_save_has_left_is_swept() {
    let (sandbox, registry, name) = published();
    registry.fault(&second().layers[1].digest, 1, Fault::Hold(20));
    let save = || sandbox.roots(["save", "--cache=no", &name, "-o", "x.tar"]);
    let running = save().spawn();
    running.until_says("layer 2/2");
    // Nobody else may write there meanwhile.
    save().run().fails(6).says("x.tar: ");
    drop(running);
    registry.release();
    assert!(!sandbox.has("x.tar"));
    save().run().succeeds();
    assert_eq!(sandbox.names(""), ["x.tar"]);
}

/// A device or a pipe is written to as it is.
#[test]
fn a_device_is_no_file() {
    let (sandbox, registry, name) = published();
    let save = ["save", "--cache=no", &name, "-o", "/dev/null"];
    sandbox.roots(save).run().succeeds();
    let save = ["save", "--cache=no", &name, "-o", "/dev/full"];
    sandbox
        .roots(save)
        .run()
        .fails(6)
        .says("/dev/full: cannot write");
    let script = "mkfifo fifo; cat fifo > x.tar & \"$0\" \"$@\"; code=$?; wait; exit $code";
    let save = sandbox.roots(["save", "--cache=no", &name, "-o", "fifo"]);
    save.prelude(script).run().succeeds();
    sandbox.roots(["pull", "./x.tar", "dest"]).run().succeeds();
    registry.fault("/blobs/", ALWAYS, Fault::status(404));
}
