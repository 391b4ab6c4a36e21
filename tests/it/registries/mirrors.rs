//! Mirrors: asked first and in order, told whose images are meant, and never a reason to fail.

use crate::support::{
    ALWAYS, Compression, Fault, Image, Layer, Registry, Sandbox, TokenRules, tree,
};
use std::path::Path;

mod breaks;
mod secrets;

const TREE: &str = "f 0644 5 hello\n";

fn target(request: &str) -> &str {
    request.split(' ').nth(1).unwrap_or_default()
}

/// A registry and two mirrors, all with the same image, under a prefix on the second.
fn three() -> (Sandbox, Registry, Registry, Registry, String) {
    let (origin, first, second) = (Registry::start(), Registry::start(), Registry::start());
    let image = Image::new()
        .layer(Layer::new().file("hello", 0o644, "hello"))
        .build();
    let name = origin.push("a/b", "1", &image);
    first.push("a/b", "1", &image);
    second.push("prefix/a/b", "1", &image);
    (Sandbox::new("mirrors"), origin, first, second, name)
}

#[test]
fn the_first_mirror_that_has_an_image_gives_it() {
    for by_variable in [false, true] {
        let (sandbox, origin, first, second, name) = three();
        let mirrors = [first.host(), format!("{}/prefix", second.host())];
        let pull = || {
            let command = sandbox.roots(["pull", "--cache=no", &name, "dest", "--force"]);
            match by_variable {
                true => command.env("ROOTS_MIRRORS", mirrors.join(" ")),
                false => command.args(["--mirror", &mirrors[0], "--mirror", &mirrors[1]]),
            }
        };
        pull().run().succeeds().never_says("mirror");
        assert_eq!(tree::sketch(sandbox.path("dest")), TREE);
        assert_eq!(origin.lines(), [""; 0]);
        assert_eq!(second.lines(), [""; 0]);
        let ns = format!("?ns={}", origin.host().replace(':', "%3A"));
        let lines = first.lines();
        assert_eq!(lines.len(), 3);
        for line in &lines {
            assert!(target(line).contains("/v2/a/b/"), "{line}");
            let decoded = line.replace("%3A", ":");
            assert!(decoded.contains(&ns.replace("%3A", ":")), "{line}");
        }
        // Without it, the second is asked under its prefix.
        first.fault("", ALWAYS, Fault::status(404));
        pull().run().succeeds().never_says("mirror");
        assert_eq!(origin.lines(), [""; 0]);
        assert_eq!(second.requests_for("/v2/prefix/a/b/").len(), 3);
    }
}

#[test]
fn a_mirror_that_fails_is_left_out_and_said() {
    let garbage = Fault::Raw(b"what?".to_vec());
    for fault in [
        Fault::status(500),
        Fault::status(503),
        Fault::status(403),
        Fault::Reset,
        garbage,
        // A page of whoever sits in front of it.
        Fault::status_with(200, &[("Content-Type", "text/html")], "<html>Log in"),
        Fault::status_with(200, &[], "{\"detail\":\"over quota\"}"),
        Fault::Corrupt(3),
    ] {
        let (sandbox, origin, first, _, name) = three();
        first.fault("/manifests/", ALWAYS, fault.clone());
        let digest = origin.requests().len();
        let run = sandbox.roots(["pull", &name, "dest", "--mirror", &first.host()]);
        let run = run.env("ROOTS_RETRIES", "3").run();
        run.succeeds().says(&format!("mirror {}: ", first.host()));
        assert_eq!(tree::sketch(sandbox.path("dest")), TREE);
        assert_eq!(first.lines().len(), 1, "{fault:?}: one try, and no more");
        assert_eq!(origin.requests().len() - digest, 3);
    }
    let (sandbox, _origin, first, _, name) = three();
    let host = first.host();
    drop(first);
    let run = sandbox
        .roots(["pull", &name, "dest", "--mirror", &host])
        .run();
    run.succeeds().says(&format!("mirror {host}: "));
}

#[test]
fn what_a_mirror_lacks_comes_from_the_registry() {
    let (sandbox, origin, first, _, name) = three();
    first.fault("/blobs/", ALWAYS, Fault::status(404));
    let run = sandbox
        .roots(["pull", &name, "dest", "--mirror", &first.host()])
        .run();
    run.succeeds().never_says("mirror");
    assert_eq!(tree::sketch(sandbox.path("dest")), TREE);
    assert_eq!(origin.requests_for("/manifests/").len(), 0);
    assert_eq!(origin.requests_for("/blobs/").len(), 2);
}

