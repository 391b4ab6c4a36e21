//! Caches of somebody else: seeds that may only be read, and caches that a group writes to.

use crate::caches::cache::{entry, published};
use crate::destinations::disk::mounting;
use crate::support::sandbox::{is_root, remove};
use crate::support::{
    Ability, Compression, Fault, HELLO, Image, Layer, Registry, Sandbox, hello, hello_layer, tree,
};
use rustix::process::Signal;
use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown, symlink};
use std::path::{Path, PathBuf};

/// What makes the cache one that may only be read, in the way that this user is stopped by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Barrier {
    /// A mount.
    Mount,
    /// Permissions; root is another user then.
    Permissions,
}

const NOBODY: &str = "exec setpriv --reuid=65534 --regid=65534 --clear-groups \"$0\" \"$@\"";

/// A cache with `hello` in it, and what puts the barrier up before a pull; nothing where that is not permitted.
fn seed(barrier: Barrier) -> Option<(Sandbox, Registry, String, String)> {
    let (sandbox, registry, name) = published();
    sandbox.roots(["pull", &name, "one"]).run().succeeds();
    let prelude = match barrier {
        Barrier::Mount => mounting(
            "mount --bind cache cache; mount -o remount,bind,ro cache",
            "true",
        )?,
        Barrier::Permissions if is_root() => {
            if Ability::OtherUser.is_missing() {
                return None;
            }
            fs::set_permissions(sandbox.path(""), Permissions::from_mode(0o777)).unwrap();
            NOBODY.to_owned()
        }
        Barrier::Permissions => {
            for folder in folders(&sandbox.path("cache")) {
                fs::set_permissions(folder, Permissions::from_mode(0o555)).unwrap();
            }
            ":".to_owned()
        }
    };
    Some((sandbox, registry, name, prelude))
}

fn folders(path: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(path).unwrap().map(|entry| entry.unwrap());
    let below = entries.filter(|entry| entry.file_type().unwrap().is_dir());
    let mut all: Vec<_> = below.flat_map(|entry| folders(&entry.path())).collect();
    all.push(path.to_owned());
    all
}

#[test]
fn a_cache_that_may_only_be_read_is_used_and_not_written() {
    for barrier in [Barrier::Mount, Barrier::Permissions] {
        let Some((sandbox, registry, name, prelude)) = seed(barrier) else {
            continue;
        };
        let before = tree::list(sandbox.path("cache"));
        let pull = |name: &str, dest: &str| {
            let pull = sandbox.roots(["pull", name, dest]).prelude(&prelude);
            pull.run().succeeds().never_says("warning")
        };
        registry.forget_requests();
        pull(&name, "two").says("(cached)");
        assert_eq!(tree::sketch(sandbox.path("two")), HELLO);
        assert_eq!(registry.requests_for("/blobs/").len(), 0);
        let run = sandbox.roots(["pull", "--offline", &name, "offline"]);
        run.prelude(&prelude).run().succeeds();
        assert_eq!(tree::sketch(sandbox.path("offline")), HELLO);
        // What is not in it is fetched, each time.
        let more = Image::new()
            .layer(hello_layer())
            .layer(Layer::new().file("more", 0o644, "more"))
            .build();
        let more = registry.push("a/b", "2", &more);
        for dest in ["three", "four"] {
            registry.forget_requests();
            pull(&more, dest).says("layer 1/2 ").says("(registry)");
            assert_eq!(registry.requests_for("/blobs/").len(), 2);
        }
        assert_eq!(
            tree::diff(&before, &tree::list(sandbox.path("cache"))),
            [""; 0]
        );
        // Its owner's purge is not kept from anything.
        let purge = sandbox.roots(["purge"]).prelude(&prelude).run().fails(6);
        purge.says(": cannot open the cache: ");
        let look = sandbox.roots(["purge", "--all", "--dry-run"]);
        let look = look.prelude(&prelude).run().succeeds();
        assert_eq!(look.stdout.lines().count(), 3);
        assert_eq!(
            tree::diff(&before, &tree::list(sandbox.path("cache"))),
            [""; 0]
        );
    }
}

#[test]
fn a_spoilt_blob_that_cannot_be_dropped_is_passed_over() {
    let image = hello();
    for barrier in [Barrier::Mount, Barrier::Permissions] {
        for blob in [&image.config, &image.layers[0]] {
            let Some((sandbox, registry, name, prelude)) = seed(barrier) else {
                continue;
            };
            let mut bytes = blob.bytes.clone();
            bytes[20] ^= 0x10;
            fs::write(sandbox.path(entry(blob)), &bytes).unwrap();
            registry.forget_requests();
            let pull = sandbox.roots(["pull", &name, "two"]).prelude(&prelude);
            let run = pull.run().succeeds();
            assert_eq!(tree::sketch(sandbox.path("two")), HELLO, "{run:?}");
            assert_eq!(registry.requests_for("/blobs/").len(), 1);
            assert_eq!(sandbox.read(entry(blob)), bytes);
        }
    }
}

