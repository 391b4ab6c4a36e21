//! Disks that are full, read-only, somebody else's, or mounted on DEST itself.

use crate::support::sandbox::is_root;
use crate::support::{Compression, Fault, Image, Layer, Registry, Sandbox, hello_layer, tree};
use std::io::Write as _;
use std::process::Command;

#[test]
fn a_place_that_cannot_be_written_to_is_named() {
    let (sandbox, registry, name) = published(hello_layer());
    // Neither can root.
    for (dest, why) in [
        (
            "/proc/roots/dest",
            "roots: /proc/roots: cannot create: no such file or directory\nhint: make its folder first: mkdir -p /proc\n",
        ),
        (
            "/dev/null/dest",
            "roots: /dev/null/dest: cannot follow the path: not a directory\n",
        ),
    ] {
        let run = sandbox.roots(["pull", &name, dest]).run().fails(6);
        assert_eq!(run.stderr, why);
    }
    let long = "n".repeat(256);
    let run = sandbox.roots(["pull", &name, &long]).run().fails(6);
    assert_eq!(
        run.stderr,
        format!("roots: {long}: cannot follow the path: file name too long\n")
    );
    assert_eq!(registry.lines(), [""; 0]);
    assert_eq!(sandbox.names(""), ["cache"]);
}

#[test]
fn a_folder_of_somebody_else_is_left_alone() {
    if is_root() {
        return; // Root may write anywhere.
    }
    let (sandbox, registry, name) = published(hello_layer());
    let shut = sandbox.mkdir("shut");
    std::fs::set_permissions(&shut, std::os::unix::fs::PermissionsExt::from_mode(0o555)).unwrap();
    for dest in ["shut/dest", "shut/a/b"] {
        let run = sandbox.roots(["pull", &name, dest]).run().fails(6);
        run.says(": cannot create: permission denied\nhint: choose a place that you may write to, or run as root\n");
    }
    assert_eq!(sandbox.names("shut"), [""; 0]);
    assert_eq!(registry.lines(), [""; 0]);
}

/// A prelude that runs a shell script before the binary, in a mount namespace of its own, and another one after it.
/// Nothing where the system does not let this user have one.
pub(crate) fn mounting(before: &str, after: &str) -> Option<String> {
    let unshare = if is_root() {
        "unshare --mount"
    } else {
        "unshare --mount --map-root-user"
    };
    let script = format!("set -e; {before}; set +e; \"$0\" \"$@\"; code=$?; {after}; exit $code");
    let allowed = Command::new("/bin/sh")
        .args([
            "-c",
            &format!(
                "{unshare} mount -t tmpfs none {}",
                env!("CARGO_TARGET_TMPDIR")
            ),
        ])
        .output()
        .is_ok_and(|output| output.status.success());
    if !allowed {
        // Past the test harness: what was not tested should be seen.
        let test = std::thread::current();
        let test = test.name().unwrap_or_default();
        let _ = writeln!(
            std::io::stderr(),
            "{test} skipped without a mount namespace"
        );
    }
    allowed.then(|| format!("exec {unshare} /bin/sh -c '{script}' \"$0\" \"$@\""))
}

fn published(layer: Layer) -> (Sandbox, Registry, String) {
    let (sandbox, registry) = (Sandbox::new("disk"), Registry::start());
    let image = Image::new()
        .layer(layer)
        .compressed(Compression::None)
        .build();
    let name = registry.push("a/b", "1", &image);
    (sandbox, registry, name)
}

#[test]
fn a_full_disk_is_said_and_nothing_of_the_tree_stays() {
    let Some(prelude) = mounting(
        "mount -t tmpfs -o size=64k none small",
        "echo left: $(ls -A small) >&2",
    ) else {
        return;
    };
    // Compressed, it would fit.
    let big = (0..8).fold(Layer::new(), |layer, n| {
        layer.file(format!("file-{n}"), 0o644, [b'x'; 20_000])
    });
    let (sandbox, registry) = (Sandbox::new("disk"), Registry::start());
    let name = registry.push("a/b", "1", &Image::new().layer(big).build());
    sandbox.mkdir("small");
    let run = sandbox
        .roots(["pull", &name, "small/dest"])
        .prelude(&prelude)
        .run()
        .fails(6);
    run.says("cannot write: no space left on device (layer sha256:")
        .says("hint: make room, or choose another place\n")
        .says("left:\n");
    assert_eq!(
        sandbox.cached().len(),
        1,
        "the config, and nothing of the layer that was not read to its end"
    );
    assert_eq!(sandbox.names("cache/links"), [""; 0]);
    sandbox.roots(["pull", &name, "dest"]).run().succeeds();
    assert_eq!(sandbox.names("dest").len(), 8);
}

