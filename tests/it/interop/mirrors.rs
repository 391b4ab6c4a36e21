//! distribution's proxy mode in front of a registry: a mirror as a fleet has it.

use super::docker_registry::DockerRegistry;
use super::{changes, peer};
use crate::support::sandbox::Command;
use crate::support::{Built, Layout, Sandbox, tree};

/// A registry with an image of several layers, and a pull-through cache of it.
struct Fleet {
    sandbox: Sandbox,
    origin: DockerRegistry,
    mirror: DockerRegistry,
    image: Built,
    name: String,
}

impl Fleet {
    fn new(what: &str) -> Self {
        let sandbox = Sandbox::new(what);
        let origin = DockerRegistry::start(&sandbox);
        let mirror = DockerRegistry::in_front_of(&origin, &sandbox);
        let image = changes::image().build();
        let layout = sandbox.path("layout");
        Layout::new().image("image", &image).write(&layout);
        let name = origin.name("some/image", "1");
        let source = format!("oci:{}:image", layout.display());
        peer::copy(
            &source,
            &format!("docker://{name}"),
            &["--preserve-digests"],
        );
        Self {
            sandbox,
            origin,
            mirror,
            image,
            name,
        }
    }

    /// A machine's first pull, into a folder of its own: it has no cache.
    fn pull(&self, dest: &str) -> Command {
        let command = self.sandbox.roots(["pull", "--cache=no", &self.name, dest]);
        command.env("ROOTS_RETRIES", "1")
    }

    /// What clients that are `roots` asked of a registry, sorted: they ask for several layers at once.
    fn asked_by_us(registry: &DockerRegistry) -> Vec<String> {
        let mut asked = registry.asked();
        asked.retain(|line| line.starts_with("roots: "));
        asked.sort();
        asked
    }

    /// Asserts that two folders have the same tree.
    fn assert_same(&self, ours: &str, origins: &str) {
        let trees = [ours, origins].map(|dest| tree::list(self.sandbox.path(dest)));
        assert_eq!(tree::diff(&trees[0], &trees[1]), [""; 0]);
    }
}

#[test]
#[ignore = "needs the peers: make interop"]
fn interop_a_pull_through_cache_is_asked_in_place_of_the_registry() {
    let mut fleet = Fleet::new("interop_mirror");
    let mirror = fleet.mirror.host().to_owned();
    fleet.pull("straight").run().succeeds();
    let straight = Fleet::asked_by_us(&fleet.origin);
    assert_eq!(
        straight.len(),
        2 + fleet.image.layers.len(),
        "{straight:#?}"
    );

    let pull = |fleet: &Fleet, dest: &str| {
        let run = fleet.pull(dest).args(["--mirror", &mirror]).run();
        let digest = format!("{}\n", fleet.image.manifest.digest);
        run.succeeds().prints(&digest).never_says("mirror");
        fleet.assert_same(dest, "straight");
    };
    pull(&fleet, "first");
    assert_eq!(Fleet::asked_by_us(&fleet.origin), straight);
    let ns = format!("?ns={}", fleet.origin.host());
    let asked = Fleet::asked_by_us(&fleet.mirror);
    assert_eq!(asked.len(), straight.len());
    assert!(
        asked
            .iter()
            .all(|line| line.contains("/v2/some/image/") && line.contains(&ns))
    );

    // The next machine costs the registry one look at its tag, and no blob.
    for blob in fleet.image.blobs() {
        fleet.mirror.wait_for_blob(&blob.digest);
    }
    let before = fleet.origin.asked().len();
    pull(&fleet, "second");
    let since = fleet.origin.asked().split_off(before);
    assert!(
        since.iter().all(|line| !line.contains("/blobs/")),
        "{since:#?}"
    );
    assert!(
        since.iter().all(|line| !line.starts_with("roots: ")),
        "{since:#?}"
    );

    // And it has what it has when the registry is gone.
    fleet.origin.stop();
    let digest = fleet.image.manifest.digest.clone();
    fleet.name = format!("{}@{digest}", fleet.name);
    pull(&fleet, "third");
}

#[test]
#[ignore = "needs the peers: make interop"]
fn interop_a_mirror_of_registries_conf_is_one() {
    let fleet = Fleet::new("interop_registries_conf");
    let conf = format!(
        "[[registry]]\nprefix = 'images.example/team'\nlocation = '{}/some'\n\
         [[registry.mirror]]\nlocation = '{}/some'\n",
        fleet.origin.host(),
        fleet.mirror.host()
    );
    fleet
        .sandbox
        .write("home/.config/containers/registries.conf", conf);
    fleet.pull("straight").run().succeeds();
    let straight = Fleet::asked_by_us(&fleet.origin);
    let name = "images.example/team/image:1";
    let pull = fleet.sandbox.roots(["pull", "--cache=no", name, "second"]);
    pull.run().succeeds().never_says("mirror");
    fleet.assert_same("second", "straight");
    assert_eq!(Fleet::asked_by_us(&fleet.origin), straight);
    let asked = Fleet::asked_by_us(&fleet.mirror);
    assert!(
        asked
            .iter()
            .all(|line| line.contains("?ns=images.example "))
    );
    assert_eq!(asked.len(), straight.len());
}

#[test]
#[ignore = "needs the peers: make interop"]
fn interop_a_mirror_that_is_gone_is_done_without() {
    let mut fleet = Fleet::new("interop_dead_mirror");
    fleet.pull("straight").run().succeeds();
    let straight = Fleet::asked_by_us(&fleet.origin);
    fleet.mirror.stop();
    let mirror = fleet.mirror.host().to_owned();
    let run = fleet.pull("without").args(["--mirror", &mirror]).run();
    let run = run.succeeds();
    let left = format!("roots: warning: mirror {mirror}: ");
    assert_eq!(run.stderr.matches(&left).count(), 1, "{}", run.stderr);
    fleet.assert_same("without", "straight");
    let mut twice = [&straight[..], &straight[..]].concat();
    twice.sort();
    assert_eq!(Fleet::asked_by_us(&fleet.origin), twice);
}

/// A mirror whose registry is gone has only what it was asked for before; and says so as it can.
#[test]
#[ignore = "needs the peers: make interop"]
fn interop_what_is_nowhere_is_not_found() {
    let fleet = Fleet::new("interop_nowhere");
    let name = fleet.origin.name("some/image", "other");
    let pull = fleet
        .sandbox
        .roots(["pull", &name, "dest", "--mirror", fleet.mirror.host()]);
    pull.run().fails(3).says("no such image");
    let asked = Fleet::asked_by_us(&fleet.origin);
    assert_eq!(asked.len(), 1, "{asked:#?}");
    fleet.sandbox.assert_nothing_left();
}
