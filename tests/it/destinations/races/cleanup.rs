//! What is removed after a pull, and where the removal ends.

use super::{UNLINKAT, published};
use crate::support::{Ability, Fault, HELLO, Traced, hello, tree};
use rustix::fs::{Mode, OFlags, open, openat};
use std::fs;

/// More system calls of one kind than any clean-up of a few files needs.
const ENDLESS: usize = 5_000;

#[test]
fn a_writer_in_the_old_tree_does_not_keep_force_for_ever() {
    if !Traced::CAN_REPLACE || Ability::Tracing.is_missing() {
        return;
    }
    let (sandbox, _registry, name) = published();
    sandbox.write("dest/a/spool/first", "");
    sandbox.write("dest/b/other", "");
    let flags = OFlags::DIRECTORY | OFlags::CLOEXEC;
    let spool = open(sandbox.path("dest/a/spool"), flags, Mode::empty()).unwrap();
    let command = sandbox.roots(["pull", "--force", &name, "dest"]);
    let mut removals = 0;
    let running = Traced::start(&sandbox, command)
        .unwrap()
        .calls(|_, traced| {
            if traced.call().number == UNLINKAT {
                removals += 1;
                let flags = OFlags::CREATE | OFlags::CLOEXEC;
                let _ = openat(&spool, format!("{removals}"), flags, Mode::RUSR);
            }
            removals < ENDLESS
        });
    assert!(removals < ENDLESS, "the clean-up has no end");
    let run = running.wait().succeeds();
    let left = sandbox.path(".dest.roots");
    run.says(&format!("and left in {}: ", left.display()))
        .says("rootfs/a/spool: another process keeps making files there");
    assert_eq!(tree::sketch(sandbox.path("dest")), HELLO);
    // What nobody writes in has gone, and so has all of it once the writer has.
    assert_eq!(sandbox.names(".dest.roots/rootfs"), ["a"]);
    sandbox
        .roots(["pull", "--force", &name, "dest"])
        .run()
        .succeeds();
    assert!(!sandbox.has(".dest.roots"));
}

#[test]
fn a_folder_that_has_come_in_the_place_of_staging_stays() {
    for (fault, code) in [
        (Fault::Hold(10), 0),
        (Fault::All(vec![Fault::Hold(10), Fault::Corrupt(60)]), 5),
    ] {
        let (sandbox, registry, name) = published();
        sandbox.write("precious/file", "mine");
        let layer = hello().layers[0].digest.clone();
        registry.fault(&layer, 1, fault);
        let running = sandbox.roots(["pull", "--cache=no", &name, "dest"]).spawn();
        registry.wait_for(&layer, 1);
        fs::rename(sandbox.path(".dest.roots"), sandbox.path("moved")).unwrap();
        fs::rename(sandbox.path("precious"), sandbox.path(".dest.roots")).unwrap();
        registry.release();
        let run = running.wait();
        assert_eq!(run.code, Some(code), "{}", run.stderr);
        assert_eq!(sandbox.read(".dest.roots/file"), b"mine");
        assert_eq!(sandbox.names("moved"), [""; 0]);
    }
}
