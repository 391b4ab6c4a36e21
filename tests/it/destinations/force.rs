//! `--force`: the new tree or the old one, never a mix, and never more than was named.

use crate::support::{ALWAYS, Fault, HELLO, Image, Layer, Registry, Sandbox, hello, tree};
use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};

fn published() -> (Sandbox, Registry, String) {
    let (sandbox, registry) = (Sandbox::new("force"), Registry::start());
    let name = registry.push("a/b", "1", &hello());
    (sandbox, registry, name)
}

#[test]
fn the_old_tree_gives_way_to_the_new_one() {
    let (sandbox, _registry, name) = published();
    let canary = sandbox.write("outside", "mine");
    for dest in ["dest", "dest/", "./x/../dest", "link"] {
        sandbox.mkdir("x");
        sandbox.write("dest/old/deep/file", "old");
        symlink(sandbox.path(""), sandbox.path("dest/to-all")).unwrap();
        fs::set_permissions(
            sandbox.path("dest/old/deep"),
            fs::Permissions::from_mode(0o000),
        )
        .unwrap();
        let _ = symlink("dest", sandbox.path("link"));
        sandbox
            .roots(["pull", "--force", &name, dest])
            .run()
            .succeeds();
        assert_eq!(tree::sketch(sandbox.path("dest")), HELLO, "{dest}");
        assert_eq!(sandbox.names(""), ["cache", "dest", "link", "outside", "x"]);
    }
    assert!(
        sandbox
            .path("link")
            .symlink_metadata()
            .unwrap()
            .is_symlink()
    );
    assert_eq!(fs::read(canary).unwrap(), b"mine");
    sandbox
        .roots(["pull", "--force", &name, "in/new"])
        .run()
        .succeeds();
    assert_eq!(tree::sketch(sandbox.path("in/new")), HELLO);
}

#[test]
fn a_failed_pull_leaves_the_old_tree() {
    let layer = hello().layers[0].digest.clone();
    let bad = Image::new()
        .layer(Layer::new().file("hello", 0o644, "").entry(b'9', "x"))
        .build();
    for (part, fault, code) in [
        ("/manifests/", Fault::status(404), 3),
        ("/manifests/", Fault::status(500), 75),
        (layer.as_str(), Fault::Append(b"x".to_vec()), 5),
        (layer.as_str(), Fault::CutBody(50), 75),
        ("no such request", Fault::Reset, 5),
    ] {
        let (sandbox, registry, name) = published();
        sandbox.write("dest/old", "old");
        let before = tree::list(sandbox.path("dest"));
        let inode = sandbox.path("dest").metadata().unwrap().ino();
        registry.fault(part, ALWAYS, fault);
        let name = if part.contains("no such") {
            registry.push("bad", "1", &bad)
        } else {
            name
        };
        sandbox
            .roots(["pull", "--force", &name, "dest"])
            .run()
            .fails(code);
        assert_eq!(
            tree::diff(&before, &tree::list(sandbox.path("dest"))),
            [""; 0]
        );
        assert_eq!(sandbox.path("dest").metadata().unwrap().ino(), inode);
        assert_eq!(sandbox.names(""), ["cache", "dest"]);
        sandbox.cached();
    }
}

/// The image does not exist: were one of these not refused, the pull would fail later, and nothing be lost.
#[test]
fn what_holds_more_than_a_tree_is_refused() {
    let (sandbox, registry, _name) = published();
    let name = registry.image("no/such:image");
    sandbox.write("here/below/file", "mine");
    let here = sandbox.path("here");
    let refused = |dest: &str, path: &str, why: &str| {
        let command = sandbox
            .roots(["pull", "--force", &name, dest])
            .cwd(here.join("below"));
        let run = command.run().fails(6);
        assert_eq!(run.stderr, format!("roots: {path}: {why}\n"));
    };
    let (here, below) = (
        here.display().to_string(),
        here.join("below").display().to_string(),
    );
    let root = "refusing to replace the root directory\nhint: choose another folder";
    let in_use = "it holds the working directory\nhint: change into another folder first";
    let mount = "it is a mount point\nhint: choose another folder, or empty it and omit --force: it is filled in place then";
    let system = "refusing to replace a folder directly below /\nhint: choose another folder, or omit --force if there is nothing in it";
    refused("/", "/", root);
    refused("/..", "/", root);
    refused("/proc/self/root", "/", root);
    refused(".", &below, in_use);
    refused("..", &here, in_use);
    refused("../below/", &below, in_use);
    refused(&below, &below, in_use);
    refused("../..", &sandbox.path("").display().to_string(), in_use);
    refused("/proc", "/proc", mount);
    refused("/roots-of-no-tree", "/roots-of-no-tree", system);
    refused("/etc/..//etc", "/etc", system);
    assert_eq!(registry.lines(), [""; 0]);
    assert_eq!(tree::sketch(sandbox.path("here")).lines().count(), 2);
}

#[test]
fn a_tree_that_is_read_only_can_be_replaced() {
    let (sandbox, registry, _name) = published();
    let layer = Layer::new()
        .dir("shut", 0o555)
        .file("shut/file", 0o444, "")
        .dir("closed", 0)
        .file("closed/x", 0, "");
    let name = registry.push("c", "1", &Image::new().layer(layer).build());
    for _ in 0..2 {
        sandbox
            .roots(["pull", "--force", &name, "in/dest"])
            .run()
            .succeeds();
    }
    assert_eq!(sandbox.names("in"), ["dest"]);
}
