//! `--update`: one HEAD where nothing has changed, and a swap where something has.

use crate::support::{
    ALWAYS, Ability, Built, Fault, HELLO, Image, Index, Layer, Layout, Registry, Run, Sandbox,
    hello, hello_layer, marked, tree,
};
use std::fs;
use std::os::unix::fs::MetadataExt as _;

const OTHER: &str = "f 0644 5 other\n";
const HEAD: &str = "HEAD /v2/a/b/manifests/1";
const GET: &str = "GET /v2/a/b/manifests/1";

fn other() -> Built {
    let layer = Layer::new().file("other", 0o644, "other");
    Image::new().layer(layer).build()
}

struct Scene {
    sandbox: Sandbox,
    registry: Registry,
    name: String,
}

impl Scene {
    /// With `hello` in DEST.
    fn new() -> Self {
        let (sandbox, registry) = (Sandbox::new("update"), Registry::start());
        let name = registry.push("a/b", "1", &hello());
        let scene = Self {
            sandbox,
            registry,
            name,
        };
        scene.update(&[]).succeeds();
        scene.registry.forget_requests();
        scene
    }

    /// Updates DEST.
    fn update(&self, options: &[&str]) -> Run {
        let pull = ["pull", "--update", &self.name, "dest"];
        self.sandbox.roots(pull).args(options).run()
    }

    /// Asserts that an update finds nothing to do, and asks for no more than this.
    #[track_caller]
    fn unchanged(&self, options: &[&str], lines: &[&str]) {
        let inode = self.inode();
        self.registry.forget_requests();
        let run = self.update(options).succeeds();
        let run = run.prints(&format!("{}\n", hello().manifest.digest));
        assert_eq!(run.stderr, "dest: unchanged\n");
        assert_eq!(self.registry.lines(), lines);
        assert_eq!(self.inode(), inode);
        assert_eq!(self.sandbox.names(""), ["cache", "dest"]);
    }

    fn inode(&self) -> u64 {
        self.sandbox.path("dest").metadata().unwrap().ino()
    }
}

#[test]
fn nothing_new_costs_one_head() {
    let scene = Scene::new();
    scene.unchanged(&[], &[HEAD]);
    // What a failed HEAD could not say, the manifest says.
    for fault in [
        Fault::status(405),
        Fault::WithoutHeader("Docker-Content-Digest".into()),
        Fault::header("Docker-Content-Digest", "nonsense"),
    ] {
        scene.registry.fault("HEAD ", 1, fault);
        scene.unchanged(&[], &[HEAD, GET]);
    }
    let run = scene.update(&["--quiet"]).succeeds();
    assert_eq!(run.stderr, "");
}

/// cron mailed the digest each night.
#[test]
fn quiet_prints_the_digest_only_of_what_has_changed() {
    let scene = Scene::new();
    for (options, code) in [
        (&["--quiet"][..], 0),
        (&["-q", "--exit-code"], 10),
        (&["-q", "--force"], 0),
        (&["-q", "--offline"], 0),
    ] {
        let run = scene.update(options);
        assert_eq!((run.code, &*run.stderr), (Some(code), ""), "{options:?}");
        run.prints("");
    }
    // What was asked for is printed: a plan, and what tells a program that nothing has changed.
    let plan = scene.update(&["-q", "--dry-run"]).succeeds();
    assert!(plan.stdout.contains("dest, unchanged\n"), "{}", plan.stdout);
    let json = scene.update(&["-q", "--json"]).succeeds();
    assert!(json.stdout.contains("\"changed\":false"), "{}", json.stdout);
    // An index or a platform that leads to the same tree is no change either.
    let digest = format!("{}@{}", scene.name, hello().manifest.digest);
    let pull = ["pull", "-q", "--update", &digest, "dest"];
    scene.sandbox.roots(pull).run().succeeds().prints("");
    scene.registry.push("a/b", "1", &other());
    let run = scene.update(&["-q"]).succeeds();
    assert_eq!(run.stderr, "");
    run.prints(&format!("{}\n", other().manifest.digest));
    let run = scene.update(&["-q", "--exit-code"]);
    assert_eq!((run.code, &*run.stdout), (Some(10), ""));
}

