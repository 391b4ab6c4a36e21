//! An ordinary user who could keep the owners in a user namespace, and root of such a namespace.

use super::{open_sandbox, prelude};
use crate::destinations::disk::mounting;
use crate::support::sandbox::is_root;
use crate::support::{Image, Layer, Layout, Run, Sandbox};
use roots::sys::Host;
use serde_json::json;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::process::Command;

const HINT: &str =
    "to keep the owners, pull with: unshare --map-auto --map-root-user roots pull --force ...\n";

/// Owners that are kept only with ids of one's own.
fn others() -> Layer {
    Layer::new()
        .file("a", 0o644, "a")
        .owner(0, 0)
        .file("b", 0o640, "b")
        .owner(0, 42)
}

/// Pulls as an ordinary user with an `/etc` that `before` makes in the folder `etc`.
fn pull(layer: Layer, before: &str, option: Option<&str>) -> Option<Run> {
    let sandbox = open_sandbox();
    let image = Image::new().layer(layer).build();
    Layout::new()
        .image("1", &image)
        .write(sandbox.path("layout"));
    // Not root any more, after what only root can do.
    let become_other = match is_root() {
        true => "setpriv --reuid=65534 --regid=65534 --clear-groups",
        false => "unshare --user --map-user=65534 --map-group=65534",
    };
    let mounts = format!(
        "PATH=/usr/sbin:/usr/bin:/sbin:/bin; mkdir etc; printf \"nobody:x:65534:65534::/:/bin/sh\\n\" >etc/passwd; \
         {before}; mount --bind etc /etc"
    );
    let script = mounting(&mounts, "true")?;
    let script = script.replace(
        "\"$0\" \"$@\"; code",
        &format!("{become_other} \"$0\" \"$@\"; code"),
    );
    let pull = ["pull", "--cache=no", "./layout", "dest"];
    let pull = sandbox.roots(pull).args(option).prelude(&script);
    Some(pull.run().succeeds())
}

/// Writes lines into subuid and subgid.
fn ranges(uids: &str, gids: &str) -> String {
    format!("printf \"{uids}\" >etc/subuid; printf \"{gids}\" >etc/subgid")
}

#[test]
fn a_user_with_ids_of_their_own_is_told_how_to_keep_the_owners() {
    if prelude().is_none() {
        return;
    }
    let by_name = "root:1:5\\n\\nnobody:100000:65536\\n";
    for before in [
        ranges(by_name, by_name),
        ranges("65534:100000:65536", by_name),
        ranges("nobody:1:0\\nnobody:1:1", "bad\\n65534:1:1"),
    ] {
        let Some(run) = pull(others(), &before, None) else {
            return;
        };
        assert!(
            run.stderr
                .ends_with(&format!("not as in the image: 2 owners\n{HINT}")),
            "{}",
            run.stderr
        );
    }
}

#[test]
fn who_cannot_keep_the_owners_is_not_told_to() {
    if prelude().is_none() {
        return;
    }
    let mine = "nobody:100000:65536\\n";
    for before in [
        "true".to_owned(),
        ranges(mine, ""),
        ranges("", mine),
        ranges(mine, "nobody:100000:0\\n"),
        ranges("nobody2:100000:65536\\n", mine),
        ranges("nobody:100000\\n", mine),
        // Nobody waits for these, and nothing of them is read without end.
        format!("{}; rm etc/subuid; mkfifo etc/subuid", ranges("", mine)),
        format!(
            "{}; rm etc/subuid; ln -s /dev/zero etc/subuid",
            ranges("", mine)
        ),
        format!("{}; rm etc/subgid; mkdir etc/subgid", ranges(mine, "")),
        format!("{}; truncate -s 1T etc/subgid", ranges(mine, "")),
        // A user without a name has no lines under it.
        format!("{}; : >etc/passwd", ranges(mine, mine)),
    ] {
        let Some(run) = pull(others(), &before, None) else {
            return;
        };
        let said = &run.stderr;
        assert!(
            said.ends_with("not as in the image: 2 owners\n"),
            "{before}: {said}"
        );
    }
}

#[test]
fn owners_that_would_be_the_same_are_no_reason_to_pull_again() {
    if prelude().is_none() {
        return;
    }
    let mine = "nobody:100000:65536\\n";
    // Root of the namespace is that user.
    let root_only = || Layer::new().file("a", 0o644, "a").owner(0, 0);
    for (layer, option) in [
        (root_only(), None),
        (others(), Some("--strip-owner")),
        (others(), Some("--quiet")),
    ] {
        let Some(run) = pull(layer, &ranges(mine, mine), option) else {
            return;
        };
        assert!(!run.stderr.contains("unshare"), "{}", run.stderr);
    }
}

/// What becomes root of a user namespace that an ordinary user has made.
fn root_of_namespace() -> Option<String> {
    let prelude = prelude()?;
    let unshare = "unshare --user --map-root-user";
    let script = match is_root() {
        true => prelude.replace("\"$0\"", &format!("{unshare} \"$0\"")),
        false => format!("exec {unshare} \"$0\" \"$@\""),
    };
    let script = format!("PATH=/usr/bin:/bin; {script}");
    let mut shell = Command::new("/bin/sh");
    let probe = shell.args(["-c", &script, "true"]).output();
    probe
        .is_ok_and(|probe| probe.status.success())
        .then_some(script)
}

