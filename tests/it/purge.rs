//! `roots purge`: drops what no existing destination uses, and nothing that anybody needs.

use crate::support::{
    Built, Fault, HELLO, Image, Layer, Registry, Sandbox, hello, hello_layer, tree,
};
use std::fs;
use std::time::Duration;

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
    purge("0 blobs dropped, 0 B");
    assert_eq!(sandbox.cached().len(), 4);

    fs::remove_dir_all(sandbox.path("two")).unwrap();
    let gone = sharing();
    let dropped: usize = [&gone.manifest, &gone.config, &gone.layers[1]]
        .iter()
        .map(|blob| blob.bytes.len())
        .sum();
    purge(&format!("3 blobs dropped, {dropped} B"));
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
fn purge_waits_for_pulls() {
    let (sandbox, registry) = pulled();
    fs::remove_dir_all(sandbox.path("one")).unwrap();
    fs::remove_dir_all(sandbox.path("two")).unwrap();
    // All it needs is in the cache but for the last layer, for which it has to wait.
    let upper = Layer::new().file("upper", 0o644, "");
    let image = Image::new().layer(hello_layer()).layer(upper).build();
    let name = registry.push("a", "3", &image);
    registry.fault(&image.layers[1].digest, 1, Fault::Hold(10));
    let pull = sandbox.roots(["pull", &name, "three"]).spawn();
    registry.wait_for(&image.layers[1].digest, 1);
    let purge = sandbox.roots(["purge"]).spawn();
    std::thread::sleep(Duration::from_millis(150));
    assert!(purge.is_running());
    assert_eq!(
        sandbox.names("cache/blobs/sha256").len(),
        8,
        "two manifests and four blobs of theirs, and two of this pull: nothing is dropped yet"
    );
    registry.release();
    pull.wait().succeeds();
    purge.wait().succeeds();
    assert_eq!(sandbox.cached(), digests(&image));
    assert_eq!(
        tree::sketch(sandbox.path("three")),
        format!("{HELLO}f 0644 0 upper\n")
    );
}

#[test]
fn a_pull_waits_for_purge() {
    let (sandbox, registry) = pulled();
    // A purge that takes its time, as far as a pull can tell.
    let lock = fs::File::open(sandbox.path("cache/lock")).unwrap();
    lock.lock().unwrap();
    registry.forget_requests();
    let pull = sandbox
        .roots(["pull", &registry.image("a:1"), "three"])
        .spawn();
    std::thread::sleep(Duration::from_millis(150));
    assert!(pull.is_running());
    assert_eq!(registry.lines(), [""; 0]);
    drop(lock);
    pull.wait().succeeds();
    assert_eq!(tree::sketch(sandbox.path("three")), HELLO);
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
            "roots: purge: there is no cache to purge\nhint: see `roots help`\n"
        );
    }
    sandbox.write("file", "");
    let run = sandbox.roots(["purge", "--cache=file"]).run().fails(6);
    assert_eq!(run.stderr, "roots: file: not a cache of roots\n");
    assert_eq!(sandbox.names(""), ["file"]);
}