#[test]
fn a_changed_tag_is_a_swap() {
    let scene = Scene::new();
    let inode = scene.inode();
    scene.registry.push("a/b", "1", &other());
    let run = scene.update(&["--exit-code"]).succeeds();
    run.prints(&format!("{}\n", other().manifest.digest));
    assert_eq!(tree::sketch(scene.sandbox.path("dest")), OTHER);
    assert_ne!(scene.inode(), inode);
    assert_eq!(scene.sandbox.names(""), ["cache", "dest"]);
    assert_eq!(scene.update(&["--exit-code"]).code, Some(10));

    scene.registry.push("a/b", "1", &hello());
    scene.update(&["--keep-old=old"]).succeeds();
    assert_eq!(tree::sketch(scene.sandbox.path("dest")), HELLO);
    assert_eq!(tree::sketch(scene.sandbox.path("old")), OTHER);
    let run = scene.update(&["--keep-old=old"]).succeeds();
    assert_eq!(run.stderr, "dest: unchanged\n");
    // One generation is kept: the one before gives way.
    scene.registry.push("a/b", "1", &other());
    scene.update(&["--keep-old=old"]).succeeds();
    assert_eq!(tree::sketch(scene.sandbox.path("dest")), OTHER);
    assert_eq!(tree::sketch(scene.sandbox.path("old")), HELLO);
    assert_eq!(scene.sandbox.names(""), ["cache", "dest", "old"]);
    // Without a pull that made it, nothing gives way.
    fs::remove_dir_all(scene.sandbox.path("old")).unwrap();
    scene.sandbox.write("old/mine", "mine");
    scene.registry.push("a/b", "1", &hello());
    let run = scene.update(&["--keep-old=old"]).fails(6);
    run.says(": it exists, and is not a tree that roots has pulled\n");
    assert_eq!(tree::sketch(scene.sandbox.path("dest")), OTHER);
    assert_eq!(scene.sandbox.read("old/mine"), b"mine");
}

#[test]
fn only_exit_code_makes_unchanged_an_exit_code() {
    let scene = Scene::new();
    for (options, code) in [
        (&[][..], 0),
        (&["--exit-code"], 10),
        (&["--exit-code", "--quiet"], 10),
        (&["--exit-code", "--force"], 10),
        (&["--force"], 0),
    ] {
        let run = scene.update(options);
        assert_eq!(run.code, Some(code), "{options:?}");
        let is_quiet = options.contains(&"--quiet");
        let digest = format!("{}\n", hello().manifest.digest);
        run.prints(if is_quiet { "" } else { &digest });
    }
    assert_eq!(scene.registry.lines(), [HEAD; 5]);
}

#[test]
fn what_cannot_be_asked_is_no_reason_to_touch_the_tree() {
    for (part, fault, code) in [
        ("HEAD ", Fault::Reset, 75),
        ("/manifests/", Fault::status(500), 75),
        ("/manifests/", Fault::status(404), 3),
        ("/manifests/", Fault::status(403), 4),
    ] {
        let scene = Scene::new();
        let inode = scene.inode();
        scene.registry.push("a/b", "1", &other());
        scene.registry.fault(part, ALWAYS, fault);
        scene.update(&["--exit-code"]).fails(code);
        assert_eq!(tree::sketch(scene.sandbox.path("dest")), HELLO);
        assert_eq!(scene.inode(), inode);
        assert_eq!(scene.sandbox.names(""), ["cache", "dest"]);
    }
}

#[test]
fn an_empty_or_missing_folder_is_filled() {
    let scene = Scene::new();
    // The folder of a tree of which nothing is left holds no tree, whatever is written on it.
    fs::remove_file(scene.sandbox.path("dest/hello")).unwrap();
    let left = scene.sandbox.names("dest");
    for name in left {
        fs::remove_dir_all(scene.sandbox.path("dest").join(name)).unwrap();
    }
    scene.update(&["--exit-code"]).succeeds();
    assert_eq!(tree::sketch(scene.sandbox.path("dest")), HELLO);
    fs::remove_dir_all(scene.sandbox.path("dest")).unwrap();
    scene.update(&["--exit-code"]).succeeds();
    assert_eq!(tree::sketch(scene.sandbox.path("dest")), HELLO);
}

#[test]
fn what_no_pull_has_made_is_replaced_with_force_only() {
    let scene = Scene::new();
    fs::remove_dir_all(scene.sandbox.path("dest")).unwrap();
    scene.sandbox.write("dest/mine", "mine");
    let run = scene.update(&[]).fails(6);
    let hint = "it has no record of a pull; add --force to replace it all the same";
    assert_eq!(
        run.stderr,
        format!("roots: dest: it is not empty\nhint: {hint}\n")
    );
    assert_eq!(scene.registry.lines(), [""; 0]);
    assert_eq!(scene.sandbox.names("dest"), ["mine"]);
    scene.update(&["--force"]).succeeds();
    assert_eq!(tree::sketch(scene.sandbox.path("dest")), HELLO);
    scene.unchanged(&["--force"], &[HEAD]);
}

/// What somebody has changed in the tree is not looked for: roots-trees(7) says so.
#[test]
fn a_tree_that_was_changed_by_hand_is_taken_for_what_it_was() {
    let scene = Scene::new();
    scene.sandbox.write("dest/mine", "mine");
    scene.update(&["--exit-code"]).says("dest: unchanged\n");
    assert!(scene.sandbox.has("dest/mine"));
    let force = ["pull", "--force", &scene.name, "dest"];
    scene.sandbox.roots(force).run().succeeds();
    assert_eq!(tree::sketch(scene.sandbox.path("dest")), HELLO);
}

