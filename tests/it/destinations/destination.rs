//! DEST: where a tree may come into being, what it may replace, and what is never touched.

use crate::support::{ALWAYS, Fault, HELLO, Layout, Registry, Run, Sandbox, hello, tree};
use std::os::unix::fs::symlink;

fn published() -> (Sandbox, Registry, String) {
    let (sandbox, registry) = (Sandbox::new("destination"), Registry::start());
    let name = registry.push("a/b", "1", &hello());
    (sandbox, registry, name)
}

/// Pulls into `dest`, which must be refused before any request, and leave everything as it is.
#[track_caller]
fn refused(sandbox: &Sandbox, registry: &Registry, arguments: &[&str]) -> Run {
    let left = || {
        let mut tree = tree::list(sandbox.path(""));
        // The cache is opened first; that it was made is no harm.
        tree.retain(|path, _| !path.is_empty() && !path.starts_with(b"cache"));
        tree
    };
    let before = left();
    let run = sandbox
        .roots(["pull", &registry.image("a/b:1")])
        .args(arguments)
        .run()
        .fails(6);
    assert_eq!(tree::diff(&before, &left()), [""; 0]);
    assert_eq!(registry.lines(), [""; 0]);
    run
}

const DANGLES: &str = "hint: a symlink or `..` in the path leads nowhere: make that folder first\n";

const CHOOSE: &str = "hint: choose another folder\n";

#[test]
fn a_tree_comes_where_nothing_or_an_empty_folder_is() {
    let (sandbox, _registry, name) = published();
    sandbox.mkdir("empty");
    sandbox.mkdir("target");
    symlink("target", sandbox.path("link")).unwrap();
    let absolute = sandbox.path("absolute").display().to_string();
    let long = "n".repeat(255);
    for (dest, at) in [
        ("new", "new"),
        ("empty", "empty"),
        ("link", "target"),
        ("slash/", "slash"),
        ("./dot/.", "dot"),
        ("up/../into", "into"),
        ("with blank\n and line", "with blank\n and line"),
        ("-dash", "-dash"),
        (&long, &long),
        (&absolute, "absolute"),
    ] {
        if dest.starts_with("up/") {
            sandbox.mkdir("up");
        }
        sandbox.roots(["pull", "--", &name, dest]).run().succeeds();
        assert_eq!(tree::sketch(sandbox.path(at)), HELLO, "{dest}");
        let names = sandbox.names("");
        assert!(
            names.iter().all(|name| !name.ends_with(".roots")),
            "{names:?}"
        );
    }
    assert!(
        sandbox
            .path("link")
            .symlink_metadata()
            .unwrap()
            .is_symlink()
    );
}

#[test]
fn the_working_directory_may_be_filled() {
    let (sandbox, _registry, name) = published();
    let here = sandbox.mkdir("here");
    let run = sandbox
        .roots(["pull", &name, "."])
        .cwd(&here)
        .run()
        .succeeds();
    run.says(": it holds the working directory: this pull is not atomic");
    assert_eq!(tree::sketch(&here), HELLO);
    assert_eq!(sandbox.names(""), ["cache", "here"]);
}

#[test]
fn a_failed_pull_leaves_the_working_directory_empty() {
    let (sandbox, registry, name) = published();
    let here = sandbox.mkdir("here");
    registry.fault(
        &hello().layers[0].digest,
        ALWAYS,
        Fault::Append(b"x".to_vec()),
    );
    sandbox
        .roots(["pull", &name, "."])
        .cwd(&here)
        .run()
        .fails(5);
    assert_eq!(sandbox.names("here"), [""; 0]);
}

#[test]
fn missing_parents_are_made_and_go_with_a_failed_pull() {
    let (sandbox, registry, name) = published();
    for (umask, mode) in [("077", "0700"), ("000", "0755")] {
        let dest = format!("{umask}/b/c/dest");
        sandbox
            .roots(["pull", &name, &dest])
            .prelude(&format!("umask {umask}"))
            .run()
            .succeeds();
        let made = format!("d {mode} b/\nd {mode} b/c/\nd 0755 b/c/dest/\n");
        assert!(tree::sketch(sandbox.path(umask)).starts_with(&made));
    }
    sandbox.mkdir("kept");
    for (fault, code) in [
        (Fault::status(404), 3),
        (Fault::Append(b"x".to_vec()), 5),
        (Fault::status(500), 75),
    ] {
        registry.fault("/manifests/", 1, fault);
        sandbox
            .roots(["pull", &name, "kept/x/y/dest"])
            .run()
            .fails(code);
        assert_eq!(sandbox.names("kept"), [""; 0]);
    }
}

#[test]
fn what_is_there_is_not_touched() {
    let (sandbox, registry, _name) = published();
    sandbox.write("full/file", "mine");
    sandbox.write("hidden/.file", "mine");
    sandbox.mkdir("folder/in");
    let hint = "\nhint: add --force to replace it\n";
    for dest in ["full", "hidden", "folder", "full/", "./full/."] {
        let run = refused(&sandbox, &registry, &[dest]);
        assert_eq!(run.stderr, format!("roots: {dest}: it is not empty{hint}"));
    }
    symlink("full", sandbox.path("to-full")).unwrap();
    let run = refused(&sandbox, &registry, &["to-full"]);
    assert_eq!(run.stderr, format!("roots: to-full: it is not empty{hint}"));
}

