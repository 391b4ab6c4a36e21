//! A tree that a system runs in: what it writes to is left out, and nothing else.

use super::{Scene, quietly};
use crate::support::sandbox::is_root;
use crate::support::{Ability, Image, Layer, Layout, Registry, Run, Sandbox, tree};
use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::SystemTime;

/// A small system, pulled.
fn system() -> (Sandbox, Registry, String) {
    let (sandbox, registry) = (Sandbox::new("verify_scopes"), Registry::start());
    let layer = Layer::new()
        .dir("./", 0o755)
        .dir("etc", 0o755)
        .file("etc/resolv.conf", 0o644, "")
        .file("etc/passwd", 0o644, "root")
        .dir("usr", 0o755)
        .dir("usr/bin", 0o755)
        .file("usr/bin/sh", 0o755, "#!")
        .file("usr/bin/ls", 0o755, "ls")
        .symlink("bin", "usr/bin")
        .dir("usr/share", 0o755)
        .file("usr/share/doc", 0o644, "doc")
        .dir("var", 0o755)
        .dir("var/log", 0o755)
        .symlink("log", "/var/log");
    let name = registry.push("a/b", "1", &Image::new().layer(layer).build());
    sandbox.roots(["pull", &name, "dest"]).run().succeeds();
    (sandbox, registry, name)
}

/// What one start of systemd-nspawn does to it.
fn start(dest: &Path) {
    fs::write(dest.join("etc/resolv.conf"), "nameserver ::1").unwrap();
    fs::write(dest.join("etc/machine-id"), "0123").unwrap();
    fs::create_dir(dest.join("var/log/journal")).unwrap();
    fs::create_dir(dest.join("run")).unwrap();
    for directory in ["", "etc", "var", "var/log"] {
        let directory = File::open(dest.join(directory)).unwrap();
        directory.set_modified(SystemTime::now()).unwrap();
    }
}

fn verify(sandbox: &Sandbox, arguments: &[&str]) -> Run {
    sandbox.roots(["verify", "dest"]).args(arguments).run()
}

/// One start of nspawn made the check fail for ever.
#[test]
fn a_tree_that_was_started_is_as_in_its_image_but_for_what_was_written() {
    let (sandbox, _registry, _) = system();
    let dest = sandbox.path("dest");
    start(&dest);
    let run = verify(&sandbox, &[]);
    assert_eq!(run.code, Some(5));
    assert!(run.stdout.contains("added /run\n"), "{}", run.stdout);
    let all = [
        "--exclude=/etc/resolv.conf",
        "--exclude",
        "etc/machine-id",
        "--exclude=/var/",
        "--exclude=/run",
    ];
    let before = tree::list(&dest);
    let run = verify(&sandbox, &all).succeeds().prints("");
    let said = ", compared with --exclude=/etc/machine-id --exclude=/etc/resolv.conf \
                --exclude=/run --exclude=/var\n";
    assert!(run.stderr.ends_with(said), "{}", run.stderr);
    assert!(!run.stderr.contains("warning"), "{}", run.stderr);
    assert_eq!(tree::diff(&before, &tree::list(&dest)), [""; 0]);
    // With less of them, the rest is told, and the times of the directories that it is in.
    let some = ["--exclude=/etc/resolv.conf", "--exclude=/var/log"];
    let run = verify(&sandbox, &some);
    let (root, rest) = run.stdout.split_once('\n').unwrap();
    assert!(root.starts_with("changed /: mtime "), "{root}");
    assert_eq!(rest, "added /etc/machine-id\nadded /run\n");
    // And so is everything beside it.
    quietly(&dest.join("etc/passwd"), |path| {
        fs::write(path, "toor").unwrap()
    });
    let run = verify(&sandbox, &all);
    assert_eq!(
        (&*run.stdout, run.code),
        ("changed /etc/passwd: contents\n", Some(5))
    );
}