#[test]
fn a_mirror_that_breaks_off_is_gone_on_from() {
    let (origin, mirror) = (Registry::start(), Registry::start());
    let layer = Layer::new().file("big", 0o644, vec![b'x'; 300_000]);
    let image = Image::new()
        .layer(layer)
        .compressed(Compression::None)
        .build();
    let name = origin.push("a/b", "1", &image);
    mirror.push("a/b", "1", &image);
    let sandbox = Sandbox::new("mirror_breaks");
    mirror.fault(&image.layers[0].digest, 1, Fault::CutBody(100_000));
    mirror.fault(&image.layers[0].digest, ALWAYS, Fault::Reset);
    let run = sandbox.roots(["pull", &name, "dest", "--mirror", &mirror.host()]);
    run.env("ROOTS_RETRIES", "2").run().succeeds();
    assert_eq!(tree::sketch(sandbox.path("dest")), "f 0644 300000 big\n");
    let rest = origin.requests_for("/blobs/");
    assert_eq!(rest.len(), 1);
    assert_eq!(rest[0].header("range").as_deref(), Some("bytes=100000-"));
}

#[test]
fn a_mirror_that_lies_about_a_digest_is_not_believed() {
    let (sandbox, origin, first, _, name) = three();
    let digest = sandbox.roots(["digest", &name]).run().succeeds().stdout;
    let pinned = format!("{name}@{}", digest.trim());
    first.fault("/manifests/", ALWAYS, Fault::Corrupt(3));
    let run = sandbox
        .roots(["pull", &pinned, "dest", "--mirror", &first.host()])
        .run();
    run.succeeds().says("digest mismatch");
    assert_eq!(tree::sketch(sandbox.path("dest")), TREE);
    assert!(!origin.requests_for("/manifests/").is_empty());
}

#[test]
fn what_was_passed_for_the_registry_does_not_go_to_a_mirror() {
    let (sandbox, origin, first, _, name) = three();
    origin.require_basic("user", "s3cret");
    first.require_basic("user", "s3cret");
    let run = sandbox.roots(["pull", &name, "dest", "--mirror", &first.host()]);
    let run = run.args(["--auth", "user:s3cret"]).run();
    run.succeeds().says(&format!("mirror {}: ", first.host()));
    for request in first.requests() {
        assert_eq!(request.header("authorization"), None);
    }
    assert!(
        origin
            .requests()
            .iter()
            .any(|r| r.header("authorization").is_some())
    );
}

/// `--plain-http` used to strip the s of a mirror, which then saw its credentials in plain text.
#[test]
fn a_mirror_with_https_is_spoken_to_in_nothing_else() {
    // That the registry has no TLS says nothing of its mirrors.
    for (scheme, asked) in [("https://", 0), ("http://", 3), ("", 0)] {
        let (sandbox, origin, first, _, name) = three();
        // Linux takes this for loopback, `roots` does not.
        let there = |name: &str| name.replace("127.0.0.1", "0.0.0.0");
        let mirror = format!("{scheme}{}", there(&first.host()));
        let pull = ["pull", "--plain-http", "--timeout=1", "--mirror", &mirror];
        let pull = sandbox.roots(pull).args([&there(&name), "dest"]);
        let run = pull.run().succeeds();
        assert_eq!(run.stderr.contains("warning: mirror 0.0.0.0:"), asked == 0);
        assert_eq!(tree::sketch(sandbox.path("dest")), TREE);
        assert_eq!(first.requests().len(), asked, "{scheme}");
        assert_eq!(origin.requests().len(), 3 - asked, "{scheme}");
    }
}

/// A mirror on this machine used to be spoken to in plain http, whatever was said.
#[test]
fn a_mirror_with_https_is_spoken_to_in_nothing_else_on_this_machine() {
    for (scheme, asked) in [("https://", 0), ("", 3)] {
        let (sandbox, origin, first, _, name) = three();
        let mirror = format!("{scheme}{}", first.host());
        let pull = sandbox.roots(["pull", "--timeout=1", "--mirror", &mirror]);
        let run = pull.args([&name, "dest"]).run().succeeds();
        assert_eq!(run.stderr.contains("warning: mirror"), asked == 0);
        assert_eq!(first.requests().len(), asked);
        assert_eq!(origin.requests().len(), 3 - asked);
    }
}

