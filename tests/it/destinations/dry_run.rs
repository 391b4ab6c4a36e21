//! `roots pull --dry-run`: what a pull would do, without a byte written and without a layer asked for.

use crate::caches::cache::entry;
use crate::support::{Blob, Built, Image, Layout, Registry, Run, Sandbox, hello_layer, tree};
use serde_json::{Value, json};

mod answers;
mod places;

struct Scene {
    sandbox: Sandbox,
    registry: Registry,
    name: String,
    image: Built,
}

impl Scene {
    /// A registry with an image of two layers.
    fn new() -> Self {
        let (sandbox, registry) = (Sandbox::new("dry_run"), Registry::start());
        let image = Image::new()
            .layer(hello_layer())
            .layer(hello_layer().dir("d", 0o755));
        let image = image.build();
        let name = registry.push("a/b", "1", &image);
        Self {
            sandbox,
            registry,
            name,
            image,
        }
    }

    /// Runs a dry run, asserting that it leaves everything as it was and asks for no layer.
    #[track_caller]
    fn dry_run(&self, arguments: &[&str]) -> Run {
        dry_run(&self.sandbox, &self.registry, &self.image, arguments)
    }

    #[track_caller]
    fn forecast(&self, arguments: &[&str]) -> Value {
        let run = self
            .dry_run(&[&["--json", &self.name], arguments].concat())
            .succeeds();
        serde_json::from_str(&run.stdout).unwrap()
    }

    fn pull(&self, arguments: &[&str]) -> Run {
        self.sandbox
            .roots(["pull", &self.name])
            .args(arguments)
            .run()
    }
}

#[track_caller]
fn dry_run(sandbox: &Sandbox, registry: &Registry, image: &Built, arguments: &[&str]) -> Run {
    let before = tree::list(sandbox.path(""));
    registry.forget_requests();
    let run = sandbox.roots(["pull", "--dry-run"]).args(arguments).run();
    assert_eq!(tree::diff(&before, &tree::list(sandbox.path(""))), [""; 0]);
    for layer in &image.layers {
        assert_eq!(
            registry.requests_for(&layer.digest).len(),
            0,
            "{}",
            layer.digest
        );
    }
    run
}

fn states(forecast: &Value) -> Vec<&str> {
    let blobs = forecast["blobs"].as_array().unwrap();
    blobs
        .iter()
        .map(|blob| blob["state"].as_str().unwrap())
        .collect()
}

#[test]
fn a_plan_is_printed_and_nothing_written() {
    let scene = Scene::new();
    let Scene { name, image, .. } = &scene;
    let run = scene.dry_run(&[name, "a/b/dest"]).succeeds();
    assert_eq!(run.stderr, "");
    assert_eq!(scene.sandbox.names(""), [""; 0], "not even a cache");
    let lines: Vec<_> = run.stdout.lines().collect();
    let [one, two] = [&image.layers[0], &image.layers[1]];
    let total = one.bytes.len() + two.bytes.len();
    assert_eq!(lines[0], format!("reference:    {name}"));
    assert_eq!(lines[1], format!("digest:       {}", image.manifest.digest));
    assert_eq!(lines[2], format!("manifest:     {}", image.manifest.digest));
    assert!(lines[3].starts_with("platform:     linux/"), "{}", lines[3]);
    assert_eq!(lines[4], format!("from:         {}", scene.registry.host()));
    assert_eq!(lines[5], "destination:  a/b/dest, created");
    assert!(lines[6].starts_with("room:         "), "{}", lines[6]);
    assert!(lines[6].ends_with(&format!(" free, at least {total} B needed")));
    let real = scene.sandbox.path("").canonicalize().unwrap().join("cache");
    let start = format!("cache:        {}, ", real.display());
    assert!(lines[7].starts_with(&start), "{}", lines[7]);
    let sizes = [one, two].map(|blob| format!("{} B", blob.bytes.len()));
    let width = sizes.iter().map(String::len).max().unwrap();
    let layer = |blob: &Blob| {
        let size = format!("{} B", blob.bytes.len());
        format!("{}  {size:width$}  to be fetched", blob.digest)
    };
    assert_eq!(lines[8], format!("layers:       {}", layer(one)));
    assert_eq!(lines[9], format!("              {}", layer(two)));
    assert_eq!(lines[10], format!("fetched:      {total} B of {total} B"));
    assert_eq!(lines.len(), 11);
    let asked = [
        "GET /v2/a/b/manifests/1".to_owned(),
        format!("GET /v2/a/b/blobs/{}", image.config.digest),
    ];
    assert_eq!(scene.registry.lines(), asked);
}

#[test]
fn a_program_gets_an_object_with_what_a_pull_prints() {
    let scene = Scene::new();
    let forecast = scene.forecast(&["dest"]);
    let pulled = scene.pull(&["--json", "dest"]).succeeds();
    let pulled: Value = serde_json::from_str(&pulled.stdout).unwrap();
    for (key, value) in pulled.as_object().unwrap() {
        if key != "seconds" {
            assert_eq!(forecast[key], *value, "{key}");
        }
    }
    assert_eq!(forecast["dry_run"], true);
    assert_eq!(forecast["action"], "created");
    assert_eq!(forecast["from"], json!([scene.registry.host()]));
    assert_eq!(forecast["fetch"], forecast["bytes"]);
    assert_eq!(forecast["cache"]["keeps"], true);
    assert!(forecast["free"].is_u64());
    let blobs = scene.image.layers.iter().map(|layer| {
        json!({"digest": layer.digest, "size": layer.bytes.len(), "state": "fetch", "cached": 0})
    });
    assert_eq!(forecast["blobs"], blobs.collect::<Value>());
}

