//! Machines with next to nothing: a root file system with the binary and a place for DEST, and no more.

use crate::destinations::disk::mounting;
use crate::support::{Registry, Run, Sandbox, hello};

/// Makes `jail` a root file system of the binary, whatever libraries it needs, and a `/srv` to write to.
const JAIL: &str = "mkdir jail; mount -t tmpfs none jail; cp \"$0\" jail/roots; mkdir jail/srv; \
    for lib in $(LD_TRACE_LOADED_OBJECTS=1 \"$0\" | grep -o \"/[^ ]*\"); do \
    mkdir -p jail${lib%/*}; cp $lib jail$lib; done; mount -t tmpfs none jail/srv; ";

/// Pulls in a chroot, without HOME and PATH, and says what is in it then; nothing where that is not permitted.
fn pull_in_jail(before: &str, arguments: &[&str]) -> Option<Run> {
    let (sandbox, registry) = (Sandbox::new("environments"), Registry::start());
    let name = registry.push("a/b", "1", &hello());
    // The libraries and the binary left out.
    let listing = "cd jail; find . -type d -o -type f | grep -v \"lib\\|^./roots$\" | sort >&2";
    // What `mounting` would run as it is is run in the jail.
    let script = format!(
        "{JAIL}{before}; set -- chroot jail /roots \"$@\"; \"$@\"; code=$?; {listing}; exit $code"
    );
    let prelude = mounting(&script, "true")?;
    let run = sandbox
        .roots(["pull", &name])
        .args(arguments)
        .no_cache_env()
        .no_env("HOME")
        .prelude(&format!(
            "unset PATH HOME PWD; PATH=/usr/sbin:/usr/bin:/sbin:/bin\n{prelude}"
        ))
        .run();
    Some(run)
}

#[test]
fn a_chroot_with_nothing_but_the_binary_and_dest_is_enough() {
    let Some(run) = pull_in_jail("true", &["/srv/dest", "--cache=no"]) else {
        return;
    };
    let run = run.succeeds().never_says("warning");
    assert!(run.stdout.starts_with("sha256:"));
    run.says("\n.\n./srv\n./srv/dest\n./srv/dest/hello\n");
}

#[test]
fn a_read_only_system_is_enough() {
    let read_only = "mount -o remount,bind,ro jail";
    let Some(run) = pull_in_jail(read_only, &["/srv/dest"]) else {
        return;
    };
    let run = run.succeeds();
    run.says("roots: warning: no cache: /var/cache/roots: cannot open the cache: read-only file system\n")
        .says("\n.\n./srv\n./srv/dest\n./srv/dest/hello\n");
    // With --force, and over a folder that is mounted.
    let filled = "mkdir jail/srv/dest; touch jail/srv/dest/old; mount -o remount,bind,ro jail";
    let run = pull_in_jail(filled, &["--force", "/srv/dest", "--cache=/srv/cache"]).unwrap();
    run.succeeds().says("\n./srv/dest\n./srv/dest/hello\n");
}