/// It used to get all retries of the pull, 30 s each, for every request.
#[test]
fn a_mirror_whose_token_server_is_silent_gets_one_try() {
    for fault in [Fault::Hang, Fault::status(503), Fault::Reset] {
        let (sandbox, origin, first, _, name) = three();
        first.require_token(TokenRules::new());
        first.fault("/token", ALWAYS, fault);
        let pull = sandbox.roots(["pull", "--timeout=1", "--mirror", &first.host()]);
        let run = pull.args([&name, "dest"]).run().succeeds();
        run.says("warning: mirror").never_says("trying again");
        assert_eq!(first.requests_for("/token").len(), 1);
        assert_eq!(origin.requests().len(), 3);
    }
}

/// What it names used to be passed over, and with it what it blocks.
#[test]
fn a_registries_conf_that_is_named_has_to_be_there() {
    let (sandbox, origin, _, _, name) = three();
    let pull = || sandbox.roots(["pull", &name, "dest"]);
    let path = sandbox.path("none.conf");
    let run = pull().env("CONTAINERS_REGISTRIES_CONF", &path).run();
    let said = "none.conf: cannot read: no such file or directory\n";
    run.fails(2).says(said);
    assert_eq!(origin.lines(), [""; 0]);
    sandbox.write("none.conf", "[registries.block]\nregistries = ['a.io']\n");
    let run = pull().env("CONTAINERS_REGISTRIES_CONF", &path).run();
    run.fails(2)
        .says("none.conf: line 2: [registries.block] is the old format, version 1\nhint: write a `[[registry]]`");
    let blocked = format!("[[registry]]\nprefix = '{name}'\nblocked = true\n");
    sandbox.write("none.conf", blocked);
    let run = pull().env("CONTAINERS_REGISTRIES_CONF", &path).run();
    run.fails(4).says("blocked by registries.conf");
    assert_eq!(origin.lines(), [""; 0]);
}

#[test]
fn what_is_no_mirror_is_said() {
    let sandbox = Sandbox::new("no_mirror");
    for mirror in [
        "-",
        "a b",
        "ftp://a.io",
        "a.io/UPPER",
        "a.io:x",
        "a.io/../b",
        "user@a.io",
    ] {
        let run = sandbox
            .roots(["pull", "a.io/b", "dest", "--mirror", mirror])
            .run();
        run.fails(2)
            .says("--mirror: not a mirror like mirror.example.com:5000");
    }
    let pull = sandbox.roots(["pull", "a.io/b", "dest"]);
    let run = pull.env("ROOTS_MIRRORS", "a.io user@a.io").run();
    run.fails(2).says("roots: ROOTS_MIRRORS: not a mirror like");
}

/// Writes registries.conf where an ordinary user has it.
fn configured(sandbox: &Sandbox, conf: &str) {
    sandbox.write("home/.config/containers/registries.conf", conf);
}

#[test]
fn registries_conf_names_mirrors_and_other_places() {
    let (sandbox, origin, first, second, _) = three();
    configured(
        &sandbox,
        &format!(
            "[[registry]]\nprefix = 'images.example/x'\nlocation = '{}/a'\n\
             [[registry.mirror]]\nlocation = '{}/none'\n\
             [[registry.mirror]]\nlocation = '{}/prefix/a'\n",
            origin.host(),
            first.host(),
            second.host()
        ),
    );
    let pull = || {
        sandbox.roots([
            "pull",
            "--cache=no",
            "images.example/x/b:1",
            "dest",
            "--force",
        ])
    };
    pull().run().succeeds();
    assert_eq!(tree::sketch(sandbox.path("dest")), TREE);
    assert!(
        !first
            .requests_for("/v2/none/b/manifests/1?ns=images.example")
            .is_empty()
    );
    assert!(!second.requests_for("/v2/prefix/a/b/manifests/1").is_empty());
    assert_eq!(origin.lines(), [""; 0]);
    second.fault("", ALWAYS, Fault::status(500));
    pull().run().succeeds();
    assert_eq!(origin.requests_for("/v2/a/b/manifests/1").len(), 1);
    // Another file by its variable.
    sandbox.write(
        "other.conf",
        "[[registry]]\nlocation = 'images.example'\nblocked = true\n",
    );
    let run = pull()
        .env("CONTAINERS_REGISTRIES_CONF", sandbox.path("other.conf"))
        .run();
    run.fails(4)
        .says("images.example/x/b:1: blocked by registries.conf");
    // Drop-ins are read after the file, and the last word on a prefix holds.
    let conf = Path::new("home/.config/containers/registries.conf.d");
    sandbox.write(
        conf.join("a.conf"),
        "[[registry]]\nprefix = 'images.example/x'\nblocked = true\n",
    );
    sandbox.write(conf.join("b.txt"), "}{");
    pull().run().fails(4).says("blocked by registries.conf");
    // They count without the file, too, and did not use to.
    let file = sandbox.path("home/.config/containers/registries.conf");
    std::fs::remove_file(file).unwrap();
    pull().run().fails(4).says("blocked by registries.conf");
}

