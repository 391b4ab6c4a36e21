//! `roots purge`: drops what no existing destination uses, and nothing that anybody needs.

use crate::support::sandbox::is_root;
use crate::support::{
    Built, Compression, Fault, HELLO, Image, Layer, Registry, Sandbox, hello, hello_layer, tree,
};
use rustix::process::Signal;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, SystemTime};

mod json;
mod max_size;

/// An image that shares its lower layer with `hello`.
fn sharing() -> Built {
    Image::new()
        .layer(hello_layer())
        .layer(Layer::new().file("more", 0o644, "more"))
        .build()
}

fn pulled() -> (Sandbox, Registry) {
    let (sandbox, registry) = (Sandbox::new("purge"), Registry::start());
    for (tag, image, dest) in [("1", hello(), "one"), ("2", sharing(), "two")] {
        let name = registry.push("a", tag, &image);
        sandbox.roots(["pull", &name, dest]).run().succeeds();
    }
    (sandbox, registry)
}

fn digests(image: &Built) -> Vec<String> {
    let mut digests: Vec<_> = image.blobs().map(|blob| blob.digest.clone()).collect();
    digests.sort();
    digests
}

#[test]
fn only_what_no_destination_uses_is_dropped() {
    let (sandbox, registry) = pulled();
    let cache = sandbox.path("cache").display().to_string();
    let purge = |said: &str| {
        let run = sandbox.roots(["purge"]).run().succeeds().prints("");
        assert_eq!(run.stderr, format!("{cache}: {said}\n"));
    };
    purge("0 blobs dropped, 0 B; 1.7 kB left");
    assert_eq!(sandbox.cached().len(), 4);

    fs::remove_dir_all(sandbox.path("two")).unwrap();
    let gone = sharing();
    let dropped: usize = [&gone.manifest, &gone.config, &gone.layers[1]]
        .iter()
        .map(|blob| blob.bytes.len())
        .sum();
    let left = hello();
    let left: usize = left.blobs().map(|blob| blob.bytes.len()).sum();
    let left = left + hello().manifest.bytes.len();
    purge(&format!("3 blobs dropped, {dropped} B; {left} B left"));
    assert_eq!(sandbox.cached(), digests(&hello()));
    registry.forget_requests();
    sandbox
        .roots(["pull", &registry.image("a:1"), "again"])
        .run()
        .succeeds();
    assert_eq!(registry.requests_for("/blobs/").len(), 0);

    for dest in ["one", "again"] {
        fs::remove_dir_all(sandbox.path(dest)).unwrap();
    }
    sandbox
        .roots(["purge", "--quiet"])
        .run()
        .succeeds()
        .says("");
    assert_eq!(sandbox.cached(), [""; 0]);
    assert_eq!(sandbox.names("cache/links"), [""; 0]);
    sandbox
        .roots(["pull", &registry.image("a:1"), "last"])
        .run()
        .succeeds();
    assert_eq!(tree::sketch(sandbox.path("last")), HELLO);
}

#[test]
fn a_destination_is_the_same_however_it_is_spelt() {
    let (sandbox, registry) = pulled();
    for dest in ["one", "./one/", "two/../one"] {
        sandbox
            .roots(["pull", "--force", &registry.image("a:2"), dest])
            .run()
            .succeeds();
    }
    let absolute = sandbox.path("one").display().to_string();
    sandbox
        .roots(["pull", "--force", &registry.image("a:1"), &absolute])
        .run()
        .succeeds();
    assert_eq!(sandbox.names("cache/links").len(), 2);
    fs::remove_dir_all(sandbox.path("two")).unwrap();
    sandbox.roots(["purge"]).run().succeeds();
    assert_eq!(
        sandbox.cached(),
        digests(&hello()),
        "what one was made of last"
    );
}

#[test]
fn a_failed_pull_keeps_what_the_old_tree_was_made_of() {
    let (sandbox, registry) = pulled();
    let bad = Image::new()
        .layer(Layer::new().file("../x", 0o644, ""))
        .build();
    let name = registry.push("a", "3", &bad);
    sandbox
        .roots(["pull", "--force", &name, "one"])
        .run()
        .fails(5);
    sandbox.roots(["purge"]).run().succeeds();
    let left = sandbox.cached();
    assert!(digests(&hello()).iter().all(|digest| left.contains(digest)));
    assert_eq!(left.len(), 4);
}

