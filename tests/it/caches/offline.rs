//! `--offline`: all from the cache, and not one request.

use crate::caches::cache::entry;
use crate::support::{
    Built, HELLO, Image, Index, Layout, Registry, Run, Sandbox, hello, hello_layer, marked, tree,
};
use std::fs;

struct Scene {
    sandbox: Sandbox,
    registry: Registry,
    name: String,
}

impl Scene {
    /// With `hello` pulled into `first`, by an index.
    fn new() -> Self {
        let (sandbox, registry) = (Sandbox::new("offline"), Registry::start());
        let index = Index::new().image(&hello()).attestation(&hello()).build();
        let name = registry.push_index("a/b", "1", &index);
        sandbox.roots(["pull", &name, "first"]).run().succeeds();
        registry.forget_requests();
        Self {
            sandbox,
            registry,
            name,
        }
    }

    /// Pulls without a network; nothing may be asked.
    #[track_caller]
    fn offline(&self, arguments: &[&str]) -> Run {
        let command = self.sandbox.roots(["pull", "--offline"]).args(arguments);
        let run = command.run();
        assert_eq!(self.registry.lines(), [""; 0]);
        run
    }
}

#[test]
fn what_was_pulled_can_be_pulled_again() {
    let scene = Scene::new();
    let name = &scene.name;
    let run = scene.offline(&[name, "second"]).succeeds();
    let run = run.prints(&format!("{}\n", hello().manifest.digest));
    run.says("(cached)");
    assert_eq!(tree::sketch(scene.sandbox.path("second")), HELLO);
    // However it is called.
    let index = scene.sandbox.roots(["inspect", "first"]).run().succeeds();
    let index: serde_json::Value = serde_json::from_str(&index.stdout).unwrap();
    for (name, dest) in [
        (format!("docker://{name}"), "third"),
        (
            format!("{name}@{}", index["digest"].as_str().unwrap()),
            "fourth",
        ),
        (
            scene
                .registry
                .image(&format!("a/b@{}", hello().manifest.digest)),
            "fifth",
        ),
    ] {
        scene.offline(&[&name, dest]).succeeds();
        assert_eq!(tree::sketch(scene.sandbox.path(dest)), HELLO, "{name}");
    }
    let first = scene.sandbox.roots(["inspect", "first"]).run();
    let second = scene.sandbox.roots(["inspect", "second"]).run();
    assert_eq!(first.succeeds().stdout, second.succeeds().stdout);
}

#[test]
fn what_was_never_pulled_is_said_to_be_unknown() {
    let scene = Scene::new();
    for name in ["a/b:2", "a/c:1", "a/b"] {
        let name = scene.registry.image(name);
        let run = scene.offline(&[&name, "dest"]).fails(3);
        let full = if name.ends_with("/b") { ":latest" } else { "" };
        let said = "the cache has no digest for this name\nhint: pull it once without --offline";
        assert_eq!(run.stderr, format!("roots: {name}{full}: {said}\n"));
        assert_eq!(scene.sandbox.names(""), ["cache", "first"]);
    }
    let digest = marked("x", "linux", "s390x", None).manifest.digest;
    let name = scene.registry.image(&format!("a/b@{digest}"));
    let run = scene.offline(&[&name, "dest"]).fails(3);
    run.says(&format!("{name}: not in the cache: {digest}\n"));
}

