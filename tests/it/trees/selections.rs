//! `--include` and `--exclude`: the tree is the image's, restricted to what was asked for.

use crate::destinations::disk::mounting;
use crate::support::{
    Ability, Image, Layer, Layout, Outcome, Registry, Sandbox, Trial, hello, tree,
};
use std::fs;
use std::os::unix::fs::MetadataExt as _;

/// A usrmerged image of two layers.
fn layers() -> [Layer; 2] {
    let lower = Layer::new()
        .dir("usr", 0o755)
        .mtime(1)
        .dir("usr/bin", 0o751)
        .mtime(2)
        .file("usr/bin/busybox", 0o755, "#!busybox")
        .mtime(3)
        .symlink("usr/bin/sh", "busybox")
        .symlink("usr/bin/awk", "/etc/alternatives/awk")
        .symlink("usr/bin/nowhere", "../lib/nowhere")
        .symlink("bin", "usr/bin")
        .file("usr/bin/old", 0o644, "old")
        .dir("usr/share", 0o755)
        .file("usr/share/doc/busybox/copyright", 0o644, "GPL")
        .symlink("loop", "loop")
        .symlink("lost", "usr/share/../nowhere/x")
        .symlink("far", "x".repeat(300))
        .dir("etc", 0o700)
        .file("etc/passwd", 0o644, "root");
    let upper = Layer::new()
        .whiteout("usr/bin/old")
        .hardlink("usr/bin/ash", "usr/bin/busybox")
        .symlink("etc/alternatives/awk", "../../usr/bin/mawk")
        .file("bin/mawk", 0o755, "#!mawk")
        .hardlink("etc/shadowed", "etc/passwd")
        .opaque("usr/share")
        .file("usr/share/new", 0o644, "");
    [lower, upper]
}

fn pulled(arguments: &[&str]) -> Outcome {
    let trial = Trial::new(arguments.join(" ")).layers(layers());
    let trial = arguments
        .iter()
        .fold(trial, |trial, argument| trial.arg(argument));
    trial.pull()
}

#[test]
fn what_was_asked_for_comes_with_the_way_to_it() {
    const BUSYBOX: &str = "d 0755 usr/\nd 0751 usr/bin/\nf 0755 9 usr/bin/busybox\n";
    if Ability::Attributes.is_missing() {
        return;
    }
    for (arguments, sketch) in [
        (&["--include=usr/bin/busybox"][..], BUSYBOX.to_owned()),
        (&["--include=/usr//bin/./busybox/"], BUSYBOX.to_owned()),
        // A hard link without its target is the file.
        (
            &["--include=etc/shadowed"],
            "d 0700 etc/\nf 0644 4 etc/shadowed\n".to_owned(),
        ),
        // What leads there comes, too, by way of symlinks that are relative, absolute, and several.
        (
            &["--include=/bin/sh"],
            "l bin -> usr/bin\nd 0755 usr/\nd 0751 usr/bin/\nf 0755 9 usr/bin/busybox\n\
             l usr/bin/sh -> busybox\n"
                .to_owned(),
        ),
        (
            &["--include=bin/awk"],
            "l bin -> usr/bin\nd 0700 etc/\nd 0755 etc/alternatives/\n\
             l etc/alternatives/awk -> ../../usr/bin/mawk\nd 0755 usr/\nd 0751 usr/bin/\n\
             l usr/bin/awk -> /etc/alternatives/awk\nf 0755 6 usr/bin/mawk\n"
                .to_owned(),
        ),
        (
            &["--include=usr/bin/nowhere"],
            "d 0755 usr/\nd 0751 usr/bin/\nl usr/bin/nowhere -> ../lib/nowhere\n".to_owned(),
        ),
        // Of a directory that a link leads through to nowhere, nothing else stays.
        (
            &["--include=lost"],
            "l lost -> usr/share/../nowhere/x\nd 0755 usr/\nd 0755 usr/share/\n".to_owned(),
        ),
        (
            &["--include=far"],
            format!("l far -> {}\n", "x".repeat(300)),
        ),
        (
            &["--include=loop", "--exclude=loop/x", "--exclude=lost/x"],
            "l loop -> loop\n".to_owned(),
        ),
        // A whole subtree, and less of it: an exclude beats an include.
        (
            &[
                "--include=usr/share",
                "--include=etc",
                "--exclude=etc/alternatives",
            ],
            "d 0700 etc/\nf 0644 4 etc/passwd\nh etc/shadowed -> etc/passwd\nd 0755 usr/\n\
             d 0755 usr/share/\nf 0644 0 usr/share/new\n"
                .to_owned(),
        ),
        // Through a symlink as well; a symlink itself goes as a symlink. What is not there, can stay out.
        (
            &[
                "--exclude=bin/busybox",
                "--exclude=/etc",
                "--exclude=no/such",
                "--exclude=bin",
                "--exclude=loop",
                "--exclude=lost",
                "--exclude=far",
                "--exclude=far/x",
            ],
            "d 0755 usr/\nd 0751 usr/bin/\nf 0755 9 usr/bin/ash\n\
             l usr/bin/awk -> /etc/alternatives/awk\nf 0755 6 usr/bin/mawk\n\
             l usr/bin/nowhere -> ../lib/nowhere\nl usr/bin/sh -> busybox\nd 0755 usr/share/\n\
             f 0644 0 usr/share/new\n"
                .to_owned(),
        ),
    ] {
        pulled(arguments).is(&sketch);
    }
}

