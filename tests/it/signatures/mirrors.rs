//! Mirrors and pull-through caches mostly have no signatures: the registry is asked for what they lack.

use super::{Scene, attach, offline};
use crate::support::{ALWAYS, Fault, HELLO, ReferrersApi, Registry, Run, tree};

fn pull(scene: &Scene, mirror: &Registry) -> Run {
    let command = scene
        .sandbox
        .roots(["pull", &scene.name, "dest", "--trusted-root=root.json"]);
    let command = command.args(["--built-by", "o/r", "--mirror", &mirror.host()]);
    offline(command).run()
}

/// A mirror of the image alone.
fn mirror(scene: &Scene) -> Registry {
    let mirror = Registry::start();
    mirror.push_index("o/n", "1", &scene.index);
    mirror
}

#[test]
fn a_mirror_without_signatures_is_no_reason_to_refuse() {
    let scene = Scene::new();
    let mirror = mirror(&scene);
    scene.attach(&scene.bundle());
    pull(&scene, &mirror).succeeds().never_says("mirror");
    assert_eq!(tree::sketch(scene.sandbox.path("dest")), HELLO);
    // The registry itself was asked for the signature alone.
    let lines = scene.registry.lines();
    assert_eq!(lines.len(), 3, "{lines:#?}");
    assert!(lines[0].contains("/referrers/"), "{lines:#?}");
}

#[test]
fn a_mirror_with_signatures_is_enough() {
    let scene = Scene::new();
    let mirror = mirror(&scene);
    mirror.referrers_api(ReferrersApi::Listed);
    attach(&mirror, &scene.index.index.digest, &scene.bundle());
    pull(&scene, &mirror).succeeds();
    assert_eq!(scene.registry.lines(), [""; 0]);
}

/// It may have some of before, or of somebody else.
#[test]
fn the_registry_is_asked_for_what_a_mirror_has_not() {
    let scene = Scene::new();
    let mirror = mirror(&scene);
    attach(&mirror, &scene.index.index.digest, "{}");
    scene.attach(&scene.bundle());
    pull(&scene, &mirror).succeeds();
}

/// It still delivers the layers.
#[test]
fn a_mirror_that_refuses_to_list_is_still_good_for_layers() {
    for status in [401, 403, 500] {
        let scene = Scene::new();
        let mirror = mirror(&scene);
        mirror.fault("/referrers/", ALWAYS, Fault::status(status));
        scene.attach(&scene.bundle());
        pull(&scene, &mirror).succeeds();
        let layer = &scene.image.layers[0].digest;
        assert_eq!(mirror.requests_for(layer).len(), 1);
        assert_eq!(scene.registry.requests_for(layer).len(), 0);
    }
}