#[test]
fn all_that_is_missing_is_listed() {
    let scene = Scene::new();
    let Built { config, layers, .. } = hello();
    for blob in [&config, &layers[0]] {
        fs::remove_file(scene.sandbox.path(entry(blob))).unwrap();
    }
    let run = scene.offline(&[&scene.name, "dest"]).fails(3);
    let missing = format!("{}, {}", config.digest, layers[0].digest);
    let said = format!("roots: {}: not in the cache: {missing}\n", scene.name);
    assert_eq!(run.stderr, said + "hint: pull it once without --offline\n");
    assert_eq!(scene.sandbox.names(""), ["cache", "first"]);
    fs::remove_file(scene.sandbox.path(entry(&hello().manifest))).unwrap();
    let run = scene.offline(&[&scene.name, "dest"]).fails(3);
    run.says(&format!(
        ": not in the cache: {}\n",
        hello().manifest.digest
    ));
    // Once more with a network, and all is there again.
    let pull = ["pull", &scene.name, "again"];
    scene.sandbox.roots(pull).run().succeeds();
    scene.registry.forget_requests();
    scene.offline(&[&scene.name, "dest"]).succeeds();
}

#[test]
fn a_platform_that_was_not_pulled_is_missing() {
    let (sandbox, registry) = (Sandbox::new("offline"), Registry::start());
    let far = marked("far", "linux", "s390x", None);
    let index = Index::new().image(&far).image(&hello()).build();
    let name = registry.push_index("a/b", "1", &index);
    let scene = Scene {
        sandbox,
        registry,
        name,
    };
    let pull = ["pull", &scene.name, "first"];
    scene.sandbox.roots(pull).run().succeeds();
    scene.registry.forget_requests();
    let far_away = [&*scene.name, "dest", "--platform=linux/s390x"];
    let run = scene.offline(&far_away).fails(3);
    run.says(&format!(": not in the cache: {}\n", far.manifest.digest));
    let run = scene.offline(&[&scene.name, "dest", "--platform=linux/mips"]);
    run.fails(3).says("no image for linux/mips; available: ");
}

#[test]
fn rot_is_missing_too() {
    for part in 0..3 {
        let scene = Scene::new();
        let image = hello();
        let blob = [&image.manifest, &image.config, &image.layers[0]][part];
        let path = scene.sandbox.path(entry(blob));
        let mut bytes = fs::read(&path).unwrap();
        bytes[20] ^= 1;
        fs::write(&path, bytes).unwrap();
        let run = scene.offline(&[&scene.name, "dest"]).fails(3);
        run.says(&format!(": not in the cache: {}\n", blob.digest));
        assert_eq!(scene.sandbox.names(""), ["cache", "first"]);
        let pull = ["pull", &scene.name, "again"];
        scene.sandbox.roots(pull).run().succeeds();
        scene.registry.forget_requests();
        scene.offline(&[&scene.name, "dest"]).succeeds();
        assert_eq!(tree::sketch(scene.sandbox.path("dest")), HELLO);
    }
}

#[test]
fn a_failed_pull_teaches_the_cache_nothing() {
    let (sandbox, registry) = (Sandbox::new("offline"), Registry::start());
    let bad = crate::support::Layer::new().file("../x", 0o644, "");
    let image = Image::new().layer(hello_layer()).layer(bad).build();
    let name = registry.push("a/b", "1", &image);
    sandbox.roots(["pull", &name, "dest"]).run().fails(5);
    registry.forget_requests();
    let run = sandbox.roots(["pull", "--offline", &name, "dest"]).run();
    run.fails(3).says("the cache has no digest for this name");
    assert_eq!(sandbox.names("cache/resolved"), [""; 0]);
    assert!(!sandbox.has(entry(&image.manifest)));
    assert_eq!(registry.lines(), [""; 0]);
}

#[test]
fn what_a_tag_stood_for_last_is_what_it_stands_for() {
    let scene = Scene::new();
    let other = marked("other", "linux", "s390x", None);
    scene.registry.push("a/b", "1", &other);
    scene.offline(&[&scene.name, "second"]).succeeds();
    assert_eq!(tree::sketch(scene.sandbox.path("second")), HELLO);
    let pull = ["pull", "--platform=linux/s390x", &scene.name, "third"];
    scene.sandbox.roots(pull).run().succeeds();
    scene.registry.forget_requests();
    let run = scene.offline(&[&scene.name, "fourth"]).succeeds();
    run.prints(&format!("{}\n", other.manifest.digest));
}

