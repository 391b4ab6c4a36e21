//! What `unshare --map-auto` of util-linux and `podman unshare` make of a pull by an ordinary user: the owners of the
//! image, moved into that user's ranges of /etc/subuid and /etc/subgid.

use super::NOBODY;
use crate::destinations::disk::mounting;
use crate::support::{Sandbox, tree};
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::Path;

/// Where the ranges of that user begin.
const FIRST: u32 = 500_000;

/// What an owner in the image is on disk: root is the user, and all others follow each other in the range.
fn mapped(id: u32) -> u32 {
    match id {
        0 => NOBODY,
        id => FIRST + id - 1,
    }
}

#[test]
#[ignore = "needs the peers: make interop"]
#[expect(clippy::print_stdout, reason = "why nothing was compared, for the log")]
fn interop_subordinate_ids() {
    let sandbox = Sandbox::new("interop_subids");
    fs::set_permissions(sandbox.path(""), fs::Permissions::from_mode(0o755)).unwrap();
    let image = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/demo");
    let image = format!("oci:{}", image.display());
    let pull = ["pull", "--cache=no", &image, "as-root"];
    sandbox.roots(pull).run().succeeds();
    let mut expected = tree::list(sandbox.path("as-root"));
    assert!(
        expected
            .values()
            .any(|node| node.uid == 1000 && node.gid == 1000)
    );
    for node in expected.values_mut() {
        (node.uid, node.gid) = (mapped(node.uid), mapped(node.gid));
    }

    for (number, tool) in ["unshare --map-auto --map-root-user", "podman unshare"]
        .iter()
        .enumerate()
    {
        let home = sandbox.mkdir(format!("user-{number}"));
        chown(&home, Some(NOBODY), Some(NOBODY)).unwrap();
        let home = home.display();
        let before = format!(
            "cp -a /etc etc-{number}; for file in subuid subgid; do echo {NOBODY}:{FIRST}:65536 >etc-{number}/$file; done; \
             mount --bind etc-{number} /etc"
        );
        let prelude = mounting(&before, "true").expect("root may mount");
        let user = format!(
            "setpriv --reuid={NOBODY} --regid={NOBODY} --clear-groups \
             env HOME={home} XDG_RUNTIME_DIR={home} PATH=/usr/sbin:/usr/bin:/sbin:/bin"
        );
        let run = |command: &str, arguments: &[&str]| {
            let prelude = prelude.replace(
                "\"$0\" \"$@\"; code",
                &format!("cd {home}; {command}; code"),
            );
            sandbox
                .roots(arguments)
                .no_cache_env()
                .prelude(&prelude)
                .run()
        };
        if run(&format!("{user} {tool} true"), &[]).code != Some(0) {
            println!("skipped: {tool} does not work here");
            continue;
        }
        let roots = format!("{user} {tool} \"$0\" \"$@\"");
        let pulled = run(&roots, &["pull", &image, "dest"]).succeeds();
        let _ = pulled
            .never_says("not as in the image")
            .never_says("no cache");
        let ours = tree::list(sandbox.path(format!("user-{number}/dest")));
        assert_eq!(tree::diff(&ours, &expected), [""; 0], "{tool}");
        let _ = run(&roots, &["verify", "dest"])
            .succeeds()
            .never_says("warning");
        let update = ["pull", "--update", "--exit-code", &image, "dest"];
        assert_eq!(run(&roots, &update).code, Some(10), "{tool}");
        // Without the namespace it is left out, and said.
        let alone = run(&format!("{user} \"$0\" \"$@\""), &["pull", &image, "alone"]).succeeds();
        let _ = alone
            .says("to keep the owners, pull with: unshare --map-auto --map-root-user roots pull");
        // What belongs to others can be removed from within.
        let removed = run(&format!("{user} {tool} rm -r dest"), &[]);
        assert_eq!(removed.code, Some(0), "{}", removed.stderr);
    }
}
