//! The record of a pull: what DEST says it was made of, where that is kept, and that no image can make it up.

use crate::destinations::disk::mounting;
use crate::support::sandbox::is_root;
use crate::support::{
    Ability, Built, Image, Index, Layer, Layout, Registry, Sandbox, hello, hello_layer,
    host_platform,
};
use rustix::fs::{XattrFlags, getxattr, listxattr, removexattr, setxattr};
use serde_json::{Value, json};
use std::path::Path;

pub(crate) const ATTRIBUTE: &str = "user.roots.image";

/// Two platforms, so that index and manifest are not the same.
fn published() -> (Sandbox, Registry, String, Built) {
    let (sandbox, registry) = (Sandbox::new("record"), Registry::start());
    let image = hello();
    let index = Index::new().image(&image).attestation(&image).build();
    let name = registry.push_index("a/b", "1", &index);
    (sandbox, registry, name, image)
}

fn attribute(path: impl AsRef<Path>) -> Option<Vec<u8>> {
    let mut value = vec![0; 65536];
    let size = getxattr(path.as_ref(), ATTRIBUTE, &mut value[..]).ok()?;
    value.truncate(size);
    Some(value)
}

fn inspected(sandbox: &Sandbox, dest: &str) -> Value {
    let run = sandbox.roots(["inspect", dest]).run().succeeds();
    assert_eq!(run.stderr, "");
    serde_json::from_str(&run.stdout).unwrap()
}

/// The warning that root gets.
fn doubted(doubt: &str) -> String {
    match is_root() {
        true => format!("roots: warning: {doubt}\n"),
        false => String::new(),
    }
}

#[test]
fn a_tree_says_what_it_was_made_of() {
    let (sandbox, registry, name, image) = published();
    let root = &registry.requests();
    assert!(root.is_empty());
    let run = sandbox.roots(["pull", &name, "dest"]).run().succeeds();
    let record = inspected(&sandbox, "dest");
    let index = sandbox.roots(["digest", "--index", &name]).run().succeeds();
    let (os, architecture, _) = host_platform();
    assert_eq!(record["reference"], name);
    assert_eq!(record["digest"], index.stdout.trim());
    assert_eq!(record["manifest"], run.stdout.trim());
    assert_eq!(record["manifest"], image.manifest.digest);
    assert_ne!(record["digest"], record["manifest"]);
    assert!(
        record["platform"]
            .as_str()
            .unwrap()
            .starts_with(&format!("{os}/{architecture}"))
    );
    assert_eq!(record["roots"], env!("CARGO_PKG_VERSION"));
    assert_eq!(record.as_object().unwrap().len(), 6);
    // However DEST is spelt, and without a cache as well.
    let no_cache = "dest: its record is not confirmed, because there is no cache";
    for (command, said) in [
        (sandbox.roots(["inspect", "./dest/"]), String::new()),
        (
            sandbox.roots(["inspect", "--cache=no", "dest"]),
            doubted(no_cache),
        ),
        (
            sandbox.roots(["inspect", "."]).cwd(sandbox.path("dest")),
            String::new(),
        ),
    ] {
        let run = command.no_env("HOME").run().succeeds();
        assert_eq!(serde_json::from_str::<Value>(&run.stdout).unwrap(), record);
        assert!(Ability::Attributes.is_missing() || run.stderr == said);
    }
    if Ability::Attributes.is_missing() {
        return;
    }
    let kept: Value = serde_json::from_slice(&attribute(sandbox.path("dest")).unwrap()).unwrap();
    assert_eq!(kept, record);
    // It moves with the tree.
    std::fs::rename(sandbox.path("dest"), sandbox.path("moved")).unwrap();
    let run = sandbox.roots(["inspect", "moved"]).run().succeeds();
    assert_eq!(serde_json::from_str::<Value>(&run.stdout).unwrap(), record);
    let said = doubted("moved: its record is not confirmed by the cache");
    assert_eq!(run.stderr, said);
}