#[test]
fn rubbish_in_the_cache_goes() {
    let (sandbox, _registry) = pulled();
    sandbox.write("cache/blobs/sha256/.half.123", "half a blob");
    sandbox.write("cache/blobs/sha256/folder/file", "");
    sandbox.write("cache/blobs/sha512/name", "");
    sandbox.write("cache/links/0", "not a link");
    sandbox.write("outside/mine", "mine");
    std::os::unix::fs::symlink(
        sandbox.path("outside"),
        sandbox.path("cache/blobs/sha256/link"),
    )
    .unwrap();
    sandbox
        .roots(["purge"])
        .run()
        .succeeds()
        .says(": 4 blobs dropped, ");
    assert_eq!(sandbox.cached().len(), 4);
    assert_eq!(sandbox.names("cache/links").len(), 2);
    assert_eq!(sandbox.read("outside/mine"), b"mine");
}

#[test]
fn purge_takes_nothing_that_a_running_pull_uses_and_does_not_wait_for_it() {
    let (sandbox, registry) = pulled();
    fs::remove_dir_all(sandbox.path("one")).unwrap();
    fs::remove_dir_all(sandbox.path("two")).unwrap();
    // All it needs is in the cache but for the last layer, which comes slowly.
    let upper = Layer::new().file("upper", 0o644, "upper".repeat(100));
    let image = Image::new().layer(hello_layer()).layer(upper);
    let image = image.compressed(Compression::None).build();
    let name = registry.push("a", "3", &image);
    registry.fault(&image.layers[1].digest, 1, Fault::Hold(700));
    let pull = sandbox.roots(["pull", &name, "three"]).spawn();
    pull.until_says("layer 2/2");
    let run = sandbox.roots(["purge", "--all"]).run().succeeds();
    run.says(": 5 blobs dropped, ");
    let used = [&image.config, &image.layers[0]].map(|blob| blob.digest.clone());
    assert_eq!(sandbox.cached().len(), 2);
    assert!(used.iter().all(|digest| sandbox.cached().contains(digest)));
    registry.release();
    pull.wait().succeeds();
    assert_eq!(sandbox.cached(), digests(&image));
    assert_eq!(
        tree::sketch(sandbox.path("three")),
        format!("{HELLO}f 0644 500 upper\n")
    );
    assert_eq!(sandbox.names("cache/leases"), [""; 0]);
    sandbox.roots(["purge"]).run().succeeds().says(": 0 blobs");
}

#[test]
fn a_pull_that_was_killed_uses_nothing_any_more() {
    for sweeper in ["pull", "purge"] {
        let (sandbox, registry) = pulled();
        let image = Image::new().layer(Layer::new().file("slow", 0o644, "slow"));
        let image = image.build();
        let name = registry.push("a", "3", &image);
        registry.fault(&image.layers[0].digest, 1, Fault::Hold(10));
        let pull = sandbox.roots(["pull", &name, "three"]).spawn();
        registry.wait_for(&image.layers[0].digest, 1);
        pull.signal(Signal::KILL);
        pull.wait();
        assert_eq!(sandbox.names("cache/leases").len(), 1);
        assert!(sandbox.cached().contains(&image.config.digest));
        match sweeper {
            "pull" => sandbox.roots(["pull", &registry.image("a:1"), "four"]),
            _ => sandbox.roots(["purge"]),
        }
        .run()
        .succeeds();
        assert_eq!(sandbox.names("cache/leases"), [""; 0], "{sweeper}");
        let is_kept = sandbox.cached().contains(&image.config.digest);
        assert_eq!(is_kept, sweeper == "pull");
    }
}