#[test]
fn purge_keeps_what_a_pull_without_a_network_needs() {
    let scene = Scene::new();
    scene.sandbox.roots(["purge"]).run().succeeds();
    scene.offline(&[&scene.name, "second"]).succeeds();
    for dest in ["first", "second"] {
        fs::remove_dir_all(scene.sandbox.path(dest)).unwrap();
    }
    // Until purge has seen that nobody needs it any more.
    scene.offline(&[&scene.name, "third"]).succeeds();
    fs::remove_dir_all(scene.sandbox.path("third")).unwrap();
    scene.sandbox.roots(["purge"]).run().succeeds();
    assert_eq!(scene.sandbox.names("cache/blobs/sha256"), [""; 0]);
    scene.offline(&[&scene.name, "dest"]).fails(3);
    // What is known of a name of which nothing is left goes with the next pull.
    let other = scene
        .registry
        .push("c", "1", &marked("x", "linux", "s390x", None));
    let pull = ["pull", &other, "dest", "--platform=linux/s390x"];
    scene.sandbox.roots(pull).run().succeeds();
    assert_eq!(scene.sandbox.names("cache/resolved").len(), 1);
}

#[test]
fn an_update_without_a_network_goes_by_the_cache() {
    let scene = Scene::new();
    let update = [&*scene.name, "first", "--update", "--exit-code"];
    assert_eq!(scene.offline(&update).code, Some(10));
    // The tag moves on, elsewhere on this machine.
    let other = Image::new()
        .layer(hello_layer())
        .layer(hello_layer().dir("new", 0o755))
        .build();
    scene.registry.push("a/b", "1", &other);
    assert_eq!(scene.offline(&update).code, Some(10));
    let pull = ["pull", &scene.name, "second"];
    scene.sandbox.roots(pull).run().succeeds();
    scene.registry.forget_requests();
    let run = scene.offline(&update).succeeds();
    run.prints(&format!("{}\n", other.manifest.digest));
    assert!(scene.sandbox.has("first/new"));
    assert_eq!(scene.offline(&update).code, Some(10));

    let unknown = [&*scene.registry.image("a/b:3"), "first", "--update"];
    scene.offline(&unknown).fails(3);
    assert!(scene.sandbox.has("first/new"));
}

#[test]
fn without_a_cache_there_is_nothing_to_pull_from() {
    let scene = Scene::new();
    let run = scene.offline(&[&scene.name, "dest", "--cache=no"]).fails(2);
    run.says("roots: --offline: there is no cache to pull from\n");
    // A layout is no network.
    Layout::new()
        .image("", &hello())
        .write(scene.sandbox.path("layout"));
    let layout = ["./layout", "dest", "--cache=no"];
    scene.offline(&layout).succeeds();
    assert_eq!(tree::sketch(scene.sandbox.path("dest")), HELLO);
}

/// Neither names nor credentials are looked up: a name that no resolver knows, and a helper that would be run.
#[test]
fn nobody_is_asked_for_anything() {
    let scene = Scene::new();
    scene
        .sandbox
        .write("docker/config.json", "{\"credsStore\": \"none\"}");
    let command = scene
        .sandbox
        .roots(["pull", "--offline", "no-such-host.invalid/a:1", "dest"])
        .env("DOCKER_CONFIG", scene.sandbox.path("docker"))
        .env("CONTAINERS_REGISTRIES_CONF", "/proc/none");
    let run = command.run().fails(3);
    assert_eq!(run.stderr.lines().count(), 2, "{}", run.stderr);
    let command = scene
        .sandbox
        .roots(["pull", "--offline", "--auth=a:b", &scene.name, "dest"])
        .env("DOCKER_CONFIG", scene.sandbox.path("docker"))
        .env("ROOTS_MIRRORS", "no-such-host.invalid");
    command.run().succeeds();
    assert_eq!(scene.registry.lines(), [""; 0]);
}
