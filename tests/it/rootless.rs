//! As an ordinary user: all but owners, devices and the attributes of root is exact.

use crate::support::sandbox::{self, Sandbox};
use crate::support::{Layer, Trial};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

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