/// It stayed, hidden, until the next pull into the same DEST, which may never come.
#[test]
fn what_a_killed_pull_left_beside_dest_goes_with_a_purge() {
    for force in [false, true] {
        let (sandbox, registry) = pulled();
        let image = Image::new().layer(Layer::new().file("slow", 0o644, "slow"));
        let image = image.build();
        let name = registry.push("a", "3", &image);
        registry.fault(&image.layers[0].digest, 1, Fault::Hold(10));
        let dest = if force { "two" } else { "three" };
        let options: &[&str] = if force { &["--force"] } else { &[] };
        let pull = sandbox.roots(["pull", &name, dest]).args(options).spawn();
        registry.wait_for(&image.layers[0].digest, 1);
        let staging = format!(".{dest}.roots");
        let line = format!("-\t{}\n", sandbox.path(&staging).display());
        let purge = |options: &[&str]| sandbox.roots(["purge"]).args(options).run().succeeds();
        // Somebody holds it.
        assert!(!purge(&["--dry-run"]).stdout.contains(&line));
        purge(&[]).never_says("killed pull");
        assert!(sandbox.has(&staging));
        pull.signal(Signal::KILL);
        pull.wait();
        let run = purge(&["--dry-run"]);
        assert!(
            run.stdout.ends_with(&line),
            "{run:?} {line} {:?}",
            sandbox.names("cache/links")
        );
        purge(&["--older-than=1h"]);
        assert!(sandbox.has(&staging));
        purge(&[]).says(&format!("{staging}: removed what a killed pull has left\n"));
        assert_eq!(sandbox.has(dest), force);
        assert_eq!(sandbox.names(""), ["cache", "one", "two"]);
        assert_eq!(sandbox.names("cache/links").len(), 2);
    }
}

/// Where one rename cannot swap two trees, a kill in between leaves the only tree there.
#[test]
fn a_tree_that_the_next_pull_puts_back_is_not_purged() {
    let (sandbox, registry) = pulled();
    sandbox.mkdir(".two.roots/rootfs");
    let folder = sandbox.path(".two.roots");
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).unwrap();
    fs::rename(sandbox.path("two"), folder.join("old")).unwrap();
    sandbox.roots(["purge"]).run().succeeds();
    assert!(sandbox.has(".two.roots/old"));
    let pull = ["pull", "--force", &registry.image("a:1"), "two"];
    sandbox.roots(pull).run().succeeds().says("put back");
}

#[test]
fn a_pull_waits_for_a_purge_that_is_at_work_and_says_so() {
    let (sandbox, registry) = pulled();
    // A purge that takes its time, as far as a pull can tell.
    let lock = fs::File::open(sandbox.path("cache/lock")).unwrap();
    lock.lock().unwrap();
    let pull = sandbox
        .roots(["pull", &registry.image("a:1"), "three"])
        .spawn();
    pull.until_says("cache: a purge is at work; waiting\n");
    assert!(pull.is_running());
    drop(lock);
    pull.wait().succeeds();
    assert_eq!(tree::sketch(sandbox.path("three")), HELLO);
}

#[test]
fn a_dry_run_prints_what_a_purge_then_drops() {
    let (sandbox, _registry) = pulled();
    fs::remove_dir_all(sandbox.path("two")).unwrap();
    sandbox.write("cache/blobs/sha256/rub\nbish", "12345");
    let sharing = sharing();
    let blobs = [&sharing.manifest, &sharing.config, &sharing.layers[1]]
        .map(|blob| format!("{}\tblobs/sha256/{}", blob.bytes.len(), blob.hex()));
    let mut wanted = [&blobs[..], &["5\tblobs/sha256/rub\\nbish".to_owned()]].concat();
    wanted.sort();
    let before = sandbox.names("cache/blobs/sha256");
    let run = sandbox.roots(["purge", "--dry-run"]).run().succeeds();
    let mut lines: Vec<_> = run.stdout.lines().map(str::to_owned).collect();
    lines.sort();
    assert_eq!(lines, wanted);
    let bytes: usize = lines
        .iter()
        .map(|line| line.split('\t').next().unwrap().parse::<usize>().unwrap())
        .sum();
    let run = run.says(&format!(": 4 blobs would be dropped, {bytes} B; "));
    assert_eq!(run.stderr.lines().count(), 1);
    assert_eq!(sandbox.names("cache/blobs/sha256"), before);
    assert_eq!(sandbox.names("cache/links").len(), 2);
    let run = sandbox.roots(["purge"]).run().succeeds().prints("");
    run.says(&format!(": 4 blobs dropped, {bytes} B; "));
    let run = sandbox.roots(["purge", "-nq"]).run().succeeds().prints("");
    assert_eq!(run.stderr, "");
}

#[test]
fn all_drops_what_destinations_use_too() {
    let (sandbox, registry) = pulled();
    let run = sandbox.roots(["purge", "--all"]).run().succeeds();
    run.says(": 6 blobs dropped, ");
    assert_eq!(sandbox.cached(), [""; 0]);
    let again = sandbox.roots(["pull", "--force", &registry.image("a:1"), "one"]);
    again.run().succeeds();
    assert_eq!(sandbox.cached(), digests(&hello()));
}

