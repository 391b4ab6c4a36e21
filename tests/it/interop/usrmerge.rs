//! Layers on a Debian whose /bin and /lib lead to /usr, and /var/run to /run: they write through the links.

use super::packages::through_registry;
use super::{debian, explained, peer};
use crate::support::{Layer, Sandbox};
use std::path::Path;
use std::time::SystemTime;

#[test]
#[ignore = "needs the peers: make interop"]
fn interop_usrmerge() {
    let sandbox = Sandbox::new("interop_usrmerge");
    let layout = sandbox.path("layout");
    let image = format!("{}:image", layout.display());
    debian::base(&layout);
    for (name, layer) in [("1", first()), ("2", second())] {
        add(&sandbox.write(name, layer.tar()), &image);
    }
    let ours = through_registry(&sandbox, &format!("oci:{image}"));
    let start = SystemTime::now();
    let mut theirs = peer::unpack(&layout, "image", &sandbox.path("theirs"));
    for link in ["bin", "lib", "sbin", "var/run"] {
        let target = &ours[link.as_bytes()].target;
        assert!(target.is_some(), "{link} is no link any more");
    }
    // sysctl.d leads to a directory that is not in the image, and is made.
    explained::directories_made_since(&mut theirs, start, &ours);
    explained::assert_same(&ours, &theirs);
}

fn add(layer: &Path, image: &str) {
    let layer = layer.to_str().unwrap();
    peer::umoci(&["raw", "add-layer", "--image", image, layer]);
}

/// Names below links, and none of the links themselves.
fn first() -> Layer {
    Layer::new()
        .file("bin/x", 0o755, "#!/bin/sh\n")
        .file("sbin/x", 0o4755, "#!/bin/sh\n")
        .file("lib/y", 0o644, "y")
        .dir("lib/dir", 0o750)
        .owner(5, 6)
        .file("lib/dir/file", 0o600, "in usr/lib")
        .file("var/run/z", 0o644, "z")
        .dir("var/run/service", 0o2750)
        .file("var/run/service/pid", 0o644, "1\n")
        .file("var/lock/held", 0o644, "")
        .symlink("bin/link", "x")
        .hardlink("bin/twin", "usr/bin/env")
        .hardlink("usr/bin/twin-of-x", "bin/x")
        .hardlink("sbin/across", "bin/true")
        .fifo("var/run/pipe", 0o600)
        .char_device("lib/null", 0o666, 1, 3)
        .file("bin/cat", 0o755, "replaced")
        // A directory gives way to a file, a file to a directory, a link to either.
        .file("lib/tmpfiles.d", 0o644, "was a directory")
        .dir("bin/more", 0o755)
        .file("bin/more/in", 0o644, "was a file")
        .symlink("lib/sysctl.d", "/etc/sysctl.d")
        .dir("bin/sh", 0o755)
        .file("bin/sh/in", 0o644, "was a link")
        .whiteout("bin/dmesg")
        .whiteout("lib/os-release")
        .whiteout("sbin/missing")
        .whiteout("lib/systemd")
        .dir("opt/made", 0o755)
}

/// What the first layer put there goes again, by the other name or by the same.
fn second() -> Layer {
    Layer::new()
        .whiteout("usr/bin/x")
        .whiteout("lib/y")
        .whiteout("run/z")
        .whiteout("bin/more")
        .dir("usr/bin/more", 0o700)
        .file("usr/lib/dir/file", 0o644, "rewritten")
        .dir("lib/dir", 0o711)
        .opaque("var/run/service")
        .file("bin/sh", 0o755, "a file again")
        .file("usr/lib/sysctl.d/new", 0o644, "in etc")
        // The links themselves: one goes, one is replaced by a directory.
        .whiteout("lib64")
        .dir("var/lock", 0o1777)
        .file("var/lock/new", 0o644, "not in run")
        .whiteout("var/mail")
}