#[test]
fn another_platform_is_another_tree() {
    let (sandbox, registry) = (Sandbox::new("update"), Registry::start());
    let images = ["s390x", "riscv64"].map(|name| marked(name, "linux", name, None));
    let index = images.iter().fold(Index::new(), Index::image).build();
    let name = registry.push_index("a/b", "1", &index);
    let update = |platform: &str| {
        let pull = ["pull", "--update", "--exit-code", &name, "dest"];
        let command = sandbox.roots(pull).arg(format!("--platform={platform}"));
        command.run()
    };
    for (platform, code) in [
        ("linux/s390x", 0),
        ("linux/s390x", 10),
        ("linux/riscv64", 0),
        ("linux/riscv64", 10),
        ("linux/s390x", 0),
    ] {
        let run = update(platform);
        assert_eq!(run.code, Some(code), "{platform}\n{}", run.stderr);
        let architecture = platform.trim_start_matches("linux/");
        let sketch = tree::sketch(sandbox.path("dest"));
        assert!(sketch.contains(architecture), "{sketch}");
    }
    update("linux/mips").fails(3);
    assert!(tree::sketch(sandbox.path("dest")).contains("s390x"));
}

/// An index may change without changing what is for this machine. The tree stays, and the next time one HEAD is enough.
#[test]
fn a_changed_index_with_the_same_manifest_is_no_change() {
    let (sandbox, registry) = (Sandbox::new("update"), Registry::start());
    let index = Index::new().image(&hello()).build();
    let name = registry.push_index("a/b", "1", &index);
    let scene = Scene {
        sandbox,
        registry,
        name,
    };
    scene.update(&[]).succeeds();
    scene.unchanged(&[], &[HEAD]);
    let more = marked("more", "linux", "s390x", None);
    let index = Index::new().image(&more).image(&hello()).build();
    scene.registry.push_index("a/b", "1", &index);
    let manifest = format!("GET /v2/a/b/manifests/{}", hello().manifest.digest);
    scene.unchanged(&[], &[HEAD, GET, &manifest]);
    scene.unchanged(&[], &[HEAD]);
    // What the index leads to now is kept, also by purge.
    scene.sandbox.roots(["purge"]).run().succeeds();
    scene.unchanged(&["--offline"], &[]);

    // Another name for the same.
    let second = scene.registry.push_index("a/b", "2", &index);
    let run = scene
        .sandbox
        .roots(["pull", "--update", &second, "dest"])
        .run();
    assert_eq!(run.succeeds().stderr, "dest: unchanged\n");
}

#[test]
fn a_digest_is_never_asked_about() {
    let scene = Scene::new();
    let pinned = format!("{}@{}", scene.name, hello().manifest.digest);
    let pull = ["pull", "--update", "--exit-code", &pinned, "dest"];
    assert_eq!(scene.sandbox.roots(pull).run().code, Some(10));
    assert_eq!(scene.registry.lines(), [""; 0]);
}

#[test]
fn a_layout_is_compared_as_well() {
    let scene = Scene::new();
    let layout = scene.sandbox.path("layout");
    Layout::new().image("", &hello()).write(&layout);
    let pull = || {
        let pull = ["pull", "--update", "--exit-code", "./layout", "dest"];
        scene.sandbox.roots(pull).run()
    };
    // The same manifest, by another name.
    assert_eq!(pull().code, Some(10));
    fs::remove_dir_all(&layout).unwrap();
    Layout::new().image("", &other()).write(&layout);
    pull().succeeds();
    assert_eq!(tree::sketch(scene.sandbox.path("dest")), OTHER);
    assert_eq!(pull().code, Some(10));
    assert_eq!(scene.registry.lines(), [""; 0]);
}

#[test]
fn a_mount_point_or_working_directory_can_be_compared_but_not_swapped() {
    if Ability::Attributes.is_missing() {
        return;
    }
    let scene = Scene::new();
    let here = scene.sandbox.path("dest");
    let update = || {
        let pull = ["pull", "--update", &scene.name, "."];
        scene.sandbox.roots(pull).cwd(&here).run()
    };
    assert_eq!(update().succeeds().stderr, ".: unchanged\n");
    scene.registry.push("a/b", "1", &other());
    update().fails(6).says(": it holds the working directory\n");
    assert_eq!(tree::sketch(&here), HELLO);
}

#[test]
fn a_failed_update_leaves_the_tree_and_its_record() {
    let scene = Scene::new();
    let bad = Layer::new().file("../x", 0o644, "");
    let bad = Image::new().layer(hello_layer()).layer(bad).build();
    scene.registry.push("a/b", "1", &bad);
    scene.update(&[]).fails(5);
    scene.registry.push("a/b", "1", &hello());
    scene.unchanged(&[], &[HEAD]);
}
