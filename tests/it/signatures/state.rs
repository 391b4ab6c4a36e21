//! What is remembered of a check: the record of the tree, and when `--update` checks again.

use super::{Scene, offline};
use crate::support::sandbox::Command;
use crate::support::sigstore::{Key, Signer, Statement};
use crate::support::{Run, tree};
use serde_json::Value;

fn record(scene: &Scene) -> Value {
    let run = scene.sandbox.roots(["inspect", "dest"]).run().succeeds();
    serde_json::from_str(&run.stdout).unwrap()
}

#[test]
fn the_record_says_who_had_signed() {
    let scene = Scene::new();
    scene.attach(&scene.bundle());
    scene.is_pulled(scene.pull_built());
    let record = record(&scene);
    let signatures = &record["signatures"];
    let demanded = signatures["demanded"].as_str().unwrap();
    assert!(
        demanded.starts_with("--built-by o/r --trusted-root sha256:"),
        "{demanded}"
    );
    let accepted = &signatures["accepted"][0];
    let workflow = "https://github.com/o/r/.github/workflows/build.yml@refs/heads/main";
    assert_eq!(accepted["signer"], workflow);
    assert_eq!(
        accepted["issuer"],
        "https://token.actions.githubusercontent.com"
    );
    assert_eq!(accepted["repository"], "https://github.com/o/r");
    assert_eq!(accepted["commit"], crate::support::sigstore::COMMIT);
    assert_eq!(accepted["digest"], scene.index.index.digest.as_str());
    assert_eq!(accepted["time"], "2024-07-01T12:00:00Z");
    assert_eq!(signatures["accepted"].as_array().unwrap().len(), 1);
}

#[test]
fn a_key_is_recorded_by_its_digest() {
    let scene = Scene::new();
    let (key, digest) = (Key::p256(), scene.index_digest());
    scene.sandbox.write("key.pub", key.pem());
    let signature = scene.legacy(&digest, &key);
    scene.tag(&digest, &[signature]);
    let run = scene.pull(&["--signed-by", "key.pub", "--json"]).succeeds();
    let hex: String = key.id().iter().map(|byte| format!("{byte:02x}")).collect();
    let report: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(report["signatures"], record(&scene)["signatures"]);
    let accepted = &report["signatures"]["accepted"][0];
    assert_eq!(accepted["signer"], format!("sha256:{hex}"));
    assert!(accepted.get("issuer").is_none());
}

#[test]
fn without_a_check_the_record_says_nothing() {
    let scene = Scene::new();
    scene.attach(&scene.bundle());
    let run = scene.sandbox.roots(["pull", &scene.name, "dest"]).run();
    scene.is_pulled(run);
    assert!(record(&scene).get("signatures").is_none());
}

fn update(scene: &Scene, options: &[&str]) -> Run {
    let options = [&["--update"], options].concat();
    scene.registry.forget_requests();
    scene.pull(&options)
}

/// One HEAD request, as before.
#[test]
fn an_update_of_the_same_image_need_not_check_again() {
    let scene = Scene::new();
    scene.attach(&scene.bundle());
    scene.is_pulled(scene.pull_built());
    scene
        .is_pulled(update(&scene, &["--built-by", "o/r"]))
        .says("unchanged");
    assert_eq!(scene.registry.lines(), ["HEAD /v2/o/n/manifests/1"]);
}

#[test]
fn an_update_checks_a_tree_that_was_pulled_without_a_check() {
    let scene = Scene::new();
    let run = scene.sandbox.roots(["pull", &scene.name, "dest"]).run();
    scene.is_pulled(run);
    let run = update(&scene, &["--signer", "a", "--issuer", "b"]);
    run.fails(5).says("no signature");
    assert!(record(&scene).get("signatures").is_none());
    scene.attach(&scene.bundle());
    scene
        .is_pulled(update(&scene, &["--built-by", "o/r"]))
        .says("unchanged");
    assert_eq!(scene.registry.requests_for("/referrers/").len(), 1);
    assert!(
        scene
            .registry
            .requests_for(&scene.image.layers[0].digest)
            .is_empty()
    );
    assert!(record(&scene).get("signatures").is_some());
    // Now it is known.
    scene.is_pulled(update(&scene, &["--built-by", "o/r"]));
    assert_eq!(scene.registry.lines().len(), 1);
}