#[test]
fn the_platform_and_the_name_are_those_that_were_asked_for() {
    let (sandbox, registry, ..) = published();
    let image = Image::new()
        .platform("linux", "s390x", None)
        .layer(hello_layer())
        .build();
    registry.push("c", "latest", &image);
    let name = format!("docker://{}", registry.image("c"));
    let pull = ["pull", &name, "dest", "--platform=linux/s390x"];
    sandbox.roots(pull).run().succeeds();
    let record = inspected(&sandbox, "dest");
    assert_eq!(record["reference"], registry.image("c:latest"));
    assert_eq!(record["platform"], "linux/s390x");
    assert_eq!(record["wanted"], "linux/s390x");
    assert_eq!(record["digest"], image.manifest.digest);
    assert_eq!(record["manifest"], image.manifest.digest);
}

#[test]
fn a_tree_from_a_layout_has_a_record() {
    let (sandbox, _registry, _, image) = published();
    Layout::new()
        .image("1", &image)
        .write(sandbox.path("layout"));
    let pull = ["pull", "oci:layout:1", "dest"];
    sandbox.roots(pull).run().succeeds();
    let record = inspected(&sandbox, "dest");
    let layout = sandbox.path("layout");
    assert_eq!(record["reference"], format!("oci:{}:1", layout.display()));
    assert_eq!(record["manifest"], image.manifest.digest);
}

#[test]
fn what_no_pull_has_made_has_none() {
    let (sandbox, ..) = published();
    sandbox.write("folder/file", "mine");
    for dest in ["folder", "folder/file"] {
        let run = sandbox.roots(["inspect", dest]).run().fails(3);
        run.says(&format!("roots: {dest}: no record of a pull\n"));
    }
    // It may be an archive, which is spelt otherwise.
    let run = sandbox.roots(["inspect", "folder/file"]).run().fails(3);
    run.says("hint: for the file or folder of this name, write ./folder/file\n");
    // What is neither there nor the name of an image has been misspelt.
    let run = sandbox.roots(["inspect", "Debian"]).run().fails(2);
    run.says("roots: Debian: repositories are written in lower case\nhint: write debian\n");
    let run = sandbox.roots(["inspect", "missing/"]).run().fails(2);
    run.says("hint: for a folder or a file, write ./missing/\n");
    for dest in ["./missing", "./missing/too"] {
        let run = sandbox.roots(["inspect", dest]).run().fails(3);
        run.says(&format!("roots: {dest}: no such file or folder\n"));
    }
    // To look for one is no reason to make a cache.
    assert_eq!(sandbox.names(""), ["folder"]);
    if Ability::Attributes.is_missing() {
        return;
    }
    for rubbish in [&b""[..], b"{}", b"\xff", b"{\"reference\": 1}", b"[]"] {
        setxattr(
            sandbox.path("folder"),
            ATTRIBUTE,
            rubbish,
            XattrFlags::empty(),
        )
        .unwrap();
        sandbox.roots(["inspect", "folder"]).run().fails(3);
    }
}

#[test]
fn no_image_can_make_a_record_up() {
    if Ability::Attributes.is_missing() {
        return;
    }
    let (sandbox, registry, ..) = published();
    let forged = json!({
        "reference": "docker.io/library/debian:latest",
        "digest": hello().manifest.digest,
        "manifest": hello().manifest.digest,
        "platform": "linux/amd64", "wanted": "linux/amd64", "roots": "9",
    });
    let forged = forged.to_string();
    let layer = || {
        Layer::new()
            .dir("./", 0o755)
            .xattr(ATTRIBUTE, &forged)
            .xattr("user.roots.other", "x")
            .xattr("user.own", "own")
            .dir("sub", 0o755)
            .xattr(ATTRIBUTE, &forged)
            .file("file", 0o644, "")
            .xattr(ATTRIBUTE, &forged)
    };
    let image = Image::new().layer(layer()).layer(layer()).build();
    let name = registry.push("forger", "1", &image);
    sandbox.mkdir("here");
    for (dest, folder) in [("dest", ""), (".", "here")] {
        let pull = sandbox.roots(["pull", &name, dest]);
        pull.cwd(sandbox.path(folder)).run().succeeds();
        let dest = sandbox.path(folder).join(dest);
        let record: Value = serde_json::from_slice(&attribute(&dest).unwrap()).unwrap();
        assert_eq!(record["reference"], name);
        assert_eq!(attribute(dest.join("sub")), None);
        assert_eq!(attribute(dest.join("file")), None);
        let mut names = vec![0; 65536];
        let size = listxattr(&dest, &mut names[..]).unwrap();
        let names = String::from_utf8_lossy(&names[..size]).into_owned();
        assert!(names.contains("user.own\0"), "{names}");
        assert!(!names.contains("user.roots.other"), "{names}");
        // Taken away from its root, a part of the tree is not a tree.
        let part = dest.join("sub").display().to_string();
        sandbox.roots(["inspect", &part]).run().fails(3);
    }
}