/// It could not write to /var/cache/roots, and had no cache at all.
#[test]
fn root_of_a_user_namespace_has_the_cache_of_its_user() {
    let Some(prelude) = root_of_namespace() else {
        return;
    };
    let sandbox = open_sandbox();
    let registry = crate::support::Registry::start();
    let name = registry.push("a/b", "1", &crate::support::hello());
    let pull = |arguments: &[&str]| {
        let pull = sandbox.roots(["pull", &name]).args(arguments);
        let pull = pull.no_cache_env().prelude(&prelude);
        pull.run().succeeds().never_says("warning")
    };
    pull(&["dest"]);
    assert_cache(&sandbox);
    // The record is confirmed, and nothing is asked but the tag.
    registry.forget_requests();
    pull(&["dest", "--update"]).says("dest: unchanged\n");
    pull(&["again", "--offline"]);
    assert_eq!(registry.lines().len(), 1, "{:?}", registry.lines());
}

fn assert_cache(sandbox: &Sandbox) {
    let cache = sandbox.names("home/.cache/roots");
    assert!(cache.contains(&"blobs".to_owned()), "{cache:?}");
}

/// `User=0` would have run the files of an ordinary user as root of the system.
#[test]
fn a_service_of_a_user_namespace_has_the_ids_of_the_system() {
    let Some(prelude) = root_of_namespace() else {
        return;
    };
    let ids = match is_root() {
        true => (65534, 65534),
        false => (Host::new().uid, Host::new().gid),
    };
    let service = |user: &str| {
        let sandbox = open_sandbox();
        let user = user.to_owned();
        let image = Image::new().layer(Layer::new().file("app", 0o755, "#!").owner(0, 0));
        let image = image.config(move |document| {
            document["config"] = json!({"User": user.clone(), "Entrypoint": ["/app"]});
        });
        Layout::new()
            .image("1", &image.build())
            .write(sandbox.path("layout"));
        let pull = sandbox.roots(["pull", "--unit", "--cache=no", "./layout", "dest"]);
        let run = pull.prelude(&prelude).run().succeeds();
        (
            String::from_utf8(sandbox.read("dest.service")).unwrap(),
            run,
        )
    };
    for user in ["", "0", "root", "0:0"] {
        let (text, _) = service(user);
        let expected = format!("\nUser={}\nGroup={}\n", ids.0, ids.1);
        assert!(text.contains(&expected), "{user}: {text}");
        assert!(text.contains("\nExecStart="), "{user}: {text}");
    }
    for user in ["5:5", "5", "0:5", "4000000000"] {
        let (text, run) = service(user);
        assert!(!text.contains("\nUser="), "{user}: {text}");
        assert!(!text.contains("\nExecStart="), "{user}: {text}");
        run.says("will refuse it, because the image's user has no id outside of this user namespace: set User=");
    }
}

/// The record says that owners were left out, so the tree is not up to date where they can be set.
#[test]
fn an_update_in_a_user_namespace_sets_the_owners_that_were_left_out() {
    if prelude().is_none() || !is_root() {
        return;
    }
    let sandbox = open_sandbox();
    let image = Image::new().layer(others()).build();
    Layout::new()
        .image("1", &image)
        .write(sandbox.path("layout"));
    let mine = "nobody:100000:65536\\n";
    let mounts = format!(
        "PATH=/usr/sbin:/usr/bin:/sbin:/bin; mkdir -p etc; printf \"nobody:x:65534:65534::/:/bin/sh\\n\" >etc/passwd; \
         {}; mount --bind etc /etc",
        ranges(mine, mine)
    );
    let Some(script) = mounting(&mounts, "true") else {
        return;
    };
    let user = "setpriv --reuid=65534 --regid=65534 --clear-groups";
    let script = |before: &str, after: &str| {
        let command = format!("{before} {user} {after} \"$0\" \"$@\"; code");
        script.replace("\"$0\" \"$@\"; code", &command)
    };
    let namespace = "unshare --map-auto --map-root-user";
    let pull = |script: &str| {
        let pull = sandbox.roots(["pull", "--update", "./layout", "dest"]);
        pull.no_cache_env().prelude(script).run().succeeds()
    };
    let recorded = || {
        let inspect = sandbox.roots(["inspect", "./dest"]).run().succeeds();
        inspect.stdout.contains("\"owners_left_out\": true")
    };
    let owner = || fs::metadata(sandbox.path("dest/b")).unwrap().gid();
    let alone = script("", "");
    let _ = pull(&alone).says("not as in the image: 2 owners");
    assert!(recorded());
    let _ = pull(&alone).says("unchanged");
    assert_eq!(owner(), 65534);
    let probe = script(&format!("{user} {namespace} true || exit 9;"), namespace);
    let run = sandbox
        .roots(["pull", "--update", "./layout", "dest"])
        .no_cache_env()
        .prelude(&probe)
        .run();
    if run.code == Some(9) {
        return;
    }
    let _ = run.succeeds().never_says("unchanged");
    assert_eq!(owner(), 100_041);
    assert!(!recorded());
    let _ = pull(&script("", namespace)).says("unchanged");
}