#[test]
fn directories_on_the_way_are_as_the_image_says() {
    if Ability::Attributes.is_missing() {
        return;
    }
    let (all, some) = (
        pulled(&[]),
        pulled(&["--include=usr/bin/ash", "--exclude=usr/bin/awk"]),
    );
    let (mut all, some) = (all.tree(), some.tree());
    all.retain(|path, _| some.contains_key(path));
    all.get_mut(&b"usr/bin/ash"[..]).unwrap().twin = None;
    assert_eq!(tree::diff(&all, &some), [""; 0]);
    assert_eq!(some[&b"usr"[..]].mtime, (1, 0));
    assert_eq!(some.len(), 4);
}

/// As many symlinks as an entry may lead through, and not the 40 of Linux.
#[test]
fn an_include_may_lead_through_255_symlinks() {
    let chain = (1..=256).fold(Layer::new().file("0", 0o644, ""), |layer, number| {
        layer.symlink(number.to_string(), (number - 1).to_string())
    });
    let pull = |argument| {
        Trial::new("chain")
            .layer(chain.clone())
            .arg(argument)
            .pull()
    };
    assert!(pull("--include=255").tree().contains_key(&b"0"[..]));
    assert!(!pull("--include=256").tree().contains_key(&b"0"[..]));
}

#[test]
fn an_include_that_leads_to_nothing_is_an_error() {
    for (arguments, path, why) in [
        (
            &["--include=usr/bin/busibox"][..],
            "/usr/bin/busibox",
            "no such path in the image",
        ),
        (
            &["--include=usr/bin/old"],
            "/usr/bin/old",
            "no such path in the image",
        ),
        (
            &["--include=bin/nowhere/x"],
            "/bin/nowhere/x",
            "no such path in the image",
        ),
        (
            &["--include=etc/passwd/x"],
            "/etc/passwd/x",
            "no such path in the image",
        ),
        (
            &["--include=etc", "--include=x\ty"],
            "/x\\ty",
            "no such path in the image",
        ),
        (
            &["--include=etc", "--exclude=etc"],
            "/etc",
            "--exclude leaves all of it out",
        ),
        (
            &["--include=bin/sh", "--exclude=usr/bin"],
            "/bin/sh",
            "--exclude leaves all of it out",
        ),
    ] {
        let said = format!("roots: --include {path}: {why}\n");
        pulled(arguments).fails(3, &said);
    }
    // What is there stays there.
    let sandbox = Sandbox::new("selections");
    Layout::new()
        .image("", &hello())
        .write(sandbox.path("layout"));
    let pull = || sandbox.roots(["pull", "--force", "oci:layout", "dest"]);
    pull().run().succeeds();
    pull().arg("--include=hallo").run().fails(3);
    assert_eq!(sandbox.names("dest"), ["hello"]);
    assert!(!sandbox.has(".dest.roots"));
}

#[test]
fn paths_that_are_none_are_refused() {
    let sandbox = Sandbox::new("selections");
    let none = "not a path in an image: no `..`, and no name of more than 255 bytes";
    for option in ["--include", "--exclude"] {
        for (path, why) in [
            ("", "the root itself cannot be selected"),
            ("/", "the root itself cannot be selected"),
            ("a/../b", none),
            (&"x".repeat(256), none),
        ] {
            let run = sandbox.roots(["pull", "hello", "dest", option, path]).run();
            run.fails(2).says(&format!("roots: {option}: {why}\n"));
        }
    }
    assert_eq!(sandbox.names(""), [""; 0]);
}

/// Deeper than there may be open directories.
#[test]
fn depth_is_no_limit() {
    if Ability::Attributes.is_missing() {
        return;
    }
    let deep = "d/".repeat(1500);
    let layer = Layer::new()
        .file(format!("{deep}x"), 0o644, "x")
        .file(format!("{deep}y"), 0o644, "y")
        .file("d/z", 0o644, "z");
    let include = format!("--include={deep}x");
    let outcome = Trial::new("deep").layer(layer).arg(&include).pull();
    outcome.succeeds();
    assert_eq!(fs::read_dir(&outcome.dest).unwrap().count(), 1);
    assert!(!outcome.dest.join("d/z").exists());
}