#[test]
fn an_update_with_another_demand_checks_again() {
    let scene = Scene::new();
    scene.attach(&scene.bundle());
    scene.is_pulled(scene.pull_built());
    update(&scene, &["--built-by", "o/x"]).fails(5);
    let workflow = ["--built-by", "o/r", "--workflow", ".github/workflows/x.yml"];
    update(&scene, &workflow).fails(5);
    scene.is_pulled(update(&scene, &["--built-by", "o/"]));
    assert_eq!(scene.registry.requests_for("/referrers/").len(), 1);
    // Another root of trust is another demand, even if its file has the same name.
    scene.sandbox.write(
        "root.json",
        crate::support::sigstore::Sigstore::new().trusted_root(),
    );
    update(&scene, &["--built-by", "o/"]).fails(5);
}

/// The owner of a tree can write its record, extended attribute as it is. The cache's is root's own.
#[test]
fn the_record_in_the_tree_is_not_believed() {
    let scene = Scene::new();
    scene.attach(&scene.bundle());
    scene.is_pulled(scene.pull_built());
    std::fs::remove_dir_all(scene.sandbox.path("cache")).unwrap();
    scene.is_pulled(update(&scene, &["--built-by", "o/r"]));
    assert_eq!(scene.registry.requests_for("/referrers/").len(), 1);
    let run = update(&scene, &["--built-by", "o/r", "--cache=no"]);
    scene.is_pulled(run);
    assert_eq!(scene.registry.requests_for("/referrers/").len(), 1);
}

#[test]
fn a_lock_and_a_demand_add_up() {
    let scene = Scene::new();
    scene.attach(&scene.bundle());
    let lock = |digest: &str| {
        let line = format!("{}@{digest}\n", scene.name);
        scene.sandbox.write("lock", line);
    };
    lock(&scene.index.index.digest);
    let both = ["--built-by", "o/r", "--locked", "lock", "--force"];
    scene.is_pulled(scene.pull(&both));
    let run = scene.pull(&["--built-by", "o/x", "--locked", "lock", "--force"]);
    run.fails(5).says("signed by https://github.com/o/r/");
    lock(&format!("sha256:{}", "0".repeat(64)));
    scene.pull(&both).fails(5).says("lock");
}

fn verify(scene: &Scene, operands: &[&str]) -> Command {
    let command = scene.sandbox.roots(["verify", "dest"]).args(operands);
    offline(command.args(["--trusted-root=root.json", "--built-by", "o/r"]))
}

/// By its record: of the index, which is signed, not of the manifest alone.
#[test]
fn verify_checks_who_made_the_tree() {
    let scene = Scene::new();
    scene.attach(&scene.bundle());
    scene.is_pulled(scene.pull_built());
    verify(&scene, &[]).run().succeeds();
    verify(&scene, &[&scene.name]).run().succeeds();
    scene.sandbox.write("dest/hello", "evil");
    let run = verify(&scene, &[]).run();
    assert_eq!(run.code, Some(5), "{}", run.stderr);
    assert!(run.stdout.contains("hello"));
    let scene = Scene::new();
    let run = scene.sandbox.roots(["pull", &scene.name, "dest"]).run();
    scene.is_pulled(run);
    let statement = Statement::provenance(&scene.index_digest());
    let evil = scene
        .sigstore
        .sign(statement, &Signer::workflow("x/evil"))
        .json();
    scene.attach(&evil);
    for operands in [&[][..], &[scene.name.as_str()]] {
        let run = verify(&scene, operands).run();
        run.fails(5).says("signed by https://github.com/x/evil/");
    }
    assert_eq!(
        tree::sketch(scene.sandbox.path("dest")),
        crate::support::HELLO
    );
}
