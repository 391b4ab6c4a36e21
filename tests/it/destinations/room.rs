//! Whether an image fits is asked before the first byte of a layer.

use crate::destinations::disk::mounting;
use crate::support::{Compression, Image, Layer, Random, Registry, Run, Sandbox};

/// The size of the one file, and hardly less than that of the layer.
const SIZE: usize = 100_000;

struct Scene {
    sandbox: Sandbox,
    registry: Registry,
    name: String,
}

impl Scene {
    fn new() -> Self {
        let (sandbox, registry) = (Sandbox::new("room"), Registry::start());
        let layer = Layer::new().file("big", 0o644, Random::new(1).bytes(SIZE));
        let image = Image::new().layer(layer).compressed(Compression::None);
        let image = image.build();
        let name = registry.push("a/b", "1", &image);
        for folder in ["small", "cache"] {
            sandbox.mkdir(folder);
        }
        Self {
            sandbox,
            registry,
            name,
        }
    }

    /// Pulls into `small/dest` between two shell commands in a mount namespace of its own.
    fn pull(&self, cache: &str, before: &str, after: &str) -> Option<Run> {
        let prelude = mounting(before, after)?;
        let pull = self.sandbox.roots(["pull", &self.name, "small/dest"]);
        Some(pull.args(["--cache", cache]).prelude(&prelude).run())
    }
}

#[test]
fn a_disk_that_is_too_small_is_said_before_a_layer_is_fetched() {
    let scene = Scene::new();
    for (cache, wanted) in [("cache", 2), ("no", 2)] {
        let mount = "mount -t tmpfs -o size=64k none small";
        let Some(run) = scene.pull(cache, mount, "echo left: $(ls -A small) >&2") else {
            return;
        };
        let run = run.fails(6);
        let dest = scene.sandbox.path("small/dest").display().to_string();
        let start = format!("roots: {dest}: no space left on device: at least ");
        let (_, rest) = run.stderr.split_once(&start).unwrap();
        let (missing, rest) = rest.split_once(' ').unwrap();
        let missing: usize = missing.parse().unwrap();
        assert!((SIZE - 65_536..SIZE).contains(&missing), "{missing}");
        let hint = "hint: make room, or choose another place\nleft:\n";
        assert_eq!(rest, format!("more bytes needed\n{hint}"));
        let asked = scene.registry.lines().len();
        assert_eq!(asked, wanted, "the manifest and the config");
        scene.registry.forget_requests();
        // The config is in the cache of the first pull only.
        assert_eq!(scene.sandbox.cached().len(), 1);
    }
}

#[test]
fn a_cache_without_room_is_done_without() {
    let scene = Scene::new();
    // On a disk of its own, and on that of the tree, which has room for one of the two.
    for (cache, mount) in [
        ("cache", "mount -t tmpfs -o size=64k none cache"),
        ("small/cache", "mount -t tmpfs -o size=180k none small"),
    ] {
        let kept = format!(
            "echo kept: $(ls -A {cache}/blobs/sha256 | wc -l) >&2; wc -c small/dest/big >&2; rm -r small/dest"
        );
        let Some(run) = scene.pull(cache, mount, &kept) else {
            return;
        };
        run.succeeds()
            .says(&format!("roots: warning: {cache}: "))
            .says(" too little room for the layers, which are not kept\n")
            .says("kept: 2\n")
            .says(&format!("{} small/dest/big\n", SIZE));
    }
}

#[test]
fn what_is_cached_needs_no_room_in_the_cache() {
    let scene = Scene::new();
    let pull = scene.sandbox.roots(["pull", &scene.name, "first"]);
    pull.run().succeeds();
    // Room for the layer and the tree, but not for the layer twice.
    let before = "mount -t tmpfs -o size=240k none small; cp -r cache small/";
    let Some(run) = scene.pull("small/cache", before, "true") else {
        return;
    };
    run.succeeds().never_says("warning").says("(cached)");
}

#[test]
fn a_file_system_that_does_not_say_is_tried() {
    let scene = Scene::new();
    // ramfs has no blocks to count.
    let Some(run) = scene.pull(
        "cache",
        "mount -t ramfs none small",
        "wc -c small/dest/big >&2",
    ) else {
        return;
    };
    if run.stderr.contains("ramfs") {
        return; // Only root of the machine may mount one.
    }
    run.succeeds().says(&format!("{} small/dest/big\n", SIZE));
}