#[test]
fn registries_conf_that_cannot_be_understood_is_named() {
    let sandbox = Sandbox::new("registries_conf");
    configured(
        &sandbox,
        "[[registry]]\nlocation = 'a.io'\nblocked = yes please\n",
    );
    let pull = || sandbox.roots(["pull", "a.io/b", "dest"]);
    let hint = "hint: correct that line, or name another file in CONTAINERS_REGISTRIES_CONF (/dev/null for none)\n";
    let run = pull().run().fails(2);
    run.says("registries.conf: line 3 is malformed: ")
        .says(hint);
    // Also where it is not about the image, and in a drop-in.
    configured(&sandbox, "[[registry]]\nlocation = 'b.io'\n");
    let conf = Path::new("home/.config/containers/registries.conf.d");
    let wrong = "[[registry]]\nlocation = 'c.io'\n[[registry.mirror]]\nlocation = 'd.io'\npull-from-mirror = \"x\\u001b\"\n";
    sandbox.write(conf.join("a.conf"), wrong);
    let run = pull().run().fails(2);
    let said = "a.conf: line 5: `pull-from-mirror` is all, digest-only or tag-only, not ";
    run.says(said).says(hint).never_says("\u{1b}");
    assert!(!sandbox.has("dest"));
}

/// The image that was typed was blamed, and the hint was to type another.
#[test]
fn a_location_that_makes_no_name_is_named_by_its_line() {
    let (sandbox, origin, _, _, _) = three();
    for location in ["a.io/UP", "a b", "a.io:", "a.io/b//c"] {
        let conf = format!("# \u{fc}\n[[registry]]\nprefix = 'ex.io'\nlocation = '{location}'\n");
        configured(&sandbox, &conf);
        let run = sandbox.roots(["digest", "ex.io/a/b:1"]).run().fails(2);
        run.says("registries.conf: line 2: its location or that of a mirror makes ")
            .says("/a/b, which is not the name of an image\nhint: correct that line");
        // Other images have other places.
        sandbox
            .roots(["digest", &origin.image("a/b:1")])
            .run()
            .succeeds();
    }
    let path = "home/.config/containers/registries.conf";
    sandbox.write(path, b"# a\n# \xfc\n");
    let run = sandbox.roots(["digest", "ex.io/a/b:1"]).run().fails(2);
    run.says("registries.conf: line 2 is malformed: invalid UTF-8\n");
    sandbox.write(path, "");
    sandbox.mkdir(format!("{path}.d/folder.conf"));
    sandbox
        .roots(["digest", &origin.image("a/b:1")])
        .run()
        .succeeds();
}

/// An inline table of mirrors was said to be wrong: it is TOML, and podman reads it.
#[test]
fn registries_conf_is_read_in_every_form_of_toml() {
    let (sandbox, origin, first, _, _) = three();
    let (origin_host, first_host) = (origin.host(), first.host());
    let conf = format!(
        "registry = [{{ prefix = \"images.example\", location = '{origin_host}', # first\n\
         mirror = [{{ location = \"\"\"{first_host}\"\"\", insecure = false }}] }}]\n"
    );
    configured(&sandbox, &conf);
    let pull = sandbox.roots(["pull", "--cache=no", "images.example/a/b:1", "dest"]);
    pull.run().succeeds();
    assert_eq!(tree::sketch(sandbox.path("dest")), TREE);
    assert_eq!(first.requests().len(), 3);
    assert_eq!(origin.lines(), [""; 0]);
}

/// `*.evil.com` did not block `x.evil.com:5000`, which podman refuses.
#[test]
fn what_is_blocked_is_blocked_with_any_port() {
    let (sandbox, origin, _, _, name) = three();
    configured(
        &sandbox,
        "[[registry]]\nprefix = '127.0.0.1'\nblocked = true\n",
    );
    let run = sandbox.roots(["pull", &name, "dest"]).run();
    run.fails(4).says("blocked by registries.conf");
    configured(
        &sandbox,
        "[[registry]]\nprefix = '*.0.0.1'\nblocked = true\n",
    );
    let run = sandbox.roots(["digest", &name]).run();
    run.fails(4).says("blocked by registries.conf");
    assert_eq!(origin.lines(), [""; 0]);
}