/// Without a descriptor for its second look at the staging folder, a pull took that for a lost race, and tried again for
/// ever; a layout whose files could not be opened was none. The limit on CPU time ends what would not.
#[test]
fn a_limit_on_open_files_ends_a_pull_and_not_its_patience() {
    let (sandbox, _registry, _) = published(hello_layer());
    let layout = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/demo");
    let mut limited = 0;
    for (files, cache) in (4..32).flat_map(|n| [(n, "--cache=no"), (n, "--cache=cache")]) {
        let run = sandbox
            .roots(["pull", layout, "dest", "--force", cache])
            .prelude(&format!("ulimit -t 20; ulimit -n {files}"))
            .run();
        if run.code == Some(0) {
            continue;
        }
        limited += 1;
        run.fails(6).says("too many open files");
    }
    assert!(limited > 4, "{limited}");
    sandbox
        .roots(["pull", "--force", layout, "dest"])
        .run()
        .succeeds();
    assert!(!sandbox.has(".dest.roots"));
}

#[test]
fn a_limit_on_the_size_of_files_is_said() {
    let (sandbox, registry, name) = published(Layer::new().file("big", 0o644, vec![b'x'; 200_000]));
    for prelude in ["ulimit -f 100", "trap '' XFSZ; ulimit -f 100"] {
        let limited = sandbox.roots(["pull", &name, "dest"]).prelude(prelude);
        let run = limited.run().fails(6);
        run.says("roots: big: cannot write: file too large (layer sha256:");
        sandbox.assert_nothing_left();
        assert_eq!(sandbox.cached().len(), 1);
    }
    // Each file is smaller than the limit, but not all of the layer.
    let many = (0..8).fold(Layer::new(), |layer, n| {
        layer.file(format!("file-{n}"), 0o644, [b'x'; 40_000])
    });
    let image = Image::new().layer(many).compressed(Compression::None);
    let many = registry.push("a/many", "1", &image.build());
    let limited = sandbox
        .roots(["pull", &many, "many"])
        .prelude("ulimit -f 100");
    limited.run().succeeds();
    assert_eq!(sandbox.names("many").len(), 8);
    assert_eq!(sandbox.cached().len(), 2);
    sandbox.roots(["pull", &name, "dest"]).run().succeeds();
    assert_eq!(tree::sketch(sandbox.path("dest")), "f 0644 200000 big\n");
}

#[test]
fn a_read_only_disk_is_said() {
    let Some(prelude) = mounting("mount -t tmpfs -o ro none shut", "true") else {
        return;
    };
    let (sandbox, registry, name) = published(Layer::new());
    sandbox.mkdir("shut");
    for dest in ["shut/dest", "shut/a/dest"] {
        let run = sandbox
            .roots(["pull", &name, dest])
            .prelude(&prelude)
            .run()
            .fails(6);
        run.says(
            ": cannot create: read-only file system\nhint: choose a place that can be written to\n",
        );
    }
    assert_eq!(registry.lines(), [""; 0]);
}

/// It was an addition to the image, at each mount point of ext4.
#[test]
fn lost_and_found_is_no_difference_at_a_mount_point() {
    let (sandbox, _registry, name) = published(hello_layer());
    let dest = sandbox.mkdir("dest").display().to_string();
    let mount = "mount -t tmpfs none dest; mkdir -m 700 dest/lost+found; touch dest/lost+found/x";
    let verify = format!("\"$0\" verify --cache=no {dest} {name} >&2; code=$?");
    let Some(prelude) = mounting(mount, &verify) else {
        return;
    };
    let pull = sandbox.roots(["pull", "--cache=no", &name, "dest"]);
    pull.prelude(&prelude).run().succeeds();
}

#[test]
fn a_mount_point_is_filled_and_never_replaced() {
    let mount = "mount -t tmpfs none dest; mkdir dest/lost+found";
    let Some(prelude) = mounting(mount, "echo there: $(ls -A dest) >&2") else {
        return;
    };
    let (sandbox, registry, name) = published(hello_layer());
    let dest = sandbox.mkdir("dest").display().to_string();
    let run = sandbox
        .roots(["pull", &name, "dest"])
        .prelude(&prelude)
        .run()
        .succeeds();
    run.says(&format!(
        "roots: warning: {dest}: it is a mount point: this pull is not atomic\n"
    ))
    .says("there: hello lost+found\n");

    registry.fault("/blobs/", 9, Fault::status(500));
    let run = sandbox
        .roots(["pull", "--cache=no", &name, "dest"])
        .prelude(&prelude)
        .run()
        .fails(75);
    run.says("there: lost+found\n");
    registry.forget_requests();

    let run = sandbox
        .roots(["pull", "--force", &name, "dest"])
        .prelude(&prelude)
        .run()
        .fails(6);
    run.says(&format!("roots: {dest}: it is a mount point\n"))
        .says("there: lost+found\n");
    let full = mounting(
        "mount -t tmpfs none dest; touch dest/mine",
        "echo there: $(ls -A dest) >&2",
    )
    .unwrap();
    let run = sandbox
        .roots(["pull", &name, "dest"])
        .prelude(&full)
        .run()
        .fails(6);
    run.says("roots: dest: it is not empty, and it is a mount point\n")
        .says("there: mine\n");
    assert_eq!(registry.lines(), [""; 0]);
}
