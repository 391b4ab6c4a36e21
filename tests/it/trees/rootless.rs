//! As an ordinary user: all but owners, devices and the attributes of root is exact.

use crate::support::sandbox::{self, Sandbox};
use crate::support::{Layer, Outcome, Trial};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

mod namespaces;

/// What makes an ordinary user of root; nothing where there is no `setpriv`.
#[expect(clippy::print_stdout, reason = "why nothing was tested, for the log")]
fn prelude() -> Option<&'static str> {
    let setpriv = "/usr/bin/setpriv";
    match sandbox::is_root() {
        false => Some(":"),
        true if fs::exists(setpriv).unwrap_or(false) => {
            Some("exec /usr/bin/setpriv --reuid=65534 --regid=65534 --clear-groups \"$0\" \"$@\"")
        }
        true => {
            println!("not tested as an ordinary user: no setpriv");
            None
        }
    }
}

/// A sandbox that the ordinary user can write to.
fn open_sandbox() -> Sandbox {
    let sandbox = Sandbox::new("rootless");
    for folder in ["", "home"] {
        let folder = sandbox.mkdir(folder);
        fs::set_permissions(folder, fs::Permissions::from_mode(0o777)).unwrap();
    }
    sandbox
}

#[test]
fn modes_and_contents_are_exact_and_the_rest_is_counted() {
    let Some(prelude) = prelude() else { return };
    let sandbox = open_sandbox();
    let base = Layer::new()
        .dir("ro", 0o555)
        .file("ro/f", 0o400, "one")
        .owner(0, 0)
        .dir("none", 0o000)
        .file("none/f", 0o000, "two")
        .owner(70_000, 5)
        .file("su", 0o4755, "#!")
        .file("noted", 0o444, "x")
        .xattr("user.note", "kept")
        .xattr(
            "security.capability",
            "\u{1}\0\0\u{2}\0\u{20}\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
        )
        .char_device("null", 0o666, 1, 3)
        .fifo("pipe", 0o640);
    let upper = Layer::new()
        .file("ro/g", 0o644, "three")
        .whiteout("ro/f")
        .hardlink("ro/h", "none/f")
        .file("none/f2", 0o600, "");
    let trial = Trial::new("rootless")
        .layers([base, upper])
        .prelude(prelude);
    let outcome = trial.pull_into(&sandbox, &sandbox.path("dest"));
    outcome
        .run
        .clone()
        .succeeds()
        .says("not as in the image: ")
        .says("1 device")
        .says("1 extended attribute\n");
    let said = outcome
        .run
        .stderr
        .lines()
        .filter(|line| line.starts_with("not as"))
        .count();
    assert_eq!(said, 1);
    // Directories stay open to their owner; all else is as the image says.
    let sketch = crate::support::tree::sketch(sandbox.path("dest"));
    assert_eq!(
        sketch,
        "d 0700 none/\n\
         f 0000 3 none/f\n\
         f 0600 0 none/f2\n\
         f 0444 1 noted\n\
         p 0640 pipe\n\
         d 0755 ro/\n\
         f 0644 5 ro/g\n\
         h ro/h -> none/f\n\
         f 4755 2 su\n"
    );
    let noted = outcome.node("noted");
    assert_eq!(noted.xattrs["user.note"], b"kept");
    assert_eq!(noted.xattrs.len(), 1);
}

#[test]
fn the_tree_can_be_removed_by_its_owner() {
    let Some(prelude) = prelude() else { return };
    let sandbox = open_sandbox();
    let layer = Layer::new()
        .dir("a", 0o000)
        .dir("a/b", 0o111)
        .file("a/b/c", 0o000, "x")
        .dir("a/b/d", 0o555)
        .file("a/b/d/e", 0o444, "y");
    let removes = format!("rm -rf {}", sandbox.path("dest").display());
    let trial = Trial::new("removed").layer(layer.clone()).prelude(prelude);
    trial.pull_into(&sandbox, &sandbox.path("dest")).succeeds();
    // As the same user, without chmod.
    let again = Trial::new("again").layer(layer);
    let before = prelude.replace(
        "\"$0\" \"$@\"",
        &format!("/bin/sh -c '{removes} && exec \"$0\" \"$@\"' \"$0\" \"$@\""),
    );
    let before = if before == ":" { removes } else { before };
    let again = again.prelude(&format!("PATH=/usr/bin:/bin\n{before}"));
    again.pull_into(&sandbox, &sandbox.path("dest")).succeeds();
}

