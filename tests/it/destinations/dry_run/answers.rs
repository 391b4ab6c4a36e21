//! What a pull would answer without a layer: that there is nothing to do, or why it would fail.

use super::Scene;
use crate::caches::cache::entry;
use crate::support::{Ability, Image, Index, hello, hello_layer, marked};
use serde_json::{Value, json};

#[test]
fn without_a_network_all_must_be_cached() {
    let scene = Scene::new();
    let run = scene.dry_run(&[&scene.name, "dest", "--offline"]).fails(3);
    run.says(": the cache has no digest for this name\n");
    scene.pull(&["first"]).succeeds();
    let run = scene
        .dry_run(&[&scene.name, "dest", "--offline"])
        .succeeds();
    assert!(run.stdout.contains("\nfrom:         the cache alone\n"));
    let lost = &scene.image.layers[1];
    std::fs::remove_file(scene.sandbox.path(entry(lost))).unwrap();
    let run = scene.dry_run(&[&scene.name, "dest", "--offline"]).fails(3);
    run.says(&format!(": not in the cache: {}\n", lost.digest));
    assert_eq!(scene.registry.lines(), [""; 0]);
}

#[test]
fn what_is_up_to_date_is_said_to_be() {
    let scene = Scene::new();
    let update = [&scene.name, "dest", "--update", "--exit-code"];
    scene.dry_run(&update).succeeds();
    scene.pull(&["dest"]).succeeds();
    let run = scene.dry_run(&update).says("dest: unchanged\n");
    assert_eq!(run.code, Some(10));
    assert!(
        run.stdout.ends_with("\ndestination:  dest, unchanged\n"),
        "{}",
        run.stdout
    );
    if Ability::Attributes.is_missing() {
        return; // It takes the cache to know, which is looked at all the same.
    }
    assert_eq!(scene.registry.lines(), ["HEAD /v2/a/b/manifests/1"]);
    let run = scene
        .dry_run(&[&scene.name, "dest", "--update", "--json"])
        .succeeds();
    let said: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(said["changed"], false);
    assert_eq!(said["dry_run"], true);
    // An index that leads to the same image is no change; another image is.
    let index = Index::new().image(&scene.image).build();
    scene.registry.push_index("a/b", "1", &index);
    assert_eq!(scene.dry_run(&update).code, Some(10));
    scene.registry.push("a/b", "1", &hello());
    let run = scene.dry_run(&update).succeeds();
    assert!(
        run.stdout.contains("\ndestination:  dest, replaced\n"),
        "{}",
        run.stdout
    );
}

#[test]
fn a_lock_is_held_to() {
    let scene = Scene::new();
    scene.sandbox.write(
        "lock",
        format!("{}@{}\n", scene.name, scene.image.manifest.digest),
    );
    let locked = [&scene.name, "dest", "--locked=lock"];
    scene.dry_run(&locked).succeeds();
    scene.registry.push("a/b", "1", &hello());
    let planned = scene.dry_run(&locked).fails(5);
    assert_eq!(planned.stderr, scene.pull(&locked[1..]).fails(5).stderr);
}

#[test]
fn what_a_pull_refuses_is_refused() {
    let scene = Scene::new();
    let platform = "--platform=linux/s390x";
    for (arguments, code) in [(&["dest", platform][..], 3), (&["dest", "--retries=x"], 2)] {
        let planned = scene
            .dry_run(&[&[scene.name.as_str()], arguments].concat())
            .fails(code);
        assert_eq!(planned.stderr, scene.pull(arguments).fails(code).stderr);
    }
    // A config that `--nspawn` could make nothing of.
    let broken = Image::new().layer(hello_layer());
    let broken = broken
        .config(|document| document["config"] = json!({"Env": 5}))
        .build();
    let name = scene.registry.push("c", "1", &broken);
    scene.dry_run(&[&name, "dest"]).succeeds();
    let planned = scene.dry_run(&[&name, "dest", "--nspawn"]).fails(5);
    let pull = scene.sandbox.roots(["pull", &name, "dest", "--nspawn"]);
    assert_eq!(planned.stderr, pull.run().fails(5).stderr);
    let run = scene.dry_run(&[&scene.name, "dest", "--nspawn"]).succeeds();
    let real = scene.sandbox.path("").canonicalize().unwrap();
    let line = format!("\nnspawn:       {}/dest.nspawn\n", real.display());
    assert!(run.stdout.contains(&line), "{}", run.stdout);
    let forecast = scene.forecast(&["dest", "--nspawn"]);
    let path = format!("{}/dest.nspawn", real.display());
    assert_eq!(forecast["nspawn"], json!(path));
    assert_eq!(scene.forecast(&["dest"])["nspawn"], Value::Null);
    // An image for another machine is a warning, as always.
    let far = marked("far", "linux", "s390x", None);
    let name = scene.registry.push("c", "2", &far);
    let run = scene.dry_run(&[&name, "dest"]).succeeds();
    run.says("is for linux/s390x, and this machine is");
}

#[test]
fn nothing_that_a_terminal_would_obey_is_printed() {
    let scene = Scene::new();
    let evil = |document: &mut Value| document["variant"] = "\u{1b}[2J\u{9b}31m\u{202e}\n".into();
    let image = Image::new().layer(hello_layer()).config(evil).build();
    let name = scene.registry.push("c", "1", &image);
    for option in ["--json", "--quiet"] {
        let run = scene.dry_run(&[&name, "dest", option]).succeeds();
        let is_plain = |c: char| c == '\n' || (' '..='~').contains(&c);
        assert!(run.stdout.chars().all(is_plain), "{:?}", run.stdout);
        assert!(run.stdout.contains("[2j"), "{}", run.stdout);
    }
}