#[test]
fn what_was_there_before_stays_there() {
    if Ability::Attributes.is_missing() {
        return;
    }
    let sandbox = Sandbox::new("selections");
    let dest = sandbox.mkdir("dest");
    sandbox.mkdir("dest/lost+found");
    Layout::new()
        .image("", &hello())
        .write(sandbox.path("layout"));
    let pull = ["pull", "oci:../layout", ".", "--include=hello"];
    sandbox.roots(pull).cwd(&dest).run().succeeds();
    assert_eq!(sandbox.names("dest"), ["hello", "lost+found"]);
}

/// What a tree is made of is written down: inspect shows it, verify goes by it, update replaces what differs.
#[test]
fn the_record_knows() {
    if Ability::Attributes.is_missing() {
        return;
    }
    let (sandbox, registry) = (Sandbox::new("selections"), Registry::start());
    let [lower, upper] = layers();
    let image = Image::new().layer(lower).layer(upper).build();
    let name = registry.push("a/b", "1", &image);
    let update = |arguments: &[&str]| {
        let pull = ["pull", "--update", "--exit-code", &name, "dest"];
        sandbox.roots(pull).args(arguments).run()
    };
    let inode = || sandbox.path("dest").metadata().unwrap().ino();
    let options = || {
        let run = sandbox.roots(["inspect", "dest"]).run().succeeds();
        let mut record: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
        record["options"].take()
    };
    update(&["--include=etc", "--include=/bin/sh", "--exclude=etc/passwd"]).succeeds();
    let paths = [
        "--exclude=/etc/passwd",
        "--include=/bin/sh",
        "--include=/etc",
    ];
    let paths = serde_json::json!(paths);
    assert_eq!(options(), paths);
    sandbox
        .roots(["verify", "dest"])
        .run()
        .succeeds()
        .prints("");
    // The same, in other words.
    let before = inode();
    let again = [
        "--exclude=/etc/passwd",
        "--include=bin//sh",
        "--include=etc",
        "--include=/etc",
    ];
    assert_eq!(update(&again).code, Some(10));
    assert_eq!(inode(), before);
    // What somebody does to it is found, and what was left out is not missing.
    fs::write(sandbox.path("dest/etc/passwd"), "").unwrap();
    fs::remove_file(sandbox.path("dest/usr/bin/sh")).unwrap();
    let run = sandbox.roots(["verify", "dest"]).run();
    assert!(run.stdout.contains("added /etc/passwd\n"), "{}", run.stdout);
    assert!(
        run.stdout.contains("missing /usr/bin/sh\n"),
        "{}",
        run.stdout
    );
    assert_eq!(
        (run.stdout.lines().count(), run.code),
        (4, Some(5)),
        "{}",
        run.stdout
    );
    // Other ones are another tree, and none is, too.
    update(&["--exclude=etc"]).succeeds();
    assert!(!sandbox.has("dest/etc") && sandbox.has("dest/usr/share"));
    update(&[]).succeeds();
    assert!(sandbox.has("dest/etc"));
    assert_eq!(options(), serde_json::Value::Null);
    assert_eq!(update(&[]).code, Some(10));
}

/// Where a tree cannot say itself what it was made of, the cache knows the options as well.
#[test]
fn the_record_knows_in_the_cache_too() {
    let Some(prelude) = mounting(
        "mount -t ramfs none ram",
        "\"$0\" verify ram/dest >&2; echo code-1 $? >&2; \
         \"$0\" pull --update --exit-code --exclude=etc \"$2\" ram/dest >&2; echo code-2 $? >&2; \
         \"$0\" pull --update --exit-code \"$2\" ram/dest >&2; echo code-3 $? >&2; \
         \"$0\" verify ram/dest >&2; echo code-4 $? >&2",
    ) else {
        return;
    };
    let (sandbox, registry) = (Sandbox::new("selections"), Registry::start());
    let [lower, upper] = layers();
    let image = Image::new().layer(lower).layer(upper).build();
    let name = registry.push("a/b", "1", &image);
    sandbox.mkdir("ram");
    let command = sandbox.roots(["pull", &name, "ram/dest", "--exclude=/etc"]);
    let run = command.prelude(&prelude).run().succeeds();
    let run = run.says("code-1 0\n").says("code-2 10\n");
    run.says("code-3 0\n").says("code-4 0\n");
}