#[test]
fn what_is_cached_in_whole_or_in_part_is_told() {
    let scene = Scene::new();
    scene.pull(&["first"]).succeeds();
    assert_eq!(states(&scene.forecast(&["dest"])), ["cached", "cached"]);
    assert_eq!(scene.forecast(&["dest"])["fetch"], 0);
    let run = scene.dry_run(&[&scene.name, "-n", "dest"]).succeeds();
    assert_eq!(
        run.stdout.matches("  cached\n").count(),
        2,
        "{}",
        run.stdout
    );
    let [one, two] = [&scene.image.layers[0], &scene.image.layers[1]];
    let path = |blob: &Blob| scene.sandbox.path(entry(blob));
    let partial = |blob: &Blob| path(blob).with_file_name(format!(".{}", blob.hex()));
    std::fs::rename(path(one), partial(one)).unwrap();
    // All of it is there, and only its name is not right yet.
    assert_eq!(states(&scene.forecast(&["dest"])), ["cached", "cached"]);
    std::fs::write(partial(one), &one.bytes[..10]).unwrap();
    std::fs::remove_file(path(two)).unwrap();
    let forecast = scene.forecast(&["dest"]);
    assert_eq!(states(&forecast), ["partial", "fetch"]);
    assert_eq!(forecast["blobs"][0]["cached"], 10);
    let rest = one.bytes.len() - 10 + two.bytes.len();
    assert_eq!(forecast["fetch"], rest);
    let run = scene.dry_run(&[&scene.name, "dest"]).succeeds();
    let total = one.bytes.len() + two.bytes.len();
    assert!(run.stdout.contains("  partial, 10 B cached\n"));
    assert!(
        run.stdout
            .ends_with(&format!("fetched:      {rest} B of {total} B\n"))
    );
    // One that is longer than it can be is begun anew, as by a pull; and so it is without a cache.
    std::fs::write(partial(one), vec![0; one.bytes.len() + 1]).unwrap();
    assert_eq!(states(&scene.forecast(&["dest"])), ["fetch", "fetch"]);
    let forecast = scene.forecast(&["dest", "--cache=no"]);
    assert_eq!(states(&forecast), ["fetch", "fetch"]);
    assert_eq!(forecast.get("cache"), None);
    scene.pull(&["dest"]).succeeds();
    assert_eq!(states(&scene.forecast(&["other"])), ["cached", "cached"]);
}

#[test]
fn the_same_layer_twice_is_fetched_once_where_it_is_kept() {
    let (sandbox, registry) = (Sandbox::new("dry_run"), Registry::start());
    let image = Image::new()
        .layer(hello_layer())
        .layer(hello_layer())
        .build();
    let name = registry.push("a/b", "1", &image);
    let scene = Scene {
        sandbox,
        registry,
        name,
        image,
    };
    let size = scene.image.layers[0].bytes.len();
    for (cache, wanted, fetch) in [
        ("cache", ["fetch", "cached"], size),
        ("no", ["fetch", "fetch"], 2 * size),
    ] {
        let forecast = scene.forecast(&["dest", "--cache", cache]);
        assert_eq!(states(&forecast), wanted);
        assert_eq!(forecast["fetch"], fetch);
    }
}

#[test]
fn layouts_and_archives_are_read() {
    let scene = Scene::new();
    let layout = Layout::new().image("1", &scene.image);
    layout.write(scene.sandbox.path("layout"));
    scene.sandbox.write("image.tar", layout.archive());
    for (name, from) in [
        ("oci:layout:1", "layout layout"),
        ("./image.tar", "archive ./image.tar"),
    ] {
        let run = scene.dry_run(&[name, "dest"]).succeeds();
        let line = format!("\nfrom:         {from}\n");
        assert!(run.stdout.contains(&line), "{}", run.stdout);
        assert_eq!(run.stdout.matches("  to be read\n").count(), 2);
        assert!(!run.stdout.contains("\ncache:"), "{}", run.stdout);
        assert!(run.stdout.contains("\nfetched:      0 B of "));
        assert_eq!(scene.registry.lines(), [""; 0]);
    }
    let pull = scene.sandbox.roots(["pull", "-n", "-", "dest"]);
    let run = pull.stdin(layout.archive()).run().succeeds();
    assert!(run.stdout.contains("\nfrom:         standard input\n"));
    assert_eq!(scene.sandbox.names(""), ["image.tar", "layout"]);
    // A layout that lacks a layer is found out as by a pull.
    let lost = format!("layout/blobs/sha256/{}", scene.image.layers[1].hex());
    std::fs::remove_file(scene.sandbox.path(lost)).unwrap();
    let planned = scene.dry_run(&["oci:layout:1", "dest"]).fails(5);
    let pull = scene.sandbox.roots(["pull", "-q", "oci:layout:1", "dest"]);
    assert_eq!(planned.stderr, pull.run().fails(5).stderr);
}

#[test]
fn mirrors_stand_in_front_as_long_as_they_work() {
    let scene = Scene::new();
    let mirror = Registry::start();
    mirror.push("a/b", "1", &scene.image);
    let option = format!("--mirror=http://{}", mirror.host());
    let forecast = scene.forecast(&["dest", &option]);
    assert_eq!(
        forecast["from"],
        json!([mirror.host(), scene.registry.host()])
    );
    assert_eq!(scene.registry.lines(), [""; 0]);
    mirror.fault(
        "",
        crate::support::ALWAYS,
        crate::support::Fault::status(500),
    );
    let run = scene.dry_run(&[&scene.name, "dest", &option]).succeeds();
    let run = run.says("roots: warning: mirror ");
    let line = format!("\nfrom:         {}\ndestination:", scene.registry.host());
    assert!(run.stdout.contains(&line), "{}", run.stdout);
}