#[test]
fn older_than_spares_what_was_used_since() {
    let (sandbox, registry) = pulled();
    for dest in ["one", "two"] {
        fs::remove_dir_all(sandbox.path(dest)).unwrap();
    }
    sandbox.write("cache/blobs/sha256/.new", "half a blob");
    sandbox.write("cache/blobs/sha256/.old", "half a blob");
    let hour = Duration::from_secs(3600);
    for name in sandbox.names("cache/blobs/sha256") {
        let file = fs::File::open(sandbox.path(format!("cache/blobs/sha256/{name}"))).unwrap();
        if name != ".new" {
            file.set_modified(SystemTime::now() - 3 * hour).unwrap();
        }
    }
    let purge = |age: &str| sandbox.roots(["purge", "--older-than", age]).run();
    purge("4h").succeeds().says(": 0 blobs dropped, 0 B; ");
    // Whatever a pull uses is as if new.
    sandbox
        .roots(["pull", &registry.image("a:1"), "three"])
        .run()
        .succeeds();
    fs::remove_dir_all(sandbox.path("three")).unwrap();
    purge("2h").succeeds().says(": 4 blobs dropped, ");
    assert_eq!(sandbox.cached(), digests(&hello()));
    assert!(sandbox.has("cache/blobs/sha256/.new"));
    purge("0s").succeeds().says(": 4 blobs dropped, ");
    for wrong in ["30", "", "yesterday", "1.5h"] {
        let run = purge(wrong).fails(2);
        run.says("roots: --older-than: not an age like 12h, 30d or 8w\n");
    }
}

/// Purges and pulls of images that share layers, all at once: every pull is right, and what it was made of is there.
#[test]
fn purges_among_many_pulls_do_no_harm() {
    let (sandbox, registry) = pulled();
    let pulls: Vec<_> = (0..24)
        .map(|n| {
            if n % 3 == 0 {
                return (n, sandbox.roots(["purge"]).spawn());
            }
            let name = registry.image(if n % 2 == 0 { "a:1" } else { "a:2" });
            let dest = format!("dest-{n}");
            (n, sandbox.roots(["pull", &name, &dest]).spawn())
        })
        .collect();
    for (n, run) in pulls {
        let run = run.wait().succeeds();
        if n % 3 != 0 {
            run.clone().never_says("warning");
            let sketch = tree::sketch(sandbox.path(format!("dest-{n}")));
            assert!(sketch.starts_with(HELLO), "{run:?}");
        }
    }
    let mut all: Vec<_> = [digests(&hello()), digests(&sharing())].concat();
    all.sort();
    all.dedup();
    assert_eq!(sandbox.cached(), all);
}

#[test]
fn a_purge_before_the_first_pull_has_nothing_to_do() {
    let sandbox = Sandbox::new("no_cache_yet");
    // Of one that was named, it is not known whether it is the right one.
    sandbox.roots(["purge", "--cache=missing"]).run().fails(6);
    // The usual one of root is the machine's own.
    if is_root() {
        return;
    }
    let purge = |options: &[&str]| {
        let arguments = [&["purge"], options].concat();
        sandbox.roots(arguments).no_cache_env().run()
    };
    for options in [&[][..], &["--dry-run"]] {
        let run = purge(options).succeeds();
        assert!(run.stderr.ends_with(": no cache yet\n"), "{}", run.stderr);
        assert_eq!(run.stdout, "");
    }
    assert_eq!(sandbox.names(""), [""; 0]);
}

#[test]
fn no_cache_is_none_to_purge() {
    let sandbox = Sandbox::new("no_cache");
    for command in [
        sandbox.roots(["purge", "--cache=no"]),
        sandbox.roots(["purge"]).env("ROOTS_CACHE", "no"),
    ] {
        let run = command.run().fails(2);
        assert_eq!(
            run.stderr,
            "roots: purge: there is no cache to purge\nhint: see `roots help purge`\n"
        );
    }
    sandbox.write("file", "");
    let run = sandbox.roots(["purge", "--cache=file"]).run().fails(6);
    run.says("roots: file: not a cache of roots\n");
    assert_eq!(sandbox.names(""), ["file"]);
}