/// Such as a tree that was pulled in a user namespace.
#[test]
fn a_leftover_that_its_user_cannot_remove_is_named() {
    let Some(prelude) = prelude().filter(|_| sandbox::is_root()) else {
        return;
    };
    let sandbox = open_sandbox();
    let trial = || {
        let layer = Layer::new().file("f", 0o644, "f");
        Trial::new("leftover").layer(layer).prelude(prelude)
    };
    let dest = sandbox.path("dest");
    trial().pull_into(&sandbox, &dest).succeeds();
    sandbox.write("dest/of-others/file", "root's");
    // Whatever the umask of another test is.
    let mode = fs::Permissions::from_mode(0o755);
    fs::set_permissions(sandbox.path("dest/of-others"), mode).unwrap();
    let force = || trial().arg("--force").pull_into(&sandbox, &dest).run;
    let left = sandbox.path(".dest.roots").display().to_string();
    let run = force().succeeds();
    run.says(&format!("and left in {left}: "));
    let run = force().fails(6);
    run.says(&format!("{left}: cannot clean up: permission denied"))
        .says(&format!(
            "unshare --map-auto --map-root-user rm -r {left}, or rm -r {left} as root"
        ));
    fs::remove_dir_all(&left).unwrap();
    let _ = force().succeeds();
}

/// Those who cannot make devices: an ordinary user, and root of a user namespace, where there may be one.
fn who_cannot_make_devices() -> Vec<(&'static str, String)> {
    let namespace = "PATH=/usr/bin:/bin; exec unshare --user --map-root-user \"$0\" \"$@\"";
    let probe = "PATH=/usr/bin:/bin; exec unshare --user --map-root-user true 2>/dev/null";
    let mut shell = std::process::Command::new("/bin/sh");
    let has_namespaces = shell.args(["-c", probe]).status();
    let namespace = has_namespaces
        .is_ok_and(|status| status.success())
        .then(|| ("root of a namespace", namespace.to_owned()));
    let ordinary = prelude().map(|prelude| ("an ordinary user", prelude.to_owned()));
    ordinary.into_iter().chain(namespace).collect()
}

/// Pulls layers as somebody, and compares the tree with them as the same one.
fn pull_as(name: &str, prelude: &str, layers: &[Layer], arguments: &[&str]) -> Outcome {
    let sandbox = open_sandbox();
    let trial = Trial::new(name).layers(layers.iter().cloned());
    let trial = arguments.iter().fold(trial, |trial, arg| trial.arg(arg));
    let trial = trial.prelude(prelude);
    let mut outcome = trial.pull_into(&sandbox, &sandbox.path("dest"));
    outcome.keep(sandbox);
    outcome
}

fn devices() -> Layer {
    Layer::new()
        .dir("dev", 0o755)
        .char_device("dev/null", 0o666, 1, 3)
        .block_device("dev/sda", 0o660, 8, 0)
        .symlink("d", "dev")
}

const DEVICES: &str = "l d -> dev\nd 0755 dev/\n";