/// A pull into a mount point that failed left the record of the tree before it, on an empty folder.
#[test]
fn a_failed_pull_in_place_leaves_no_record_of_another_tree() {
    if Ability::Attributes.is_missing() {
        return;
    }
    let (sandbox, registry, name, _) = published();
    let here = sandbox.mkdir("here");
    let pull = |name: &str| sandbox.roots(["pull", name, "."]).cwd(&here).run();
    pull(&name).succeeds();
    assert!(attribute(&here).is_some());
    for entry in std::fs::read_dir(&here).unwrap() {
        let path = entry.unwrap().path();
        std::fs::remove_file(&path)
            .or_else(|_| std::fs::remove_dir_all(&path))
            .unwrap();
    }
    let bad = Image::new()
        .layer(Layer::new().file("../x", 0o644, ""))
        .build();
    pull(&registry.push("bad", "1", &bad)).fails(5);
    assert_eq!(attribute(&here), None);
    assert_eq!(sandbox.names("here"), [""; 0]);
}

/// Where DEST cannot say what it is, the cache can, for as long as it is the same folder.
#[test]
fn without_attributes_the_cache_has_the_record() {
    // ramfs has none, and anybody may mount one in a namespace of his own.
    let Some(prelude) = mounting(
        "mount -t ramfs none ram",
        "\"$0\" inspect ram/dest >&2; echo code-1 $? >&2; \
         \"$0\" pull --update --exit-code \"$2\" ram/dest >&2; echo code-2 $? >&2; \
         mv ram/dest ram/moved; cp -r ram/moved ram/dest; \
         \"$0\" inspect ram/dest >&2; echo code-3 $? >&2; \
         \"$0\" pull --update \"$2\" ram/dest >&2; echo code-4 $? >&2; \
         \"$0\" pull --cache=no --update \"$2\" ram/none >&2; echo code-5 $? >&2",
    ) else {
        return;
    };
    let (sandbox, _registry, name, image) = published();
    sandbox.mkdir("ram");
    let command = sandbox.roots(["pull", &name, "ram/dest"]);
    let run = command.prelude(&prelude).run().succeeds();
    if !run.stderr.contains("code-1 0") && run.stderr.contains("user.roots") {
        return; // A kernel whose ramfs has attributes.
    }
    let run = run.says("code-1 0\n").says(&image.manifest.digest);
    let run = run.says("ram/dest: unchanged\n").says("code-2 10\n");
    let run = run
        .says("no record of a pull\n")
        .says("docker.io/ram/dest:latest\ncode-3 3\n");
    let run =
        run.says("it has no record of a pull; add --force to replace it all the same\ncode-4 6\n");
    run.says("ram/none: no place for its record, neither in extended attributes nor in a cache\n")
        .says("code-5 0\n");
}

#[test]
fn a_lost_record_is_not_guessed() {
    if Ability::Attributes.is_missing() {
        return;
    }
    let (sandbox, _registry, name, _) = published();
    sandbox.roots(["pull", &name, "dest"]).run().succeeds();
    removexattr(sandbox.path("dest"), ATTRIBUTE).unwrap();
    sandbox.roots(["inspect", "dest"]).run().fails(3);
}
