//! `--strip-owner` and `--uid-shift`: whose a tree is, and what goes with that.

use crate::support::ability::acl;
use crate::support::sandbox::is_root;
use crate::support::{Ability, Layer, Layout, Outcome, Sandbox, Trial, hello, tree};
use rustix::fs::{XattrFlags, lsetxattr};
use std::os::unix::fs::lchown;

const SHIFT: u32 = 0x5_0000;
const CAPABILITY: &str = "security.capability";
const ACCESS: &str = "system.posix_acl_access";
const DEFAULT: &str = "system.posix_acl_default";

/// cap_net_raw+ep in the second revision, as images have it.
const NET_RAW: &[u8] = b"\x01\0\0\x02\0\x20\0\0\0\0\0\0\0\0\0\0\0\0\0\0";

/// The same in the third, for the user namespace whose root is that.
fn net_raw(root: u32) -> Vec<u8> {
    let mut value = NET_RAW.to_vec();
    value[3] = 3;
    value.extend(root.to_le_bytes());
    value
}

/// Owners of all kinds, special bits, and directories that nobody describes: below a plain one, a setgid one, and
/// where a marker hides what one was.
fn layers() -> [Layer; 2] {
    let lower = Layer::new()
        .file("su", 0o4755, "#!")
        .file("sg", 0o2755, "#!")
        .owner(0, 42)
        .file("mine", 0o640, "x")
        .owner(1000, 2000)
        .dir("sticky", 0o1777)
        .dir("group", 0o2775)
        .owner(7, 50)
        .file("group/implied/x", 0o644, "")
        .file("implied/x", 0o644, "")
        .symlink("link", "mine")
        .owner(3, 4)
        .fifo("fifo", 0o600)
        .owner(5, 6)
        .dir("again", 0o755)
        .owner(9, 9)
        .dir("hidden", 0o700)
        .owner(8, 8);
    let upper = Layer::new()
        .dir("again", 0o750)
        .hardlink("twin", "mine")
        .file("hidden/x", 0o644, "")
        .whiteout("hidden");
    match is_root() {
        true => [lower.char_device("null", 0o666, 1, 3), upper],
        false => [lower, upper],
    }
}

fn trial(name: &str, arguments: &[&str]) -> Trial {
    let trial = Trial::new(name).layers(layers());
    arguments
        .iter()
        .fold(trial, |trial, argument| trial.arg(argument))
}

#[test]
fn a_stripped_tree_belongs_to_whoever_pulls_and_gives_no_rights() {
    if Ability::Attributes.is_missing() {
        return;
    }
    let (plain, stripped) = (
        trial("plain", &[]).pull(),
        trial("mine", &["--strip-owner"]).pull(),
    );
    // What was asked for is not told as if it were amiss.
    assert!(
        !stripped.run.stderr.contains("owner"),
        "{}",
        stripped.run.stderr
    );
    let own = plain.node("implied");
    let mut wanted = plain.tree();
    for node in wanted.values_mut() {
        (node.uid, node.gid) = (own.uid, own.gid);
        node.mode &= !0o6000;
    }
    assert_eq!(tree::diff(&wanted, &stripped.tree()), [""; 0]);
    assert_eq!(stripped.node("su").mode, 0o755);
    assert_eq!(stripped.node("sticky").mode, 0o1777);
}

#[test]
fn a_shifted_tree_is_the_same_with_other_numbers() {
    if Ability::Root.is_missing() || Ability::Attributes.is_missing() {
        return;
    }
    let shift = format!("--uid-shift={SHIFT}");
    let (plain, shifted) = (
        trial("plain", &[]).pull(),
        trial("shifted", &[&shift]).pull(),
    );
    let mut wanted = plain.tree();
    for node in wanted.values_mut() {
        (node.uid, node.gid) = (node.uid + SHIFT, node.gid + SHIFT);
    }
    assert_eq!(tree::diff(&wanted, &shifted.tree()), [""; 0]);
    assert_eq!(shifted.node("su").mode, 0o4755);
    let none = trial("none", &["--uid-shift=0"]).pull();
    assert_eq!(tree::diff(&plain.tree(), &none.tree()), [""; 0]);
}

/// A file with a capability, and one for a namespace; with an ACL that names users, and one that is inherited.
fn attributed(arguments: &[&str]) -> Outcome {
    let layer = Layer::new()
        .file("ping", 0o755, "#!")
        .xattr(CAPABILITY, NET_RAW)
        .file("within", 0o755, "#!")
        .xattr(CAPABILITY, net_raw(7))
        .file("shared", 0o775, "x")
        .xattr(ACCESS, acl(&[0, 1000]))
        .dir("inherits", 0o755)
        .xattr(DEFAULT, acl(&[42]))
        .file("inherits/implied/x", 0o644, "")
        .file("noted", 0o644, "")
        .xattr("user.note", "kept");
    let trial = Trial::new("attributed").layer(layer);
    arguments
        .iter()
        .fold(trial, |trial, argument| trial.arg(argument))
        .pull()
}

