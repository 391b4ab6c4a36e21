//! `roots digest` of several images makes a lock, and `roots pull --locked` holds to it.

use crate::support::{HELLO, Image, Layer, Layout, Registry, Sandbox, hello, hello_layer, tree};

/// A registry with two images, and the lock of both.
fn locked() -> (Sandbox, Registry, [String; 2], String) {
    let (sandbox, registry) = (Sandbox::new("locks"), Registry::start());
    let other = Image::new()
        .layer(Layer::new().file("other", 0o644, ""))
        .build();
    let names = [
        registry.push("a/b", "1", &hello()),
        registry.push("c", "2", &other),
    ];
    let run = sandbox
        .roots(["digest", &names[0], &names[1]])
        .run()
        .succeeds();
    let [one, two] = [hello().manifest.digest, other.manifest.digest];
    assert_eq!(
        run.stdout,
        format!("{}@{one}\n{}@{two}\n", names[0], names[1])
    );
    sandbox.write("lock", format!("# both\n{}", run.stdout));
    (sandbox, registry, names, run.stdout)
}

/// Pushes another image under the first name.
fn move_tag(registry: &Registry) -> String {
    let image = Image::new()
        .layer(hello_layer())
        .layer(Layer::new().dir("new", 0o755));
    let image = image.build();
    registry.push("a/b", "1", &image);
    image.manifest.digest
}

#[test]
fn what_is_locked_is_pulled() {
    let (sandbox, _registry, names, _) = locked();
    for name in &names {
        let pull = ["pull", "--force", "--locked", "lock", name, "dest"];
        sandbox.roots(pull).run().succeeds();
    }
    let pull = [
        "pull",
        "--force",
        "--locked=lock",
        "--offline",
        &names[0],
        "dest",
    ];
    sandbox.roots(pull).run().succeeds();
    assert_eq!(tree::sketch(sandbox.path("dest")), HELLO);
}

#[test]
fn another_image_is_refused() {
    let (sandbox, registry, names, _) = locked();
    let moved = move_tag(&registry);
    let pull = ["pull", "--locked", "lock", &names[0], "dest"];
    let run = sandbox.roots(pull).run().fails(5);
    let digest = hello().manifest.digest;
    assert_eq!(
        run.stderr,
        format!(
            "roots: {}: locked to {digest}, but it is {moved}\n\
             hint: if the change is intended, lock it again: roots digest --lock {}\n",
            names[0], names[0]
        )
    );
    assert_eq!(registry.requests_for("/blobs/").len(), 3, "no layer of it");
    sandbox.assert_nothing_left();
    let third = registry.push("d", "1", &hello());
    let run = sandbox
        .roots(["pull", "--locked", "lock", &third, "dest"])
        .run();
    run.fails(5).says(&format!("roots: {third}: not in lock\n"));
    let other_tag = registry.push("a/b", "2", &hello());
    let pull = ["pull", "--locked", "lock", &other_tag, "dest"];
    sandbox.roots(pull).run().fails(5).says("not in lock");
    sandbox.assert_nothing_left();
}

/// A tree that is what the name stands for is not unchanged if it should be another one.
#[test]
fn an_update_is_held_to_the_lock() {
    let (sandbox, registry, names, _) = locked();
    let update = |more: &[&str]| {
        let command = sandbox
            .roots(["pull", "--update", "--exit-code"])
            .args(more);
        command.args([&names[0], "dest"]).run()
    };
    update(&["--locked=lock"]).succeeds();
    let run = update(&["--locked=lock"]).says("unchanged");
    assert_eq!(run.code, Some(10));
    move_tag(&registry);
    update(&["--locked=lock"]).fails(5).says("locked to");
    assert_eq!(tree::sketch(sandbox.path("dest")), HELLO);
    update(&[]).succeeds();
    update(&["--locked=lock"]).fails(5).says("locked to");
}

