//! Large and small layers together: the ranges of one are followed by those of the next.

use super::{RANGE, contents};
use crate::support::{ALWAYS, Built, Compression, Fault, Image, Layer, Registry, Sandbox};

/// The file of each layer, and its size.
const FILES: [(&str, usize); 4] = [
    ("first", 2 << 20),
    ("second", 5000),
    ("large", 13 << 20),
    ("last", 6000),
];

/// A small layer, a smaller one, a large one in gzip, and another small one.
fn image() -> Built {
    let file = |name: &str, size: usize| Layer::new().file(name, 0o644, &contents()[..size]);
    FILES
        .into_iter()
        .fold(Image::new(), |image, (name, size)| {
            let compression = if name == "large" {
                Compression::Gzip
            } else {
                Compression::None
            };
            image.layer(file(name, size)).compressed(compression)
        })
        .build()
}

/// The image in a registry, and what it is called there.
fn served() -> (Sandbox, Registry, Built, String) {
    let (sandbox, registry, image) = (Sandbox::new("connections"), Registry::start(), image());
    let name = registry.push("a/b", "1", &image);
    (sandbox, registry, image, name)
}

#[track_caller]
fn assert_tree(sandbox: &Sandbox) {
    for (name, size) in FILES {
        assert!(
            sandbox.read(format!("dest/{name}")) == contents()[..size],
            "{name}"
        );
    }
}

/// How often each layer was asked for, whole or in part.
fn counts(registry: &Registry, image: &Built) -> Vec<usize> {
    let layers = image.layers.iter();
    layers
        .map(|layer| registry.requests_for(&layer.digest).len())
        .collect()
}

#[test]
fn each_part_is_asked_for_once() {
    let (sandbox, registry, image, name) = served();
    sandbox
        .roots(["pull", "--connections=6", &name, "dest"])
        .run()
        .succeeds();
    assert_tree(&sandbox);
    assert_eq!(counts(&registry, &image), [1, 1, 3, 1]);
}

/// What was asked for ahead and is not wanted any more was once taken for an answer about the next layer.
#[test]
fn an_answer_that_nobody_wants_any_more_is_not_taken_for_another() {
    let (sandbox, registry, image, name) = served();
    registry.fault("/blobs/", ALWAYS, Fault::IgnoreRange);
    sandbox
        .roots(["pull", "--connections=6", &name, "dest"])
        .run()
        .succeeds();
    assert_tree(&sandbox);
    let counts = counts(&registry, &image);
    assert_eq!((counts[0], counts[1]), (1, 1));
    assert!((1..=2).contains(&counts[3]), "{counts:?}");
}

#[test]
fn a_range_that_breaks_and_is_then_ignored_is_read_from_the_whole() {
    let (sandbox, registry, image, name) = served();
    let large = &image.layers[2].digest;
    registry.fault(large, 1, Fault::of_range_at(RANGE, Fault::Reset));
    registry.fault(large, ALWAYS, Fault::of_range_at(RANGE, Fault::IgnoreRange));
    sandbox
        .roots(["pull", "--connections=6", &name, "dest"])
        .run()
        .succeeds();
    assert_tree(&sandbox);
    // From the whole layer, all else is read: no range is asked for again.
    assert_eq!(counts(&registry, &image)[2], 4);
}

#[test]
fn the_first_byte_may_be_the_wrong_one() {
    let (sandbox, registry, image, name) = served();
    let large = &image.layers[2].digest;
    registry.fault(large, 1, Fault::of_range_at(0, Fault::Corrupt(0)));
    let pull = sandbox.roots(["pull", "--connections=6", &name, "dest"]);
    pull.run()
        .succeeds()
        .says("digest mismatch after a download in several ranges");
    assert_tree(&sandbox);
}

#[test]
fn a_large_layer_that_comes_twice_is_fetched_once_for_the_cache() {
    let (sandbox, registry) = (Sandbox::new("connections"), Registry::start());
    let layer = Layer::new().file("large", 0o644, contents());
    let image = (0..2).fold(Image::new(), |image, _| {
        image.layer(layer.clone()).compressed(Compression::None)
    });
    let image = image.build();
    let name = registry.push("a/b", "1", &image);
    sandbox
        .roots(["pull", "--connections=6", &name, "dest"])
        .run()
        .succeeds();
    assert!(sandbox.read("dest/large") == contents());
    assert_eq!(counts(&registry, &image)[0], super::RANGES.len());
    let pull = [
        "pull",
        "--connections=6",
        "--cache=no",
        "--force",
        &name,
        "dest",
    ];
    sandbox.roots(pull).run().succeeds();
    assert!(sandbox.read("dest/large") == contents());
}

/// While a layer is unpacked that is in the cache, the next one is on its way.
#[test]
fn what_follows_a_cached_layer_is_asked_for_at_once() {
    let (sandbox, registry, image, name) = served();
    sandbox.roots(["pull", &name, "dest"]).run().succeeds();
    for layer in [1, 3] {
        let cached = format!("cache/blobs/sha256/{}", image.layers[layer].hex());
        std::fs::remove_file(sandbox.path(cached)).unwrap();
    }
    registry.forget_requests();
    sandbox
        .roots(["pull", "--force", &name, "dest"])
        .run()
        .succeeds();
    assert_tree(&sandbox);
    assert_eq!(counts(&registry, &image), [0, 1, 0, 1]);
}

/// Some servers answer a range with a refusal that has nothing to do with the layer.
#[test]
fn a_server_that_refuses_ranges_is_asked_for_the_whole() {
    for status in [400, 403, 404, 429, 500, 501] {
        let (sandbox, registry, image, name) = served();
        let refusal = Fault::of_range(Fault::status(status));
        registry.fault("/blobs/", ALWAYS, refusal);
        let pull = sandbox.roots(["pull", "--connections=6", &name, "dest"]);
        pull.run().succeeds();
        assert_tree(&sandbox);
        let whole = registry.requests_for(&image.layers[2].digest);
        let whole = whole
            .iter()
            .filter(|request| request.header("range").is_none());
        assert_eq!(whole.count(), 1, "{status}");
    }
}