#[test]
fn capabilities_and_acls_are_shifted_too() {
    if Ability::Root.is_missing() || Ability::Acls.is_missing() {
        return;
    }
    let found = attributed(&[&format!("--uid-shift={SHIFT}")]).tree();
    assert_eq!(found[&b"ping"[..]].xattrs[CAPABILITY], net_raw(SHIFT));
    assert_eq!(found[&b"within"[..]].xattrs[CAPABILITY], net_raw(SHIFT + 7));
    assert_eq!(
        found[&b"shared"[..]].xattrs[ACCESS],
        acl(&[SHIFT, SHIFT + 1000])
    );
    assert_eq!(found[&b"inherits"[..]].xattrs[DEFAULT], acl(&[SHIFT + 42]));
    assert_eq!(found[&b"inherits/implied"[..]].uid, SHIFT);
    assert_eq!(found[&b"noted"[..]].xattrs["user.note"], b"kept");
}

#[test]
fn a_stripped_tree_has_no_capabilities() {
    if Ability::Acls.is_missing() {
        return;
    }
    let found = attributed(&["--strip-owner"]).tree();
    for name in ["ping", "within"] {
        assert_eq!(found[name.as_bytes()].xattrs.len(), 0, "{name}");
    }
    assert_eq!(found[&b"shared"[..]].xattrs[ACCESS], acl(&[0, 1000]));
    assert_eq!(found[&b"noted"[..]].xattrs["user.note"], b"kept");
}

#[test]
fn verify_goes_by_the_owners_that_were_asked_for() {
    if Ability::Root.is_missing() || Ability::Attributes.is_missing() {
        return;
    }
    let sandbox = Sandbox::new("owners");
    let layer = || {
        let layer = Layer::new()
            .dir("d", 0o555)
            .owner(5, 5)
            .file("d/x", 0o644, "x");
        layer
            .owner(5, 5)
            .file("ping", 0o755, "")
            .xattr(CAPABILITY, NET_RAW)
    };
    let image = crate::support::Image::new().layer(layer()).build();
    Layout::new()
        .image("", &image)
        .write(sandbox.path("layout"));
    let layout = format!("oci:{}", sandbox.path("layout").display());
    for (option, ids) in [
        ("--strip-owner".to_owned(), [0, 0]),
        (format!("--uid-shift={SHIFT}"), [SHIFT, SHIFT + 5]),
    ] {
        let pull = ["pull", "--force", &layout, "dest", &option];
        sandbox.roots(pull).run().succeeds();
        let verify = || sandbox.roots(["verify", "dest"]).run();
        verify().succeeds().prints("");
        lchown(sandbox.path("dest/d/x"), Some(1), None).unwrap();
        let line = format!("changed /d/x: owner {}:{0} is 1:{0}\n", ids[1]);
        assert_eq!(verify().stdout, line, "{option}");
        lchown(sandbox.path("dest/d/x"), Some(ids[1]), None).unwrap();
        let ping = sandbox.path("dest/ping");
        lsetxattr(&ping, CAPABILITY, NET_RAW, XattrFlags::empty()).unwrap();
        let line = "changed /ping: xattr security.capability\n";
        assert_eq!(verify().stdout, line, "{option}");
    }
}

#[test]
fn ids_end_somewhere() {
    if Ability::Root.is_missing() {
        return;
    }
    let layer = || Layer::new().file("x", 0o644, "").owner(4_294_967_294, 0);
    let outcome = Trial::new("over")
        .layer(layer())
        .arg("--uid-shift=1")
        .pull();
    outcome.fails(
        6,
        "its owner 4294967294 cannot be shifted that far: ids end at 4294967294",
    );
    if !Ability::Acls.is_missing() {
        let layer = Layer::new()
            .file("x", 0o644, "")
            .xattr(ACCESS, acl(&[4_294_967_294]));
        let outcome = Trial::new("acl").layer(layer).arg("--uid-shift=1").pull();
        outcome.fails(6, "its owner 4294967294 cannot be shifted that far");
    }
}

#[test]
fn what_makes_no_sense_is_refused() {
    let sandbox = Sandbox::new("owners");
    Layout::new()
        .image("", &hello())
        .write(sandbox.path("layout"));
    let number = "not a number of ids from 0 to 4294967294";
    let mut cases = vec![
        (&["--uid-shift="][..], number),
        (&["--uid-shift=-1"], number),
        (&["--uid-shift=x"], number),
        (&["--uid-shift=4294967295"], number),
        (
            &["--uid-shift=1", "--strip-owner"],
            "cannot be combined with --strip-owner",
        ),
    ];
    if !is_root() {
        cases.push((&["--uid-shift=1"], "only root may change owners"));
    }
    for (arguments, why) in cases {
        let run = sandbox
            .roots(["pull", "oci:layout", "dest"])
            .args(arguments)
            .run();
        run.fails(2).says(&format!("roots: --uid-shift: {why}\n"));
        assert_eq!(sandbox.names(""), ["layout"]);
    }
}

/// Root of a user namespace has the ids that it was given.
#[test]
fn a_namespace_without_such_ids_is_told_from_a_broken_disk() {
    let unshare = "unshare --user --map-root-user";
    let mut probe = std::process::Command::new("/bin/sh");
    let probe = probe.args(["-c", &format!("exec {unshare} true 2>/dev/null")]);
    if !probe.status().is_ok_and(|status| status.success()) {
        return;
    }
    let trial = trial("namespace", &["--uid-shift=65536"]);
    let trial = trial.prelude(&format!("PATH=/usr/bin:/bin; exec {unshare} \"$0\" \"$@\""));
    trial.pull().fails(
        6,
        "the tree: cannot set the owner: no such ids in this user namespace\n",
    );
}