#[test]
fn an_archive_is_held_to_it_by_the_names_in_it() {
    let (sandbox, registry, _, _) = locked();
    let name = format!("{}/a/b:1", registry.host());
    let other = Image::new().layer(hello_layer().dir("d", 0o755)).build();
    for (called, image, code) in [
        (name.as_str(), hello(), 0),
        (&name, other.clone(), 5),
        ("", hello(), 0),
        ("", other.clone(), 5),
        ("elsewhere.test/x:1", hello(), 5),
    ] {
        let layout = Layout::new().image(called, &image);
        sandbox.write("image.tar", layout.archive());
        layout.write(sandbox.path("layout"));
        for image in ["./image.tar", "./layout"] {
            let pull = ["pull", "--force", "--locked=lock", image, "dest"];
            let run = sandbox.roots(pull).run();
            assert_eq!(run.code, Some(code), "{called} {}", run.stderr);
        }
        std::fs::remove_dir_all(sandbox.path("layout")).unwrap();
    }
}

#[test]
fn a_single_digest_is_a_lock_too() {
    let (sandbox, registry, names, both) = locked();
    let run = sandbox
        .roots(["digest", "--lock", &names[0]])
        .run()
        .succeeds();
    assert!(both.starts_with(&run.stdout) && run.stdout.ends_with('\n'));
    let bare = sandbox.roots(["digest", &names[0]]).run().succeeds().stdout;
    assert_eq!(bare, format!("{}\n", hello().manifest.digest));
    sandbox.write("bare", bare);
    let pull = |name: &str| {
        let pull = ["pull", "--force", "--locked=bare", name, "dest"];
        sandbox.roots(pull).run()
    };
    pull(&names[0]).succeeds();
    pull(&names[1]).fails(5);
    move_tag(&registry);
    pull(&names[0]).fails(5);
}

#[test]
fn what_is_no_lock_is_said_before_anything_is_asked() {
    let (sandbox, registry, names, _) = locked();
    registry.forget_requests();
    for (lock, why) in [
        (Some("debian:12\n"), "lock: line 1 is malformed"),
        (Some("\n\nx@sha256:12"), "lock: line 3 is malformed"),
        (None, "lock: cannot read: no such file or directory"),
    ] {
        match lock {
            Some(lock) => drop(sandbox.write("lock", lock)),
            None => std::fs::remove_file(sandbox.path("lock")).unwrap(),
        }
        let pull = ["pull", "--locked", "lock", &names[0], "dest"];
        let run = sandbox.roots(pull).run().fails(2);
        run.says(&format!("roots: {why}\n"));
    }
    assert_eq!(registry.lines(), [""; 0]);
    sandbox.write("lock", "");
    let pull = ["pull", "--locked", "lock", &names[0], "dest"];
    sandbox.roots(pull).run().fails(5).says("not in lock");
}

/// `--locked` took the line of such an image for malformed, and with it the whole lock.
#[test]
fn the_line_of_an_image_without_a_name_locks_it_and_no_other() {
    let (sandbox, _registry, names, _) = locked();
    let image = Image::new().layer(hello_layer()).build();
    let archive = Layout::new().image("", &image).archive();
    for path in ["app.tar", "my #1 app.tar"] {
        sandbox.write(path, &archive);
        let local = format!("oci-archive:{path}");
        let run = sandbox.roots(["digest", "--lock", &local]).run().succeeds();
        sandbox.write("unnamed", &run.stdout);
        let pull = |image: &str| {
            let pull = ["pull", "--force", "--locked", "unnamed", image, "dest"];
            sandbox.roots(pull).run()
        };
        pull(&local).succeeds();
        pull(&names[1]).fails(5);
        let save = ["save", &names[1], &local, "-o", "images.tar"];
        let run = sandbox.roots(save).run().succeeds();
        sandbox.write("unnamed", &run.stdout);
        pull(&local).succeeds();
        pull(&names[1]).succeeds();
        pull(&names[0]).fails(5);
    }
}