/// The hint sent people to `--force`, which then refused the working directory.
#[test]
fn no_hint_leads_to_what_is_refused() {
    let (sandbox, registry, _name) = published();
    sandbox.write("full/file", "mine");
    let run = sandbox
        .roots(["pull", &registry.image("a/b:1"), "."])
        .cwd(sandbox.path("full"))
        .run()
        .fails(6);
    assert_eq!(
        run.stderr,
        "roots: .: it is not empty, and it holds the working directory\nhint: empty it, or choose another folder\n"
    );
    for dest in ["/proc", "/etc"] {
        let run = refused(&sandbox, &registry, &[dest]);
        let why = match dest {
            "/proc" => {
                ", and it is a mount point\nhint: empty it, or choose another folder\n".to_owned()
            }
            _ => format!("; refusing to replace a folder directly below /\n{CHOOSE}"),
        };
        let said = format!("roots: {dest}: it is not empty{why}");
        assert_eq!(run.stderr, said);
    }
    assert_eq!(registry.lines(), [""; 0]);
}

#[test]
fn what_is_no_folder_is_never_replaced() {
    let (sandbox, registry, _name) = published();
    sandbox.write("file", "mine");
    symlink("file", sandbox.path("to-file")).unwrap();
    rustix::fs::mkfifoat(
        rustix::fs::CWD,
        sandbox.path("fifo"),
        rustix::fs::Mode::RWXU,
    )
    .unwrap();
    symlink("nowhere", sandbox.path("dangling")).unwrap();
    for force in [&[][..], &["--force"]] {
        for dest in ["file", "to-file", "fifo"] {
            let run = refused(&sandbox, &registry, &[force, &[dest]].concat());
            let path = sandbox.path(dest.trim_start_matches("to-"));
            assert_eq!(
                run.stderr,
                format!(
                    "roots: {}: it is not a folder\nhint: name a folder\n",
                    path.display()
                )
            );
        }
        let run = refused(&sandbox, &registry, &[force, &["dangling"]].concat());
        assert_eq!(
            run.stderr,
            format!(
                "roots: dangling: cannot follow the path: no such file or directory\n{DANGLES}"
            )
        );
        let run = refused(&sandbox, &registry, &[force, &["missing/../x"]].concat());
        assert_eq!(
            run.stderr,
            format!(
                "roots: missing/../x: cannot follow the path: no such file or directory\n{DANGLES}"
            )
        );
        let run = refused(&sandbox, &registry, &[force, &["file/x"]].concat());
        assert_eq!(
            run.stderr,
            "roots: file/x: cannot follow the path: not a directory\n"
        );
    }
}

#[test]
fn an_empty_dest_is_a_missing_one() {
    let (sandbox, registry, name) = published();
    let run = sandbox.roots(["pull", &name, ""]).run().fails(2);
    assert_eq!(
        run.stderr,
        "roots: pull: DEST is missing\nhint: see `roots help pull`\n"
    );
    assert_eq!(registry.lines(), [""; 0]);
    assert_eq!(sandbox.names(""), [""; 0]);
}

#[test]
fn a_layout_is_not_replaced_by_its_own_tree() {
    let (sandbox, registry, _name) = published();
    Layout::new()
        .image("", &hello())
        .write(sandbox.path("in/layout"));
    symlink("in/layout", sandbox.path("link")).unwrap();
    for (image, dest) in [
        ("./in/layout", "in/layout"),
        ("./in/layout", "link"),
        ("./link", "in"),
    ] {
        let run = sandbox.roots(["pull", image, dest]).run().fails(6);
        let why = "it holds the image that is pulled";
        let said = format!("roots: {dest}: it is not empty, and {why}\n{CHOOSE}");
        assert_eq!(run.stderr, said);
        for options in [&["--force"][..], &["--force", "--update"]] {
            let command = sandbox.roots(["pull", image, dest]).args(options);
            command
                .run()
                .fails(6)
                .says(": it holds the image that is pulled\n");
        }
        assert!(sandbox.has("in/layout/index.json"));
    }
    assert_eq!(registry.lines(), [""; 0]);
}

/// `--force` put the tree in place of the folder that held the cache, and then removed that with all blobs in it.
#[test]
fn a_folder_that_holds_the_cache_is_not_replaced() {
    let (sandbox, registry, name) = published();
    sandbox
        .roots(["pull", &name, "one", "--cache=in/cache"])
        .run()
        .succeeds();
    registry.forget_requests();
    for dest in ["in", "in/cache"] {
        let pull = || sandbox.roots(["pull", &name, dest, "--cache=in/cache"]);
        let run = pull().run().fails(6);
        assert!(!run.stderr.contains("--force"), "{}", run.stderr);
        pull().arg("--force").run().fails(6).says("cache");
    }
    let command = sandbox.roots(["pull", &name, "in/cache/links/x", "--cache=in/cache"]);
    let run = command.run().fails(6);
    run.says(": it is in the cache, where purge would remove it\n");
    assert_eq!(registry.lines(), [""; 0]);
    assert!(sandbox.has("in/cache/CACHEDIR.TAG"));
    // A folder that is to hold both, from the beginning.
    let command = sandbox.roots(["pull", &name, "new", "--cache=new/cache"]);
    let run = command.run().fails(6);
    let why = "it holds the cache";
    let said = format!("roots: new: it is not empty, and {why}\n{CHOOSE}");
    assert_eq!(run.stderr, said);
}