#[test]
fn times_and_what_was_added_need_not_count() {
    let (sandbox, _registry, _) = system();
    let dest = sandbox.path("dest");
    start(&dest);
    fs::write(dest.join("etc/resolv.conf"), "").unwrap();
    // The time of a file, and of a directory in which nothing was added.
    let run = verify(&sandbox, &["--ignore-added"]);
    let paths: Vec<_> = run
        .stdout
        .lines()
        .map(|line| line.split(": ").next())
        .collect();
    let expected = ["changed /etc/resolv.conf", "changed /var"].map(Some);
    assert_eq!(paths, expected, "{}", run.stdout);
    let run = verify(&sandbox, &["--ignore-times"]);
    let added = "added /etc/machine-id\nadded /run\nadded /var/log/journal\n";
    assert_eq!((&*run.stdout, run.code), (added, Some(5)));
    let both = ["--ignore-added", "--ignore-times"];
    let run = verify(&sandbox, &both).succeeds().prints("");
    let said = ", compared with --ignore-added --ignore-times\n";
    assert!(run.stderr.ends_with(said), "{}", run.stderr);
    // Whatever else happens to what is in the image counts.
    quietly(&dest.join("usr/bin/ls"), |path| {
        fs::write(path, "rm").unwrap()
    });
    quietly(&dest.join("usr/share/doc"), |path| {
        fs::remove_file(path).unwrap()
    });
    quietly(&dest.join("log"), |path| {
        fs::remove_file(path).unwrap();
        symlink("/tmp", path).unwrap();
    });
    let run = verify(&sandbox, &both);
    assert_eq!(
        run.stdout,
        "changed /log: target /var/log is /tmp\n\
         changed /usr/bin/ls: contents\n\
         missing /usr/share/doc\n"
    );
}

/// The line of README for a nightly check.
#[test]
fn a_part_alone_is_compared() {
    let (sandbox, _registry, name) = system();
    let dest = sandbox.path("dest");
    start(&dest);
    let usr = ["--quiet", "--include=/usr"];
    let run = verify(&sandbox, &usr).succeeds().prints("");
    assert_eq!(run.stderr, "");
    verify(&sandbox, &["--include=/usr", &name])
        .succeeds()
        .prints("");
    // Through a symlink, which is compared; an exclude beats an include.
    let shell = ["--include=/bin/sh", "--exclude=/usr/bin/ls"];
    verify(&sandbox, &shell).succeeds().prints("");
    quietly(&dest.join("usr/new"), |path| fs::create_dir(path).unwrap());
    quietly(&dest.join("usr/bin/sh"), |path| {
        fs::write(path, "!#").unwrap()
    });
    quietly(&dest.join("usr/bin/ls"), |path| {
        fs::remove_file(path).unwrap()
    });
    let run = verify(&sandbox, &usr);
    assert_eq!(
        (&*run.stdout, run.code),
        (
            "missing /usr/bin/ls\nchanged /usr/bin/sh: contents\nadded /usr/new\n",
            Some(5)
        )
    );
    let run = verify(&sandbox, &shell);
    assert_eq!(run.stdout, "changed /usr/bin/sh: contents\n");
    let run = verify(
        &sandbox,
        &["--include=/usr", "--exclude=/usr/bin", "--ignore-added"],
    );
    run.succeeds().prints("");
    // What is in the place of a directory on the way, and one that has gone.
    quietly(&dest.join("bin"), |path| {
        fs::remove_file(path).unwrap();
        fs::create_dir(path).unwrap();
    });
    let run = verify(&sandbox, &["--include=/bin/sh", "--exclude=/usr"]);
    run.fails(3).says("--include /bin/sh");
    let run = verify(&sandbox, &shell);
    assert_eq!(
        run.stdout,
        "changed /bin: type symlink is directory\nchanged /usr/bin/sh: contents\n"
    );
    fs::remove_dir_all(dest.join("usr")).unwrap();
    assert_eq!(verify(&sandbox, &usr).stdout, "missing /usr\n");
    let run = verify(&sandbox, &["--include=/usr/bin/sh"]);
    assert_eq!(run.stdout, "missing /usr\n");
    // One that leads to nothing would be a check that finds nothing.
    let run = verify(&sandbox, &["--include=/urs"]).fails(3);
    let _ = run.says("--include /urs: no such path in the image");
    let run = verify(&sandbox, &["--include=/etc/machine-id"]).fails(3);
    let _ = run.says("--include /etc/machine-id: no such path in the image");
}

/// A warning each night for what a system makes only now and then would be mail each night.
#[test]
fn only_an_exclude_that_stands_for_nothing_is_a_warning() {
    let (sandbox, _registry, _) = system();
    start(&sandbox.path("dest"));
    let rest = [
        "--ignore-added",
        "--ignore-times",
        "--exclude=/etc/resolv.conf",
    ];
    let says = |exclude: &str| {
        let run = verify(&sandbox, &rest);
        run.succeeds().never_says("warning");
        let run = sandbox.roots(["verify", "dest"]).args(rest);
        run.args(["--exclude", exclude]).run().succeeds().prints("")
    };
    // In the image, in the tree, in the tree behind a symlink of the image.
    for exclude in ["/var/log", "/run", "/var/log/journal", "log/journal", "bin"] {
        says(exclude).never_says("warning");
    }
    for exclude in ["/vra/log", "/var/log/wtmp", "/etc/passwd/x"] {
        says(exclude).says(&format!(
            "roots: warning: --exclude {exclude}: no such path in the image"
        ));
    }
    says("/var/log/*").says("patterns are not supported");
}