#[test]
fn a_seed_needs_no_lock_and_no_leases() {
    let Some((sandbox, registry, name, prelude)) = seed(Barrier::Mount) else {
        return;
    };
    fs::remove_file(sandbox.path("cache/lock")).unwrap();
    for folder in ["leases", "links", "resolved", "blobs/sha512"] {
        fs::remove_dir_all(sandbox.path(format!("cache/{folder}"))).unwrap();
    }
    registry.forget_requests();
    let pull = sandbox.roots(["pull", &name, "two"]).prelude(&prelude);
    pull.run().succeeds().says("(cached)");
    assert_eq!(registry.requests_for("/blobs/").len(), 0);
    assert_eq!(sandbox.names("cache"), ["CACHEDIR.TAG", "blobs"]);
}

/// Root may be told to use a cache in a folder of somebody who wants it to write elsewhere.
#[test]
fn a_cache_full_of_traps_springs_none() {
    let (sandbox, _registry, name) = published();
    let mine = sandbox.write("mine", "mine");
    type Trap<'t> = (&'t str, &'t dyn Fn(&Path));
    let traps: [Trap<'_>; 4] = [
        ("CACHEDIR.TAG", &|path| fs::hard_link(&mine, path).unwrap()),
        ("CACHEDIR.TAG", &|path| symlink(&mine, path).unwrap()),
        ("CACHEDIR.TAG", &|path| {
            rustix::fs::mkfifoat(rustix::fs::CWD, path, rustix::fs::Mode::RWXU).unwrap();
        }),
        ("lock", &|path| symlink(&mine, path).unwrap()),
    ];
    for (at, lay) in traps {
        remove(&sandbox.path("cache")).unwrap();
        lay(&sandbox.mkdir("cache").join(at));
        let run = sandbox.roots(["pull", &name, "dest"]).run();
        assert!(matches!(run.code, Some(0 | 6)), "{run:?}");
        assert_eq!(sandbox.read("mine"), b"mine", "{at}");
        remove(&sandbox.path("dest")).unwrap();
    }
    for folder in ["blobs", "links", "leases", "resolved"] {
        remove(&sandbox.path("cache")).unwrap();
        sandbox.roots(["pull", &name, "dest"]).run().succeeds();
        remove(&sandbox.path("dest")).unwrap();
        let path = sandbox.path("cache").join(folder);
        remove(&path).unwrap();
        symlink(sandbox.mkdir("elsewhere"), &path).unwrap();
        sandbox.roots(["pull", &name, "dest"]).run().fails(6);
        sandbox.roots(["purge", "--all"]).run().fails(6);
        assert_eq!(sandbox.names("elsewhere"), [""; 0], "{folder}");
    }
}

/// Two users of one group, under the usual umask, in a cache that was given to the group.
#[test]
fn a_group_shares_a_cache_that_was_given_to_it() {
    if Ability::OtherUser.is_missing() {
        return;
    }
    const GROUP: u32 = 60_000;
    let (sandbox, registry, name) = published();
    fs::set_permissions(sandbox.path(""), Permissions::from_mode(0o777)).unwrap();
    let cache = sandbox.mkdir("cache");
    chown(&cache, None, Some(GROUP)).unwrap();
    fs::set_permissions(&cache, Permissions::from_mode(0o3775)).unwrap();
    let as_user = |user: u32, arguments: &[&str]| {
        let switch = format!("--reuid={user} --regid={user} --groups={GROUP}");
        let command = sandbox.roots(arguments);
        command.prelude(&format!("umask 022; exec setpriv {switch} \"$0\" \"$@\""))
    };
    let (one, two) = (65_533, 65_534);
    as_user(one, &["pull", &name, "one"]).run().succeeds();
    registry.forget_requests();
    let run = as_user(two, &["pull", &name, "two"]).run().succeeds();
    run.says("(cached)").never_says("warning");
    assert_eq!(registry.requests_for("/blobs/").len(), 0);
    // What one began, the other goes on with, and adds to.
    let layer = Layer::new().file("big", 0o644, "big".repeat(1000));
    let image = Image::new().layer(layer).compressed(Compression::None);
    let image = image.build();
    let more = registry.push("a/b", "2", &image);
    let part = format!("cache/blobs/sha256/.{}", image.layers[0].hex());
    registry.fault(&image.layers[0].digest, 1, Fault::Hold(1000));
    let broken = as_user(one, &["pull", &more, "three"]).spawn();
    broken.until_says("layer 1/1");
    broken.signal(Signal::KILL);
    broken.wait();
    assert_eq!(
        sandbox.path(&part).metadata().unwrap().mode() & 0o777,
        0o660
    );
    registry.recover();
    registry.forget_requests();
    let run = as_user(two, &["pull", &more, "four"]).run().succeeds();
    run.says("(registry, from byte 1000 on)")
        .never_says("warning");
    let run = as_user(one, &["pull", &more, "five"]).run().succeeds();
    run.says("(cached)").never_says("warning");
    assert_eq!(registry.requests_for(&image.layers[0].digest).len(), 1);
    assert_eq!(sandbox.cached().len(), 4);
    assert_eq!(sandbox.names("cache/leases"), [""; 0]);
    for dest in ["four", "five"] {
        remove(&sandbox.path(dest)).unwrap();
    }
    let run = as_user(one, &["purge"]).run().succeeds();
    run.says(": 3 blobs dropped, ");
    assert_eq!(sandbox.cached().len(), 2);
    // Nobody else can hold the locks.
    let stranger = sandbox.roots(["purge"]).prelude(NOBODY).run().fails(6);
    stranger.says(": cannot open the cache: permission denied\n");
    let mode = sandbox.path("cache/lock").metadata().unwrap().mode();
    assert_eq!(mode & 0o007, 0);
}