#[test]
fn a_hard_link_to_a_device_was_malformed() {
    let links = || {
        Layer::new()
            .hardlink("null", "dev/null")
            .hardlink("dev/zero", "./dev/null")
            .hardlink("x/chain", "null")
            .hardlink("by-link", "d/sda")
    };
    let one = devices().raw(links().unended());
    let over = Layer::new()
        .dir("etc", 0o755)
        .file("etc/rc", 0o644, "x")
        .file("file", 0o644, "x")
        .hardlink("etc", "dev/null")
        .hardlink("file", "dev/sda")
        .hardlink("file", "file")
        .hardlink("dev/sda", "file");
    let replaced = Layer::new()
        .file("dev/null", 0o644, "file")
        .hardlink("h", "dev/null");
    let back = Layer::new()
        .opaque("dev")
        .char_device("dev/full", 0o666, 1, 7)
        .hardlink("h", "dev/full");
    for (name, layers, sketch, count) in [
        ("one layer", vec![one], "d 0755 x/\n", 6),
        ("two layers", vec![devices(), links()], "d 0755 x/\n", 6),
        ("over others", vec![devices(), over], "", 4),
        (
            "replaced",
            vec![devices(), replaced],
            "f 0644 4 dev/null\nh h -> dev/null\n",
            2,
        ),
        ("opaque around it", vec![devices(), back], "", 4),
    ] {
        for (who, prelude) in who_cannot_make_devices() {
            let outcome = pull_as(&format!("{name}, {who}"), &prelude, &layers, &[]);
            outcome.is(&format!("{DEVICES}{sketch}"));
            let said = format!(" {count} devices\n");
            let _ = outcome
                .run
                .clone()
                .says("not as in the image: ")
                .says(&said);
        }
        let outcome = Trial::new(name).layers(layers.iter().cloned()).pull();
        outcome.succeeds();
    }
}

/// As for root, who has made them.
#[test]
fn devices_that_have_gone_are_not_linked_to() {
    let missing = "hard link target not found";
    let link = |layer: Layer| layer.hardlink("h", "dev/null");
    for (name, layers, why) in [
        (
            "hidden",
            vec![devices(), link(Layer::new().whiteout("dev/null"))],
            missing,
        ),
        (
            "hidden before",
            vec![
                devices(),
                Layer::new().whiteout("dev/null"),
                link(Layer::new()),
            ],
            missing,
        ),
        (
            "hidden with its directory",
            vec![devices(), link(Layer::new().whiteout("dev"))],
            missing,
        ),
        (
            "opaque",
            vec![devices(), link(Layer::new().opaque("dev"))],
            missing,
        ),
        (
            "opaque root",
            vec![devices(), link(Layer::new().opaque(""))],
            missing,
        ),
        (
            "a file for its directory",
            vec![devices(), link(Layer::new().file("dev", 0o644, ""))],
            missing,
        ),
        (
            "replaced and hidden",
            vec![
                devices(),
                Layer::new().file("dev/null", 0o644, ""),
                link(Layer::new().whiteout("dev/null")),
            ],
            missing,
        ),
        (
            "replaced by a directory",
            vec![devices(), link(Layer::new().dir("dev/null", 0o755))],
            "a hard link to a directory",
        ),
        ("itself", vec![Layer::new().hardlink("h", "h")], missing),
        (
            "below itself",
            vec![devices().hardlink("dev", "dev/null")],
            missing,
        ),
        (
            "behind itself",
            vec![devices().hardlink("d", "d/null")],
            missing,
        ),
        (
            "another name",
            vec![devices().hardlink("h", "dev/nul")],
            missing,
        ),
        (
            "a device for a parent",
            vec![devices().file("dev/null/x", 0o644, "")],
            "one of its parents is not a directory",
        ),
    ] {
        for (who, prelude) in who_cannot_make_devices() {
            let name = format!("{name}, {who}");
            pull_as(&name, &prelude, &layers, &[]).refused(why);
        }
        Trial::new(name).layers(layers).pull().refused(why);
    }
}

#[test]
fn a_part_of_the_image_may_have_links_to_devices() {
    let layers = [devices().hardlink("null", "dev/null").hardlink("n", "null")];
    for (arguments, sketch) in [
        (["--exclude=/dev"], "l d -> dev\n"),
        (["--exclude=/dev/null"], DEVICES),
        (["--include=/dev/null"], "d 0755 dev/\n"),
        (["--include=/null"], ""),
    ] {
        for (who, prelude) in who_cannot_make_devices() {
            let name = format!("{arguments:?}, {who}");
            pull_as(&name, &prelude, &layers, &arguments).is(sketch);
        }
        let trial = Trial::new(arguments[0]).layers(layers.clone());
        trial.arg(arguments[0]).pull().succeeds();
    }
}