/// Of a tree that was pulled in part, more than the part was not found.
#[test]
fn a_tree_of_a_part_has_nothing_else_in_it() {
    let (sandbox, _registry, name) = system();
    let part = ["--include=/usr", "--exclude=/usr/share"];
    let pull = sandbox.roots(["pull", "--force", &name, "dest"]).args(part);
    pull.run().succeeds();
    let evil = |dest: &Path| {
        quietly(&dest.join("cron"), |path| fs::create_dir(path).unwrap());
        quietly(&dest.join("usr/share"), |path| {
            fs::create_dir(path).unwrap()
        });
    };
    let [includes, excludes] = part;
    let partial = ["--partial", includes, excludes, &name];
    verify(&sandbox, &partial).succeeds().prints("");
    if !Ability::Attributes.is_missing() {
        verify(&sandbox, &[]).succeeds().prints("");
    }
    verify(&sandbox, &[includes, excludes, &name])
        .succeeds()
        .prints("");
    evil(&sandbox.path("dest"));
    let added = "added /cron\nadded /usr/share\n";
    assert_eq!(verify(&sandbox, &partial).stdout, added);
    // Without --partial, nobody has asked what is there.
    verify(&sandbox, &[includes, excludes, &name])
        .succeeds()
        .prints("");
    if !Ability::Attributes.is_missing() {
        assert_eq!(verify(&sandbox, &[]).stdout, added);
        // The record says what the tree is, the option what is compared.
        let run = verify(&sandbox, &["--exclude=/cron"]);
        assert_eq!(run.stdout, "added /usr/share\n");
    }
    let run = verify(&sandbox, &["--partial", &name]).fails(2);
    let _ = run.says("--partial: only together with --include or --exclude");
}

/// What this user may not read, another file system, a tree deeper than files can be open: none of it matters where
/// it is left out, and all of it elsewhere.
#[test]
fn what_is_left_out_is_not_looked_at() {
    let sandbox = Sandbox::new("verify_deep");
    let deep: Vec<String> = (1..200).map(|depth| "d/".repeat(depth)).collect();
    let layer = deep
        .iter()
        .fold(Layer::new().dir("e", 0o755), |layer, path| {
            layer.dir(path.trim_end_matches('/'), 0o755)
        });
    Layout::new()
        .image("", &Image::new().layer(layer).build())
        .write(sandbox.path("layout"));
    sandbox.roots(["pull", "./layout", "dest"]).run().succeeds();
    let bottom = sandbox.path("dest").join(&deep[198]);
    quietly(&bottom.join("x"), |path| fs::write(path, "").unwrap());
    quietly(&bottom.join("y"), |path| fs::write(path, "").unwrap());
    let at = |name: &str| format!("{}{name}", deep[198]);
    let run = verify(&sandbox, &["--exclude", &at("x")]);
    assert_eq!(run.stdout, format!("added /{}\n", at("y")));
    let run = verify(&sandbox, &["--exclude", &at("x"), "--exclude", &at("y")]);
    run.succeeds().prints("");
    verify(&sandbox, &["--exclude=/d"]).succeeds().prints("");
    let run = verify(&sandbox, &["--include", deep[198].trim_end_matches('/')]);
    assert_eq!(run.stdout.lines().count(), 2, "{}", run.stdout);
    let nothing = ["", "/", ".", "..", "a/../b", &"x".repeat(256)];
    for path in nothing {
        for option in ["--include", "--exclude"] {
            let run = sandbox.roots(["verify", option, path, "dest"]).run();
            run.fails(2).says(option);
        }
    }
}

#[test]
fn what_an_ordinary_user_may_not_read_can_be_left_out() {
    if is_root() {
        return;
    }
    use std::os::unix::fs::PermissionsExt as _;
    let scene = Scene::new();
    let locked = scene.path("etc/shadow");
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o000)).unwrap();
    let run = scene.verify();
    assert_eq!((&*run.stdout, run.code), ("unread /etc/shadow\n", Some(5)));
    let run = scene
        .sandbox
        .roots(["verify", "--exclude=/etc/shadow", "dest"]);
    run.run().succeeds().prints("");
}
